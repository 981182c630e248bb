"""Small FHIR R4 resources for tests."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from app.core.facts import Value
from app.core.rules import Release
from app.record.answers import response_of

Resource = dict[str, Any]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""When the calls of the tests arrive."""
SEEN = "2026-11-20"
"""When what is not dated otherwise was seen, recorded or answered."""
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
BASE = "http://127.0.0.1:8000"
INTAKE = f"{BASE}/fhir/Questionnaire/candidate-intake"


def concept(system: str, code: str) -> Resource:
    """A concept with one coding."""
    return {"coding": [{"system": system, "code": code}]}


def condition(code: str, clinical: str = "active", verified: str = "confirmed", **more: Any) -> Resource:
    """A condition."""
    terminology = "http://terminology.hl7.org/CodeSystem"
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": concept(f"{terminology}/condition-clinical", clinical),
        "verificationStatus": concept(f"{terminology}/condition-ver-status", verified),
        "code": concept(ICD, code),
        "subject": {"reference": "Patient/1"},
        "recordedDate": SEEN,
        **more,
    }


def medication(system: str, code: str, status: str = "active", **more: Any) -> Resource:
    """An order for a medicine."""
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": concept(system, code),
        "subject": {"reference": "Patient/1"},
        "authoredOn": SEEN,
        **more,
    }


def observation(code: str, **value: Any) -> Resource:
    """An observation made on 2026-11-20."""
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": concept(LOINC, code),
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": SEEN,
        **value,
    }


def response(*items: Resource, authored: str | None = SEEN, status: str = "completed") -> Resource:
    """A response to the intake questionnaire."""
    found: Resource = {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "questionnaire": INTAKE,
        "status": status,
        "item": list(items),
    }
    return found | ({"authored": authored} if authored else {})


def going_on(*items: Resource, **more: Any) -> Resource:
    """A response to the intake questionnaire that goes on."""
    return response(*items, status="in-progress", **more)


def answers(
    facts: Mapping[str, Value], release: Release, unavailable: Collection[str] = (), base: str = BASE
) -> Resource:
    """A response that says these facts."""
    address = f"{base}/fhir/Questionnaire/candidate-intake"
    return response_of(facts, unavailable, release, address, base) | {"id": "q1", "authored": SEEN}


def yes_no(name: str, value: bool) -> Resource:
    """An item answered with yes or no."""
    return {"linkId": name, "answer": [{"valueBoolean": value}]}


def bundle(*resources: Resource) -> Resource:
    """A Bundle that a search found."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}
