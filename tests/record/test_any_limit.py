"""Wherever a limit lies, nothing that was read or asked is passed over, and nothing turns into a no."""

import re
from collections.abc import Mapping
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.codes import Table, is_no
from app.core.reasons import NotUnderstood
from app.record import concepts, reader
from app.record.concepts import Concept, Concepts
from app.record.limits import Limits
from app.record.places import Entry, PatientFacts
from app.record.reader import Reader
from tests.fhir.resources import ATC, INTAKE, Resource, concept
from tests.record.charts import TODAY, charts
from tests.record.test_places import BOOK, PATIENT, RELEASE

ENOUGH = 1_000_000
SIGNATURES = ("daily, for nasal polyps", "daily; a cream for the lips as well")


def ordered(medicine: Resource, signature: str) -> list[Resource]:
    return [
        PATIENT,
        {
            "resourceType": "MedicationRequest",
            "id": "m1",
            "status": "active",
            "intent": "order",
            "authoredOn": "2026-11-20",
            "subject": {"reference": "Patient/p1"},
            "medicationCodeableConcept": medicine,
            "dosageInstruction": [{"text": signature}],
        },
    ]


NAMES: list[Resource] = [{"text": each} for each in ("prednisone", "와파린", "tacrolimus")]
MEDICINES = [concept(ATC, "D10BA01"), *NAMES]
RECORDS = [
    *((chart.record, tuple(chart.area)) for chart in charts()),
    *((ordered(medicine, signature), ()) for medicine in MEDICINES for signature in SIGNATURES),
]
PASSED_OVER = {"set_aside", "irrelevant"}


def read(number: int, limits: Limits) -> PatientFacts:
    record, area = RECORDS[number]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "Limits", lambda: limits)
        return Reader(RELEASE, BOOK.codes, INTAKE, TODAY, area=area).read(record)


@cache
def whole(number: int) -> tuple[PatientFacts, int, int]:
    """Return what a record says, and how many words and codes that takes."""
    limits = Limits(ENOUGH, ENOUGH)
    found = read(number, limits)
    return found, ENOUGH - limits._words, ENOUGH - limits._codes


def name(entry: Entry) -> tuple[str, str | None]:
    return entry.resource, entry.link_id


def check(number: int, words: int, codes: int) -> None:
    """Compare a record of which so much is searched and looked up with the whole of it."""
    all_read, _, _ = whole(number)
    found = read(number, Limits(words, codes))
    counts = {name(entry) for entry in found.entries() if entry.place not in PASSED_OVER or entry.reason == "overruled"}
    assert {name(entry) for entry in all_read.entries() if entry.place not in PASSED_OVER} <= counts
    told = {**found.questions, **found.might_concern}
    for fact in {*all_read.questions, *all_read.might_concern, *all_read.facts}:
        value = all_read.facts.get(fact)
        if value is None or not is_no(value):
            assert fact in told or not is_no(found.facts.get(fact, False)), fact
    for fact, value in found.facts.items():
        assert value == all_read.facts.get(fact) or not is_no(value) or fact in told, fact


def check_all(needs: Mapping[int, tuple[PatientFacts, int, int]]) -> None:
    for number, (_, words, codes) in needs.items():
        for left in range(-1, codes):
            check(number, ENOUGH, left)
        for left in range(0, words, 3):
            check(number, left, ENOUGH)


@given(st.sampled_from(range(len(RECORDS))), st.data())
@settings(max_examples=400)
def test_wherever_a_limit_lies_nothing_is_passed_over(number: int, data: st.DataObject) -> None:
    _, words, codes = whole(number)
    which = data.draw(st.sampled_from(["words", "codes", "both"]))
    check(
        number,
        ENOUGH if which == "codes" else data.draw(st.integers(-1, words)),
        ENOUGH if which == "words" else data.draw(st.integers(-1, codes)),
    )


def unsearched_is_as_written(self: Concepts, pattern: re.Pattern[str], words: str) -> str:
    return words if self.limits.text(words) is None else pattern.sub(" ; ", words)


def the_first_table_alone(self: Concepts, *tables: Table) -> tuple[str, ...]:
    return tuple(fact for fact in RELEASE.facts if fact in tables[0].facts)


def concerns_no_fact(self: Concepts, reason: NotUnderstood, *tables: Table) -> Concept:
    return Concept([], None, "")


WRONG: Mapping[str, tuple[object, str, object]] = {
    "what is not searched is as written": (Concepts, "without", unsearched_is_as_written),
    "what is not searched is local": (concepts, "BOTH_USES", frozenset({"local"})),
    "only one table counts": (Concepts, "all_of", the_first_table_alone),
    "what is not looked up concerns no fact": (Concepts, "open", concerns_no_fact),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_limit_that_passes_something_over_is_noticed(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    needs = {number: whole(number) for number in reversed(range(len(RECORDS)))}
    monkeypatch.setattr(*WRONG[wrong])
    with pytest.raises(AssertionError):
        check_all(needs)
