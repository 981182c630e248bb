"""A record is bounded as a whole: what it says beyond that may be anything, is counted, and is never taken for no."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.record.limits import LONGEST_TEXT, MOST_LOOKED_UP, MOST_MARKS, MOST_WORDS, Limits
from app.record.observations import MOST_PARTS
from app.record.places import PatientFacts
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import ICD, INTAKE, Resource
from tests.record.charts import TODAY
from tests.steps import steps

SUBJECT = {"reference": "Patient/1"}
LIGATURE = "\ufdfa"
"""One letter that stands for eighteen."""


def read(book: RuleBook, record: list[Resource]) -> PatientFacts:
    return Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "1").read(record)


def coded(*codes: str, system: str = ICD, **more: object) -> Resource:
    code = {"coding": [{"system": system, "code": code} for code in codes]}
    return {"resourceType": "Condition", "subject": SUBJECT, "code": code, "recordedDate": "2026-11-20"} | more


PREGNANT = coded("Z33.1", recordedDate="2026-11-19")
"""Older than all others, so that it comes last where it makes a difference."""


def codings_that_differ(count: int) -> list[Resource]:
    return [coded(*(f"R{n:04}{m}" for m in range(9))) for n in range(count)]


def codes_that_mean_something(count: int) -> list[Resource]:
    return [coded("L01.0", "L40.0", "B00.1", "C44.3", "L20.9", "L30.9", "L02.0", "L03.0", "L70.0")] * count


def places_that_differ(count: int) -> list[Resource]:
    site = {"coding": [{"code": "x"}] * 8}
    return [coded("L01.0", bodySite=[site] * 8)] * count


def components(count: int) -> list[Resource]:
    parts = [{"code": {"coding": [{"system": ICD, "code": f"R{n:03}"}]}} for n in range(MOST_PARTS)]
    panel = {"resourceType": "Observation", "subject": SUBJECT, "status": "final"}
    own = [{"code": {"coding": [{"system": "urn:x", "code": str(n)}]}} for n in range(count)]
    return [panel | {"component": [*parts[1:], each]} for each in own]


RECORDS = {
    "codings that differ": (codings_that_differ, 10),
    "codes that mean something": (codes_that_mean_something, 5),
    "places": (places_that_differ, 64),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_what_is_not_looked_up_is_asked_and_counted(book: RuleBook, kind: str) -> None:
    made, each = RECORDS[kind]
    some = read(book, [*made(20), PREGNANT])
    assert some.facts["pregnant"] is True
    assert some.unread == ()
    found = read(book, [*made(MOST_LOOKED_UP // each + 10), PREGNANT])
    assert "pregnant" not in found.facts
    assert "pregnant" in found.might_concern
    assert [(left.reason, left.most) for left in found.unread] == [("not_looked_up", MOST_LOOKED_UP)]
    assert found.unread[0].count >= 1
    assert not found.unread[0].was_lost


@pytest.mark.parametrize("kind", RECORDS)
def test_what_is_not_looked_up_costs_little(book: RuleBook, kind: str) -> None:
    made, each = RECORDS[kind]
    within = MOST_LOOKED_UP // each

    def work(count: int) -> int:
        record = made(count)
        with steps() as counted:
            read(book, record)
        return counted[0]

    first, twice = work(within), work(2 * within)
    assert twice < 1.6 * first


def test_a_record_as_hospitals_have_it_is_looked_up_whole(book: RuleBook) -> None:
    """Nearly two thousand conditions that all differ, each with two codings."""
    whole = [coded(f"R{n % 100:02}.{n:04}", f"x{n}") for n in range(1_900)]
    found = read(book, [*whole, PREGNANT])
    assert found.facts == {"pregnant": True}
    assert found.unread == ()


def test_beyond_the_codings_of_one_concept_lists_of_concepts_are_none(book: RuleBook) -> None:
    one = coded("R00.0")
    found = read(book, [one | {"code": [one["code"]] * 40}])
    assert [(left.reason, left.count) for left in found.unread] == [("unread_codings", 30)]
    assert [entry.reason for entry in found.not_understood] == ["too_many"]


def test_a_result_of_more_codings_than_are_read_is_no_result(book: RuleBook) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "82810-3"}]}
    yes = {"system": "http://snomed.info/sct", "code": "77386006"}
    result = {"resourceType": "Observation", "subject": SUBJECT, "status": "final", "code": code}
    result |= {"effectiveDateTime": "2026-11-20"}
    for count, facts in ((10, {"pregnant": True}), (11, {})):
        found = read(book, [result | {"valueCodeableConcept": {"coding": [yes] * count}}])
        assert found.facts == facts
    assert [entry.reason for entry in found.not_understood] == ["unknown_answer"]


@given(st.text(max_size=200))
def test_a_text_is_searched_as_it_is_compared(text: str) -> None:
    found = Limits().text(text)
    assert found is None or found == normalize("NFKC", text)


def test_letters_are_counted_as_they_are_compared() -> None:
    limits, texts = Limits(), 0
    while limits.text(LIGATURE * LONGEST_TEXT) is not None:
        texts += 1
    assert texts == MOST_WORDS // (len(normalize("NFKC", LIGATURE)) * LONGEST_TEXT)
    assert limits.text("a") is None


@pytest.mark.parametrize(("marks", "is_taken"), [(MOST_MARKS, True), (MOST_MARKS + 1, False)])
def test_a_run_of_marks_in_disorder_is_not_put_in_order(marks: int, is_taken: bool) -> None:
    text = "a" + "\u0315\u0300" * (marks // 2) + "\u0300" * (marks % 2) + "b"
    assert (Limits().text(text) is not None) == is_taken


def test_a_text_that_is_not_searched_may_be_about_anything(book: RuleBook) -> None:
    for text in (LIGATURE * 900, "a" + "\u0315\u0300" * 200):
        found = read(book, [{"resourceType": "Condition", "subject": SUBJECT, "code": {"text": text}}])
        assert [entry.reason for entry in found.not_understood] == ["too_many"]
        assert "pregnant" in found.might_concern


ASKED = {"coding": [{"system": "http://loinc.org", "code": "82810-3"}]}
YES = {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]}
LONG = {"text": "lidocaine " + "x" * LONGEST_TEXT}
FINAL = {"status": "final", "effectiveDateTime": "2026-11-20", "valueCodeableConcept": YES}
LATEX = {"coding": [{"system": "http://snomed.info/sct", "code": "1003755004"}], "text": "lidocaine"}


@pytest.mark.parametrize(
    "more",
    [
        {"resourceType": "Observation", **FINAL, "code": ASKED, "component": [{"code": LONG}]},
        {"resourceType": "AllergyIntolerance", "code": LATEX, "reaction": [{"substance": LONG}]},
    ],
    ids=["component", "substance"],
)
def test_a_part_that_is_not_read_beside_one_that_is_is_counted(book: RuleBook, more: Resource) -> None:
    found = read(book, [more | {"subject": SUBJECT}])
    assert len(found.used) + len(found.asked) == 1
    assert [(left.reason, left.count) for left in found.unread] == [("unread_codings", 1)]


def test_an_observation_that_is_not_looked_up_may_be_a_diagnosis(book: RuleBook) -> None:
    panel = {"resourceType": "Observation", "subject": SUBJECT, **FINAL, "code": LONG}
    assert "active_skin_infection" in read(book, [panel]).might_concern
