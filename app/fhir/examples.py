"""Worked examples of the FHIR operations, for OpenAPI."""

from typing import Any

from app.api.examples import Example, Examples
from app.fhir.questionnaire import canonical
from app.record.orders import plan_address

INFECTED: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    },
    "verificationStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]
    },
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "L01.00"}]},
    "subject": {"reference": "Patient/1"},
    "recordedDate": "2026-11-20",
}
"""Impetigo, seen a week ago."""
RECORD: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": INFECTED}]}
KINDS = ("Questionnaire", "PlanDefinition", "Library", "CodeSystem")
ACTIVE = {"status": "active"}
SUBJECT: dict[str, Any] = {"name": "subject", "valueString": "Patient/1"}


def examples(base: str) -> Examples:
    """Return the examples of a service with this public address."""
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": "in-progress",
        "questionnaire": canonical(base),
        "item": [{"linkId": "primary_concern", "answer": [{"valueCoding": {"code": "dullness"}}]}],
    }
    next_question = {"begun": Example("A concern is known; what comes next?", response)}
    form, plan = (
        {"name": name, "valueCanonical": address}
        for name, address in (("questionnaire", canonical(base)), ("planDefinition", plan_address(base)))
    )
    record = {"name": "data", "resource": RECORD}
    unknown = {"name": "colour", "valueString": "red"}
    infected = "A record with an infection of the skin"
    return {
        "askNextQuestion": next_question,
        "askNextQuestionOfIntake": next_question,
        "populateIntake": {"infected": Example(infected, parameters(SUBJECT, record))},
        "populateQuestionnaire": {"infected": Example(infected, parameters(SUBJECT, form, record))},
        "applyCandidateTriage": {
            "infected": Example(infected, parameters(SUBJECT, record)),
            "mistake": Example("A parameter that is not known", parameters(SUBJECT, unknown)),
        },
        "applyPlanDefinition": {"infected": Example(infected, parameters(SUBJECT, plan, record))},
        **{f"search{kind}ByForm": {"active": Example("Those in use", ACTIVE, in_part=True)} for kind in KINDS},
    }


def parameters(*each: dict[str, Any]) -> dict[str, Any]:
    """Return a Parameters resource."""
    return {"resourceType": "Parameters", "parameter": list(each)}
