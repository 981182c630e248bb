"""A call of a CDS service, read from its body."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from app.record.bundles import LONGEST_REFERENCE
from app.record.elements import RecordError, Resource, entries, items, text
from app.record.identity import REST

PATIENT_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
NEEDS: dict[str, tuple[str, ...]] = {
    "patient-view": ("userId", "patientId"),
    "order-select": ("userId", "patientId", "selections", "draftOrders"),
    "order-sign": ("userId", "patientId", "draftOrders"),
    "appointment-book": ("userId", "patientId", "appointments"),
}
"""The fields of the context that each hook requires."""
NO_CODE = "?"
"""Stands for the code of a coding of ours that has none."""
BOOKED = ("serviceType", "serviceCategory", "specialty", "reasonCode")
"""Where an appointment may name a pathway, or the service."""
PERSONS = frozenset({"subject", "participant"})
"""Where a draft names whom it concerns."""


class Draft(NamedTuple):
    """An order or appointment of ours that is being made.

    `pathway` is empty for an appointment that names the service and no pathway yet.
    """

    resource: Resource
    pathway: str


@dataclass(frozen=True)
class Call:
    """One call: its hook, patient, drafts of ours, and the FHIR server."""

    hook: str
    instance: str
    patient: str
    prefetch: Any = None
    """As it came; `prefetched` checks it."""
    drafts: list[Draft] = field(default_factory=list)
    for_another: bool = False
    """Whether a draft of ours names another patient."""
    server: str = ""
    token: str = ""
    scope: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether anything is to be said: of drafts, of ours alone."""
        return self.hook == "patient-view" or bool(self.drafts)

    def prefetched(self) -> dict[str, Any]:
        """Return what was prefetched, or raise `RecordError`."""
        if self.prefetch is not None and not isinstance(self.prefetch, dict):
            raise RecordError("`prefetch` is an object", "prefetch", "structure")
        return self.prefetch or {}


class Systems(NamedTuple):
    """By which code systems a draft is of ours."""

    pathways: str
    service: str
    """The address of the PlanDefinition: the service, whatever the pathway."""


def drafted(drafts: Iterable[Draft]) -> Iterator[Resource]:
    """Yield the resources of drafts, each once.

    One resource may be a draft for very many pathways, which come one after another.
    """
    last: Resource | None = None
    for draft in drafts:
        if draft.resource is not last:
            last = draft.resource
            yield last


def read_call(body: Any, hook: str, systems: Systems) -> Call:
    """Read the body of a hook's call, or raise `RecordError`."""
    if not isinstance(body, dict):
        raise RecordError("send one JSON object with `hook`, `hookInstance` and `context`", "", "structure")
    if body.get("hook") != hook:
        raise RecordError("this service answers the hook `{hook}`", "hook", "not-supported", hook=hook)
    context = body.get("context")
    if not isinstance(context, dict):
        raise RecordError("`context` is an object", "context", "required")
    for name in NEEDS[hook]:
        if context.get(name) is None:
            says = "`context.{name}` is needed for `{hook}`"
            raise RecordError(says, f"context.{name}", "required", name=name, hook=hook)
    patient = text(context["patientId"]).removeprefix("Patient/")
    if not PATIENT_ID.fullmatch(patient):
        raise RecordError("`context.patientId` is the id of a Patient", "context.patientId", "value")
    authorization = body.get("fhirAuthorization")
    authorization = authorization if isinstance(authorization, dict) else {}
    drafts = list(_drafts(context, hook, systems))
    return Call(
        hook=hook,
        instance=_instance(body.get("hookInstance")),
        patient=patient,
        prefetch=body.get("prefetch"),
        drafts=drafts,
        for_another=any(_names_another(each, patient) for each in drafted(drafts)),
        server=text(body.get("fhirServer")).rstrip("/"),
        token=text(authorization.get("access_token")),
        scope=text(authorization.get("scope")),
    )


def _instance(value: Any) -> str:
    try:
        return str(UUID(text(value)))
    except ValueError:
        raise RecordError("`hookInstance` is a UUID", "hookInstance", "value") from None


def _drafts(context: dict[str, Any], hook: str, systems: Systems) -> Iterator[Draft]:
    """Yield the drafts of ours, for `order-select` those just selected."""
    if hook == "appointment-book":
        for booked in _appointments(context["appointments"]):
            if pathways := _booked(booked, systems.pathways):
                yield from (Draft(booked, pathway) for pathway in pathways)
            elif _booked(booked, systems.service):
                yield Draft(booked, "")
    if "draftOrders" not in NEEDS[hook]:
        return
    drafts = context["draftOrders"]
    if not isinstance(drafts, dict) or drafts.get("resourceType") != "Bundle":
        raise RecordError("`context.draftOrders` is a Bundle", "context.draftOrders", "structure")
    selected = _selected(context["selections"]) if hook == "order-select" else None
    for order in entries(drafts):
        if order.get("resourceType") != "ServiceRequest":
            continue
        if selected is not None and f"ServiceRequest/{text(order.get('id'))}" not in selected:
            continue
        for pathway in dict.fromkeys(_coded(order.get("code"), systems.pathways)):
            yield Draft(order, pathway)


def _names_another(draft: Resource, patient: str) -> bool:
    """Return whether a draft names patients, and not this one."""
    if PERSONS.isdisjoint(draft):
        return False
    concerned = items(draft.get("subject"))
    if "participant" in draft:
        concerned += [actor for each in items(draft["participant"]) for actor in items(each.get("actor"))]
    written = (text(each.get("reference")) for each in concerned)
    references = [REST.fullmatch(each) for each in written if len(each) <= LONGEST_REFERENCE]
    named = [found[3] for found in references if found and found[2] == "Patient"]
    return bool(named) and patient not in named


def _selected(selections: Any) -> frozenset[str]:
    if not isinstance(selections, list) or not all(isinstance(name, str) for name in selections):
        raise RecordError("`context.selections` is a list of references", "context.selections", "structure")
    longer = (name for name in selections if name.count("/") > 1 and len(name) <= LONGEST_REFERENCE)
    named = (REST.fullmatch(name) for name in longer)
    return frozenset({*selections, *(f"{found[2]}/{found[3]}" for found in named if found)})


def _appointments(given: Any) -> Iterator[Resource]:
    """Yield appointments: a Bundle, or a list as in the published examples."""
    if isinstance(given, list):
        yield from items(given)
    elif isinstance(given, dict) and given.get("resourceType") == "Bundle":
        yield from (found for found in entries(given) if found.get("resourceType") == "Appointment")
    else:
        raise RecordError("`context.appointments` is a Bundle", "context.appointments", "structure")


def _booked(appointment: Resource, system: str) -> list[str]:
    """Return an appointment's codes of a system, and its order's."""
    ordered = (inside.get("code") for inside in items(appointment.get("contained")))
    concepts = (*(appointment.get(name) for name in BOOKED), *ordered)
    return list(dict.fromkeys(code for concept in concepts for code in _coded(concept, system)))


def _coded(concept: Any, system: str) -> Iterator[str]:
    """Yield the codes of a system that a concept has."""
    for found in items(concept):
        if "concept" in found and any(_coded(found["concept"], system)):
            raise RecordError("this is FHIR R5, and R4 is read here: a code is a CodeableConcept there", "context")
        for coding in items(found.get("coding")):
            if coding.get("system") == system:
                yield text(coding.get("code")) or NO_CODE
