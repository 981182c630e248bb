"""Answers to the intake questionnaire, from and to QuestionnaireResponse.

The link id of an item is the name of its fact. An item without an answer that carries the data-absent-reason
`asked-unknown` is a fact that cannot be answered.
"""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.facts import Fact, Value
from app.core.rules import Release
from app.record.bounds import MOST_ANSWERS
from app.record.elements import RecordError, Resource, items, text

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ASKED_UNKNOWN = "asked-unknown"
COUNTRIES = "urn:iso:std:iso:3166"
ANSWERS_SYSTEM = "/fhir/CodeSystem/candidate-intake"
GROUPS = "group-"
HELP = "help-"
"""How the link ids of our help texts begin."""


@dataclass(frozen=True)
class Answers:
    """What a questionnaire response says; `unread` counts answers beyond the limit."""

    facts: dict[str, Value]
    unavailable: tuple[str, ...]
    unread: int = 0
    unknown: tuple[str, ...] = ()
    """Link ids that the release does not have."""


def is_ours(resource: Resource, questionnaire: str) -> bool:
    """Say whether a response answers our questionnaire, and counts."""
    canonical = text(resource.get("questionnaire"))
    if canonical.partition("|")[0] != questionnaire and not canonical.startswith("#"):
        return False
    return text(resource.get("status")) in ("completed", "amended", "in-progress")


def answers_of(resource: Resource, release: Release, questionnaire: str) -> Answers | None:
    """Return the answers of a response; `None` where it is not ours."""
    if not is_ours(resource, questionnaire):
        return None
    facts: dict[str, Value] = {}
    unavailable: list[str] = []
    unknown: list[str] = []
    seen = 0
    todo = deque(items(resource.get("item")))
    while todo:
        item = todo.popleft()
        name = text(item.get("linkId"))
        if name.startswith(GROUPS):
            todo += items(item.get("item"))
            continue
        seen += 1
        if seen > MOST_ANSWERS:
            continue
        fact = release.facts.get(name)
        where = (
            f"QuestionnaireResponse.item.where(linkId='{name[:64]}')"
            if name.isprintable()
            else "QuestionnaireResponse.item"
        )
        if fact is None:
            if not name.startswith(HELP):
                unknown.append(name)
            continue
        answers = [answer for answer in items(item.get("answer")) if "answer" in item]
        if len(answers) > 1:
            raise RecordError(f"`{name}` takes one answer", where, "structure")
        if answers:
            if name in facts:
                raise RecordError(f"`{name}` is answered twice", where, "duplicate")
            facts[name] = value_of(answers[0], fact, where)
        elif any(e.get("url") == ABSENT and e.get("valueCode") == ASKED_UNKNOWN for e in items(item.get("extension"))):
            unavailable.append(name)
    unread = max(0, seen - MOST_ANSWERS)
    return Answers({n: facts[n] for n in release.facts if n in facts}, tuple(unavailable), unread, tuple(unknown))


def value_of(answer: Resource, fact: Fact, where: str) -> Value:
    """Return the value of an answer, or raise `RecordError`."""
    value: Any
    match fact.kind:
        case "boolean":
            value, wanted = answer.get("valueBoolean"), "`valueBoolean`"
            good = isinstance(value, bool)
        case "integer":
            value, wanted = answer.get("valueInteger"), f"`valueInteger` of {fact.minimum} to {fact.maximum}"
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            good = isinstance(value, int) and not isinstance(value, bool) and value in fact.domain
        case _:
            coding = answer.get("valueCoding")
            value = coding.get("code") if isinstance(coding, dict) else None
            wanted = "`valueCoding` with one of its answers"
            good = isinstance(value, str) and value in fact.domain
    if not good:
        raise RecordError(f"`{fact.name}` takes {wanted}", f"{where}.answer", "code-invalid")
    found: Value = value
    return found


def response_of(
    facts: Mapping[str, Value],
    unavailable: Collection[str],
    release: Release,
    questionnaire: str,
    base: str,
    status: str = "completed",
) -> Resource:
    """Return a QuestionnaireResponse that says these facts, in asking order."""
    listed = []
    for name, fact in release.facts.items():
        if name in facts:
            listed.append({"linkId": name, "text": fact.question, "answer": [answer_to(fact, facts[name], base)]})
        elif name in unavailable:
            absent = {"url": ABSENT, "valueCode": ASKED_UNKNOWN}
            listed.append({"extension": [absent], "linkId": name, "text": fact.question})
    response: Resource = {"resourceType": "QuestionnaireResponse", "questionnaire": questionnaire, "status": status}
    return response | ({"item": listed} if listed else {})


def answer_to(fact: Fact, value: Value, base: str) -> Resource:
    """Return an answer as a response has it."""
    match fact.kind:
        case "boolean":
            return {"valueBoolean": value}
        case "integer":
            return {"valueInteger": value}
    return {"valueCoding": coding_of(fact, value, base)}


def coding_of(fact: Fact, value: Value, base: str) -> Resource:
    """Return the coding of an answer."""
    system = COUNTRIES if fact.kind == "country" else base + ANSWERS_SYSTEM
    return {"system": system, "code": str(value), "display": fact.labels.get(value, str(value))}
