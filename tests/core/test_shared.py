"""What many answers share is made once; nobody gets a part that belongs to somebody who was decided differently."""

from dataclasses import fields
from random import Random
from typing import Any

import pytest

from app.core.answer import Answer, DecisionView
from app.core.facts import Candidate
from app.core.rules import Release
from app.core.traits import Trait
from app.core.triage import Asked, Engines, Triage
from tests.books import random_candidate

CANDIDATES = 3000


def asked_of(release: Release, seed: int) -> list[Asked]:
    random = Random(seed)
    shares = (0.1, 0.5, 0.9, 1.0, 1.0, 1.0)
    return [
        Asked(random_candidate(random, release.facts, random.choice(shares)), random.random() < 0.5)
        for _ in range(CANDIDATES)
    ]


def contract(answer: Answer | DecisionView) -> dict[str, Any]:
    """Return what a view and a whole answer have in common."""
    rules = answer.rules if isinstance(answer, DecisionView) else [reason.rule for reason in answer.rationale]
    names = [field.name for field in fields(DecisionView) if field.name != "rules"]
    found = {name: getattr(answer, name) for name in names} | {"rules": rules}
    return {name: list(value) if isinstance(value, list | tuple) else value for name, value in found.items()}


def differing(engine: Triage, seed: int) -> int:
    return sum(
        contract(engine.view(asked)) != contract(engine.answer(asked)) for asked in asked_of(engine.release, seed)
    )


@pytest.mark.parametrize("name", ["2026.1", "2026.2"])
def test_a_view_is_that_of_the_whole_answer(engines: Engines, name: str) -> None:
    assert differing(Triage(engines.by_id[name].release), 7) == 0


@pytest.mark.parametrize("forgotten", ["rules that bear", "rules that refer"])
def test_a_wrong_share_is_noticed(engines: Engines, forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Triage(engines.by_id["2026.2"].release)
    if forgotten == "rules that bear":
        monkeypatch.setattr(engine._why, "bearing", lambda stages: 0)
    else:
        monkeypatch.setattr(engine._why, "referring", 0)
    assert differing(engine, 7) > 0


def test_facts_with_and_without_their_traits_are_answered_alike(engines: Engines) -> None:
    engine = engines.by_id["2026.2"]
    for asked in asked_of(engine.release, 8)[:500]:
        traits: list[Trait] = [engine.trait(name, value) for name, value in reversed(list(asked.facts.items()))]
        told = Asked(asked.facts, asked.strict, traits=traits)
        assert engine.answer(told) == engine.answer(asked)
        assert engine.identity(told) == engine.identity(asked)


def test_alternatives_and_notices_are_those_of_this_candidate(engines: Engines) -> None:
    """Of fully known candidates, read rule by rule."""
    engine = engines.by_id["2026.2"]
    release = engine.release
    random = Random(9)
    seen = set()
    for _ in range(CANDIDATES):
        candidate = random_candidate(random, release.facts, 1.0)
        answer = engine.answer(Asked(candidate))
        indicated = answer.indicated.pathway if answer.indicated else None
        if not (answer.decision.disposition in ("excluded", "referred") and indicated is None):
            expected = [
                (rule.id, fit(rule, candidate))
                for rule in release.alternatives
                if (rule.without_phase if indicated is None else indicated in rule.concerns)
                and rule.when.holds(candidate)
            ]
            shown = [(each.rule, each.fits) for each in answer.alternatives if each.kind != "lower_phase"]
            assert shown == expected
            seen.add(tuple(expected))
        for notice in release.notices:
            concerned = not notice.concerns or indicated in notice.concerns
            if not (notice.by_engine or notice.otherwise):
                assert (notice.says in answer.notices) == (concerned and notice.when.holds(candidate))
    assert len(seen) > 20


def fit(rule: Any, candidate: Candidate) -> str:
    if rule.fits is None:
        return "yes"
    if rule.fits.no.holds(candidate):
        return "no"
    return "yes" if rule.fits.yes.holds(candidate) else "unknown"
