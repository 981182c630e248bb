"""What a status leaves of an allergy, an implant, a disease: used, asked, or over."""

from typing import Any

import pytest

from app.record.places import PatientFacts
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import INTAKE, RXNORM, Resource, answers, concept, condition
from tests.record.charts import TODAY

SNOMED = "http://snomed.info/sct"
PACEMAKER = "14106009"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def read(book: RuleBook, *resources: Resource) -> PatientFacts:
    return Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "1").read(resources)


def where(found: PatientFacts) -> tuple[dict[str, Any], list[str]]:
    return dict(found.facts), [entry.place for entry in found.entries()]


def device(**more: Any) -> Resource:
    owner = {"patient": {"reference": "Patient/1"}}
    return {"resourceType": "Device", "id": "d1", "type": concept(SNOMED, PACEMAKER)} | owner | more


def allergy(clinical: str, verified: str = "confirmed", **more: Any) -> Resource:
    """An allergy to lidocaine."""
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "clinicalStatus": concept(f"{TERMINOLOGY}/allergyintolerance-clinical", clinical),
        "verificationStatus": concept(f"{TERMINOLOGY}/allergyintolerance-verification", verified),
        "code": concept(RXNORM, "6387"),
        "patient": {"reference": "Patient/1"},
        "recordedDate": "2019-05-01",
    } | more


@pytest.mark.parametrize(
    ("status", "place"),
    [
        ("active", "used"),
        (None, "used"),
        ("inactive", "asked"),
        ("entered-in-error", "set_aside"),
        ("on", "not_understood"),
    ],
)
def test_a_pacemaker_that_is_not_in_use_may_still_be_in_the_body(
    book: RuleBook, status: str | None, place: str
) -> None:
    found = read(book, device(**({"status": status} if status else {})))
    assert where(found) == ({"electronic_implant": True} if place == "used" else {}, [place])
    assert found.doubted == (("electronic_implant",) if place == "asked" else ())


@pytest.mark.parametrize("status", ["completed", "stopped"])
def test_a_use_that_ended_leaves_the_device_to_be_asked(book: RuleBook, status: str) -> None:
    use: Resource = {"resourceType": "DeviceUseStatement", "id": "u1", "status": status, "timingDateTime": "2020-01-01"}
    use |= {"subject": {"reference": "Patient/1"}, "device": {"reference": "Device/d1"}}
    found = read(book, use, device() | {"patient": {"reference": "Patient/1"}, "status": "inactive"})
    assert "electronic_implant" in found.doubted
    assert not found.facts


def test_another_pacemaker_that_is_in_use_settles_the_old_one(book: RuleBook) -> None:
    found = read(book, device(status="inactive"), device(status="active") | {"id": "d2"})
    assert found.facts == {"electronic_implant": True}
    assert not found.doubted


@pytest.mark.parametrize("clinical", ["resolved", "inactive", "remission"])
def test_the_presence_of_a_pacemaker_that_is_resolved_is_asked(book: RuleBook, clinical: str) -> None:
    assert read(book, condition("Z95.0", clinical=clinical)).doubted == ("electronic_implant",)


def test_an_answer_of_a_later_day_settles_a_pacemaker_that_was_resolved(book: RuleBook) -> None:
    release = book.releases[book.current]
    later = answers({"electronic_implant": False}, release)  # of 20 November
    found = read(book, condition("Z95.0", clinical="resolved", recordedDate="2026-11-01"), later)
    assert found.facts == {"electronic_implant": False}
    undated = condition("Z95.0", clinical="resolved")
    del undated["recordedDate"]
    assert read(book, undated, later).doubted == ("electronic_implant",)


@pytest.mark.parametrize(
    ("clinical", "verified", "place"),
    [
        ("active", "confirmed", "used"),
        ("active", "unconfirmed", "asked"),
        ("active", "refuted", "set_aside"),
        ("active", "entered-in-error", "set_aside"),
        ("inactive", "confirmed", "set_aside"),
        ("resolved", "confirmed", "set_aside"),
        ("resolved", "unconfirmed", "set_aside"),
        ("unheard", "confirmed", "not_understood"),
        ("active", "presumed", "not_understood"),
    ],
)
def test_an_allergy_is_there_by_both_of_its_statuses(book: RuleBook, clinical: str, verified: str, place: str) -> None:
    assert where(read(book, allergy(clinical, verified))) == (
        {"product_allergy": True} if place == "used" else {},
        [place],
    )


def test_a_resolved_allergy_is_no_no(book: RuleBook) -> None:
    """What is set aside clears nothing: nobody has answered yet."""
    found = read(book, allergy("resolved"))
    assert "product_allergy" not in found.facts


HISTORY = {
    "L91.0": "keloid_history",
    "D86.3": "granuloma_history",
    "B00.1": "herpes_history",
    "Z85.3": "cancer_history",
}


@pytest.mark.parametrize("clinical", ["resolved", "inactive", "remission"])
@pytest.mark.parametrize("code", HISTORY)
def test_what_has_ended_speaks_for_the_past(book: RuleBook, code: str, clinical: str) -> None:
    found = read(book, condition(code, clinical=clinical, recordedDate="2010-01-01"))
    assert found.facts.get(HISTORY[code]) is True


@pytest.mark.parametrize(("code", "fact"), [("L40.0", "autoimmune_skin_disease"), ("D66", "bleeding_disorder")])
def test_what_is_in_remission_has_not_ended(book: RuleBook, code: str, fact: str) -> None:
    """It may come back; whether it is there now is asked. What is resolved is over."""
    for clinical, place in (("remission", "asked"), ("resolved", "set_aside"), ("inactive", "set_aside")):
        found = read(book, condition(code, clinical=clinical, recordedDate="2026-11-01"))
        assert {e.place for e in found.entries() for s in e.statements if s.fact == fact} == {place}
        assert fact not in found.facts


def test_treatment_of_cancer_in_remission_for_years_is_over(book: RuleBook) -> None:
    found = read(
        book, condition("Z51.11", clinical="remission", recordedDate="2015-01-01", abatementDateTime="2015-06-01")
    )
    assert "cancer_treatment" not in found.questions
