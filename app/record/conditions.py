"""Conditions and allergies: what is there, was there, or was ruled out."""

from typing import NamedTuple

from app.core.codes import CERTAINTIES
from app.record.bundles import Found
from app.record.concepts import Concept, certainty_of
from app.record.context import Context, aside, drafted, irrelevant, many, not_understood
from app.record.dates import Day, WrongDateError, latest
from app.record.elements import Resource, is_modified
from app.record.places import Entry
from app.record.standing import Open, Situation, State
from app.record.statuses import clinical, verified
from app.record.weigh import Claim, Draft

MOST_REACTIONS = 20
ABATEMENTS = frozenset(f"abatement{kind}" for kind in ("DateTime", "Age", "Period", "Range", "String", "Boolean"))
"""Every way to say that a condition ended; `abatementBoolean` is of older releases."""


class Times(NamedTuple):
    """When a condition began, was last said, and ended."""

    onset: Day | None
    day: Day | None
    end: Day | None
    has_ended: bool
    in_words: bool = False
    """Whether words alone say that it ended, such as `ongoing`: they are not read."""


def condition(context: Context, found: Found) -> Draft | Entry:
    """Read a Condition."""
    codes = context.codes
    concept = context.concepts.read(found.resource.get("code"), codes.conditions, codes.allergies)
    if not concept.meant and concept.reason is None:
        return irrelevant(found, concept)
    return _read(context, found, concept, drafted(found, concept))


def allergy(context: Context, found: Found) -> Draft | Entry:
    """Read an AllergyIntolerance, by name where no code is in a list."""
    codes, resource = context.codes, found.resource
    concepts, table = context.concepts, codes.allergies
    reactions = resource.get("reaction")
    whole = concepts.read(resource.get("code"), table, codes.conditions, by_name=True)
    substances = [each["substance"] for each in many(reactions, MOST_REACTIONS) if "substance" in each]
    parts = [concepts.read(each, table, codes.conditions, by_name=True) for each in substances]
    concept = concepts.together(whole, [*parts, *concepts.beyond(reactions, MOST_REACTIONS, table, codes.conditions)])
    if not concept.meant and concept.reason is None:
        return irrelevant(found, concept)
    return _read(context, found, concept, drafted(found, concept))


def _read(context: Context, found: Found, concept: Concept, draft: Draft) -> Draft:
    resource, facts = found.resource, concept.facts
    if is_modified(resource):
        return not_understood(draft, "unknown_modifier", facts)
    state, sure = clinical(resource), verified(resource)
    if sure in ("refuted", "in_error"):
        return aside(draft, "refuted" if sure == "refuted" else "in_error", facts)
    if not concept.meant:
        return not_understood(draft, concept.reason or "no_code", facts)
    if state is None or sure is None:
        return not_understood(draft, "unknown_status", facts)
    try:
        times = _times(context, resource)
    except WrongDateError:
        return not_understood(draft, "wrong_date", facts)
    draft.day = times.day
    whole = certainty_of(resource) or concept.certainty
    site = context.site(resource, concept)
    for meant in concept.meant:
        certainty = meant.certainty or whole
        if certainty and certainty not in CERTAINTIES:
            draft.claims += [Claim(draft, m.fact, None, "not_understood", "unknown_status") for m in meant.meanings]
            continue
        if certainty == "A":
            draft.claims += [Claim(draft, m.fact, None, "set_aside", "refuted") for m in meant.meanings]
            continue
        # words do not end what its status calls active
        open_status: Open | None = "open_status" if times.in_words and state == "active" else None
        has_ended = times.has_ended and open_status is None
        now: State = "ended" if has_ended or meant.is_sequela or certainty == "Z" else state
        is_suspected = sure == "suspected" or certainty == "V"
        situation = Situation(now, times.day, times.onset, times.end, is_suspected, site, open_status)
        for meaning in meant.meanings:
            context.standing.claim(draft, meaning, situation)
    return draft


def _times(context: Context, resource: Resource) -> Times:
    onset = context.day(resource, "onsetDateTime", ("onsetPeriod", "start"))
    said = context.day(resource, "recordedDate"), context.day(resource, "lastOccurrence")
    if ABATEMENTS.isdisjoint(resource):
        return Times(onset, latest(onset, *said), None, False)
    end = context.day(resource, "abatementDateTime", ("abatementPeriod", "end"), ("abatementPeriod", "start"))
    ended = [name for name in ABATEMENTS if resource.get(name)]  # an empty one says nothing
    if onset and end:
        context.days.check(onset.text, end.text)
    return Times(onset, latest(onset, *said), end, bool(ended), ended == ["abatementString"])
