"""The engine and the second reading of decision.md agree on candidates of 2026.3.

Where they differ, one of them misreads decision.md: neither is bent to the other before it is known which.
"""

from functools import cache
from itertools import product
from typing import Any

import pytest

from app.core.answer import Answer, PlanShown
from app.core.engine import Engine, Engines, Question
from app.core.precedence import Decision
from tests.independent.beside import CAUTIONS, COMPONENTS, CONSULTATIONS, IN_PERSON, MODALITIES, PRECONDITIONS
from tests.independent.candidates import draws
from tests.independent.completions import DECISIONS, UNDECIDED
from tests.independent.decision_rules import PATHWAYS, RULES
from tests.independent.facts import always
from tests.independent.oracle import Asked, answer
from tests.independent.wrong import WRONG, Wrong

RELEASE = "2026.3"
SEEDS, EACH = range(4), 500
MANY = range(100, 120)


def in_words(decision: Decision) -> tuple[str, str | None, int | None]:
    return decision.disposition, decision.pathway, decision.phase


def found_by(engine: Engine, asked: Asked) -> dict[str, Any]:
    """Return what the engine answers, in the words of the second reading."""
    shown: Answer = engine.answer(Question(asked.facts, asked.strict, asked.unavailable, doubted=asked.doubted))
    then, plan, following = shown.if_resolved, shown.plan, shown.next_question
    return {
        "decision": in_words(shown.decision),
        "indicated": shown.indicated.phase if shown.indicated else None,
        "ready": shown.ready,
        "referral": [each.rule for each in shown.referral],
        "possible": [in_words(each) for each in shown.possible],
        "missing": list(shown.missing),
        "next_question": (following.fact, following.for_) if following else None,
        "assumptions": [each.fact for each in shown.assumptions],
        "rationale": [(each.rule, each.state, each.decides) for each in shown.rationale],
        "also_matched": [each.rule for each in shown.also_matched],
        "near_misses": [(each.rule, list(each.unmet)) for each in shown.near_misses],
        "cautions": [each.rule for each in shown.cautions],
        "unresolved": [each.rule for each in shown.unresolved],
        "preconditions": [(each.rule, each.status) for each in shown.preconditions],
        "components": [(each.id, each.status) for each in plan.components] if isinstance(plan, PlanShown) else [],
        "alternatives": [(each.rule, each.fits, list(each.blocked_by)) for each in shown.alternatives],
        "if_resolved": then
        and {
            "lifted": {each.fact: each.value for each in sorted(then.lifted, key=lambda each: each.fact)},
            "decision": in_words(then.decision),
            "possible": [in_words(each) for each in then.possible],
            "missing": list(then.missing),
            "assumptions": [each.fact for each in then.assumptions],
        },
    }


@cache
def expected(seed: int, count: int) -> list[tuple[Asked, dict[str, Any]]]:
    """Return the random questions of a seed, each with its answer by the second reading."""
    return [
        (q, answer(q.facts, strict=q.strict, unavailable=q.unavailable, doubted=q.doubted)) for q in draws(seed, count)
    ]


def difference(engine: Engine, asked: Asked, right: dict[str, Any]) -> dict[str, Any]:
    """Return where an engine differs: what is right and what it answers."""
    found = found_by(engine, asked)
    return {key: (right[key], found[key]) for key in right if right[key] != found[key]}


def differences(engine: Engine, seed: int, count: int) -> list[tuple[Asked, dict[str, Any]]]:
    """Return the questions whose answers differ."""
    compared = [(asked, difference(engine, asked, right)) for asked, right in expected(seed, count)]
    return [(asked, each) for asked, each in compared if each]


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_second_reading_agree(seed: int, engines: Engines) -> None:
    assert differences(engines.by_id[RELEASE], seed, EACH) == []


def test_the_questions_reach_what_is_compared() -> None:
    """Every decision, and every status that each thing can have, stands in some answer."""
    every = [right for seed in SEEDS for _, right in expected(seed, EACH)]
    assert {right["decision"] for right in every} == {*DECISIONS, UNDECIDED}
    seen = {(name, status) for right in every for name, status in (*right["preconditions"], *right["components"])}
    seen |= {(name, fits) for right in every for name, fits, _ in right["alternatives"]}
    seen |= {(name, key) for right in every for key in ("cautions", "unresolved", "referral") for name in right[key]}
    seen |= {(name, decides) for right in every for name, _, decides in right["rationale"]}
    assert wanted() - seen == set()


def wanted() -> set[tuple[str, str | bool]]:
    """Return each thing with the statuses that it can have."""
    on_phase_1 = [name for name in COMPONENTS[PATHWAYS[1]] if name != "sun-protection"]
    found: set[tuple[str, str | bool]] = {(name, "left_out") for name in on_phase_1}
    for components in COMPONENTS.values():
        found |= {(name, "included") for name in components}
        found |= {(name, "to_confirm") for name in components if name != "sun-protection"}
    found |= set(product((*MODALITIES, "PHASE-1", "PHASE-2"), ("yes", "no", "unknown")))
    found |= {(name, "yes") for name in CONSULTATIONS}
    found |= set(product(PRECONDITIONS.keys() - {IN_PERSON}, ("met", "unmet", "to_confirm")))
    found |= {(name, "cautions") for name in CAUTIONS}
    found |= {(name, "unresolved") for name, (_, test) in CAUTIONS.items() if test is not always}
    found |= {(rule.id, "referral") for rule in RULES if rule.refers}
    return found | {(rule.id, True) for rule in RULES}


@pytest.mark.long
@pytest.mark.parametrize("seed", MANY)
def test_engine_and_second_reading_agree_on_many(seed: int, engines: Engines) -> None:
    assert differences(engines.by_id[RELEASE], seed, 1000) == []


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_a_wrong_engine_is_noticed(wrong: Wrong, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = wrong(engines.by_id[RELEASE], monkeypatch)
    asked_of_it = (each for seed in SEEDS for each in expected(seed, EACH))
    assert any(difference(engine, asked, right) for asked, right in asked_of_it)
