"""Answers to the intake questionnaire, from and to QuestionnaireResponse.

The link id of an item is the name of its fact. An item without an answer that carries the data-absent-reason
`asked-unknown` is a fact that cannot be answered.
"""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from app.core.facts import Fact, Value
from app.core.rules import Release
from app.record.bounds import MOST_ANSWERS
from app.record.bundles import MOST_INSIDE
from app.record.elements import RecordError, Resource, first_items, items, text

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ASKED_UNKNOWN = "asked-unknown"
COUNTRIES = "urn:iso:std:iso:3166"
ANSWERS_SYSTEM = "/fhir/CodeSystem/candidate-intake"
ORIGIN = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/information-origin"
"""Where an answer comes from: SDC has no extension for it, Da Vinci DTR has."""
ANSWERED_ON = "/fhir/StructureDefinition/answered-on"
"""Ends the address of the extension with the day of an answer that a record gave: its own, not that of the response."""
NO_DAY = "?"
"""Stands for a day of its own that an answer has without a value: it is no date."""
GROUPS = "group-"
MOST_NAMED = 12
"""How many answers are named where none of them was given."""


class Answer(NamedTuple):
    """One answer of a response, or what is wrong with it.

    `fault` is empty, or says why it is not understood.
    """

    name: str
    value: Value | None = None
    is_unavailable: bool = False
    fault: Literal["", "unknown_question", "wrong_answer", "unknown_modifier", "wrong_date"] = ""
    wanted: str = ""
    """What would be right."""
    date: Any = None
    """Its own day, as it is written, where it has one."""


@dataclass(frozen=True)
class Answers:
    """What a questionnaire response says; `unread` counts answers beyond the limit.

    `unknown` are the link ids that the release does not know.
    """

    facts: dict[str, Value]
    unavailable: tuple[str, ...]
    unread: int = 0
    unknown: tuple[str, ...] = ()


def is_ours(resource: Resource, questionnaire: str) -> bool | None:
    """Return whether a response answers our questionnaire, in whatever status.

    `None`: it refers to a contained questionnaire that is not there.
    """
    canonical = text(resource.get("questionnaire"))
    if not canonical.startswith("#"):
        return canonical.partition("|")[0] == questionnaire
    for inside in first_items(resource.get("contained"), MOST_INSIDE):
        if inside.get("id") == canonical[1:] and inside.get("resourceType") == "Questionnaire":
            listed = inside.get("derivedFrom")
            named = [text(inside.get("url")), *(map(text, listed[:MOST_INSIDE]) if isinstance(listed, list) else ())]
            return questionnaire in [name.partition("|")[0] for name in named]
    return None


def read_answers(resource: Resource, release: Release, most: int = MOST_ANSWERS) -> tuple[list[Answer], int]:
    """Return the answers of a response, and how many were not read."""
    found: list[Answer] = []
    seen = 0
    todo = deque(items(resource.get("item")))
    while todo:
        item = todo.popleft()
        name = text(item.get("linkId"))
        todo += items(item.get("item")) if "item" in item else ()
        if name.startswith(GROUPS):
            continue
        seen += 1
        if seen > most:
            continue
        given = items(item["answer"]) if "answer" in item else []
        todo += [inner for answer in given if "item" in answer for inner in items(answer["item"])]
        if given:
            found.append(_answer(item, name, given, release.facts.get(name)))
        elif any(e.get("url") == ABSENT and e.get("valueCode") == ASKED_UNKNOWN for e in items(item.get("extension"))):
            fault: Literal["", "unknown_question"] = "" if name in release.facts else "unknown_question"
            found.append(Answer(name, is_unavailable=True, fault=fault))
    return found, max(0, seen - most)


def _answer(item: Resource, name: str, given: list[Resource], fact: Fact | None) -> Answer:
    if fact is None:
        return Answer(name, fault="unknown_question")
    if "modifierExtension" in item or any("modifierExtension" in answer for answer in given):
        return Answer(name, fault="unknown_modifier")
    if len(given) > 1:
        return Answer(name, fault="wrong_answer", wanted="one answer")
    own = [e for e in items(given[0].get("extension")) if text(e.get("url")).endswith(ANSWERED_ON)]
    days = [each.get("valueDate") or each.get("valueDateTime") or NO_DAY for each in own]
    return _value(given[0], fact)._replace(date=days[0] if days else None)


def answers_of(resource: Resource, release: Release, questionnaire: str) -> Answers | None:
    """Return answers as they are given; `None` where it is not ours.

    What nobody can have meant raises `RecordError`: who gives it can mend it.
    """
    if not is_ours(resource, questionnaire):
        return None
    facts: dict[str, Value] = {}
    unavailable: list[str] = []
    unknown: list[str] = []
    answers, unread = read_answers(resource, release)
    for answer in answers:
        name = answer.name
        if answer.fault == "unknown_question":
            unknown.append(name)
            continue
        where = f"QuestionnaireResponse.item.where(linkId='{name}')"
        if answer.fault == "unknown_modifier":
            raise RecordError("a modifier extension is not known here", where, "extension")
        if answer.fault:
            code = "structure" if answer.wanted == "one answer" else "code-invalid"
            raise _not_taken(answer, f"{where}.answer", code)
        if name in facts:
            raise RecordError("`{name}` is answered twice", where, "duplicate", name=name)
        if answer.value is not None:
            facts[name] = answer.value
        elif name not in unavailable:
            unavailable.append(name)
    listed = {name: facts[name] for name in release.facts if name in facts}
    return Answers(listed, tuple(name for name in unavailable if name not in facts), unread, tuple(unknown))


def value_of(answer: Resource, fact: Fact, where: str) -> Value:
    """Return the value of an answer, or raise `RecordError`."""
    found = _value(answer, fact)
    if found.value is None:
        raise _not_taken(found, where, "code-invalid")
    return found.value


def _not_taken(answer: Answer, where: str, code: str) -> RecordError:
    if answer.wanted == "one answer":
        return RecordError("`{name}` takes one answer", where, code, name=answer.name)
    return RecordError("`{name}` takes {wanted}", where, code, name=answer.name, wanted=answer.wanted)


def _value(answer: Resource, fact: Fact) -> Answer:
    value: Any
    match fact.kind:
        case "boolean":
            value, wanted = answer.get("valueBoolean"), "`valueBoolean`"
            good = isinstance(value, bool)
        case "integer":
            value, wanted = answer.get("valueInteger"), f"`valueInteger` ({fact.minimum}-{fact.maximum})"
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            good = isinstance(value, int) and not isinstance(value, bool) and value in fact.domain
        case _:
            coding = answer.get("valueCoding")
            value = coding.get("code") if isinstance(coding, dict) else None
            few = len(fact.values) <= MOST_NAMED
            wanted = f"`valueCoding` ({', '.join(map(str, fact.values))})" if few else "`valueCoding`"
            good = isinstance(value, str) and value in fact.domain
    return Answer(fact.name, value) if good else Answer(fact.name, fault="wrong_answer", wanted=wanted)


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


def mark_recorded(response: Resource, names: Collection[str], days: Mapping[str, str], base: str) -> None:
    """Mark the answers that a record gave, with their days there.

    `names` are those that no person gave. Without its day, an answer that is only saved again would become one of
    today.
    """
    origin = {"url": ORIGIN, "extension": [{"url": "source", "valueCode": "auto"}]}
    for item in items(response.get("item")):
        marks = [origin] if item["linkId"] in names else []
        if day := days.get(item["linkId"]):
            marks.append({"url": base + ANSWERED_ON, "valueDate": day})
        for answer in items(item.get("answer")) if marks else ():
            answer["extension"] = marks


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
