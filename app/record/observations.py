"""Observations: what was asked or measured, and the result."""

from dataclasses import replace
from typing import Any

from app.core.codes import Meaning, normal
from app.core.facts import Value
from app.record.bundles import Found
from app.record.concepts import MOST_CODINGS, Concept, said_of
from app.record.context import Context, aside, drafted, irrelevant, many, not_understood
from app.record.dates import WrongDateError
from app.record.elements import Resource, is_modified, items, text
from app.record.places import Entry
from app.record.standing import Situation
from app.record.weigh import Claim, Draft

FINAL = frozenset({"final", "amended", "corrected"})
OPEN = frozenset({"preliminary", "unknown"})
NOT_DONE = frozenset({"registered", "cancelled"})
MOST_PARTS = 20
Answered = frozenset[tuple[str, str]]
ROMAN = ("I", "II", "III", "IV", "V", "VI")


class UnknownAnswerError(Exception):
    """A result that is not understood."""


def observation(context: Context, found: Found) -> Draft | Entry:
    """Read an Observation and its components."""
    resource = found.resource
    components = resource.get("component")
    parts = [(resource, _code(context, resource))]
    if components is not None:
        parts += [(part, _code(context, part)) for part in many(components, MOST_PARTS)]
        left = context.concepts.beyond(components, MOST_PARTS, context.codes.observations, context.codes.conditions)
        parts += [(resource, part) for part in left]
    elif not parts[0][1].meant and parts[0][1].reason is None:
        return irrelevant(found, parts[0][1])
    concept = parts[0][1]
    if not concept.meant and len(parts) > 1:
        concept = next((c for _, c in parts if c.meant), next((c for _, c in parts if c.reason), concept))
    if not concept.meant and concept.reason is None:
        return irrelevant(found, concept)
    draft, facts = drafted(found, concept), concept.facts
    if is_modified(resource) or resource.get("focus"):  # what it is about is then not the subject, such as an unborn
        return not_understood(draft, "unknown_modifier", facts)
    status = text(resource.get("status")) or "unknown"
    if status == "entered-in-error":
        return aside(draft, "in_error", facts)
    if status in NOT_DONE:
        return aside(draft, "not_done", facts)
    if not concept.meant:
        return not_understood(draft, concept.reason or "no_code", facts)
    if status not in FINAL | OPEN:
        return not_understood(draft, "unknown_status", facts)
    try:
        draft.day = context.day(
            resource,
            "effectiveDateTime",
            ("effectivePeriod", "end"),
            ("effectivePeriod", "start"),
            "effectiveInstant",
            *(() if "effectiveTiming" in resource else ("issued",)),
        )
    except WrongDateError:
        return not_understood(draft, "wrong_date", facts)
    context.concepts.count(code for _, code in parts)
    for part, code in parts:
        _result(context, draft, code, part, "not_final" if status in OPEN else None, resource)
    return draft


def _code(context: Context, part: Resource) -> Concept:
    """Read the code of an observation, with the words of its result."""
    beside = part.get("valueCodeableConcept") or part.get("valueString")
    concepts, table, conditions = context.concepts, context.codes.observations, context.codes.conditions
    concept = concepts.read(part.get("code"), table, beside=beside)
    if beside and not concept.meant and not concept.facts:
        alone = concepts.read(part.get("code"), table)
        concept = alone if alone.facts else concept  # the words of a result are no name of what was asked
    if concept.reason == "too_many":  # in place: it may stand for tens of thousands, and says the same of each
        concept.facts = concepts.all_of(table, conditions)
        return concept
    if concept.meant or concept.is_listed or concept.reason not in (None, "unknown_code"):
        return concept
    # a diagnosis may be what was observed, or its result, such as that of 29308-4
    for name in ("code", "valueCodeableConcept"):
        if name in part:
            said = concepts.read(part[name], conditions)
            if said.meant:
                return replace(concept, reason="unknown_code", facts=said.facts)
            if said.reason == "too_many":
                return replace(concept, reason="too_many", facts=concepts.all_of(table, conditions))
    return concept


def _result(context: Context, draft: Draft, concept: Concept, part: Resource, state: Any, whole: Resource) -> None:
    site = context.site(whole, concept)
    answered = _answered(context, part) if concept.meant else frozenset()
    for meant in concept.meant:
        for meaning in meant.meanings:
            try:
                value = _value(context, part, meaning, answered)
            except UnknownAnswerError:
                draft.claims.append(Claim(draft, meaning.fact, None, "not_understood", "unknown_answer"))
                continue
            if value is None and (is_answered(meaning) or not _has_value(part)):
                draft.claims.append(Claim(draft, meaning.fact, None, "set_aside", "no_value"))
                continue
            is_suspected = answered is not None and not meaning.suspects.isdisjoint(answered)
            situation = Situation("unknown", draft.day, draft.day, None, is_suspected, site, state)
            context.standing.claim(draft, meaning, situation, value)


def is_answered(meaning: Meaning) -> bool:
    """Return whether the result gives the value, or is a hint."""
    return bool(meaning.answers or meaning.reads or meaning.value is not None)


def _has_value(part: Resource) -> bool:
    return (
        "valueCodeableConcept" in part
        or bool(part.get("interpretation"))
        or any(key.startswith("value") for key in part)
    )


def _value(context: Context, part: Resource, meaning: Meaning, answered: Answered | None) -> Value | None:
    """Return the value of a result; `None` where there is none."""
    if not is_answered(meaning) or not _has_value(part):
        return None
    if "dataAbsentReason" in part or answered is None:  # there is a value, and there is none, or more than is read
        raise UnknownAnswerError
    said = part.get("valueBoolean")
    if isinstance(said, bool) and context.release.facts[meaning.fact].kind == "boolean":
        if meaning.answers and said not in meaning.answers.values():
            return None  # a pregnancy test that is negative says nothing, in whatever type
        return said if meaning.value is not False else not said
    if meaning.reads == "roman":
        return _roman(part)
    found = {meaning.answers[key] for key in answered & meaning.answers.keys()}
    if len(found) != 1:
        raise UnknownAnswerError
    return found.pop()


def _answered(context: Context, part: Resource) -> Answered | None:
    """Return system and code of each result; `None` of too many."""
    concept = many(part.get("valueCodeableConcept"), 1)
    listed = concept[0].get("coding") if concept else None
    if isinstance(listed, list) and len(listed) > MOST_CODINGS:
        return None
    read = ((context.codes.system(text(coding.get("system"))), text(coding.get("code"))) for coding in items(listed))
    return frozenset((system.name, normal(system, code)) for system, code in read if system)


def _roman(part: Resource) -> Value:
    number = part.get("valueInteger")
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= 6:
        return ROMAN[number - 1]
    concept = part.get("valueCodeableConcept")
    words = [text(part.get("valueString"))]
    if isinstance(concept, dict):
        words += [text(coding.get("code")) for coding in many(concept.get("coding"), MOST_CODINGS)] + said_of(concept)
    said = {each for word in words[:50] for each in word[:200].replace("-", " ").split() if each in ROMAN}
    if len(said) != 1:
        raise UnknownAnswerError
    return said.pop()
