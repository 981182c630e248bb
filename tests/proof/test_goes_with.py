"""Laws of what goes with a decision: proved as brute force finds them, over partly known candidates too."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest

from app.core.alternatives import Alternatives
from app.core.answer import Answer, PlanShown
from app.core.conditions import ALWAYS, NEVER, Comparison, Not
from app.core.engine import Engine, Question
from app.core.facts import Candidate, Fact
from app.core.logic import state_of
from app.core.rules import (
    Alternative,
    Component,
    Fitting,
    Law,
    LawOfParts,
    Notice,
    Plan,
    Precondition,
    Release,
    Row,
    Wording,
)
from app.proof.compare import compare
from app.proof.goes_with import GoesWith, comparisons_of_one_fact
from app.rulebook.grammar import read_condition
from app.rulebook.load import RuleBook
from tests.amounts import amount
from tests.books import PATHWAYS, every_candidate, release_of, small_book

ANY_TEXT = defaultdict[str, str](str)
WORDING = Wording(
    *(ANY_TEXT, ANY_TEXT, {}, "", "", ""),
    next_question=ANY_TEXT,
    lower_phase=ANY_TEXT,
    row=ANY_TEXT,
    consultation="",
    assumption="",
    summary=ANY_TEXT,
)
BY_ENGINE = ("NOTICE-ASSUMED", "NOTICE-NOT-ANSWERABLE", "NOTICE-UNSIGNED")
COMMON: dict[str, Any] = {"says": "", "sources": ()}
KINDS: tuple[LawOfParts, ...] = ("never_fits", "never_included", "never_met", "never_ready")
SEEDS = range(amount(40, 60))


def comparison(random: Random, facts: dict[str, Fact]) -> Comparison:
    fact = random.choice(list(facts.values()))
    values = list(fact.domain)
    return Comparison(fact.name, frozenset(random.sample(values, random.randint(1, len(values) - 1))), "a comparison")


def small_release(seed: int) -> Release:
    """Return a random release with an alternative, a component and a precondition."""
    random = Random(seed)
    release = release_of(small_book(seed))
    facts = dict(release.facts)
    row = Row(frozenset(rule.id for rule in release.rules if random.random() < 0.5 and rule.kind != "phase"), NEVER)
    fits = Fitting(comparison(random, facts), comparison(random, facts), dict.fromkeys(("yes", "no", "unknown"), ""))
    return replace(
        release,
        wording=WORDING,
        alternatives=(
            Alternative(id="ALT", when=ALWAYS, without_phase=True, concerns=PATHWAYS, fits=fits, row=row, **COMMON),
        ),
        plans=tuple(
            Plan(
                id=f"PLAN-{pathway}",
                when=ALWAYS,
                pathway=pathway,
                components=(Component(id=f"c-{pathway}", when=Not(comparison(random, facts)), **COMMON),),
                **COMMON,
            )
            for pathway in PATHWAYS
        ),
        notices=tuple(Notice(id=name, when=ALWAYS, by_engine=True, **COMMON) for name in BY_ENGINE),
        preconditions=(Precondition(id="PRE", when=comparison(random, facts), concerns=PATHWAYS, **COMMON),),
    )


def partly_known(facts: dict[str, Fact]) -> Iterator[Candidate]:
    """Yield every candidate, with every fact known or not."""
    for values in product(*([None, *fact.domain] for fact in facts.values())):
        yield {name: value for name, value in zip(facts, values, strict=True) if value is not None}


def broken(law: Law, release: Release) -> list[Candidate]:
    """Return whom an answer breaks a law for, partly known candidates among them."""
    engine, facts = Engine(release), dict(release.facts)
    assert law.when is not None
    return [
        candidate
        for candidate in partly_known(facts)
        if state_of(law.when, facts, candidate) is not False and _breaks(law, engine.answer(Question(candidate)))
    ]


def _breaks(law: Law, answer: Answer) -> bool:
    match law.kind:
        case "never_fits":
            return any(each.rule in law.of and each.fits == "yes" for each in answer.alternatives)
        case "never_included":
            components = answer.plan.components if isinstance(answer.plan, PlanShown) else ()
            return any(each.id in law.of and each.status == "included" for each in components)
        case "never_met":
            return any(each.rule in law.of and each.status == "met" for each in answer.preconditions)
    return answer.ready


def law_of(kind: LawOfParts, release: Release, seed: int) -> Law:
    """Return a random law of a kind."""
    of = {"never_fits": ("ALT",), "never_included": (f"c-{PATHWAYS[0]}",), "never_met": ("PRE",)}.get(kind, ())
    return Law("law", kind, "", when=comparison(Random(seed + 1), dict(release.facts)), of=of)


def proved(law: Law, release: Release) -> bool:
    return GoesWith(replace(release, laws=(law,))).counterexample(law) is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_to_anybody_breaks_a_proved_law(kind: LawOfParts, seed: int) -> None:
    release = small_release(seed)
    law = law_of(kind, release, seed)
    if proved(law, release):
        assert broken(law, release) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_is_ready_against_a_law_is_found(seed: int) -> None:
    release = small_release(seed)
    law = law_of("never_ready", release, seed)
    assert proved(law, release) == (broken(law, release) == [])


@pytest.mark.parametrize("kind", KINDS)
def test_some_random_laws_hold_and_some_do_not(kind: LawOfParts) -> None:
    assert {proved(law_of(kind, release, seed), release) for seed in SEEDS for release in [small_release(seed)]} == {
        True,
        False,
    }


def test_an_engine_that_forgets_the_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Alternatives, "_set", lambda *_: 0)
    releases = {seed: small_release(seed) for seed in SEEDS}
    laws = {seed: law_of("never_fits", release, seed) for seed, release in releases.items()}
    assert any(proved(laws[seed], releases[seed]) and broken(laws[seed], releases[seed]) for seed in SEEDS)


def test_an_engine_that_takes_unknown_for_no_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    show = Alternatives._show
    monkeypatch.setattr(Alternatives, "_show", lambda offered, key: show(offered, (*key[:-1], 0)))
    releases = {seed: small_release(seed) for seed in SEEDS}
    laws = {seed: law_of("never_fits", release, seed) for seed, release in releases.items()}
    assert any(proved(laws[seed], releases[seed]) and broken(laws[seed], releases[seed]) for seed in SEEDS)


@pytest.mark.parametrize("release", ["2026.3"])
def test_a_row_that_lacks_any_rule_breaks_a_law_of_the_release(release: str, book: RuleBook) -> None:
    whole = book.releases[release]
    laws = [law for law in whole.laws if law.kind == "never_fits"]
    unnoticed = []
    for alternative in whole.alternatives:
        for name in sorted(alternative.row.rules) if alternative.row else ():
            assert alternative.row is not None
            less = replace(alternative, row=replace(alternative.row, rules=alternative.row.rules - {name}))
            others = tuple(less if each.id == less.id else each for each in whole.alternatives)
            proof = GoesWith(replace(whole, alternatives=others))
            if all(proof.counterexample(law) is None for law in laws):
                unnoticed.append((alternative.id, name))
    # whose own comparison says no in melasma already
    assert unnoticed == [("ALT-LASER-TONING", "REVIEW-MELASMA-HEAT")]


@pytest.mark.parametrize("release", ["2026.3"])
def test_a_component_given_to_everybody_breaks_a_law_of_the_release(release: str, book: RuleBook) -> None:
    whole = book.releases[release]
    laws = [law for law in whole.laws if law.kind == "never_included"]
    unnoticed = []
    for plan in whole.plans:
        for component in plan.components:
            always = replace(component, when=ALWAYS)
            components = tuple(always if each.id == always.id else each for each in plan.components)
            plans = tuple(replace(plan, components=components) if each.id == plan.id else each for each in whole.plans)
            proof = GoesWith(replace(whole, plans=plans))
            if component.when != ALWAYS and all(proof.counterexample(law) is None for law in laws):
                unnoticed.append(component.id)
    assert unnoticed == []


def test_a_condition_of_two_facts_at_once_is_no_law_of_readiness(book: RuleBook) -> None:
    facts = book.releases["2026.2"].facts
    one = read_condition("pregnant = true", facts)
    assert comparisons_of_one_fact(one)
    assert comparisons_of_one_fact(read_condition({"any": ["pregnant = true", "age_years < 18"]}, facts))
    assert not comparisons_of_one_fact(read_condition({"all": ["pregnant = true", "age_years < 18"]}, facts))


def shown_to(engine: Engine, candidate: Candidate) -> set[str]:
    """Return the parts that an answer to a fully known candidate shows as fitting, included or met."""
    shown = engine.answer(Question(candidate))
    components = shown.plan.components if isinstance(shown.plan, PlanShown) else ()
    return {
        *(each.rule for each in shown.alternatives if each.fits == "yes"),
        *(each.id for each in components if each.status == "included"),
        *(each.rule for each in shown.preconditions if each.status == "met"),
    }


@pytest.mark.parametrize("seed", range(amount(12, 20)))
def test_whom_a_part_is_shown_to_otherwise_is_counted_exactly(seed: int) -> None:
    before, after = small_release(seed), replace(small_release(seed), id="after")
    facts = dict(before.facts)
    other = replace(after.preconditions[0], when=comparison(Random(seed + 9), facts))
    fewer = tuple(rule for rule in after.rules if rule.kind != "label_review")
    row = after.alternatives[0].row
    assert row
    kept = replace(after.alternatives[0], row=replace(row, rules=row.rules & {rule.id for rule in fewer}))
    plans = (after.plans[0], *(replace(plan, components=()) for plan in after.plans[1:]))
    after = replace(after, rules=fewer, preconditions=(other,), plans=plans, alternatives=(kept,))
    engines = Engine(before), Engine(after)
    shown = [(each, [shown_to(engine, each) for engine in engines]) for each in every_candidate(facts)]
    gained = Counter(name for _, (was, now) in shown for name in now - was)
    lost = Counter(name for _, (was, now) in shown for name in was - now)
    parts = compare(before, after).parts
    assert {part.part: (int(part.gained), int(part.lost)) for part in parts} == {
        name: (gained[name], lost[name]) for name in gained | lost
    }
    for part in parts:
        for example, place in ((part.example_gained, 1), (part.example_lost, 0)):
            if example is not None:
                among = [sides for each, sides in shown if each.items() >= example.items()]
                assert among != []
                assert all(part.part in sides[place] - sides[1 - place] for sides in among)
