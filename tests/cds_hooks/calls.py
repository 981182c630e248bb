"""Calls of CDS services for tests."""

from typing import Any

from tests.fhir.resources import BASE, Resource

KEYS = ("patient", "conditions", "medications", "observations", "intake")
PATHWAYS = f"{BASE}/fhir/CodeSystem/candidate-triage-pathway"


def order(pathway: str, name: str = "s1") -> Resource:
    """A drafted order for a pathway."""
    return {
        "resourceType": "ServiceRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "code": {"coding": [{"system": PATHWAYS, "code": pathway}]},
    }


def call(hook: str = "patient-view", *, orders: tuple[Resource, ...] = (), **prefetch: Any) -> dict[str, Any]:
    """A call in which every prefetch key that is not named ran and found nothing."""
    context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": "1"}
    if hook.startswith("order"):
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": each} for each in orders]}
    if hook == "order-select":
        context["selections"] = [f"ServiceRequest/{each['id']}" for each in orders]
    if hook == "appointment-book":
        context["appointments"] = {"resourceType": "Bundle", "entry": []}
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": context,
        "prefetch": dict.fromkeys(KEYS) | prefetch,
    }


def path(hook: str = "patient-view") -> str:
    """The path of the service of a hook."""
    return f"/cds-services/candidate-triage-{hook}"
