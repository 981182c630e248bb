"""Procedures and devices: what was done, and what is in the body."""

from app.record.bundles import Found
from app.record.concepts import Concept
from app.record.context import Context, aside, drafted, irrelevant, many, not_understood
from app.record.dates import WrongDateError, latest
from app.record.elements import Resource, is_modified, text
from app.record.places import Entry
from app.record.standing import Open, Situation, State
from app.record.statuses import IN_ERROR, ORDERS
from app.record.weigh import Draft

MOST_NAMES = 8
DEVICE_STATES = {"active": "active", "inactive": "ended", "entered-in-error": "in_error", "unknown": "open", "": "open"}


def procedure(context: Context, found: Found) -> Draft | Entry:
    """Read a Procedure: it is an event, and what it left stays."""
    resource = found.resource
    concept = context.concepts.read(resource.get("code"), context.codes.procedures, context.codes.conditions)
    draft = _begun(context, found, concept)
    if isinstance(draft, Entry):
        return draft
    status = ORDERS.get(text(resource.get("status")) or "unknown")
    if (refused := _refused(context, found, draft, concept, status)) is not None:
        return refused
    try:
        draft.day = latest(
            context.day(resource, "performedDateTime", ("performedPeriod", "end"), ("performedPeriod", "start")),
        )
    except WrongDateError:
        return not_understood(draft, "wrong_date", concept.facts)
    was_stopped = text(resource.get("status")) == "stopped"
    _say(context, draft, concept, resource, "unknown", "open_status" if was_stopped else open_by(status))
    # one that is going on, or of which the beginning alone is known, may have been done since
    if status != "active" and not _only_begun(resource):
        for claim in draft.claims:
            if claim.is_over:
                claim.put("set_aside", "ended")
    return draft


def _only_begun(resource: Resource) -> bool:
    """Return whether only the beginning of a procedure is known."""
    period = resource.get("performedPeriod")
    return isinstance(period, dict) and period.get("end") is None and resource.get("performedDateTime") is None


def device(context: Context, found: Found) -> Draft | Entry:
    """Read a Device that is the patient's."""
    resource = found.resource
    concept = context.concepts.read(resource.get("type"), context.codes.devices, beside=_names(resource))
    draft = _begun(context, found, concept)
    if isinstance(draft, Entry):
        return draft
    status = DEVICE_STATES.get(text(resource.get("status")))
    if (refused := _refused(context, found, draft, concept, status)) is not None:
        return refused
    state: State = "active" if status == "active" else "ended" if status == "ended" else "unknown"
    _say(context, draft, concept, resource, state, None)
    return draft


def device_use(context: Context, found: Found) -> Draft | Entry:
    """Read a DeviceUseStatement, by the device that it refers to."""
    resource = found.resource
    target = context.identity.follow(resource.get("device"), found, "Device")
    if target and not context.identity.affords(target):
        concept = context.concepts.open("too_many", context.codes.devices)
        return not_understood(drafted(found, concept), "too_many", concept.facts)
    device = resource.get("device")
    words = text(device.get("display")) if isinstance(device, dict) else ""
    named = "; ".join(filter(None, (words, _names(target or {}))))
    concept = context.concepts.read(target.get("type") if target else None, context.codes.devices, beside=named)
    if target is None:
        return not_understood(drafted(found, concept), "dead_reference", concept.facts)
    draft = _begun(context, found, concept)
    if isinstance(draft, Entry):
        return draft
    status = ORDERS.get(text(resource.get("status")) or "unknown")
    refused = _refused(context, found, draft, concept, status)
    if refused is None and is_modified(target):
        refused = not_understood(draft, "unknown_modifier", concept.facts)
    if refused is not None:
        return refused
    try:
        draft.day = latest(
            context.day(resource, "timingDateTime", ("timingPeriod", "start")), context.day(resource, "recordedOn")
        )
        end = context.day(resource, ("timingPeriod", "end"), planned=True)
    except WrongDateError:
        return not_understood(draft, "wrong_date", concept.facts)
    has_ended = status == "ended" or (end is not None and end.last < context.days.on)
    state: State = "ended" if has_ended else "active" if status == "active" else "unknown"
    is_error = target.get("status") == IN_ERROR
    _say(context, draft, concept, resource, state, "refers_to_error" if is_error else open_by(status))
    return draft


def _names(device: Resource) -> str:
    """Return the names of a device, which stand beside its type."""
    return "; ".join(filter(None, (text(each.get("name")) for each in many(device.get("deviceName"), MOST_NAMES))))


def _begun(context: Context, found: Found, concept: Concept) -> Draft | Entry:
    if not concept.meant and concept.reason is None:
        return irrelevant(found, concept)
    return drafted(found, concept)


def _refused(context: Context, found: Found, draft: Draft, concept: Concept, status: str | None) -> Draft | None:
    """Return the draft in its place, where nothing of it can count."""
    facts = concept.facts
    if is_modified(found.resource):
        return not_understood(draft, "unknown_modifier", facts)
    if status == "in_error":
        return aside(draft, "in_error", facts)
    if status == "not_done":
        return aside(draft, "not_done", facts)
    if not concept.meant:
        return not_understood(draft, concept.reason or "no_code", facts)
    if status is None:
        return not_understood(draft, "unknown_status", facts)
    return None


def open_by(status: str | None) -> Open | None:
    """Return why a status leaves a resource open, or nothing."""
    return "open_status" if status == "open" else None


def _say(
    context: Context, draft: Draft, concept: Concept, resource: Resource, state: State, asked: Open | None
) -> None:
    situation = Situation(state, draft.day, draft.day, None, site=context.site(resource, concept), open=asked)
    for meant in concept.meant:
        for meaning in meant.meanings:
            context.standing.claim(draft, meaning, situation)
