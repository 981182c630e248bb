"""What many answers share is made once; nobody gets a part that belongs to somebody who was decided differently."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from random import Random
from typing import Any

import pytest

from app.core.answer import Answer, DecisionView
from app.core.conditions import Comparison
from app.core.engine import Engine, Engines, Question
from app.core.facts import Candidate
from app.core.follow import Following, Shared
from app.core.languages import translated
from app.core.rules import Release
from app.core.traits import PLACE, Profile, Trait, Traits
from app.rulebook.load import RuleBook
from tests.books import random_candidate

CANDIDATES = 3000


def asked_of(release: Release, seed: int) -> list[Question]:
    random = Random(seed)
    shares = (0.1, 0.5, 0.9, 1.0, 1.0, 1.0)
    return [
        Question(random_candidate(random, release.facts, random.choice(shares)), random.random() < 0.5)
        for _ in range(CANDIDATES)
    ]


def contract(answer: Answer | DecisionView) -> dict[str, Any]:
    """Return what a view and a whole answer have in common."""
    rules = answer.rules if isinstance(answer, DecisionView) else [reason.rule for reason in answer.rationale]
    names = [field.name for field in fields(DecisionView) if field.name != "rules"]
    found = {name: getattr(answer, name) for name in names} | {"rules": rules}
    return {name: list(value) if isinstance(value, list | tuple) else value for name, value in found.items()}


class Unshared(Shared[Any]):
    """Shares nothing."""

    def shared(self, following: Following, shape: Hashable, make: Callable[[], Any]) -> Any:
        return make()


def unshared(release: Release) -> Engine:
    """Return an engine that finds everything anew for everybody."""
    engine = Engine(release)
    engine._outlines, engine._shells = Unshared(), Unshared()
    engine._follow.of = lru_cache(0)(engine._follow._find)
    return engine


def differing(engine: Engine) -> int:
    """Return for how many candidates one of the two forms of the answer is not what it is by itself."""
    alone = unshared(engine.release)
    found = 0
    for asked in asked_of(engine.release, 7):
        answer, view = engine.answer(asked), engine.view(asked)
        found += answer != alone.answer(asked) or view != alone.view(asked) or contract(answer) != contract(view)
    return found


@pytest.mark.parametrize("name", ["2026.1", "2026.2"])
def test_what_is_shared_is_what_each_has_alone(engines: Engines, name: str) -> None:
    assert differing(Engine(engines.by_id[name].release)) == 0


@pytest.mark.parametrize("forgotten", ["rules that bear", "states of phases", "that another kind of care comes first"])
def test_a_wrong_share_is_noticed(engines: Engines, forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(engines.by_id["2026.2"].release)
    if forgotten == "rules that bear":
        monkeypatch.setattr(engine._why, "bearing", lambda stages: 0)
    elif forgotten == "states of phases":
        monkeypatch.setattr(engine._why, "phased", 0)
    else:
        monkeypatch.setattr(engine._why, "refers", lambda finding: False)
    assert differing(engine) > 0


class Forgets(dict[tuple[Any, ...], Any]):
    """Keeps things by their keys without one part of these."""

    def __init__(self, part: int) -> None:
        super().__init__()
        self.part = part

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(self._short(key), default)

    def __setitem__(self, key: tuple[Any, ...], made: Any) -> None:
        super().__setitem__(self._short(key), made)

    def _short(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        return key[: self.part] + key[self.part + 1 :]


def forget(engine: Engine, kept: str, part: int) -> None:
    """Keep one thing of an engine by keys that lack a part."""
    find = engine._follow._find

    def found(seen: int, strict: bool, unavailable: tuple[str, ...]) -> Following:
        following = find(seen, strict, unavailable)
        setattr(following, kept, Forgets(part))
        return following

    engine._follow.of = lru_cache(1000)(found)


def spoken_otherwise(engines: Engines, book: RuleBook) -> int:
    """Return for how many candidates an engine that shares with other languages does not answer as one alone."""
    found = 0
    for name, release in book.releases.items():
        alone = {"en": Engine(release)}
        alone |= {code: Engine(translated(release, each), code) for code, each in book.languages.items()}
        for asked in asked_of(release, 14)[:400]:
            for language, engine in alone.items():
                shared = engines.in_language(language).by_id[name]
                found += shared.answer(asked) != engine.answer(asked) or shared.view(asked) != engine.view(asked)
    return found


def test_each_language_has_its_own_words(book: RuleBook) -> None:
    def several() -> Engines:
        return Engines.of(book.releases.values(), book.current, book.languages.values())

    assert spoken_otherwise(several(), book) == 0
    for kept in ("outlines", "shells"):
        engines = several()
        forget(engines.by_id["2026.2"], kept, 0)
        assert spoken_otherwise(engines, book) > 0


def test_a_referral_says_because_of_which_value(engines: Engines) -> None:
    """Also where several values are read alike."""
    release = engines.by_id["2026.2"].release
    young = Comparison("age_years", frozenset(range(18)), "age_years < 18")
    rules = [replace(rule, when=young) if rule.id == "SCOPE-LESION" else rule for rule in release.rules]
    release = replace(release, rules=tuple(rules))
    listed = [Question({"age_years": age}) for age in range(18)]
    expected = [Engine(release).view(asked) for asked in listed]
    right, wrong = Engine(release), Engine(release)
    forget(wrong, "outlines", 2)
    assert [right.view(asked) for asked in listed] == expected
    assert [wrong.view(asked) for asked in listed] != expected


def test_facts_that_are_added_up_already_are_answered_alike(engines: Engines) -> None:
    """Also by an engine that they were not added up for."""
    engine = engines.by_id["2026.2"]
    other = Engine(engine.release)
    for asked in asked_of(engine.release, 8)[:500]:
        traits = [engine.traits.of(name, value) for name, value in reversed(list(asked.facts.items()))]
        profile = engine.traits.added(traits)
        assert profile == asked.facts
        told = Question(profile, asked.strict)
        for each in (engine, other):
            assert each.answer(told) == each.answer(asked)
            assert each.identity(told) == each.identity(asked)


class Repeats(Traits):
    """Answers by table that do not notice a fact that is answered twice."""

    def added(self, traits: Sequence[Trait]) -> Profile | None:
        return Profile(self, self._ground(*map(PLACE, traits)), traits)


def repeats_unnoticed(traits: Traits, release: Release) -> int:
    """Return how many lists of answers with a fact answered twice are added up, and those without that are not."""
    random = Random(10)
    wrong = 0
    for _ in range(2000):
        names = random.choices(list(release.facts), k=random.choice((2, 3, 5, 10)))
        listed = [traits.of(name, random.choice(release.facts[name].domain)) for name in names]
        added = traits.added(listed)
        wrong += (added is None) != (len(set(names)) < len(names))
    return wrong


def test_a_fact_that_is_answered_twice_is_noticed(engines: Engines) -> None:
    engine = engines.by_id["2026.2"]
    assert repeats_unnoticed(engine.traits, engine.release) == 0
    release = engine.release
    wrong = Repeats(release.facts, release.weights, engine.finder.logic.sight, engine._accompany.sight)
    assert repeats_unnoticed(wrong, engine.release) > 0


def test_alternatives_and_notices_are_those_of_this_candidate(engines: Engines) -> None:
    """Of fully known candidates, read rule by rule."""
    engine = engines.by_id["2026.2"]
    release = engine.release
    random = Random(9)
    seen = set()
    for _ in range(CANDIDATES):
        candidate = random_candidate(random, release.facts, 1.0)
        answer = engine.answer(Question(candidate))
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
