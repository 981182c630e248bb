"""Whole answers: what is remembered changes none of them, and nothing in them sees an assumed value."""

from dataclasses import fields
from random import Random
from typing import Any, ClassVar

import pytest

from app.core.answer import Answer, DecisionView
from app.core.conditions import Comparison, Condition
from app.core.diagram import Rest
from app.core.engine import Engine, Engines, Question
from app.core.facts import Candidate, Value
from app.core.languages import translated, with_notices
from app.core.logic import state_of
from app.core.memo import Memo
from app.core.precedence import steps_of
from app.core.rules import Alternative, Release
from app.rulebook.load import RuleBook
from tests.amounts import amount
from tests.books import random_candidate

CANDIDATES = 1000


def questions_about(release: Release, seed: int, count: int = CANDIDATES) -> list[Question]:
    random = Random(seed)
    shares = (0.1, 0.5, 0.9, 1.0, 1.0, 1.0)
    return [
        Question(random_candidate(random, release.facts, random.choice(shares)), random.random() < 0.5)
        for _ in range(count)
    ]


def contract(answer: Answer | DecisionView) -> dict[str, Any]:
    """Return what a view and a whole answer have in common."""
    rules = answer.rules if isinstance(answer, DecisionView) else [reason.rule for reason in answer.rationale]
    names = [field.name for field in fields(DecisionView) if field.name != "rules"]
    return {name: getattr(answer, name) for name in names} | {"rules": list(rules)}


class Forgetful(Memo[Any, Any]):
    """Keeps nothing."""

    def __missing__(self, key: Any) -> Any:
        return self._compute(key)


def differing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return for how many candidates an answer is not what an engine without memory gives."""
    with monkeypatch.context() as patch:
        for module in ("sections", "engine", "rationale", "parts", "identity"):
            patch.setattr(f"app.core.{module}.Memo", Forgetful)
        anew = Engine(engine.release, engine.language)
    found = 0
    for question in questions_about(engine.release, 7):
        answer, view = engine.answer(question), engine.view(question)
        found += answer != anew.answer(question) or view != anew.view(question) or contract(answer) != contract(view)
    return found


@pytest.mark.parametrize("name", ["2026.3", "2026.2", "2026.1"][: amount(1, 3)])
def test_an_engine_that_remembers_answers_like_one_that_does_not(
    engines: Engines, book: RuleBook, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = engines.by_id[name].release
    assert differing(Engine(release), monkeypatch) == 0
    for language in book.languages.values():
        assert differing(Engine(translated(release, language), language.code), monkeypatch) == 0


def test_engines_side_by_side_answer_in_their_own_words(book: RuleBook) -> None:
    """What a release compiles is shared between languages, and no word is."""
    beside = Engines.of(book.releases.values(), book.current, book.languages.values())
    for language in book.languages.values():
        for name, release in book.releases.items():
            alone, english = Engine(with_notices(release, language), language.code), beside.by_id[name]
            if name == book.current:
                alone = Engine(translated(release, language), language.code)
            spoken = beside.in_language(language.code).by_id[name]
            others = 0
            for question in questions_about(release, 14, 300):
                english.answer(question)
                assert spoken.answer(question) == alone.answer(question)
                assert spoken.view(question) == alone.view(question)
                others += spoken.answer(question) != english.answer(question)
            assert others == 300


def test_languages_share_what_has_no_words_and_all_where_the_words_are_the_same(book: RuleBook) -> None:
    beside = Engines.of(book.releases.values(), book.current, book.languages.values())
    for language, engines in beside.others.items():
        for name, engine in engines.by_id.items():
            english = beside.by_id[name]
            assert engine.logic is english.logic
            assert engine._outcomes is english._outcomes
            assert engine.sentences == (language if name == book.current else "en")
            assert (engine.rationale is english.rationale) == (name != book.current)


def test_sharing_the_words_of_another_language_is_noticed(book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    release, language = book.releases[book.current], book.languages["ko"]
    english, question = Engine(release), Question({"pregnant": True})
    right = english.in_language(translated(release, language), "ko", "ko")
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "_say", lambda *_: None)
        shares = english.in_language(translated(release, language), "ko", "ko")
    assert shares.answer(question) != right.answer(question)


class ForgetsTheMode(Memo[Any, Any]):
    """Keeps outcomes by the rest alone, whichever mode it was left in."""

    kept: ClassVar[dict[Any, Any]] = {}

    def __missing__(self, key: Any) -> Any:
        if not (isinstance(key, tuple) and isinstance(key[0], Rest)):
            return super().__missing__(key)
        if key[0] not in self.kept:
            self.kept[key[0]] = self._compute(key)
        return self.kept[key[0]]


def test_a_wrong_memory_is_noticed(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("app.core.engine.Memo", ForgetsTheMode)
        engine = Engine(engines.by_id["2026.2"].release)
    assert differing(engine, monkeypatch) > 0


def test_a_referral_says_because_of_which_value(engines: Engines) -> None:
    engine = engines.by_id["2026.2"]
    for concern, rule in (("chronic_wound", "SCOPE-WOUND"), ("burn", "SCOPE-BURN")):
        (referral,) = engine.view(Question({"primary_concern": concern})).referral
        assert (referral.rule, [(k.fact, k.value) for k in referral.because]) == (rule, [("primary_concern", concern)])


def test_a_rule_is_told_in_the_state_of_its_own_condition(engines: Engines) -> None:
    """And it decides where the decision is settled, has its effect, and no other rule need hold for that."""
    seen = set()
    blocked: dict[str, Value] = {
        "pregnant": True,
        "primary_concern": "sagging",
        "elasticity_loss": "moderate",
        "hyperpigmentation": "mild",
    }
    for engine in engines.by_id.values():
        release = engine.release
        rules = {rule.id: rule for rule in release.rules}
        effects = {"excluded": "excludes", "referred": "refers", "clinician_review": "reviews"}
        asked = [Question({name: value for name, value in blocked.items() if name in release.facts})]
        for question in [*asked, *questions_about(release, 3, 400)]:
            answer, outcome = engine.answer(question), engine.decide(question)
            effect = effects.get(answer.decision.disposition, "indicates")
            for reason in answer.rationale:
                rule = rules[reason.rule]
                state = state_of(rule.when, release.facts, question.facts)
                assert reason.state == ("held" if state else "undecided"), (reason.rule, question)
                settled = outcome.settled and state is True and outcome.steps <= set(steps_of(rule))
                assert reason.decides == ((rule.effect == effect) if settled else None), (reason.rule, question)
                seen.add((reason.state, reason.decides))
    assert seen == {("held", True), ("held", False), ("held", None), ("undecided", None)}


def test_sources_are_told_of_the_parts_that_were_asked_for(engines: Engines) -> None:
    engine = engines.by_id["2026.2"]
    for question in questions_about(engine.release, 5, 300):
        answer = engine.answer(question)
        parts: list[Any] = [*answer.referral, *answer.rationale]
        cited = [name for part in parts for name in part.sources]
        assert list(answer.sources) == list(dict.fromkeys(cited))
        assert engine.answer(question, "none").sources == {}
        told = engine.answer(question, "all").sources
        assert set(told) == named_in(answer) >= set(cited)
        for name, source in told.items():
            assert source.says == engine.release.sources[name].says
            assert source.url == f"/v1/rulesets/2026.2/sources/{name}"


def named_in(part: Any, key: str = "") -> set[str]:
    """Return every source id that stands anywhere in a part of an answer."""
    if isinstance(part, str):
        return {part} if key in ("sources", "source", "differs") else set()
    if isinstance(part, dict):
        return {name for k, each in part.items() if k != "sources" for name in named_in(each, str(k))}
    if isinstance(part, list | tuple):
        return {name for each in part for name in named_in(each, key)}
    if hasattr(part, "__dataclass_fields__"):
        return {name for field in fields(part) for name in named_in(getattr(part, field.name), field.name)}
    return set()


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
        expected = [
            (rule.id, fit(rule, candidate, release))
            for rule in release.alternatives
            if (rule.without_phase if indicated is None else indicated in rule.concerns) and rule.when.holds(candidate)
        ]
        shown = [(each.rule, each.fits) for each in answer.alternatives if each.kind != "lower_phase"]
        assert shown == expected
        seen.add(tuple(expected))
        for notice in release.notices:
            concerned = not notice.concerns or indicated in notice.concerns
            if not (notice.by_engine or notice.otherwise):
                assert (notice.says in answer.notices) == (concerned and notice.when.holds(candidate))
    assert len(seen) > 12


def fit(rule: Alternative, candidate: Candidate, release: Release) -> str:
    if rule.fits is None:
        return "yes"
    assert rule.row is not None
    held = {each.effect for each in release.rules if each.id in rule.row.rules and each.when.holds(candidate)}
    if rule.fits.no.holds(candidate) or held & {"excludes", "refers"}:
        return "no"
    if held or rule.row.asks.holds(candidate):
        return "unknown"
    return "yes" if rule.fits.yes.holds(candidate) else "unknown"


def test_a_lower_phase_that_a_rule_asks_to_review_never_fits(engines: Engines) -> None:
    """A clinician decides first; whoever nothing stands against may fit."""
    engine = engines.by_id["2026.2"]
    healthy: dict[str, Value] = {name: False for name, fact in engine.release.facts.items() if fact.kind == "boolean"}
    both = healthy | {
        "primary_concern": "sagging",
        "sagging": "advanced",
        "photodamage": "severe",
        "elasticity_loss": "moderate",
        "hyperpigmentation": "mild",
        "autoimmune_skin_disease": "none",
        "age_years": 40,
    }

    def fits(**known: Value) -> tuple[str, tuple[str, ...]]:
        answer = engine.answer(Question({**both, **known}))
        shown = next(each for each in answer.alternatives if each.rule == "PHASE-2")
        return shown.fits, tuple(shown.blocked_by)

    assert fits(isotretinoin="within_6_months") == ("unknown", ("REVIEW-ISOTRETINOIN-RECENT",))
    assert fits(isotretinoin="none", melasma_prone=True) == ("yes", ())


def test_no_part_but_the_decision_sees_an_assumed_value(engines: Engines) -> None:
    """An unknown fact leaves what depends on it open, whatever the decision assumes."""
    engine = engines.by_id["2026.2"]
    release = engine.release
    by_id: dict[str, Condition] = {rule.id: rule.when for rule in (*release.cautions, *release.preconditions)}
    for question in questions_about(release, 13, 300):
        answer = engine.answer(question)
        for caution in answer.cautions:
            assert state_of(by_id[caution.rule], release.facts, question.facts) is True
        for unresolved in answer.unresolved:
            assert state_of(by_id[unresolved.rule], release.facts, question.facts) is None
        for precondition in answer.preconditions:
            if precondition.status == "met":
                assert state_of(by_id[precondition.rule], release.facts, question.facts) is True
    assert state_of(Comparison("pregnant", frozenset([False]), ""), release.facts, {}) is None
