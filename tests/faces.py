"""A real body for every face that takes JSON, and the places in it: for tests that change one thing in each."""

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from fastapi.testclient import TestClient

from app.api.lines import BATCH_PATH
from tests.amounts import amount
from tests.cds_hooks.calls import call, order
from tests.cds_hooks.calls import path as service
from tests.fhir.resources import ATC, BASE, bundle, condition, going_on, medication, observation, response, yes_no

NEXT = "/fhir/Questionnaire/$next-question"
NEXT_OF_OURS = "/fhir/Questionnaire/candidate-intake/$next-question"
POPULATE = "/fhir/Questionnaire/$populate"
POPULATE_OURS = "/fhir/Questionnaire/candidate-intake/$populate"
APPLY = "/fhir/PlanDefinition/candidate-triage/$apply"
APPLY_BY_ADDRESS = "/fhir/PlanDefinition/$apply"
FEEDBACK = f"{service()}/feedback"
RECEIPTS = "/v1/receipts/verify"
HOOKS = {service(hook): hook for hook in ("patient-view", "order-select", "order-sign", "appointment-book")}
NOWHERE = "127.0.0.1:9"
"""A host that refuses at once."""
CANDIDATE = {
    "primary_concern": "uneven_pigmentation",
    "elasticity_loss": "moderate",
    "photodamage": {"scale": "glogau", "grade": "II"},
    "age_years": 34,
    "jurisdiction": "KR",
    "pregnant": False,
    "reference": "case-1",
    "unavailable": ["breastfeeding", "keloid_history"],
}
Place = tuple[str | int, ...]


def bodies(client: TestClient) -> list[tuple[str, Any]]:
    """Return each face with a body that it answers; those of the batch are one line."""
    patient = {
        "resourceType": "Patient",
        "id": "1",
        "name": [{"family": "Doe", "given": ["Jane"], "text": "Jane Doe"}],
        "identifier": [{"system": "urn:x", "value": "1"}],
        "birthDate": "1980-01-01",
    }
    note: dict[str, Any] = {"note": [{"text": "seen"}], "recordedDate": "2026-01-01"}
    record: dict[str, Any] = {
        "patient": patient,
        "conditions": bundle(condition("L70.0", **note)),
        "medications": bundle(medication(ATC, "D10BA01", authoredOn="2026-10-01", dosageInstruction=[{"text": "x"}])),
        "observations": bundle(observation("82810-3", valueCodeableConcept={"text": "no", "coding": [{"code": "x"}]})),
        "intake": response(yes_no("pregnant", False), authored="2026-11-20") | {"author": {"display": "Jane"}},
    }
    named = [{"name": "data", "resource": resource} for resource in record.values()]
    parameters: dict[str, Any] = {
        "resourceType": "Parameters",
        "id": "p",
        "parameter": [
            {"name": "subject", "valueReference": {"reference": "Patient/1", "display": "Jane"}},
            {"name": "planDefinition", "valueCanonical": f"{BASE}/fhir/PlanDefinition/candidate-triage"},
            {"name": "encounter", "valueString": "Encounter/1"},
            {"name": "unknowns", "valueCode": "strict"},
            *named,
        ],
    }
    begun = client.post(NEXT, json=going_on()).json()
    asked = begun | {
        "id": "q1",
        "subject": {"reference": "Patient/1"},
        "authored": "2026-11-20T10:00:00Z",
        "author": {"reference": "Practitioner/1", "display": "Dr Roe"},
        "source": {"reference": "Patient/1"},
        "item": [
            {"linkId": "pregnant", "text": "Pregnant?", "answer": [{"valueBoolean": False}]},
            {"linkId": "elasticity_loss", "answer": [{"valueCoding": {"system": "x", "code": "mild", "display": "y"}}]},
            {"linkId": "age_years", "answer": [{"valueInteger": 34}]},
        ],
    }
    more = {
        "fhirServer": f"https://{NOWHERE}/fhir",
        "fhirAuthorization": {
            "access_token": "t",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "s",
            "subject": "c",
        },
        "extension": {"text": "x"},
    }
    read_back = call() | more | {"prefetch": {key: record[key] for key in ("patient", "conditions")}}
    accepted = {"card": "x", "outcome": "accepted", "outcomeTimestamp": "t", "acceptedSuggestions": [{"id": "y"}]}
    overridden = {
        "card": "x",
        "outcome": "overridden",
        "outcomeTimestamp": "t",
        "overrideReason": {"reason": {"code": "c", "system": "s", "display": "d"}, "userComment": "why"},
    }
    given = client.post("/v1/triage", json=CANDIDATE)
    receipt = given.headers.get("triage-receipt", "")
    stored = {"answer": given.json(), "receipt": receipt, "facts": None, "unavailable": CANDIDATE["unavailable"]}
    population = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "canonical", "valueCanonical": f"{BASE}/fhir/Questionnaire/candidate-intake"},
            *(each for each in parameters["parameter"] if each["name"] in ("subject", "data")),
        ],
    }
    ordered = (order("exosome_microchanneling") | {"note": [{"text": "soon"}]},)
    return [
        ("/v1/triage", CANDIDATE),
        ("/v1/triage/explain", CANDIDATE),
        (BATCH_PATH, CANDIDATE),
        (RECEIPTS, stored),
        (RECEIPTS, stored | {"facts": {k: v for k, v in CANDIDATE.items() if k not in ("unavailable", "reference")}}),
        (NEXT, asked),
        (NEXT, {"resourceType": "Parameters", "parameter": [{"name": "questionnaire-response", "resource": asked}]}),
        (NEXT_OF_OURS, asked),
        (POPULATE, population),
        (POPULATE_OURS, population),
        (APPLY, parameters),
        (APPLY_BY_ADDRESS, parameters),
        *((path, call(hook, orders=ordered if "order" in hook else (), **record)) for path, hook in HOOKS.items()),
        (service(), read_back),
        (FEEDBACK, {"feedback": [accepted, overridden]}),
    ]


def media_type(path: str) -> str:
    """Return the type that a face is sent."""
    return "application/x-ndjson" if path == BATCH_PATH else "application/json"


def sent(client: TestClient, path: str, body: bytes, **headers: str) -> tuple[int, str]:
    """Send a body to a face; return the status of the answer, of a batch that of its line, and the text."""
    answer = client.post(path, content=body, headers={"Content-Type": media_type(path), **headers})
    if path != BATCH_PATH or answer.status_code != 200:
        return answer.status_code, answer.text
    status: int = json.loads(answer.text.splitlines()[0]).get("status", 200)
    return status, answer.text


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the way to everything in a body, itself first."""
    yield place
    if isinstance(value, dict | list):
        for step, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inside, (*place, step))


def places_tried(bodies: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any, Place]]:
    """Yield each body with one place of each kind, those of one list alike; in the long run every place.

    The hooks read a call alike: a place is tried at the first that has it.
    """
    seen = set()
    for path, body in bodies:
        for place in places(body):
            kind = tuple("*" if isinstance(step, int) else step for step in place)
            key = "hook" if path in HOOKS else path, kind
            if key not in seen or amount(False, True):
                seen.add(key)
                yield path, body, place


def at(body: Any, place: Place) -> Any:
    """Return what stands at a place."""
    for step in place:
        body = body[step]
    return body


def changed(body: Any, place: Place, value: Any) -> Any:
    """Return a body with something else at a place."""
    if not place:
        return value
    copy = deepcopy(body)
    at(copy, place[:-1])[place[-1]] = value
    return copy
