"""Every law of every release: a wrong rule book breaks it, part by part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import pytest

from app.core import logic, precedence
from app.core.conditions import ALWAYS, NEVER, All, Any, Comparison, Condition, Not, facts_read
from app.core.precedence import Case
from app.core.rules import Alternative, DecisionRule, Law, LawKind, Phase, Release, Row
from app.proof.verify import Verifier
from app.rulebook.load import RuleBook

KINDS: frozenset[LawKind] = frozenset(get_args(LawKind))


@dataclass(frozen=True)
class WrongBook:
    """A part of a law, and a release that breaks it."""

    part: Law
    release: Release


def blind(condition: Condition, fact: str, to: Condition) -> Condition:
    """Return a condition that does not look at a fact: `to` stands for its comparisons."""
    match condition:
        case Comparison():
            return to if condition.fact == fact else condition
        case Not(part):
            return Not(blind(part, fact, NEVER if to == ALWAYS else ALWAYS))
        case All(parts) | Any(parts):
            return type(condition)(tuple(blind(part, fact, to) for part in parts))


def blind_to(fact: str, release: Release) -> Release:
    """Return a release that lets nothing stand against a value of a fact, and asks nothing of it."""
    return replace(
        release,
        rules=tuple(_blind_rule(rule, fact) for rule in release.rules),
        alternatives=tuple(_blind_alternative(each, fact) for each in release.alternatives),
        plans=tuple(
            replace(
                plan, components=tuple(replace(each, when=blind(each.when, fact, ALWAYS)) for each in plan.components)
            )
            for plan in release.plans
        ),
        preconditions=tuple(replace(each, when=blind(each.when, fact, ALWAYS)) for each in release.preconditions),
    )


def _blind_rule(rule: DecisionRule, fact: str) -> DecisionRule:
    if rule.kind == "gap":
        return rule
    return replace(rule, when=blind(rule.when, fact, ALWAYS if isinstance(rule, Phase) else NEVER))


def _blind_alternative(alternative: Alternative, fact: str) -> Alternative:
    fits, row = alternative.fits, alternative.row
    if fits is not None:
        fits = replace(fits, yes=blind(fits.yes, fact, ALWAYS), no=blind(fits.no, fact, NEVER))
    if row is not None:
        row = Row(row.rules, blind(row.asks, fact, NEVER), row.because)
    return replace(alternative, fits=fits, row=row)


def lowered(fact: str, release: Release) -> Release:
    """Return a release whose phases leave out the worst grade of a finding, or take the one below."""
    domain = list(release.facts[fact].domain)

    def without_worst(condition: Condition) -> Condition:
        match condition:
            case Comparison() if condition.fact == fact:
                worst = max(condition.accepted, key=domain.index)
                others = condition.accepted - {worst} or {domain[domain.index(worst) - 1]}
                return replace(condition, accepted=frozenset(others))
            case All(parts) | Any(parts):
                return type(condition)(tuple(without_worst(part) for part in parts))
        return condition

    return replace(
        release,
        rules=tuple(
            replace(rule, when=without_worst(rule.when)) if isinstance(rule, Phase) else rule for rule in release.rules
        ),
    )


def turned_round(changes: Mapping[str, object], release: Release) -> Release:
    """Return a release whose rules stand against every other value of a fact instead of this one."""
    ((fact, value),) = changes.items()
    rules = []
    for rule in release.rules:
        if facts_read(rule.when) == (fact,) and rule.kind not in ("phase", "gap"):
            if not rule.when.holds({fact: value}):  # type: ignore[dict-item]
                continue
            rule = replace(rule, when=Not(rule.when))
        rules.append(rule)
    return replace(release, rules=tuple(rules))


def wrong_books(law: Law, release: Release) -> Iterator[WrongBook]:
    """Yield for each part of a law a rule book that breaks it."""
    match law.kind:
        case "named_gap":
            for rule in release.rules:
                if rule.kind == "gap":
                    yield WrongBook(law, replace(release, rules=tuple(r for r in release.rules if r is not rule)))
        case "never_lowers":
            yield WrongBook(law, lowered(law.fact, release))
        case "never_recommends":
            for fact, value in law.changes.items():
                part = replace(law, changes={fact: value})
                yield WrongBook(part, turned_round(part.changes, release))
        case "never" | "at_least" | "never_fits" | "never_included" | "never_met" | "never_ready":
            assert law.when is not None
            one_each = law.when.parts if isinstance(law.when, Any) else (law.when,)
            for when in one_each:
                for of in law.of or ("",):
                    for pathway in law.pathways or ("",):
                        part = replace(
                            law,
                            when=when,
                            of=(of,) if of else (),
                            pathways=(pathway,) if pathway else (),
                        )
                        for fact in facts_read(when):
                            yield WrongBook(part, blind_to(fact, release))


@pytest.mark.parametrize("release", ["2026.1", "2026.2", "2026.3"])
@pytest.mark.parametrize("kind", sorted(KINDS - {"one_decision"}))
def test_every_part_of_every_law_has_a_rule_book_that_breaks_it(kind: LawKind, release: str, book: RuleBook) -> None:
    whole = book.releases[release]
    right = Verifier(whole)
    for law in whole.laws:
        if law.kind == kind:
            tried = list(wrong_books(law, whole))
            assert tried != [], f"{law.name}: no rule book tries to break it"
            assert [wrong.part for wrong in tried if Verifier(wrong.release).law(wrong.part).holds] == []
            assert [wrong.part for wrong in tried if not right.law(wrong.part).holds] == []


@pytest.mark.parametrize("release", ["2026.1", "2026.2", "2026.3"])
def test_a_precedence_that_decides_nothing_for_somebody_breaks_the_law(
    release: str, book: RuleBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last case of `cases` always holds, so wrong code alone leaves anybody without a decision."""
    right: Callable[[Sequence[DecisionRule]], tuple[Case, ...]] = precedence.cases
    whole = book.releases[release]
    law = next(law for law in whole.laws if law.kind == "one_decision")
    assert Verifier(whole).law(law).holds
    monkeypatch.setattr(logic, "cases", lambda rules: right(rules)[:-1])
    assert not Verifier(whole).law(law).holds


def test_the_current_release_has_laws_of_every_kind(book: RuleBook) -> None:
    assert {law.kind for law in book.releases[book.current].laws} == KINDS
