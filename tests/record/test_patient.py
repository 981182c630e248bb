"""Codes read alone: present makes true, absent stays unknown, and every trap of the lists."""

from collections.abc import Callable

import pytest

from app.record.places import PatientFacts
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import ATC, INTAKE, RXNORM, Resource, concept, condition, medication, observation
from tests.record.charts import TODAY

Read = Callable[..., PatientFacts]


@pytest.fixture
def read(book: RuleBook) -> Read:
    """Reads resources about patient 1 with the current release."""

    def reading(*resources: Resource) -> PatientFacts:
        return Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "1").read(resources)

    return reading


def now(code: str) -> Resource:
    return condition(code, recordedDate="2026-11-25")


PRESENT = [
    ("L01.00", "active_skin_infection", True),
    ("L03.211", "active_skin_infection", True),
    ("B00.1", "active_skin_infection", True),
    ("B02.9", "active_skin_infection", True),
    ("B08.1", "active_skin_infection", True),
    ("B37.2", "active_skin_infection", True),
    ("D84.821", "systemic_immunosuppression", True),
    ("Z79.52", "systemic_immunosuppression", True),
    ("Z79.620", "systemic_immunosuppression", True),
    ("Z94.0", "systemic_immunosuppression", True),
    ("C44.311", "suspicious_lesion", True),
    ("Z33.1", "pregnant", True),
    ("Z34.90", "pregnant", True),
    ("O09.90", "pregnant", True),
    ("D68.0", "bleeding_disorder", True),
    ("D69.3", "bleeding_disorder", True),
    ("Z79.01", "anticoagulant_use", True),
    ("Z95.0", "electronic_implant", True),
    ("L91.0", "keloid_history", True),
    ("D86.3", "granuloma_history", True),
    ("F45.22", "body_dysmorphic_disorder", True),
    ("Z51.11", "cancer_treatment", True),
    ("M34.9", "connective_tissue_disease", True),
    ("G51.0", "epilepsy_or_facial_palsy", True),
    ("T20.311A", "primary_concern", "burn"),
    ("L98.461", "primary_concern", "chronic_wound"),
    ("F17.210", "smoker", True),
]


@pytest.mark.parametrize(("code", "fact", "value"), PRESENT)
def test_a_code_that_is_present_gives_the_fact(read: Read, code: str, fact: str, value: object) -> None:
    found = read(now(code))
    assert found.facts[fact] == value
    (entry,) = found.reasons[fact]
    assert (entry.resource, entry.coding and entry.coding.code, entry.date) == ("Condition/c1", code, "2026-11-25")
    assert read(now(code.replace(".", "").lower())).facts[fact] == value


TRAPS = [
    ("D68.5", "bleeding_disorder"),
    ("D68.61", "bleeding_disorder"),
    ("L81.5", "hyperpigmentation"),
    ("L81.5", "melasma_prone"),
    ("Z33.2", "pregnant"),
    ("O80", "pregnant"),
    ("O03.9", "pregnant"),
    ("Z79.51", "systemic_immunosuppression"),
    ("Z79.61", "systemic_immunosuppression"),
    ("Z21", "systemic_immunosuppression"),
    ("Z92.25", "systemic_immunosuppression"),
    ("T20.311S", "primary_concern"),
    ("B08.4", "active_skin_infection"),
    ("L03.115", "active_skin_infection"),
    ("B02.22", "active_skin_infection"),
    ("B02.9", "herpes_history"),
    ("M35.3", "connective_tissue_disease"),
    ("Z96.1", "electronic_implant"),
    ("Z39.0", "breastfeeding"),
    ("Z87.891", "smoker"),
    ("L43.2", "autoimmune_skin_disease"),
]


@pytest.mark.parametrize(("code", "fact"), TRAPS)
def test_a_code_that_only_looks_like_it_leaves_the_fact_unknown(read: Read, code: str, fact: str) -> None:
    assert fact not in read(now(code)).facts


HINTS = [
    ("L40.0", "autoimmune_skin_disease"),
    ("M32.9", "autoimmune_skin_disease"),
    ("E11.65", "uncontrolled_diabetes"),
    ("L81.4", "hyperpigmentation"),
    ("L57.8", "photodamage"),
    ("L03.115", "active_skin_infection"),
    ("Z96.5", "metal_implant_in_area"),
]


@pytest.mark.parametrize(("code", "fact"), HINTS)
def test_a_code_without_a_grade_or_a_state_is_asked(read: Read, code: str, fact: str) -> None:
    found = read(now(code))
    assert fact not in found.facts
    assert fact in found.questions


MEDICINES = [
    (ATC, "L01FA01", "systemic_immunosuppression", True),
    (ATC, "L04AD02", "systemic_immunosuppression", True),
    (ATC, "D11AH08", "systemic_immunosuppression", True),
    (ATC, "H02AB07", "systemic_immunosuppression", True),
    (ATC, "D10BA01", "isotretinoin", "current"),
    (ATC, "B01AF02", "anticoagulant_use", True),
    (RXNORM, "121191", "systemic_immunosuppression", True),
    (RXNORM, "1256", "systemic_immunosuppression", True),
    (RXNORM, "11289", "anticoagulant_use", True),
]


@pytest.mark.parametrize(("system", "code", "fact", "value"), MEDICINES)
def test_a_medicine_that_is_taken_gives_the_fact(read: Read, system: str, code: str, fact: str, value: object) -> None:
    assert read(medication(system, code, authoredOn="2026-11-01")).facts[fact] == value


@pytest.mark.parametrize(
    ("system", "code"),
    [
        *((ATC, code) for code in ("D11AH01", "D07AC01", "R03BA02", "P01BA02", "D11AH05", "L04AX08", "D10AD04")),
        *((RXNORM, code) for code in ("42316", "42463")),
    ],
)
def test_a_medicine_that_only_looks_like_it_suppresses_nothing(read: Read, system: str, code: str) -> None:
    found = read(medication(system, code, authoredOn="2026-11-01"))
    assert not {"systemic_immunosuppression", "isotretinoin"} & set(found.facts)


def test_an_order_for_lidocaine_is_no_allergy(read: Read) -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "code": concept(RXNORM, "6387"),
        "patient": {"reference": "Patient/1"},
    }
    assert read(allergy).facts == {"product_allergy": True}
    assert "product_allergy" not in read(medication(RXNORM, "6387")).facts


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 4},
        {"valueString": "Type IV"},
        {"valueCodeableConcept": {"text": "Fitzpatrick IV"}},
        {"valueCodeableConcept": {"coding": [{"system": "x", "code": "y", "display": "IV"}]}},
    ],
)
def test_a_skin_type_is_read_from_a_number_or_a_numeral(read: Read, value: Resource) -> None:
    assert read(observation("66555-4", **value)).facts == {"fitzpatrick_type": "IV"}
    assert read(observation("66555-4", valueString="III or IV")).facts == {}
    assert read(observation("66472-2", **value)).facts == {}


def test_the_age_is_counted_from_the_day_of_birth(read: Read) -> None:
    def age(born: str) -> object:
        return read({"resourceType": "Patient", "id": "1", "birthDate": born}).facts.get("age_years")

    assert age("2004-11-26") == 22
    assert age("2004-11-27") == 21
    assert age("2030-01-01") is None
    assert age("2004-13-40") is None
    assert age("1850-01-01") is None


def test_the_deceased_and_the_language_are_said(read: Read) -> None:
    patient: Resource = {"resourceType": "Patient", "id": "1"}
    assert (read(patient).deceased, read(patient).language) == (False, None)
    assert read(patient | {"deceasedBoolean": True}).deceased
    assert read(patient | {"deceasedDateTime": "2020"}).deceased
    assert not read(patient | {"deceasedBoolean": False}).deceased
    spoken = [
        {"language": {"coding": [{"code": "en"}]}},
        {"language": {"coding": [{"code": "ko-KR"}]}, "preferred": True},
    ]
    assert read(patient | {"communication": spoken}).language == "ko-KR"
    assert read(patient | {"id": "2", "communication": spoken}).language is None


def test_nothing_in_the_record_says_nothing(read: Read) -> None:
    for found in (read(), read({"resourceType": "Bundle"})):
        assert (found.facts, list(found.entries()), found.doubted) == ({}, [], ())


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {}, {"coding": None}, {"coding": [None, 1]}, {"coding": [{"code": 1}]}]
)
def test_any_other_shape_is_no_fact_and_is_said(read: Read, junk: object) -> None:
    for kind, element in (
        ("Condition", "code"),
        ("MedicationRequest", "medicationCodeableConcept"),
        ("AllergyIntolerance", "code"),
    ):
        found = read({"resourceType": kind, "status": "active", element: junk, "subject": {"reference": "Patient/1"}})
        assert (found.facts, len(found.not_understood)) == ({}, 1)


@pytest.mark.parametrize("junk", [None, 1, "x", [], [None], {"reference": 1}, {"identifier": [1]}])
@pytest.mark.parametrize("element", ["subject", "medicationReference", "dosageInstruction", "bodySite", "contained"])
def test_nothing_that_is_sent_breaks_reading(read: Read, element: str, junk: object) -> None:
    order = medication(RXNORM, "11289", authoredOn="2026-11-01")
    for resource in (order | {element: junk}, condition("L08.9") | {element: junk}):
        read(resource | ({} if element == "subject" else {"subject": {"reference": "Patient/1"}}))
