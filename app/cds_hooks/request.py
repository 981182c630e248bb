"""A call of a CDS service, read from its body."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.record.elements import RecordError, Resource, codings, entries, text

PATIENT_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
NEEDS: dict[str, tuple[str, ...]] = {
    "patient-view": ("userId", "patientId"),
    "order-select": ("userId", "patientId", "selections", "draftOrders"),
    "order-sign": ("userId", "patientId", "draftOrders"),
    "appointment-book": ("userId", "patientId", "appointments"),
}
"""The fields of the context that each hook requires."""


@dataclass(frozen=True)
class Call:
    """One call: its hook, patient, prefetched record and FHIR server."""

    hook: str
    instance: str
    patient: str
    prefetch: dict[str, Any]
    orders: list[Resource] = field(default_factory=list)
    server: str = ""
    token: str = ""


def read_call(body: Any, hook: str) -> Call:
    """Read the body of a hook's call, or raise `RecordError`."""
    if not isinstance(body, dict):
        raise RecordError("send one JSON object with `hook`, `hookInstance` and `context`", "", "structure")
    if body.get("hook") != hook:
        raise RecordError(f"this service answers the hook `{hook}`", "hook", "not-supported")
    context = body.get("context")
    if not isinstance(context, dict):
        raise RecordError("`context` is an object", "context", "required")
    for name in NEEDS[hook]:
        if context.get(name) is None:
            raise RecordError(f"`context.{name}` is needed for `{hook}`", f"context.{name}", "required")
    patient = text(context["patientId"]).removeprefix("Patient/")
    if not PATIENT_ID.fullmatch(patient):
        raise RecordError("`context.patientId` is the id of a Patient", "context.patientId", "value")
    prefetch = body.get("prefetch")
    if prefetch is not None and not isinstance(prefetch, dict):
        raise RecordError("`prefetch` is an object", "prefetch", "structure")
    authorization = body.get("fhirAuthorization")
    token = text(authorization.get("access_token")) if isinstance(authorization, dict) else ""
    return Call(
        hook=hook,
        instance=_instance(body.get("hookInstance")),
        patient=patient,
        prefetch=prefetch or {},
        orders=list(_orders(context, hook)),
        server=text(body.get("fhirServer")).rstrip("/"),
        token=token,
    )


def _instance(value: Any) -> str:
    try:
        return str(UUID(text(value)))
    except ValueError:
        raise RecordError("`hookInstance` is a UUID", "hookInstance", "value") from None


def _orders(context: dict[str, Any], hook: str) -> list[Resource]:
    """Return the drafted orders, for `order-select` those just selected."""
    if "draftOrders" not in NEEDS[hook]:
        return []
    drafts = context["draftOrders"]
    if not isinstance(drafts, dict) or drafts.get("resourceType") != "Bundle":
        raise RecordError("`context.draftOrders` is a Bundle", "context.draftOrders", "structure")
    orders = [resource for resource in entries(drafts) if resource.get("resourceType") == "ServiceRequest"]
    if hook != "order-select":
        return orders
    selections = context["selections"]
    if not isinstance(selections, list) or not all(isinstance(name, str) for name in selections):
        raise RecordError("`context.selections` is a list of references", "context.selections", "structure")
    selected = frozenset(selections)
    return [order for order in orders if f"ServiceRequest/{text(order.get('id'))}" in selected]


def ordered_pathway(order: Resource, system: str) -> str:
    """Return the pathway that an order is for, or nothing."""
    return next((code for address, code, _ in codings(order.get("code")) if address == system), "")
