"""The public CDS Hooks sandbox: its calls, as its source sends them from a browser, are answered.

Shapes after `service-exchange.js`, `discovery-services-retrieval.js` and `card-list.jsx` of cds-hooks/sandbox 3b7e255.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.cds_hooks.calls import order, path
from tests.fhir.resources import NOW, bundle, condition

SANDBOX = "https://sandbox.cds-hooks.org"
SENT = {"origin": SANDBOX, "accept": "application/json", "authorization": "Bearer a.b.c", "accept-language": "en-US"}


@pytest.fixture(scope="module")
def service(book: RuleBook) -> Iterator[TestClient]:
    with TestClient(build_app(Settings(cors_origins=(SANDBOX,)), book, clock=lambda: NOW)) as found:
        yield found


def sandbox_call(service: TestClient, hook: str, context: dict[str, Any], **found: Any) -> dict[str, Any]:
    """What the sandbox posts: the keys whose search brought something, those of no result as empty Bundles."""
    services = {each["hook"]: each for each in service.get("/cds-services", headers=SENT).json()["services"]}
    patient = {"resourceType": "Patient", "id": "smart-1288992", "birthDate": "1985-04-02"}
    prefetch = {key: patient if key == "patient" else bundle() for key in services[hook]["prefetch"]} | found
    return {
        "hookInstance": "4a74b1d0-4fee-4d18-b76f-7f3bd361e4bc",
        "hook": hook,
        "fhirServer": "https://launch.smarthealthit.org/v/r4/fhir",
        "context": {"patientId": "smart-1288992", "userId": "Practitioner/COREPRACTITIONER1"} | context,
        "prefetch": prefetch,
    }


def posted(service: TestClient, address: str, body: dict[str, Any]) -> dict[str, Any]:
    asks = {
        "origin": SANDBOX,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    allowed = service.options(address, headers=asks)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == SANDBOX
    answer = service.post(address, json=body, headers=SENT)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == SANDBOX
    found: dict[str, Any] = answer.json()
    return found


def test_the_services_are_discovered_with_a_token(service: TestClient) -> None:
    answer = service.get("/cds-services", headers=SENT)
    assert answer.headers["access-control-allow-origin"] == SANDBOX
    assert len(answer.json()["services"]) == 4


def test_a_patient_is_viewed_and_the_card_answered(service: TestClient) -> None:
    infected = condition("L01.00", subject={"reference": "Patient/smart-1288992"})
    body = sandbox_call(service, "patient-view", {}, conditions=bundle(infected))
    sent_on, card = posted(service, path(), body)["cards"]
    assert card["summary"].startswith("Excluded: An active skin infection")
    accepted = {
        "card": sent_on["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": sent_on["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": "2026-11-23T12:00:00.000Z",
    }
    reason = {key: sent_on["overrideReasons"][0][key] for key in ("code", "system")}
    overridden = {
        "card": sent_on["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-23T12:00:00.000Z",
        "overrideReason": {"reason": reason},
    }
    dismissed = {key: overridden[key] for key in ("card", "outcome", "outcomeTimestamp")}
    for feedback in (accepted, overridden, dismissed):
        assert posted(service, f"{path()}/feedback", {"feedback": [feedback]}) == {}


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_a_medicine_and_an_imaging_order_of_the_sandbox_get_no_card(service: TestClient, hook: str) -> None:
    medicine = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/smart-1288992"},
        "medicationCodeableConcept": {
            "text": "Aspirin 81 MG Oral Tablet",
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "243670"}],
        },
    }
    imaging = {
        "resourceType": "ServiceRequest",
        "id": "example-request-id",
        "status": "draft",
        "intent": "plan",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "72133"}]},
        "subject": {"reference": "Patient/smart-1288992"},
    }
    context = {
        "draftOrders": bundle(medicine, imaging),
        "selections": ["MedicationRequest/request-123", "ServiceRequest/example-request-id"],
    }
    body = sandbox_call(service, hook, context) | {"prefetch": {"conditions": "nothing of ours is even looked at"}}
    assert posted(service, path(hook), body) == {"cards": []}
    ours = order("combination_therapy") | {"subject": {"reference": "Patient/smart-1288992"}}
    with_ours = {"draftOrders": bundle(medicine, ours)}
    body = sandbox_call(service, "order-sign", with_ours)
    (card,) = posted(service, path("order-sign"), body)["cards"]
    assert card["summary"].startswith("Ordered: ")
