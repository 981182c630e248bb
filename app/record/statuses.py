"""Statuses of FHIR R4; one that is not known is `None`."""

from collections.abc import Mapping
from typing import Literal, TypeVar

from app.record.elements import Resource, items, text

CLINICAL = "/condition-clinical", "/allergyintolerance-clinical"
VERIFIED = "/condition-ver-status", "/allergyintolerance-verification"
S = TypeVar("S", bound=str)
Clinical = Literal["active", "ended", "remission", "unknown"]
Verified = Literal["sure", "suspected", "refuted", "in_error"]
CLINICAL_STATES: Mapping[str, Clinical] = {
    "active": "active",
    "recurrence": "active",
    "relapse": "active",
    "inactive": "ended",
    "remission": "remission",
    "resolved": "ended",
}
VERIFIED_STATES: Mapping[str, Verified] = {
    "confirmed": "sure",
    "unconfirmed": "suspected",
    "provisional": "suspected",
    "differential": "suspected",
    "refuted": "refuted",
    "entered-in-error": "in_error",
}
Order = Literal["active", "ended", "open", "not_done", "in_error"]
ORDERS: Mapping[str, Order] = {
    "active": "active",
    "in-progress": "active",
    "completed": "ended",
    "stopped": "ended",
    "on-hold": "open",
    "unknown": "open",
    "cancelled": "not_done",
    "draft": "not_done",
    "intended": "not_done",
    "preparation": "not_done",
    "declined": "not_done",
    "not-taken": "not_done",
    "not-done": "not_done",
    "entered-in-error": "in_error",
}
IN_ERROR = "entered-in-error"
PROPOSALS = frozenset({"proposal", "option"})
PLAN = "plan"
"""The intent of what a patient takes unprescribed (US Core), and of what is only planned."""


def clinical(resource: Resource) -> Clinical | None:
    """Return whether a condition is there now, or `None`."""
    return _state(resource, "clinicalStatus", CLINICAL, CLINICAL_STATES, "unknown")


def verified(resource: Resource) -> Verified | None:
    """Return how sure a condition is, or `None`."""
    return _state(resource, "verificationStatus", VERIFIED, VERIFIED_STATES, "sure")


def _state(resource: Resource, element: str, systems: tuple[str, ...], states: Mapping[str, S], absent: S) -> S | None:
    concept = resource.get(element)
    if concept is None:
        return absent
    if not isinstance(concept, dict):
        return None
    listed = concept.get("coding")
    if isinstance(listed, list) and len(listed) == 1 and isinstance(listed[0], dict):
        # nearly every status is written so, and a pattern to match takes twice as long
        system, code = text(listed[0].get("system")), text(listed[0].get("code"))
        if code and system.endswith(systems):
            return states.get(code)
    found: set[S | None] = set()
    said = False
    for each in items(concept):
        for place, coding in enumerate(items(each.get("coding"))):
            system, code = text(coding.get("system")), text(coding.get("code"))
            said = said or bool(code)
            if place < 20 and (not system or system.endswith(systems)):
                found.add(states.get(code))
        if not found and (words := text(each.get("text"))):
            said = True
            if (state := states.get(words.strip().lower())) is not None:
                found.add(state)
    if not said:
        return absent
    return found.pop() if len(found) == 1 else None
