"""Whose a record is, and what refers to something that was entered in error."""

from collections.abc import Callable
from typing import Any

import pytest

from app.record.bundles import MOST_INSIDE
from app.record.places import PatientFacts
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import INTAKE, LOINC, RXNORM, Resource, concept, condition, medication, observation
from tests.record.charts import TODAY

Read = Callable[..., PatientFacts]
PATIENT: Resource = {"resourceType": "Patient", "id": "1", "birthDate": "1985-04-02"}
OTHER: Resource = PATIENT | {"id": "2"}
OF_OTHER = {"subject": {"reference": "Patient/2"}}
INFECTION = condition("L01.00", recordedDate="2026-11-25")
ISOTRETINOIN = concept(RXNORM, "6064")
IN_ERROR = {"resourceType": "Medication", "id": "x", "status": "entered-in-error", "code": ISOTRETINOIN}


@pytest.fixture
def read(book: RuleBook) -> Read:
    """Reads resources about patient 1 with the current release."""

    def reading(*resources: Resource) -> PatientFacts:
        return Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "1").read(resources)

    return reading


@pytest.mark.parametrize(
    ("record", "count"),
    [
        ([OTHER], 1),
        ([OTHER, INFECTION], 1),
        ([OTHER, INFECTION | OF_OTHER], 2),
        ([PATIENT, INFECTION | OF_OTHER], 1),
        ([INFECTION | OF_OTHER, medication(RXNORM, "6064") | OF_OTHER], 2),
        ([PATIENT], 0),
        ([PATIENT, OTHER, INFECTION], 0),
        ([PATIENT, INFECTION, INFECTION | OF_OTHER], 0),
        ([PATIENT, {"resourceType": "Device", "id": "d"}], 0),
        ([{"resourceType": "Patient", "birthDate": "1985-04-02"}, INFECTION], 0),
    ],
)
def test_a_record_of_another_patient_is_said(read: Read, record: list[Resource], count: int) -> None:
    found = read(*record)
    assert [(left.reason, left.count) for left in found.unread] == ([("other_patient", count)] if count else [])
    assert ("age_years" in found.facts) == any(each.get("id") != "2" and "birthDate" in each for each in record)
    assert ("active_skin_infection" in found.facts) == (INFECTION in record)


ORDER = {key: value for key, value in medication("", "").items() if key != "medicationCodeableConcept"}


@pytest.mark.parametrize(
    "order",
    [
        [ORDER | {"medicationReference": {"reference": "#x"}, "contained": [IN_ERROR]}],
        [ORDER | {"medicationReference": {"reference": "Medication/x"}}, IN_ERROR],
        [ORDER | {"medicationReference": {"reference": "Medication/x/_history/2"}, "status": "completed"}, IN_ERROR],
    ],
)
def test_an_order_of_a_medicine_that_was_entered_in_error_is_asked(read: Read, order: list[Resource]) -> None:
    found = read(PATIENT, *order)
    assert "isotretinoin" not in found.facts
    assert "isotretinoin" in found.doubted
    assert found.asked[0].statements[0].reason == "refers_to_error"
    assert read(PATIENT, *[each | {"status": "active"} for each in order if each is not IN_ERROR], *_right(order)).facts


def _right(order: list[Resource]) -> list[Resource]:
    """The medicine without the error, once more."""
    return [IN_ERROR | {"status": "active"}] if IN_ERROR in order else [medication(RXNORM, "6064")]


def test_an_ingredient_that_was_entered_in_error_may_be_anything(read: Read) -> None:
    product = {
        "resourceType": "Medication",
        "id": "p",
        "ingredient": [{"itemReference": {"reference": "Medication/x"}}],
    }
    order = ORDER | {"medicationReference": {"reference": "Medication/p"}}
    assert [entry.reason for entry in read(PATIENT, order, product, IN_ERROR).not_understood] == ["unknown_status"]
    assert read(PATIENT, order, product, IN_ERROR | {"status": "active"}).facts["isotretinoin"] == "current"


def test_the_use_of_a_device_that_was_entered_in_error_is_asked(read: Read) -> None:
    use = {"resourceType": "DeviceUseStatement", "status": "active", "device": {"reference": "Device/d"}}
    use |= {"subject": {"reference": "Patient/1"}}
    device = {"resourceType": "Device", "id": "d", "type": concept("http://snomed.info/sct", "14106009")}
    assert read(use, device).facts["electronic_implant"] is True
    found = read(use, device | {"status": "entered-in-error"})
    assert ("electronic_implant" in found.facts, "electronic_implant" in found.doubted) == (False, True)


@pytest.mark.parametrize("forbids", [True, "true", 1])
def test_what_must_not_be_given_is_no_medicine_of_the_patient(read: Read, forbids: Any) -> None:
    found = read(medication(RXNORM, "6064", doNotPerform=forbids))
    assert dict(found.facts) == {}
    (entry,) = (*found.set_aside, *found.not_understood)
    assert entry.reason == ("not_done" if forbids is True else "unknown_modifier")
    assert read(medication(RXNORM, "6064", doNotPerform=False)).facts["isotretinoin"] == "current"


def test_an_observation_of_somebody_else_than_its_subject_does_not_count(read: Read) -> None:
    pregnant = observation("82810-3", valueCodeableConcept=concept("http://snomed.info/sct", "77386006"))
    assert read(pregnant).facts["pregnant"] is True
    found = read(pregnant | {"focus": [{"reference": "Patient/unborn"}]})
    assert ([entry.reason for entry in found.not_understood], dict(found.facts)) == (["unknown_modifier"], {})


@pytest.mark.parametrize(
    ("code", "answer", "facts"),
    [("2106-3", "10828004", {"pregnant": True}), ("2106-3", "260385009", {}), ("2106-4", "10828004", {})],
)
def test_a_positive_pregnancy_test_counts_and_a_negative_one_says_nothing(
    read: Read, code: str, answer: str, facts: dict[str, Any]
) -> None:
    result = observation(code, valueCodeableConcept=concept("http://snomed.info/sct", answer))
    assert result["code"]["coding"][0]["system"] == LOINC
    assert dict(read(result).facts) == facts


@pytest.mark.parametrize(
    ("code", "fact", "value"),
    [
        ("36209000", "melasma_prone", True),
        ("33659008", "keloid_history", True),
        ("11381005", "active_acne_or_dermatitis", True),
        ("398909004", "active_acne_or_dermatitis", True),
        ("396230008", "connective_tissue_disease", True),
        ("280816001", "epilepsy_or_facial_palsy", True),
        ("169565003", "pregnant", True),
        ("88616000", "active_acne_or_dermatitis", None),
        ("56727007", "autoimmune_skin_disease", None),
        ("49765009", "hyperpigmentation", None),
        ("128105004", "bleeding_disorder", None),
    ],
)
def test_a_common_concept_of_snomed_ct_is_read_or_asked(read: Read, code: str, fact: str, value: Any) -> None:
    found = read(INFECTION | {"code": concept("http://snomed.info/sct", code)})
    assert found.facts.get(fact) == value
    assert (fact in found.questions) == (value is None)


def test_a_disease_of_the_family_concerns_no_fact(read: Read) -> None:
    code = concept("http://hl7.org/fhir/sid/icd-10-cm", "Z80.8")
    code["coding"][0]["display"] = "Family history of malignant neoplasm of other organs or systems"
    assert [entry.reason for entry in read(INFECTION | {"code": code}).irrelevant] == ["no_fact"]


@pytest.mark.parametrize("kind", ["replaces", "replaced-by", "refer", "seealso", ""])
@pytest.mark.parametrize("old", ["Patient/2", "Patient/2/_history/3", "https://ehr.example/fhir/Patient/2"])
def test_what_stands_under_another_id_of_the_patient_is_not_somebody_elses(read: Read, old: str, kind: str) -> None:
    merged = PATIENT | {"link": [{"other": {"reference": old}, "type": kind}]}
    found = read(merged, INFECTION | OF_OTHER)
    assert ([entry.reason for entry in found.not_understood], dict(found.facts)) == (["nobodys"], {"age_years": 41})
    assert [entry.reason for entry in read(PATIENT, INFECTION | OF_OTHER).set_aside] == ["somebody_elses"]
    other = INFECTION | {"subject": {"reference": "Patient/3"}}
    assert [entry.reason for entry in read(merged, other).set_aside] == ["somebody_elses"]


@pytest.mark.parametrize(
    ("server", "base", "is_same"),
    [
        ("https://ehr.example/fhir", "https://ehr.example:443/fhir", True),
        ("https://ehr.example:443/fhir/", "https://EHR.example/fhir", True),
        ("http://ehr.example/fhir", "http://ehr.example:80/fhir", True),
        ("https://ehr.example/fhir", "https://ehr.example:8443/fhir", False),
        ("https://ehr.example:8443/fhir", "https://ehr.example/fhir", False),
    ],
)
def test_a_port_that_goes_without_saying_makes_no_other_server(
    book: RuleBook, server: str, base: str, is_same: bool
) -> None:
    ours = INFECTION | {"subject": {"reference": f"{base}/Patient/1"}}
    reader = Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "1", server=server)
    assert ("active_skin_infection" in reader.read([PATIENT, ours]).facts) == is_same


def test_what_lies_inside_a_resource_about_nobody_is_read_by_its_own_subject(read: Read) -> None:
    booked = {"resourceType": "Appointment", "id": "a", "status": "booked"}
    assert read(PATIENT, booked | {"contained": [INFECTION]}).facts["active_skin_infection"] is True
    assert "active_skin_infection" not in read(PATIENT, booked | {"contained": [INFECTION | OF_OTHER]}).facts


NAMES = [{"system": "urn:x-mrn", "value": str(n)} for n in range(MOST_INSIDE + 1)]
LINKS = [{"type": "replaces", "other": {"reference": f"Patient/old{n}"}} for n in range(MOST_INSIDE + 1)]
LAST_NAME = {"identifier": NAMES[-1]}


@pytest.mark.parametrize(
    ("named", "subject"),
    [
        ({"identifier": NAMES}, LAST_NAME),
        ({"identifier": NAMES}, {"reference": f"Patient?identifier=urn:x-mrn|{MOST_INSIDE}"}),
        ({"link": LINKS}, {"reference": f"Patient/old{MOST_INSIDE}"}),
        ({"link": LINKS[:1]}, {"reference": "Patient?_id=old0"}),
    ],
    ids=["identifier", "conditional", "link", "id of a link"],
)
def test_of_a_patient_of_more_names_than_are_read_nothing_is_somebody_elses(
    read: Read, named: Resource, subject: Resource
) -> None:
    found = read(PATIENT | named, INFECTION | {"subject": subject})
    assert [entry.reason for entry in found.not_understood] == ["nobodys"]
    few = {"identifier": NAMES[:1]}
    assert [entry.reason for entry in read(PATIENT | few, INFECTION | {"subject": LAST_NAME}).set_aside] == [
        "somebody_elses"
    ]
