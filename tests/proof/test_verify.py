"""The proof report against brute force: every candidate of small random rule books, one by one.

Each wrong way to verify that is listed below must be noticed by the same comparison.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from math import isclose, prod
from random import Random

import pytest

from app.core.conditions import Comparison
from app.core.facts import Candidate, Fact, Value
from app.core.precedence import Decision, DecisionAtStep, decide, phases, steps_of
from app.core.rules import DecisionRule, Law, LawKind, Phase
from app.proof.verify import LawReport, Verification, Verifier
from tests.amounts import amount
from tests.books import PATHWAYS, SmallBook, every_candidate, release_of, small_book

BOOKS = amount(40, 1_000)
DISPOSITIONS = ("excluded", "referred", "clinician_review", "recommended")


class Proof:
    """A small random rule book, its report, and what brute force says."""

    def __init__(self, seed: int) -> None:
        self.book: SmallBook = small_book(seed)
        self.random = Random(seed)
        self.verifier = Verifier(release_of(self.book))
        self.everybody = list(every_candidate(self.book.facts))
        self.outcomes = [decide(self.book.rules, candidate) for candidate in self.everybody]
        self.outcome_of = {key(c): o for c, o in zip(self.everybody, self.outcomes, strict=True)}
        self.report: Verification = self.verifier.verify([])

    def counts(self) -> dict[Decision, int]:
        """How many candidates get which decision."""
        return dict(Counter(outcome.decision for outcome in self.outcomes))

    def holding(self, rule: DecisionRule) -> list[int]:
        """The places of the candidates that a rule's condition holds for."""
        return [place for place, candidate in enumerate(self.everybody) if rule.when.holds(candidate)]

    def deciding(self, rule: DecisionRule) -> list[int]:
        """Those of them in whose decision it takes part."""
        return [place for place in self.holding(rule) if self.outcomes[place].step in steps_of(rule)]

    def masked(self) -> set[str]:
        """Rules that can hold and never take part in deciding."""
        return {rule.id for rule in self.book.rules if self.holding(rule) and not self.deciding(rule)}

    def dead(self) -> set[str]:
        """Rules that no candidate satisfies."""
        return {rule.id for rule in self.book.rules if not self.holding(rule)}

    def has_unnamed_gap(self) -> bool:
        """Whether somebody whom no phase fits is named by no gap rule."""
        named = {place for rule in self.book.rules if rule.kind == "gap" for place in self.deciding(rule)}
        return any(o.step == "gap" and place not in named for place, o in enumerate(self.outcomes))

    def completions(self, facts: Candidate) -> Iterator[tuple[dict[str, Value], DecisionAtStep]]:
        """Everybody who has these facts."""
        for candidate, outcome in zip(self.everybody, self.outcomes, strict=True):
            if all(candidate[name] == value for name, value in facts.items()):
                yield candidate, outcome

    def law(self) -> Law:
        """A random law of any kind that speaks of decisions."""
        random = self.random
        kind: LawKind = random.choice(["never", "at_least", "never_lowers", "never_recommends"])
        facts = list(self.book.facts.values())
        ordered = [fact for fact in facts if fact.ordered]
        if kind == "never_lowers" and ordered:
            return Law("law", kind, "", fact=random.choice(ordered).name)
        if kind == "never_recommends":
            chosen = random.sample(facts, min(2, len(facts)))
            return Law("law", kind, "", changes={fact.name: random.choice(list(fact.domain)) for fact in chosen})
        when = random.choice([random.choice(self.book.rules).when, comparison(random, random.choice(facts))])
        listed = tuple(random.sample(DISPOSITIONS, random.randint(1, 2)))
        pathways = tuple(random.sample(PATHWAYS, 1)) if "recommended" in listed and random.random() < 0.5 else ()
        chosen_kind: LawKind = "at_least" if kind == "at_least" else "never"
        return Law("law", chosen_kind, "", when=when, dispositions=listed, pathways=pathways)  # type: ignore[arg-type]

    def prove(self, law: Law) -> LawReport:
        """What the proof says of a law."""
        return Verifier(replace(self.verifier.release, laws=(law,))).law(law)

    def holds(self, law: Law) -> bool:
        """Whether a law holds, candidate by candidate and for all pairs of values."""
        match law.kind:
            case "never" | "at_least":
                assert law.when
                for candidate, outcome in zip(self.everybody, self.outcomes, strict=True):
                    named = outcome.decision.disposition in law.dispositions and (
                        not law.pathways or outcome.decision.pathway in law.pathways
                    )
                    if law.when.holds(candidate) and named == (law.kind == "never"):
                        return False
                return True
            case "never_lowers":
                return not any(self.lowers(law.fact, low, high) for low, high in all_pairs(self.book.facts[law.fact]))
            case _:
                return not any(self.recommends(name, value) for name, value in law.changes.items())

    def lowers(self, fact: str, low: Value, high: Value) -> bool:
        """Whether raising a fact from one value to another lowers somebody's phase."""
        rank: dict[Hashable, int] = {rule.pathway: rule.phase for rule in phases(self.book.rules)}
        for candidate, before in self.completions({fact: low}):
            after = self.outcome_of[key({**candidate, fact: high})]
            if rank.get(before.step, 0) > rank.get(after.step, 0):
                return True
            both = before.decision.phase is not None and after.decision.phase is not None
            if both and (before.decision.phase or 0) > (after.decision.phase or 0):
                return True
        return False

    def recommends(self, fact: str, value: Value) -> bool:
        """Whether giving a fact a value turns some other decision into a recommendation."""
        for candidate, before in zip(self.everybody, self.outcomes, strict=True):
            after = self.outcome_of[key({**candidate, fact: value})]
            if before.decision.phase is None and after.decision.phase is not None:
                return True
        return False


def comparison(random: Random, fact: Fact) -> Comparison:
    """A comparison that no rule need make."""
    values = list(fact.domain)
    return Comparison(fact.name, frozenset(random.sample(values, random.randint(1, len(values) - 1))), "a comparison")


def key(candidate: Candidate) -> tuple[tuple[str, Value], ...]:
    """A candidate as a key."""
    return tuple(sorted(candidate.items()))


def all_pairs(fact: Fact) -> Iterator[tuple[Value, Value]]:
    """Every pair of a lower and a higher value."""
    domain = list(fact.domain)
    for place, low in enumerate(domain):
        for high in domain[place + 1 :]:
            yield low, high


PROOFS: list[Proof] = []


def proofs() -> list[Proof]:
    """All of them, made once."""
    if not PROOFS:
        PROOFS.extend(Proof(seed) for seed in range(BOOKS))
    return PROOFS


def test_counts_are_exact_and_add_up() -> None:
    for proof in proofs():
        counts = proof.counts()
        assert {row.decision: int(row.candidates) for row in proof.report.decisions} == counts
        assert int(proof.report.candidates) == len(proof.everybody) == sum(counts.values())


def test_shares_are_the_weighed_counts() -> None:
    for proof in proofs():
        sums = {name: sum(weights.values()) for name, weights in proof.book.weights.items()}
        shares: dict[Decision, float] = {}
        for candidate, outcome in zip(proof.everybody, proof.outcomes, strict=True):
            odds = prod(proof.book.weights[name][value] / sums[name] for name, value in candidate.items())
            shares[outcome.decision] = shares.get(outcome.decision, 0.0) + odds
        assert all(isclose(row.share, shares[row.decision]) for row in proof.report.decisions)


def test_every_example_and_witness_holds_for_all_its_completions() -> None:
    for proof in proofs():
        for row in proof.report.decisions:
            assert {outcome.decision for _, outcome in proof.completions(row.example)} == {row.decision}
        rules = {rule.id: rule for rule in proof.book.rules}
        for report in proof.report.rules:
            rule = rules[report.rule]
            assert int(report.candidates) == len(proof.holding(rule))
            assert int(report.deciding) == len(proof.deciding(rule))
            assert (report.witness is None) == (not proof.deciding(rule))
            for candidate, outcome in proof.completions(report.witness or {}) if report.witness is not None else ():
                assert rule.when.holds(candidate)
                assert outcome.step in steps_of(rule)


def test_dead_masked_and_redundant_rules_are_exactly_those() -> None:
    seen: Counter[str] = Counter()
    for proof in proofs():
        found = {
            defect.rules[0]: defect.kind
            for defect in proof.report.defects
            if defect.kind != "conflict" and defect.rules
        }
        shown = {rule.id for rule in proof.book.rules if rule.kind == "scope" or isinstance(rule, Phase)}
        expected = dict.fromkeys(proof.dead(), "dead")
        expected |= {name: "masked" if name in shown else "redundant" for name in proof.masked()}
        assert found == expected
        assert any(defect.kind == "unnamed_gap" for defect in proof.report.defects) == proof.has_unnamed_gap()
        seen.update(expected.values())
    assert min(seen[kind] for kind in ("masked", "redundant")) > 0


def test_a_redundant_rule_changes_no_decision_when_it_is_removed() -> None:
    for proof in proofs():
        for name in proof.masked() | proof.dead():
            rules = tuple(rule for rule in proof.book.rules if rule.id != name)
            assert [decide(rules, candidate) for candidate in proof.everybody] == proof.outcomes


def test_laws_hold_exactly_where_no_candidate_breaks_them() -> None:
    verdicts: Counter[tuple[str, bool]] = Counter()
    for proof in proofs():
        for _ in range(6):
            law = proof.law()
            report = proof.prove(law)
            assert report.holds == proof.holds(law), law
            assert (report.counterexample is None) == report.holds
            verdicts[law.kind, report.holds] += 1
    assert (
        min(
            verdicts[kind, holds]
            for kind in ("never", "at_least", "never_lowers", "never_recommends")
            for holds in (True, False)
        )
        > 5
    )


def test_a_counterexample_breaks_its_law_whatever_else_is_unknown() -> None:
    for proof in proofs():
        law = proof.law()
        facts = proof.prove(law).counterexample
        if facts is None or law.kind not in ("never", "at_least"):
            continue
        assert law.when
        for candidate, outcome in proof.completions(facts):
            named = outcome.decision.disposition in law.dispositions
            named = named and (not law.pathways or outcome.decision.pathway in law.pathways)
            assert law.when.holds(candidate)
            assert named == (law.kind == "never")


# Wrong ways to verify, each noticed


def counts_regions(proof: Proof) -> object:
    """Counts the regions that rules tell apart as if each held one value."""
    space = proof.verifier.space
    before, space.sizes = space.sizes, [[1] * len(sizes) for sizes in space.sizes]
    found = space.counts(proof.verifier.logic.decision_root)
    space.sizes = before
    return found


def one_rule_masking(proof: Proof) -> object:
    """Calls a rule masked only where one single rule of an earlier step always holds with it."""
    found = set()
    for rule in proof.book.rules:
        held = set(proof.holding(rule))
        others = [set(proof.holding(other)) for other in proof.book.rules if other.id != rule.id]
        if held and not proof.deciding(rule) and any(held <= other for other in others):
            found.add(rule.id)
    return found


def satisfiable_is_alive(proof: Proof) -> object:
    """Calls a rule masked only where nobody satisfies it."""
    return set[str]()


def end_points(proof: Proof) -> object:
    """Compares the least with the greatest value alone."""
    return [
        any(proof.lowers(fact.name, *pair) for pair in [(fact.domain[0], fact.domain[-1])]) for fact in ordered(proof)
    ]


def from_the_assumed_value_alone(proof: Proof) -> object:
    """Looks at a change from one value alone, instead of from every other."""
    facts = proof.book.facts.values()
    return [
        any(
            before.decision.phase is None
            and proof.outcome_of[key({**candidate, fact.name: fact.domain[-1]})].decision.phase is not None
            for candidate, before in proof.completions({fact.name: fact.domain[0]})
        )
        for fact in facts
    ]


def ordered(proof: Proof) -> list[Fact]:
    """The facts whose values have an order."""
    return [fact for fact in proof.book.facts.values() if fact.ordered]


def proved_monotone(proof: Proof) -> object:
    """What the proof itself says of every ordered fact: whether raising it lowers somebody."""
    return [not proof.verifier.law(Law("law", "never_lowers", "", fact=fact.name)).holds for fact in ordered(proof)]


def proved_changes(proof: Proof) -> object:
    """What the proof itself says of giving each fact its last value."""
    return [
        not proof.verifier.law(Law("law", "never_recommends", "", changes={name: fact.domain[-1]})).holds
        for name, fact in proof.book.facts.items()
    ]


WRONG: list[tuple[Callable[[Proof], object], Callable[[Proof], object]]] = [
    (counts_regions, lambda proof: proof.counts()),
    (one_rule_masking, lambda proof: proof.masked()),
    (satisfiable_is_alive, lambda proof: proof.masked()),
    (end_points, proved_monotone),
    (from_the_assumed_value_alone, proved_changes),
]


@pytest.mark.parametrize(("wrong", "right"), WRONG, ids=[wrong.__name__ for wrong, _ in WRONG])
def test_a_wrong_proof_is_noticed(wrong: Callable[[Proof], object], right: Callable[[Proof], object]) -> None:
    assert any(wrong(proof) != right(proof) for proof in proofs())
