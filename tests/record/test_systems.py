"""A code system is the same one however its address is written."""

import pytest

from app.rulebook.load import RuleBook
from tests.fhir.resources import RXNORM, Resource, condition, medication, observation
from tests.record.test_statuses import read

ICD = ("http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90")
SNOMED = ("http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96")


def ways(http: str, urn: str) -> list[str]:
    """Return an address as foreign systems write it."""
    oid = urn.removeprefix("urn:oid:")
    return [
        *(f"{http}/", f"https{http[4:]}", http.upper(), f"{http}|2026", f"{http} "),
        *(oid, urn.upper()),
    ]


@pytest.mark.parametrize("system", [*ways(*ICD), "ICD-10-CM"])
def test_a_melanoma_is_one_by_every_way_to_write_its_system(book: RuleBook, system: str) -> None:
    melanoma = condition("") | {"code": {"coding": [{"system": system, "code": "C43.3", "display": "MM, face"}]}}
    assert read(book, melanoma).facts["suspicious_lesion"] is True


@pytest.mark.parametrize("edition", ["/900000000000207008", "/11000172109/version/20260101"])
@pytest.mark.parametrize("start", [SNOMED[0], "https://snomed.info/sct"])
def test_an_edition_of_snomed_ct_has_its_codes(book: RuleBook, start: str, edition: str) -> None:
    coding = {"system": start + edition, "code": "372244006", "display": "MM"}
    assert read(book, condition("") | {"code": {"coding": [coding]}}).facts["suspicious_lesion"] is True


@pytest.mark.parametrize("system", ways(*SNOMED))
def test_an_answer_is_read_by_every_way_to_write_its_system(book: RuleBook, system: str) -> None:
    answer: Resource = {"coding": [{"system": system, "code": "77386006"}]}
    assert read(book, observation("82810-3", valueCodeableConcept=answer)).facts == {"pregnant": True}


@pytest.mark.parametrize("system", [f"{RXNORM}x", "http://snomed.info/sctx", "http://snomed.info/id", "", "x" * 400])
def test_another_system_is_not_read(book: RuleBook, system: str) -> None:
    (entry,) = read(book, medication(system, "6064")).entries()
    assert (entry.place, entry.reason) == ("not_understood", "unknown_system")
