"""Medicines: ordered, taken, given or handed out, by code and by name.

A code, a route, a dose form or a word that says local use takes a medicine out of what works in the whole body.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from math import ceil
from typing import Literal, NamedTuple

from app.core.codes import Use, normal
from app.record.bundles import Found
from app.record.concepts import BOTH_USES, Concept, Meant, said_of
from app.record.context import Context, aside, drafted, irrelevant, many, not_understood
from app.record.dates import Day, WrongDateError, latest
from app.record.elements import Resource, is_modified, items, text
from app.record.limits import LONGEST_TEXT
from app.record.places import Entry
from app.record.standing import Open, Situation, State
from app.record.statuses import IN_ERROR, ORDERS, PLAN, PROPOSALS
from app.record.weigh import Claim, Draft

MOST_INGREDIENTS = 20
DEEPEST = 1
"""How far ingredients of ingredients are followed."""
MOST_DOSAGES = 8
MOST_REPEATS = 99
LONGEST = 3_660
DAYS = {
    "h": 1 / 24,
    "d": 1,
    "day": 1,
    "days": 1,
    "wk": 7,
    "week": 7,
    "weeks": 7,
    "mo": 31,
    "month": 31,
    "months": 31,
    "a": 366,
}
"""How many days a unit of time has at most (UCUM, and as it is written)."""
GIVEN = frozenset({"MedicationAdministration", "MedicationDispense"})
REASON = re.compile(r"\b(?:for|if|because|due to)\b[^.;,\n]*", re.IGNORECASE)
"""Why or when something is taken: prednisone "daily for nasal polyps" is swallowed."""


class Order(NamedTuple):
    """The parts of an order that say what is given and how."""

    concept: Concept
    forms: list[Resource]
    leads_nowhere: bool = False
    is_modified: bool = False
    refers_to_error: bool = False


def medicine(context: Context, found: Found) -> Draft | Entry:
    """Read an order, a statement, an administration or a dispense."""
    resource, table = found.resource, context.codes.medicines
    order = _order(context, found)
    concept = order.concept
    if not concept.meant and concept.reason is None:
        return irrelevant(found, concept)
    draft = drafted(found, concept)
    if not concept.meant and order.leads_nowhere:
        return not_understood(draft, "dead_reference", concept.facts or context.concepts.all_of(table))
    facts = concept.facts
    forbids = resource.get("doNotPerform") or False
    if order.is_modified or is_modified(resource) or not isinstance(forbids, bool):
        return not_understood(draft, "unknown_modifier", facts)
    status = ORDERS.get(text(resource.get("status")) or "unknown")
    if status == "in_error":
        return aside(draft, "in_error", facts)
    if status == "not_done" or forbids:
        return aside(draft, "not_done", facts)
    if text(resource.get("intent")) in PROPOSALS:
        return aside(draft, "not_ordered", facts)
    if not concept.meant:
        return not_understood(draft, concept.reason or "no_code", facts)
    if status is None:
        return not_understood(draft, "unknown_status", facts)
    try:
        draft.day, end = _times(context, resource)
    except WrongDateError:
        return not_understood(draft, "wrong_date", facts)
    has_ended = status == "ended" or (end is not None and end.last < context.days.on)
    is_given = found.kind in GIVEN
    dosages = _dosages(resource)
    explicit, in_passing = _uses(context, concept, order, dosages)
    as_needed = any(d.get("asNeededBoolean") is True or "asNeededCodeableConcept" in d for d in dosages)
    for meant in concept.meant:
        use = _use(explicit, meant, in_passing=in_passing)
        if use == "local" and _has_more(resource):  # one that was not looked at may be swallowed
            use = "both_uses"
        for meaning in meant.meanings:
            if use == "local" and not meaning.local:
                draft.claims.append(Claim(draft, meaning.fact, None, "set_aside", "local_use"))
                continue
            state: State = "ended" if has_ended and not is_given else "active" if status == "active" else "unknown"
            reason: Open | None = None
            if order.refers_to_error:
                reason = "refers_to_error"
            elif is_given:
                reason = "given_once"
            elif status == "open":
                reason = "open_status"
            elif text(resource.get("intent")) == PLAN:
                reason = "planned"
            elif use in ("open_use", "both_uses") and not meaning.local:
                reason = use
            ended = end or (_ended_by(context, found, draft.day) if state == "ended" else None)
            situation = Situation(state, draft.day, None, ended, open=reason)
            claim = context.standing.claim(draft, meaning, situation)
            if reason and state == "ended" and claim.counts:
                claim.counts = False
                claim.put("asked", reason)
            if as_needed and meaning.as_needed and claim.counts:
                claim.counts = False
                claim.put("asked", "as_needed")
    return draft


def _order(context: Context, found: Found) -> Order:
    """Return what is ordered, wherever it stands."""
    resource, table = found.resource, context.codes.medicines
    reference = resource.get("medicationReference")
    if "medicationCodeableConcept" in resource:
        concept = context.concepts.read(resource["medicationCodeableConcept"], table, by_name=True)
        if reference is not None:  # one of two medicines: which, nobody knows
            concept = context.concepts.open("too_many", table)
        return Order(concept, [])
    words = text(reference.get("display")) if isinstance(reference, dict) else ""
    target = context.identity.follow(reference, found, "Medication")
    if target is None:
        named = context.concepts.read(None, table, beside=words, by_name=True)
        return Order(named, [], leads_nowhere=reference is not None)
    if not context.identity.affords(target):
        return Order(context.concepts.open("too_many", table), [])
    owner = _owner(reference, target, found)
    whole = context.concepts.read(target.get("code"), table, beside=words, by_name=True)
    concept = context.concepts.together(whole, list(_ingredients(context, target, owner)))
    is_error = target.get("status") == IN_ERROR
    return Order(concept, many(target.get("form"), 1), is_modified=is_modified(target), refers_to_error=is_error)


def _owner(reference: object, target: Resource, found: Found) -> Found:
    """Return whose contained resources a target refers to.

    What is contained refers to what lies beside it.
    """
    is_contained = isinstance(reference, dict) and text(reference.get("reference")).startswith("#")
    return found if is_contained else Found(target, "Medication", found.url)


def _ingredients(context: Context, medication: Resource, owner: Found, depth: int = 0) -> Iterator[Concept]:
    """Yield each ingredient; one that cannot be read may be anything."""
    concepts, table = context.concepts, context.codes.medicines
    listed = medication.get("ingredient")
    for ingredient in many(listed, MOST_INGREDIENTS):
        reference = ingredient.get("itemReference")
        if reference is None:
            yield concepts.read(ingredient.get("itemCodeableConcept"), table, by_name=True)
            continue
        words = text(reference.get("display")) if isinstance(reference, dict) else ""
        inner = context.identity.follow(reference, owner, "Medication", "Substance")
        if inner and inner.get("status") == IN_ERROR:
            yield concepts.open("unknown_status", table)
            continue
        if inner and not context.identity.affords(inner):
            yield concepts.open("too_many", table)
            continue
        code = inner.get("code") if inner else None
        whole = concepts.read(code, table, beside=words, by_name=True) if code or words else None
        parts: Iterable[Concept] = ()
        if inner and inner.get("ingredient"):
            is_deep = depth >= DEEPEST
            within = _owner(reference, inner, owner)
            parts = [concepts.open("too_many", table)] if is_deep else _ingredients(context, inner, within, depth + 1)
        if whole is None:
            whole = concepts.open("dead_reference" if inner is None else "no_code", table)
        yield concepts.together(whole, list(parts))
    yield from concepts.beyond(listed, MOST_INGREDIENTS, table)


def _times(context: Context, resource: Resource) -> tuple[Day | None, Day | None]:
    """Return when it was last said, and when it ends."""
    said = (
        context.day(resource, "authoredOn"),
        context.day(resource, "effectiveDateTime", ("effectivePeriod", "start")),
        context.day(resource, "dateAsserted"),
        context.day(resource, "whenHandedOver", "whenPrepared"),
    )
    end = context.day(resource, ("effectivePeriod", "end"), planned=True)
    if end is None:
        ends = [_bound(context, dosage) for dosage in _dosages(resource)]
        # a dosage without an end goes on, and so may one that was not looked at
        end = None if None in ends or _has_more(resource) else latest(*ends)
        if end and resource.get("status") == "active":
            context.days.check(resource.get("authoredOn"), end.text)
    return latest(*said), end


def _ended_by(context: Context, found: Found, day: Day | None) -> Day | None:
    """Return when something without an end of its own had ended.

    An order ends with its day, or with what it says that it lasts. A statement says when a course began; by the day of
    the statement itself it had ended.
    """
    resource = found.resource
    if found.kind != "MedicationRequest":
        return context.day(resource, "dateAsserted")
    lasts = _lasts(resource)
    if day is None or lasts is None:
        return None
    return day._replace(last=day.last + timedelta(days=lasts))


def _lasts(resource: Resource) -> int | None:
    """Return how many days an order lasts; `None` cannot be told."""
    supply = resource.get("dispenseRequest")
    supply = supply if isinstance(supply, dict) else {}
    repeats = supply.get("numberOfRepeatsAllowed", 0)
    each = _days_of(supply.get("expectedSupplyDuration"))
    if each is None or not isinstance(repeats, int) or not 0 <= repeats <= MOST_REPEATS or (repeats and not each):
        return None
    found: list[int | None] = [each * (1 + repeats)]
    for dosage in _dosages(resource):
        timing = dosage.get("timing")
        repeat = timing.get("repeat") if isinstance(timing, dict) else None
        if isinstance(repeat, dict):
            high = repeat.get("boundsRange")
            bounds = [repeat.get("boundsDuration"), high.get("high") if isinstance(high, dict) else high]
            found += [days for bound in bounds if (days := _days_of(bound)) != 0]
    return None if None in found else max(each for each in found if each is not None)


def _days_of(duration: object) -> int | None:
    """Return the days of a Duration; `None` cannot be read.

    Where there is none, it is 0.
    """
    if duration is None:
        return 0
    value = duration.get("value") if isinstance(duration, dict) else None
    unit = DAYS.get(text(duration.get("code")) or text(duration.get("unit"))) if isinstance(duration, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or unit is None or not 0 <= value <= LONGEST:
        return None
    return ceil(value * unit)


def _bound(context: Context, dosage: Resource) -> Day | None:
    """Return the day on which a dosage ends."""
    timing = dosage.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    if not isinstance(bounds, dict):
        return None
    context.days.check(bounds.get("start"), bounds.get("end"))
    return context.day(bounds, "end", planned=True)


def _dosages(resource: Resource) -> list[Resource]:
    return [*many(resource.get("dosageInstruction"), MOST_DOSAGES), *many(resource.get("dosage"), MOST_DOSAGES)]


def _has_more(resource: Resource) -> bool:
    """Return whether there are more dosages than are looked at."""
    listed = (resource.get(name) for name in ("dosageInstruction", "dosage"))
    return any(isinstance(each, list) and len(each) > MOST_DOSAGES for each in listed)


def _uses(context: Context, concept: Concept, order: Order, dosages: list[Resource]) -> tuple[set[Use], bool]:
    """Return the uses that codes, forms, routes and words say.

    And whether a text of a dosage alone speaks of local use, which may be about something else to apply.
    """
    concepts = context.concepts
    found: set[Use] = {meant.hit.use for meant in concept.meant if meant.hit.use}
    ways = [*order.forms, *(way for dosage in dosages for way in _ways(dosage))]
    for way in ways:
        if not concepts.limits.may_look_up():
            return {*BOTH_USES}, False
        listed = way.get("coding")
        if isinstance(listed, list) and len(listed) > MOST_DOSAGES:
            return {*BOTH_USES}, False
        codings = items(listed)
        concepts.limits.look_up(len(codings))
        for coding in codings:
            system = context.codes.system(text(coding.get("system")))
            code = text(coding.get("code"))
            key = (system.name, normal(system, code)) if system else (text(coding.get("system")), code)
            if use := context.codes.use_codes.get(key):
                found.add(use)
    said = [concept.searched, *(each for way in ways for each in said_of(way))]
    told = [text(d.get("text"))[:LONGEST_TEXT] for d in dosages]
    read = concepts.uses([*said, *told])
    if "local" in read and any(told):
        without = [left for each in told if (left := concepts.without(REASON, each)) is not None]
        if len(without) < len(told):
            return {*BOTH_USES}, False
        if without != told:
            read = read - {"local"} | concepts.uses([*said, *without])
    # its own words may say local use alone, or be too many to be searched
    in_passing = "local" in read - found and bool(told) and concepts.uses(said) & BOTH_USES != {"local"}
    return (found | read) - {"both"}, in_passing


def _ways(dosage: Resource) -> Iterator[Resource]:
    for element in ("route", "method"):
        if element in dosage:
            yield from many(dosage[element], 1)


def _use(
    explicit: set[Use], meant: Meant, *, in_passing: bool = False
) -> Literal["systemic", "local", "open_use", "both_uses"]:
    """Return how a medicine is used."""
    usual = meant.hit.medicine.use if meant.hit.medicine else "both"
    if len(explicit) > 1 or (in_passing and usual == "systemic"):
        return "both_uses"
    for use in explicit:
        return "local" if use == "local" else "systemic"
    return "open_use" if usual == "both" else usual
