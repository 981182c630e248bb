"""Whether there is a reason to speak, and what might decide."""

from collections.abc import Iterator
from typing import Any

from app.cds_hooks.request import Call
from app.core.answer import Answer
from app.core.conditions import facts_read
from app.core.engine import Engine, Question
from app.core.precedence import phases
from app.record.elements import Resource, entries
from app.record.places import Entry, PatientFacts

OPEN = ("draft", "active", "on-hold")


def has_reason(call: Call, answer: Answer, record: PatientFacts, engine: Engine, orders: list[Resource]) -> bool:
    """Return whether a patient in view gives a reason for cards.

    An order or an intake of ours, an exclusion or a referral by the record, or a reason in it for this kind of care. An
    age by itself is no reason: every child and every year would be one.
    """
    if (
        call.drafts
        or orders
        or any(not left.was_lost for left in record.unread)
        or any(entry.link_id or _is_response(entry) for entry in _of_ours(record))
    ):
        return True
    recorded = {fact for fact, entries in record.reasons.items() if any(e is not record.patient for e in entries)}
    release = engine.release
    for_care = {fact for rule in phases(release.rules) for fact in facts_read(rule.when)}
    if for_care & (recorded | set(record.questions)):
        return True
    held = {each.rule for each in answer.referral}
    if answer.decision.disposition in ("excluded", "referred"):
        held |= {reason.rule for reason in answer.rationale if reason.state == "held"}
    return any(recorded & set(facts_read(rule.when)) for rule in release.rules if rule.id in held)


def open_orders(bundle: Any) -> list[Resource]:
    """Return the orders of ours that are not over."""
    return [order for order in entries(bundle) if order.get("status") in OPEN]


def might_decide(record: PatientFacts, question: Question, answer: Answer, engine: Engine) -> tuple[Entry, ...]:
    """Return what was not understood and might be about deciding facts.

    An unknown fact decides while it is missing; a known one where another value of it leads to another decision.
    """
    concerned = {said.fact for entry in record.not_understood for said in entry.statements}
    deciding = concerned.intersection(answer.missing)
    known = {fact: value for fact, value in question.facts.items() if fact in concerned}
    others = {fact: value for fact, value in question.facts.items() if fact not in concerned}
    if known and engine.decide(question._replace(facts=others)).decision != answer.decision:
        for fact, said in known.items():
            values = (value for value in engine.release.facts[fact].domain if value != said)
            instead = (question._replace(facts={**question.facts, fact: value}) for value in values)
            if any(engine.decide(each).decision != answer.decision for each in instead):
                deciding.add(fact)
    return tuple(
        entry
        for entry in record.not_understood
        if any(said.fact in deciding for said in entry.statements) or not (entry.statements or entry.text)
    )


def _of_ours(record: PatientFacts) -> Iterator[Entry]:
    """Yield what is read; a form that is not ours is irrelevant."""
    yield from (*record.used, *record.asked, *record.not_understood, *record.set_aside)


def _is_response(entry: Entry) -> bool:
    return entry.resource.startswith("QuestionnaireResponse")
