"""What an observation says, and what it leaves open."""

from typing import Any

import pytest

from app.rulebook.load import RuleBook
from tests.fhir.resources import ICD, Resource, concept, observation
from tests.record.test_statuses import SNOMED, read

PREGNANT, NOT_PREGNANT = concept(SNOMED, "77386006"), concept(SNOMED, "60001007")


@pytest.mark.parametrize("test", ["2106-3", "2110-5", "2112-1", "2118-8", "80384-1"])
@pytest.mark.parametrize(
    ("result", "facts"),
    [
        ({"valueBoolean": True}, {"pregnant": True}),
        ({"valueBoolean": False}, {}),
        ({"valueCodeableConcept": concept(SNOMED, "10828004")}, {"pregnant": True}),
        ({"valueCodeableConcept": concept(SNOMED, "260385009")}, {}),
    ],
)
def test_a_negative_pregnancy_test_is_no_no_in_whatever_type(
    book: RuleBook, test: str, result: dict[str, Any], facts: dict[str, Any]
) -> None:
    assert read(book, observation(test, **result)).facts == facts


@pytest.mark.parametrize("status", ["82810-3", "11449-6"])
@pytest.mark.parametrize("says", [True, False])
def test_a_status_of_pregnancy_says_yes_and_no(book: RuleBook, status: str, says: bool) -> None:
    coded = observation(status, valueCodeableConcept=PREGNANT if says else NOT_PREGNANT)
    assert read(book, coded).facts == read(book, observation(status, valueBoolean=says)).facts == {"pregnant": says}


@pytest.mark.parametrize("answer", [PREGNANT, NOT_PREGNANT])
def test_a_result_that_is_there_and_is_not_is_not_understood(book: RuleBook, answer: Resource) -> None:
    both = observation("82810-3", valueCodeableConcept=answer, dataAbsentReason={"text": "not asked"})
    found = read(book, both)
    assert (dict(found.facts), set(found.might_concern)) == ({}, {"pregnant"})


def test_the_day_of_a_report_is_not_that_of_what_was_timed(book: RuleBook) -> None:
    timed = observation("82810-3", valueCodeableConcept=NOT_PREGNANT, issued="2026-11-20T08:00:00Z")
    del timed["effectiveDateTime"]
    assert read(book, timed).facts == {"pregnant": False}
    found = read(book, timed | {"effectiveTiming": {"event": ["2020-01-01"]}})
    assert (dict(found.facts), found.doubted) == ({}, ("pregnant",))


@pytest.mark.parametrize(
    ("code", "value", "fact"),
    [
        ("11884-4", {"valueQuantity": {"value": 12, "code": "wk"}}, "pregnant"),
        ("49051-6", {"valueQuantity": {"value": 12}}, "pregnant"),
        ("11778-8", {"valueDateTime": "2027-05-01"}, "pregnant"),
        ("63895-7", {"valueBoolean": True}, "breastfeeding"),
        ("63895-7", {"valueCodeableConcept": {"text": "yes"}}, "breastfeeding"),
    ],
)
def test_what_goes_with_a_pregnancy_is_asked(book: RuleBook, code: str, value: dict[str, Any], fact: str) -> None:
    found = read(book, observation(code, **value))
    assert (dict(found.facts), found.doubted) == ({}, (fact,))


@pytest.mark.parametrize("code", [concept(ICD, "C43.3"), concept(SNOMED, "372244006")])
def test_a_diagnosis_that_was_observed_is_not_understood(book: RuleBook, code: Resource) -> None:
    found = read(book, observation("", valueBoolean=True) | {"code": code})
    assert not found.facts
    assert "suspicious_lesion" in found.might_concern
