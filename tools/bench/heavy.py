"""Records that are more work than their size, one for each bound."""

from collections.abc import Callable
from typing import Any

from app.engines import rules_folder
from app.rulebook.load import load

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
VALUES = 157_000
"""What a call takes, but for the rest of it."""
SUBJECT = {"reference": "Patient/1"}
LIGATURE = "\ufdfa"
"""One letter that stands for eighteen when it is compared."""
Resource = dict[str, Any]
MARKED = {"display": "pregnancy"}
Make = Callable[[int], Resource]


def condition(**more: object) -> Resource:
    """Return a condition of the patient."""
    return {"resourceType": "Condition", "subject": SUBJECT, **more}


def filled(make: Make, values: int, most: int = 6_000) -> list[Resource]:
    """Return as many resources of so many values as a call holds."""
    return [make(number) for number in range(min(most, VALUES // values))]


def icd(*codes: str) -> Resource:
    """Return a concept of these codes of ICD-10-CM."""
    return {"coding": [{"system": ICD, "code": code} for code in codes]}


def ordered(**more: object) -> Resource:
    """Return an order of a medicine that is not in the record, unless it is said."""
    return {"resourceType": "MedicationRequest", "status": "active", "subject": SUBJECT, **more}


def records() -> dict[str, list[Resource]]:
    """Return the heaviest records, by what makes them so."""
    codes = load(rules_folder()).codes
    listed = [code for system, code in codes.conditions._exact if system == "icd-10-cm"]
    loinc = codes.observations.codes("loinc")
    medicines = [code for system, code in codes.medicines._exact if system == "rxnorm"]
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    place: Resource = {"coding": [{}] * 8}
    apart = [{"coding": [{"system": ICD, "code": code}] * 5} for code in ("L0", "R00")]
    order: Resource = ordered(medicationReference={"reference": "Medication/1"})
    inner = {"resourceType": "Medication", "id": "n", "ingredient": [{"itemReference": {"display": "x"}}] * 20}
    outer = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemReference": {"reference": "#n"}}] * 20}
    person = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "a", "value": "b"}] * 50}
    of_person: Resource = {"resourceType": "Condition", "subject": {"reference": "#p"}}

    def parts(number: int, part: Callable[[int], Resource]) -> Resource:
        listed = [part(place) for place in range(20)]
        return {"resourceType": "Observation", "subject": SUBJECT, "component": listed}

    return {
        "10 listed codes each": filled(lambda n: condition(code=icd(*_ten(listed, n, f".{n % 7}"))), 36, 4_300),
        "10 blocks of codes each": filled(
            lambda n: condition(code=icd(*(f"L{n % 50:02}.{j}-M{j:02}" for j in range(10)))), 36, 4_000
        ),
        "one concept of 3,400": [condition(code=apart * 1_700)],
        "64 codings of places": filled(lambda n: condition(code=icd(*_ten(listed, n)), bodySite=[place] * 8), 180),
        "components of one code": filled(lambda n: parts(n, lambda j: {"code": icd(f"{n}{j}")}), 125),
        "components of texts": filled(
            lambda n: parts(n, lambda j: {"code": {"text": f"{n}{j}"}, "valueString": "a"}), 90
        ),
        "50 codings of a result": filled(
            lambda n: {
                "resourceType": "Observation",
                "status": "final",
                "subject": SUBJECT,
                "code": {"coding": [{"system": "http://loinc.org", "code": code} for code in _ten(loinc, n)]},
                "valueCodeableConcept": {"coding": [{"system": f"HTTPS://{n}"}] * 50},
            },
            140,
        ),
        "128 codings of routes": filled(
            lambda n: ordered(
                medicationCodeableConcept={"coding": [{"system": rxnorm, "code": medicines[n % len(medicines)]}]},
                dosageInstruction=[{"route": place, "method": place}] * 8,
            ),
            310,
        ),
        "one medicine of many identifiers": [
            {"resourceType": "Medication", "id": "1", "identifier": [0] * 100_000},
            *[order] * 2_000,
        ],
        "conditional references": [ordered(medicationReference={"reference": "Medication?" + "identifier=a|b&" * 65})]
        * 2_000,
        "contained medicines in medicines": filled(
            lambda _: ordered(medicationReference={"reference": "#m"}, contained=[outer, inner]), 180
        ),
        "contained persons": [of_person | {"contained": [person, *[of_person] * 49]}] * 440,
        "letters of eighteen": filled(lambda n: condition(code={"text": f"{n} {LIGATURE * 300}"}), 1, 2_000),
        "places in letters of eighteen": filled(
            lambda n: condition(code=icd("L01"), bodySite=[{"text": f"{n}{j} {LIGATURE * 90}"} for j in range(8)]),
            1,
            1_000,
        ),
        "marks in disorder": filled(lambda n: condition(code={"text": f"{n} a" + "\u0315\u0300" * 495}), 1, 1_000),
        "dosages with reasons": filled(
            lambda n: ordered(
                medicationCodeableConcept={"coding": [{"system": rxnorm, "code": medicines[0]}]},
                dosageInstruction=[{"text": f"{n} cream for x if y because z " + "if b " * 40}] * 8,
            ),
            1,
            1_500,
        ),
    }


def _ten(listed: list[str], number: int, more: str = "") -> list[str]:
    return [listed[(number * 7 + place * 37) % len(listed)] + more for place in range(10)]


def in_korean(count: int) -> list[dict[str, object]]:
    """Return conditions that have no code, each with another text of 200 letters, searched for words."""
    words = "가려움 통증 혈압 높음 당뇨 없음 피부 건조 환자 진료 소견 상담 계획 처방 복용 관찰 " * 5
    status = {"coding": [{"code": "active"}]}
    found: dict[str, object] = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/1"},
        "clinicalStatus": status,
    }
    return [found | {"code": {"text": f"{number} {words}"[:200]}} for number in range(count)]


def containing(count: int) -> list[dict[str, object]]:
    """Return conditions that contain the smallest ones, 50 each."""
    subject = {"reference": "Patient/1"}
    return [
        {"resourceType": "Condition", "subject": subject, "contained": [{"resourceType": "Condition"}] * 50}
        for _ in range(count // 50)
    ]


def categories(count: int) -> list[dict[str, object]]:
    """Return conditions by blocks and categories of ICD-10."""
    system = "http://hl7.org/fhir/sid/icd-10-cm"
    codes = [f"{letter}{number:02}" for letter in "ACDLZ" for number in range(100)]
    return [
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/1"},
            "code": {"coding": [{"system": system, "code": codes[n % len(codes)] + f".{n}" * (n % 2)}]},
        }
        for n in range(count)
    ]


def ordered_by_reference() -> list[dict[str, object]]:
    """Return orders of one medicine, whose ingredients are a medicine of many ingredients."""
    order: dict[str, object] = {"resourceType": "MedicationRequest", "subject": {"reference": "Patient/1"}}
    references = [{"reference": "Medication/1", "display": f"medicine {n}"} for n in range(2_000)]
    parts: list[list[dict[str, object]]] = [[{"itemReference": {"reference": "Medication/2"}}], [{}]]
    medicine: dict[str, object] = {"resourceType": "Medication"}
    medicines = [medicine | {"id": str(n), "ingredient": each * 20} for n, each in enumerate(parts, 1)]
    return [*medicines, *(order | {"medicationReference": each} for each in references)]


def long_system(length: int, count: int = 1) -> list[dict[str, object]]:
    """Return conditions by a system that is not known, whose name is nothing but marks."""
    return [
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/1"},
            "code": {"coding": [{**MARKED, "code": f"{n}", "system": "*" * length}]},
        }
        for n in range(count)
    ]


def bundles(count: int) -> dict[str, Any]:
    """Return Parameters of very many empty Bundles."""
    data = {"name": "data", "resource": {"resourceType": "Bundle"}}
    return {"resourceType": "Parameters", "parameter": [{"name": "subject", "valueId": "1"}, *[data] * count]}


def answering(count: int) -> dict[str, Any]:
    """Return a response to so many questions that nobody asks."""
    address = "http://127.0.0.1:8000/fhir/Questionnaire/candidate-intake"
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": address, "status": "in-progress"}
    return response | {"item": [{"linkId": "x" * 900, "answer": [{}]}] * count}


def groups() -> dict[str, Any]:
    """Return a response of very many groups."""
    item = {"linkId": "group-1", "item": [{"linkId": "group-2"}]}
    return answering(0) | {"item": [item] * 8_000}
