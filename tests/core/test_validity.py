"""How long an answer holds: day by day, over random rule books and the releases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from random import Random

import pytest

from app.core import engine as engines_of_core
from app.core.codes import Span
from app.core.engine import Engine, Engines, Question
from app.core.facts import Candidate, Value
from app.core.validity import Validity, validity
from tests.books import random_candidate, release_of, small_book

ASKED = date(2026, 11, 26)
SEEDS = range(40)
LONGEST = 9


def spans_of(names: list[str], random: Random) -> dict[str, Span]:
    days = [*range(LONGEST), None]
    return {name: Span(random.choice(days), random.choice(days)) for name in names}


def contract(engine: Engine, question: Question, facts: Candidate) -> object:
    view = engine.view(Question(facts, question.strict))
    return view.decision, view.ready, view.referral, view.possible, view.missing, view.assumptions


def young(question: Question, spans: Mapping[str, Span], day: date) -> dict[str, Value]:
    """Return the facts that may be relied on that day."""
    kept: dict[str, Value] = {}
    for name, value in question.facts.items():
        span = spans[name].no_days if value is False or value == "none" else spans[name].yes_days
        if span is None or (day - ASKED).days <= span:
            kept[name] = value
    return kept


def by_days(engine: Engine, question: Question, spans: Mapping[str, Span]) -> Validity:
    """Return how long the answer holds, found by asking anew every day."""
    fresh = contract(engine, question, question.facts)
    for number in range(LONGEST + 2):
        day = ASKED + timedelta(days=number)
        left = young(question, spans, day)
        if contract(engine, question, left) != fresh:
            gone = [name for name in question.facts if name not in left]
            return Validity(day - timedelta(days=1), tuple(gone))
    return Validity(None)


def asked(seed: int) -> tuple[Engine, Question, dict[str, Span]]:
    random = Random(seed)
    release = release_of(small_book(seed))
    wording = replace(release.wording, next_question=dict.fromkeys(("settles", "narrows", "refers"), ""))
    release = replace(release, wording=wording)
    spans = spans_of(list(release.facts), random)
    facts = random_candidate(random, release.facts, random.choice((0.6, 0.9, 1.0)))
    return Engine(release, spans=spans), Question(facts, random.random() < 0.5, asked_on=ASKED), spans


def right(seed: int) -> bool:
    """Return whether the engine's answer is that of asking anew every day."""
    engine, question, spans = asked(seed)
    view, expected = engine.view(question), by_days(engine, question, spans)
    if view.valid_until != expected.until or not set(view.ask_again) <= set(expected.ask_again):
        return False
    return view.valid_until is None or needed(engine, question, expected.ask_again, view.ask_again)


def needed(engine: Engine, question: Question, old: Sequence[str], again: Sequence[str]) -> bool:
    """Return whether these old facts give the same answer again, and no fewer of them do."""
    fresh = contract(engine, question, question.facts)

    def same(known: Sequence[str]) -> bool:
        left = {name: value for name, value in question.facts.items() if name not in old or name in known}
        return contract(engine, question, left) == fresh

    return same(again) and not any(same(fewer) for fewer in combinations(again, len(again) - 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_holds_until_asking_anew_gives_another(seed: int) -> None:
    assert right(seed)


def test_both_kinds_are_tried() -> None:
    found = {by_days(*asked(seed)).until is None for seed in SEEDS}
    assert found == {True, False}


def a_day_longer(facts: Candidate, last: Mapping[str, date | None], of: Callable[[Candidate], bool]) -> Validity:
    found = validity(facts, last, of)
    return found._replace(until=found.until and found.until + timedelta(days=1))


def each_fact_alone(facts: Candidate, last: Mapping[str, date | None], of: Callable[[Candidate], bool]) -> Validity:
    alone = [validity(facts, {name: last[name] if name == one else None for name in facts}, of) for one in facts]
    ending = [each for each in alone if each.until is not None]
    return min(ending, key=lambda each: each.until or date.max, default=Validity(None))


def the_first_span(facts: Candidate, last: Mapping[str, date | None], of: Callable[[Candidate], bool]) -> Validity:
    ends = min((day for day in last.values() if day is not None), default=None)
    return Validity(ends, tuple(name for name in facts if ends and last[name] == ends))


def without_end(facts: Candidate, last: Mapping[str, date | None], of: Callable[[Candidate], bool]) -> Validity:
    return Validity(None)


@pytest.mark.parametrize("wrong", [a_day_longer, each_fact_alone, the_first_span, without_end])
def test_a_wrong_validity_is_noticed(wrong: Callable[..., Validity], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines_of_core, "validity", wrong)
    assert not all(right(seed) for seed in SEEDS)


def test_whoever_is_not_pregnant_is_asked_again_after_two_weeks(engines: Engines) -> None:
    engine = engines.by_id["2026.3"]
    calm = {"active_skin_infection": True, "pregnant": False}
    view = engine.view(Question(calm, asked_on=ASKED))
    assert (view.valid_until, view.ask_again) == (date(2027, 1, 7), ("active_skin_infection",))  # six weeks
    lasting = {"active_skin_infection": None}
    view = engine.view(Question({**calm, "active_skin_infection": False}, asked_on=ASKED, last_days=lasting))
    assert (view.valid_until, view.ask_again) == (date(2026, 12, 10), ("pregnant",))


def test_a_record_may_know_when_a_fact_was_said(engines: Engines) -> None:
    engine = engines.by_id["2026.3"]
    said = {"active_skin_infection": date(2026, 12, 1)}
    view = engine.view(Question({"active_skin_infection": True}, asked_on=ASKED, last_days=said))
    assert view.valid_until == date(2026, 12, 1)


def test_the_day_is_no_part_of_the_decision(engines: Engines) -> None:
    engine = engines.by_id["2026.3"]
    for facts in ({}, {"active_skin_infection": True}, {"primary_concern": "burn"}):
        plain, dated = engine.answer(Question(facts)), engine.answer(Question(facts, asked_on=ASKED))
        assert (plain.id, plain.decision, plain.rationale) == (dated.id, dated.decision, dated.rationale)
        assert (plain.asked_on, plain.valid_until, plain.ask_again) == (None, None, ())
        assert dated.asked_on == ASKED
