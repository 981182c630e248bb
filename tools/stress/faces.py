"""Every face of the service with a request it answers: what noise is made from."""

import json
from dataclasses import dataclass
from typing import Any

from app.api.examples import EXAMPLES
from app.fhir.questionnaire import canonical
from app.settings import Settings
from tools.bench.records import cds_call, record_of_200
from tools.serving import ROOT

NAMED = {"ruleset": "2026.2", "other": "2026.1", "rule": "PHASE-2", "kind": "too-large"}
HOOKS = ("patient-view", "order-select", "order-sign", "appointment-book")
PAGES = (
    *(
        "/",
        "/intake",
        "/all",
        "/embed",
        "/rules",
        "/rules/PHASE-2",
        "/facts",
        "/sources",
        "/changes",
        "/proof",
        "/sign",
    ),
    *("/docs", "/openapi.json", "/static/style.css", "/static/intake.js", "/static/../main.py", "/static/", "/nowhere"),
)
POST_WEIGHT = 16
"""How many times as often a face with a body is asked as one without."""
UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


@dataclass(frozen=True)
class Face:
    """One path and method, with the names of its query parameters and a body that it takes, if any."""

    method: str
    path: str
    names: tuple[str, ...] = ()
    body: Any = None
    media: str = "application/json"


def faces(document: dict[str, Any], stored: dict[str, Any] | None = None) -> list[Face]:
    """Return the faces of an OpenAPI document and the pages, as often as each is to be asked.

    `stored` is an answer with its receipt.
    """
    found = [Face("GET", path, ("lang", "ruleset", "q", "before", "after")) for path in PAGES]
    form = "age_years=34&pregnant=false&sagging=mild&unknown=keloid_history&change=pregnant"
    found += [Face("POST", "/intake", ("lang",), form, "application/x-www-form-urlencoded")] * POST_WEIGHT
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = tuple(p["name"] for p in operation.get("parameters", ()) if p["in"] == "query")
            if "requestBody" not in operation:
                found.append(Face(method.upper(), path.format(**NAMED), names))
                continue
            media = next(iter(operation["requestBody"]["content"]))
            bodies = _bodies(path, stored or {"answer": {"id": "", "decision": {}, "ruleset": {}}, "receipt": "a.b.c"})
            for number in range(POST_WEIGHT):
                at, body = bodies[number % len(bodies)]
                found.append(Face(method.upper(), at, names, body, media))
    return found


def document() -> dict[str, Any]:
    """Return the contract of the service."""
    read: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text("utf-8"))
    return read


def _bodies(path: str, stored: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return paths to ask with bodies that are answered there."""
    candidates = [body for _, body in EXAMPLES.values()]
    match path:
        case "/v1/triage" | "/v1/triage/explain":
            return [(path, body) for body in candidates]
        case "/v1/triage/batch":
            return [(path, "\n".join(json.dumps(body) for body in candidates))]
        case "/v1/receipts/verify":
            return [(path, stored)]
        case "/cds-services/{name}":
            return [(path.format(name=f"candidate-triage-{hook}"), _call(hook)) for hook in HOOKS]
        case "/cds-services/{name}/feedback":
            said = {"card": UUID, "outcome": "overridden", "outcomeTimestamp": "2026-11-25T09:00:00Z"}
            return [(path.format(name="candidate-triage-patient-view"), {"feedback": [said, {**said, "outcome": "x"}]})]
        case "/fhir/Questionnaire/$next-question":
            return [(path, _response()), (path, _parameters("questionnaire-response", _response()))]
        case _:
            return [(path, _parameters("questionnaireResponse", _response())), (path, _parameters("data", _record()))]


def _call(hook: str) -> dict[str, Any]:
    pathways = f"{Settings().public_url}/fhir/CodeSystem/candidate-triage-pathway"
    order = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "code": {"coding": [{"system": pathways, "code": "exosome_microchanneling"}]},
    }
    drafts = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    call = cds_call(record_of_200()[:8])
    context = {
        "userId": "Practitioner/1",
        "patientId": "1",
        "selections": ["ServiceRequest/s1"],
        "draftOrders": drafts,
        "appointments": {"resourceType": "Bundle", "entry": []},
    }
    return call | {"hook": hook, "context": context}


def _record() -> dict[str, Any]:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "82810-3"}]},
        "effectiveDateTime": "2026-11-20",
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
    }
    patient = {"resourceType": "Patient", "id": "1", "birthDate": "1985-04-01"}
    listed = [patient, observation, *record_of_200()[:4]]
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in listed]}


def _response() -> dict[str, Any]:
    answers = {"pregnant": {"valueBoolean": True}, "age_years": {"valueInteger": 34}}
    items = [{"linkId": name, "answer": [answer]} for name, answer in answers.items()]
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": canonical(Settings().public_url),
        "status": "in-progress",
        "authored": "2026-11-20",
        "item": items,
    }


def _parameters(name: str, resource: dict[str, Any]) -> dict[str, Any]:
    subject = {"name": "subject", "valueString": "Patient/1"}
    more = {"name": "unknowns", "valueCode": "strict"}
    return {"resourceType": "Parameters", "parameter": [subject, {"name": name, "resource": resource}, more]}
