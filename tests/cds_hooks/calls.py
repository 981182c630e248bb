"""Calls of CDS services for tests."""

from typing import Any

from tests.fhir.resources import BASE, Resource

KEYS = (
    *("patient", "conditions", "medications", "allergies", "devices", "procedures", "observations", "intake"),
    "orders",
)
PATHWAYS = f"{BASE}/fhir/CodeSystem/candidate-triage-pathway"
SERVICE = f"{BASE}/fhir/PlanDefinition/candidate-triage"

IN_PLACE: dict[str, Any] = {
    **dict.fromkeys(("baseline_photo_taken", "realistic_expectations", "physician_supervised"), True),
    **dict.fromkeys(("investigational_consent", "product_documented", "lawful_here_checked"), True),
    **{"jurisdiction": "CH", "product_source": "plant", "product_status": "investigational"},
}
"""What is asked before a pathway is ready."""


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


def appointment(system: str = SERVICE, code: str = "visit", **more: Any) -> Resource:
    """A proposed appointment, for the service if nothing else is said."""
    return {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "proposed",
        "serviceType": [{"coding": [{"system": system, "code": code}]}],
        "participant": [{"actor": {"reference": "Patient/1"}, "status": "tentative"}],
        **more,
    }


def call(
    hook: str = "patient-view",
    *,
    orders: tuple[Resource, ...] = (),
    appointments: tuple[Resource, ...] | None = None,
    **prefetch: Any,
) -> dict[str, Any]:
    """A call in which every prefetch key that is not named ran and found nothing."""
    context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": "1"}
    if hook.startswith("order"):
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": each} for each in orders]}
    if hook == "order-select":
        context["selections"] = [f"ServiceRequest/{each['id']}" for each in orders]
    if hook == "appointment-book":
        booked = (appointment(),) if appointments is None else appointments
        context["appointments"] = {"resourceType": "Bundle", "entry": [{"resource": each} for each in booked]}
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": context,
        "prefetch": dict.fromkeys(KEYS) | prefetch,
    }


def path(hook: str = "patient-view") -> str:
    """The path of the service of a hook."""
    return f"/cds-services/candidate-triage-{hook}"
