"""Facts from the record: present makes true, absent stays unknown, and every trap of the code lists."""

from datetime import date

import pytest
from app.record.patient import PatientFacts, Reader

from app.record.elements import RecordError
from app.rulebook.load import RuleBook
from tests.fhir.resources import (
    ATC,
    INTAKE,
    RXNORM,
    Resource,
    bundle,
    concept,
    condition,
    medication,
    observation,
    response,
    yes_no,
)

TODAY = date(2026, 11, 23)


@pytest.fixture
def read(book: RuleBook) -> "Read":
    """Reads resources about patient 1."""
    return Read(book)


class Read:
    """Reads resources with the current release."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    def __call__(self, *resources: Resource) -> PatientFacts:
        reader = Reader(self.book.releases[self.book.current], self.book.codes, INTAKE, TODAY, "1")
        return reader.read(resources)

    def facts(self, *resources: Resource) -> dict[str, object]:
        return dict(self(*resources).facts)


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
    ("L57.0", "suspicious_lesion", True),
    ("Z33.1", "pregnant", True),
    ("Z34.90", "pregnant", True),
    ("O09.90", "pregnant", True),
    ("O92.4", "breastfeeding", True),
    ("D68.0", "bleeding_disorder", True),
    ("D69.3", "bleeding_disorder", True),
    ("Z79.01", "anticoagulant_use", True),
    ("Z95.0", "electronic_implant", True),
    ("L91.0", "keloid_history", True),
    ("D86.3", "granuloma_history", True),
    ("Z88.4", "product_allergy", True),
    ("L71.9", "active_acne_or_dermatitis", True),
    ("F45.22", "body_dysmorphic_disorder", True),
    ("L81.1", "melasma_prone", True),
    ("Z51.11", "cancer_treatment", True),
    ("M34.9", "connective_tissue_disease", True),
    ("G51.0", "epilepsy_or_facial_palsy", True),
    ("T20.311A", "primary_concern", "burn"),
    ("L98.461", "primary_concern", "chronic_wound"),
    ("F17.210", "smoker", True),
]


@pytest.mark.parametrize(("code", "fact", "value"), PRESENT)
def test_a_code_that_is_present_gives_the_fact(read: Read, code: str, fact: str, value: object) -> None:
    found = read(condition(code))
    assert found.facts[fact] == value
    said = found.provenance[fact]
    assert (said.resource, said.code) == ("Condition/c1", code)
    assert said.why
    assert read.facts(condition(code.replace(".", "").lower()))[fact] == value


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
    ("B00.9", "active_skin_infection"),
    ("B08.4", "active_skin_infection"),
    ("B35.1", "active_skin_infection"),
    ("L03.115", "active_skin_infection"),
    ("B02.22", "active_skin_infection"),
    ("B02.9", "herpes_history"),
    ("M35.3", "connective_tissue_disease"),
    ("Z96.1", "electronic_implant"),
    ("Z39.0", "breastfeeding"),
    ("F17.211", "smoker"),
    ("Z87.891", "smoker"),
    ("L43.2", "autoimmune_skin_disease"),
]


@pytest.mark.parametrize(("code", "fact"), TRAPS)
def test_a_code_that_only_looks_like_it_leaves_the_fact_unknown(read: Read, code: str, fact: str) -> None:
    assert fact not in read.facts(condition(code))


def test_cold_sores_without_a_place_are_history_alone(read: Read) -> None:
    assert read.facts(condition("B00.9")) == {"herpes_history": True}


HINTS = [
    ("L40.0", "autoimmune_skin_disease"),
    ("M32.9", "autoimmune_skin_disease"),
    ("E11.65", "uncontrolled_diabetes"),
    ("L81.4", "hyperpigmentation"),
    ("L57.8", "photodamage"),
    ("L98.7", "sagging"),
    ("L03.115", "active_skin_infection"),
    ("Z79.60", "systemic_immunosuppression"),
    ("Z85.820", "cancer_history"),
    ("M32.14", "connective_tissue_disease"),
    ("Z96.5", "metal_implant_in_area"),
]


@pytest.mark.parametrize(("code", "fact"), HINTS)
def test_a_code_without_a_grade_or_a_state_only_hints(read: Read, code: str, fact: str) -> None:
    found = read(condition(code))
    assert fact not in found.facts
    assert fact in [hint.fact for hint in found.hints]


def test_nothing_in_the_record_says_nothing(read: Read) -> None:
    assert read.facts() == {}
    assert read.facts(bundle()) == {}
    assert read.facts(condition("A00.0")) == {}


@pytest.mark.parametrize("verified", ["refuted", "entered-in-error"])
def test_a_condition_that_is_not_so_says_nothing(read: Read, verified: str) -> None:
    assert read.facts(condition("L01.00", verified=verified)) == {}


@pytest.mark.parametrize("verified", ["unconfirmed", "provisional", "differential"])
def test_a_condition_that_is_not_sure_hints_and_a_suspected_lesion_counts(read: Read, verified: str) -> None:
    assert read.facts(condition("L01.00", verified=verified)) == {}
    assert read(condition("L01.00", verified=verified)).hints
    assert read.facts(condition("C43.30", verified=verified)) == {"suspicious_lesion": True}


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_a_condition_that_is_over_counts_as_history_alone(read: Read, clinical: str) -> None:
    assert read.facts(condition("L01.00", clinical=clinical)) == {}
    assert read.facts(condition("B00.1", clinical=clinical)) == {"herpes_history": True}
    assert read.facts(condition("B02.9", clinical=clinical)) == {}
    assert read.facts(condition("L91.0", clinical=clinical)) == {"keloid_history": True}


def test_a_condition_that_ended_is_over(read: Read) -> None:
    assert read.facts(condition("L01.00", abatementDateTime="2026-10-01")) == {}
    assert read.facts(condition("L01.00", abatementDateTime="2026-12-01")) == {"active_skin_infection": True}


def test_an_old_pregnancy_is_not_a_present_one(read: Read) -> None:
    assert read.facts(condition("Z34.90", recordedDate="2026-09-01")) == {"pregnant": True}
    assert read.facts(condition("Z34.90", recordedDate="2025-09-01")) == {}


def test_a_sunburn_counts_for_two_weeks(read: Read) -> None:
    assert read.facts(condition("L55.0", onsetDateTime="2026-11-10")) == {"recent_tan_or_sunburn": True}
    assert read.facts(condition("L55.0", onsetDateTime="2026-11-08")) == {}
    assert read.facts(condition("L55.0")) == {}


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
    assert read.facts(medication(system, code)) == {fact: value}


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (ATC, "D11AH01"),
        (ATC, "D07AC01"),
        (ATC, "R03BA02"),
        (ATC, "P01BA02"),
        (ATC, "D11AH05"),
        (ATC, "L04AX08"),
        (ATC, "L04AA32"),
        (ATC, "D10AD04"),
        (RXNORM, "42316"),
        (RXNORM, "8640"),
        (RXNORM, "6387"),
        (RXNORM, "42463"),
    ],
)
def test_a_medicine_that_only_looks_like_it_leaves_everything_unknown(read: Read, system: str, code: str) -> None:
    assert read.facts(medication(system, code)) == {}


def test_the_way_it_is_given_tells_a_cream_from_a_tablet(read: Read) -> None:
    by_mouth = [{"route": {"coding": [{"system": "http://snomed.info/sct", "display": "Oral route"}]}}]
    on_skin = [{"route": {"text": "Topical route"}}]
    assert read.facts(medication(RXNORM, "42316", dosageInstruction=by_mouth)) == {"systemic_immunosuppression": True}
    assert read.facts(medication(RXNORM, "42316", dosageInstruction=on_skin)) == {}
    assert read.facts(medication(RXNORM, "6851", dosageInstruction=on_skin)) == {}


@pytest.mark.parametrize("status", ["stopped", "cancelled", "entered-in-error", "draft", "on-hold", "completed"])
def test_a_medicine_that_is_not_taken_says_nothing(read: Read, status: str) -> None:
    assert read.facts(medication(RXNORM, "1256", status)) == {}


def test_an_order_not_to_give_says_nothing(read: Read) -> None:
    assert read.facts(medication(RXNORM, "1256", doNotPerform=True)) == {}
    assert read.facts(medication(RXNORM, "1256", intent="proposal")) == {}


def test_isotretinoin_counts_for_six_months_after_its_end(read: Read) -> None:
    def stopped(end: str) -> Resource:
        return {
            "resourceType": "MedicationStatement",
            "id": "s1",
            "status": "completed",
            "medicationCodeableConcept": concept(ATC, "D10BA01"),
            "effectivePeriod": {"start": "2026-01-01", "end": end},
        }

    assert read.facts(stopped("2026-08-01")) == {"isotretinoin": "within_6_months"}
    assert read.facts(stopped("2026-05-01")) == {}


def test_a_medicine_may_stand_in_a_contained_or_a_separate_resource(read: Read) -> None:
    inside = {"resourceType": "Medication", "id": "x", "code": concept(RXNORM, "1256")}
    order = medication(RXNORM, "1256")
    del order["medicationCodeableConcept"]
    contained = order | {"contained": [inside], "medicationReference": {"reference": "#x"}}
    assert read.facts(contained) == {"systemic_immunosuppression": True}
    separate = order | {"medicationReference": {"reference": "https://ehr.example/Medication/x"}}
    assert read.facts(separate, inside) == {"systemic_immunosuppression": True}
    assert read.facts(order | {"medicationReference": {"reference": "#m1"}}) == {}


def test_an_allergy_to_lidocaine_counts_and_an_order_for_it_does_not(read: Read) -> None:
    allergy = {"resourceType": "AllergyIntolerance", "id": "a1", "code": concept(RXNORM, "6387")}
    assert read.facts(allergy) == {"product_allergy": True}
    assert read.facts(medication(RXNORM, "6387")) == {}


def test_an_observation_may_say_no_while_it_is_fresh(read: Read) -> None:
    not_pregnant = observation("82810-3", valueCodeableConcept=concept("http://loinc.org", "LA26683-5"))
    assert read.facts(not_pregnant) == {"pregnant": False}
    assert read.facts(not_pregnant | {"effectiveDateTime": "2026-09-01"}) == {}
    unknown = observation("82810-3", valueCodeableConcept=concept("http://loinc.org", "LA4489-6"))
    assert read.facts(unknown) == {}
    assert read.facts(not_pregnant | {"status": "entered-in-error"}) == {}


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
    assert read.facts(observation("66555-4", **value)) == {"fitzpatrick_type": "IV"}
    assert read.facts(observation("66555-4", valueString="III or IV")) == {}
    assert read.facts(observation("66472-2", **value)) == {}


def test_the_age_is_counted_from_the_day_of_birth(read: Read) -> None:
    def age(born: str) -> object:
        return read.facts({"resourceType": "Patient", "id": "1", "birthDate": born}).get("age_years")

    assert age("2004-11-23") == 22
    assert age("2004-11-24") == 21
    assert age("2004-11") is None
    assert age("2030-01-01") is None
    assert age("2004-13-40") is None


def test_what_is_about_somebody_else_is_left_aside(read: Read) -> None:
    assert read.facts(condition("L01.00") | {"subject": {"reference": "Patient/2"}}) == {}
    assert read.facts({"resourceType": "Patient", "id": "2", "birthDate": "1980-01-01"}) == {}
    there = condition("L01.00") | {"subject": {"reference": "https://ehr.example/fhir/Patient/1"}}
    assert read.facts(there) == {"active_skin_infection": True}


def test_an_answer_wins_over_a_code_and_what_lost_is_kept(read: Read) -> None:
    found = read(condition("Z33.1"), response(yes_no("pregnant", False), authored="2026-11-20"))
    assert found.facts["pregnant"] is False
    assert found.provenance["pregnant"].resource == "QuestionnaireResponse/q1"
    assert [(s.fact, s.value, s.code) for s in found.overruled] == [("pregnant", True, "Z33.1")]


def test_the_newest_response_wins_whole(read: Read) -> None:
    old = response(yes_no("pregnant", True), yes_no("smoker", True), authored="2026-11-01")
    new = response(yes_no("pregnant", False), authored="2026-11-20T10:00:00Z")
    for order in ((old, new), (new, old)):
        assert read.facts(*order) == {"pregnant": False}


def test_an_old_response_is_left_aside_and_said(read: Read) -> None:
    found = read(response(yes_no("pregnant", False), authored="2026-08-01"))
    assert found.facts == {}
    assert found.notes


@pytest.mark.parametrize("status", ["entered-in-error", "stopped"])
def test_a_response_that_was_withdrawn_says_nothing(read: Read, status: str) -> None:
    assert read.facts(response(yes_no("pregnant", False), status=status)) == {}


def test_a_response_to_another_questionnaire_says_nothing(read: Read) -> None:
    other = response(yes_no("pregnant", False)) | {"questionnaire": "http://example.org/Questionnaire/x"}
    assert read.facts(other) == {}
    versioned = response(yes_no("pregnant", False)) | {"questionnaire": f"{INTAKE}|2026.2"}
    assert read.facts(versioned) == {"pregnant": False}


@pytest.mark.parametrize(
    "item",
    [
        {"linkId": "pregnent", "answer": [{"valueBoolean": True}]},
        {"linkId": "pregnant", "answer": [{"valueString": "no"}]},
        {"linkId": "pregnant", "answer": [{"valueBoolean": True}, {"valueBoolean": False}]},
        {"linkId": "age_years", "answer": [{"valueInteger": 200}]},
        {"linkId": "sagging", "answer": [{"valueCoding": {"code": "heavy"}}]},
    ],
)
def test_an_answer_that_the_questionnaire_does_not_have_is_refused(read: Read, item: Resource) -> None:
    with pytest.raises(RecordError):
        read(response(item))


def test_another_version_of_fhir_is_refused(read: Read) -> None:
    with pytest.raises(RecordError, match="not FHIR R4"):
        read(condition("L01.00") | {"clinicalStatus": "active"})


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {}, {"coding": None}, {"coding": [None, 1]}, {"coding": [{"code": 1}]}]
)
def test_any_other_shape_is_not_there(read: Read, junk: object) -> None:
    for kind, element in (
        ("Condition", "code"),
        ("MedicationRequest", "medicationCodeableConcept"),
        ("Observation", "code"),
    ):
        assert read.facts({"resourceType": kind, "status": "active", element: junk}) == {}
