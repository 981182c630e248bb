"""The proof of a release: laws, dead rules, conflicts, exact counts."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from app.core.documented import documented
from app.core.facts import Value
from app.core.logic import Logic
from app.core.precedence import Decision, Step, phases, steps_of
from app.core.rules import DecisionRule, Law, LawKind, Phase, Release
from app.proof.goes_with import LAWS_OF_PARTS, GoesWith
from app.proof.space import OfPair, Space

FindingKind = Literal["dead", "masked", "redundant", "conflict", "unnamed_gap"]


@documented
class LawReport:
    """One law, and whether it holds."""

    name: str
    """The law, as a sentence."""
    says: str
    """What it means."""
    holds: bool
    """Whether it holds for every candidate."""
    counterexample: Mapping[str, Value] | None
    """Facts of which every completion breaks it; null where it holds."""


@documented
class RuleReport:
    """One rule, alive or not."""

    rule: str
    """Its id."""
    candidates: str
    """How many candidates its condition holds for."""
    deciding: str
    """How many candidates it takes part in deciding."""
    witness: Mapping[str, Value] | None
    """Facts of which every completion is decided with it; null where there are none."""


@documented
class Defect:
    """Something wrong with the rules as a whole."""

    kind: FindingKind
    """`dead`: a condition that no candidate satisfies. `masked`: one that holds and never takes part in deciding.
    `redundant`: a masked one that shows nowhere else either. `conflict`: two rules of one step that contradict each
    other. `unnamed_gap`: a candidate whom no phase fits and no gap rule names."""
    rules: Sequence[str]
    """The rules."""
    says: str
    """What is wrong."""
    witness: Mapping[str, Value] | None
    """Facts that show it."""


@documented
class DecisionCount:
    """How many candidates get a decision."""

    decision: Decision
    """The decision."""
    candidates: str
    """How many fully known candidates, exactly; a string, since it passes 2^53."""
    share: float
    """Which share of the reference population; a stated assumption, not a measurement."""
    example: Mapping[str, Value]
    """Facts of which every completion gets it."""


@documented
class Verification:
    """The proof report of one release."""

    ruleset: str
    """The release."""
    digest: str
    """Its digest."""
    proved: bool
    """Whether every law holds and nothing is wrong with the rules as a whole."""
    candidates: str
    """How many fully known candidates there are."""
    nodes: int
    """How many nodes the compiled decision has."""
    decisions: Sequence[DecisionCount]
    """How many candidates get which decision; they add up to all."""
    laws: Sequence[LawReport]
    """Every law."""
    rules: Sequence[RuleReport]
    """Every rule."""
    defects: Sequence[Defect]
    """What is wrong with the rules as a whole."""


class Verifier:
    """Proves laws of one release on its compiled decision."""

    def __init__(self, release: Release) -> None:
        self.release = release
        # a diagram of its own: proving adds nodes, and the one that answers is left alone; laws may tell values apart
        # that no rule tells apart
        of_decisions = [law.when for law in release.laws if law.when is not None and law.kind not in LAWS_OF_PARTS]
        self.logic = Logic(release.facts, release.rules, release.order, beside=of_decisions)
        self.space = Space(self.logic.diagram, release.facts, release.weights)
        d = self.logic.diagram
        self._fires = {
            rule.id: d.choose(self.at_steps(frozenset(steps_of(rule))), self.logic.rule_roots[rule.id], d.false)
            for rule in release.rules
        }

    def verify(self, laws: Sequence[Law]) -> Verification:
        """Return the whole report."""
        reports = [self.law(law) for law in laws]
        defects = list(self.defects())
        return Verification(
            ruleset=self.release.id,
            digest=self.release.digest,
            proved=all(report.holds for report in reports) and not defects,
            candidates=str(self.space.total),
            nodes=self.logic.size,
            decisions=self.decisions(),
            laws=reports,
            rules=[self._rule(rule) for rule in self.release.rules],
            defects=defects,
        )

    def decisions(self) -> list[DecisionCount]:
        """Return how many candidates get which decision."""
        root = self.logic.decision_root
        counts, shares = self.space.counts(root), self.space.share_of(root)
        return [
            DecisionCount(decision, str(count), shares[decision], self.space.example(root, decision) or {})
            for decision, count in sorted(counts.items(), key=lambda item: -item[1])
            if isinstance(decision, Decision)
        ]

    def shares(self) -> dict[str, float]:
        """Return the share of the population that each rule helps decide."""
        return {name: self.space.share_of(root).get(True, 0.0) for name, root in self._fires.items()}

    def law(self, law: Law) -> LawReport:
        """Prove one law, or find a counterexample."""
        checks: dict[LawKind, Callable[[Law], Mapping[str, Value] | None]] = {
            "one_decision": self._one_decision,
            "named_gap": lambda _: self._unnamed_gap(),
            "never": lambda law: self._decided(law, among=True),
            "at_least": lambda law: self._decided(law, among=False),
            "never_lowers": self._never_lowers,
            "never_recommends": self._never_recommends,
            **dict.fromkeys(LAWS_OF_PARTS, lambda law: self.goes_with.counterexample(law)),
        }
        counterexample = checks[law.kind](law)
        return LawReport(law.name, law.says, counterexample is None, counterexample)

    @cached_property
    def goes_with(self) -> GoesWith:
        """The proof of what goes with a decision."""
        return GoesWith(self.release)

    def _one_decision(self, _: Law) -> Mapping[str, Value] | None:
        """Every candidate gets one decision, of a disposition that settles it."""
        root = self.logic.decision_root
        counted = sum(self.space.counts(root).values())
        unsettled = self.space.find(
            root, root, lambda d, _: not isinstance(d, Decision) or d.disposition == "needs_information"
        )
        return unsettled if counted == self.space.total else {}

    def _decided(self, law: Law, *, among: bool) -> Mapping[str, Value] | None:
        """Find where a condition holds with a named decision, or without."""
        when = self.logic.diagram.true if law.when is None else self.logic.diagram.condition(law.when)

        def breaks(holds: Hashable, decision: Hashable) -> bool:
            named = (
                isinstance(decision, Decision)
                and decision.disposition in law.dispositions
                and (not law.pathways or decision.pathway in law.pathways)
            )
            return holds is True and named == among

        return self.space.find(when, self.logic.decision_root, breaks)

    def _never_lowers(self, law: Law) -> Mapping[str, Value] | None:
        """Compare all pairs of values of a fact, not neighbours alone."""
        rank = {rule.pathway: rule.phase for rule in phases(self.release.rules)}

        def lowered_step(before: Hashable, after: Hashable) -> bool:
            return rank.get(before, 0) > rank.get(after, 0)  # type: ignore[call-overload, no-any-return]

        def lowered_phase(before: Hashable, after: Hashable) -> bool:
            both = isinstance(before, Decision) and isinstance(after, Decision)
            return both and (before.phase or 0) > (after.phase or 9)  # type: ignore[attr-defined]

        for root, bad in ((self.logic.step_root, lowered_step), (self.logic.decision_root, lowered_phase)):
            found = self._raised(root, law.fact, bad)
            if found is not None:
                return found
        return None

    def _raised(self, root: int, fact: str, bad: OfPair) -> Mapping[str, Value] | None:
        domain = list(self.release.facts[fact].domain)
        cut = list(self.space.fixed(root, fact))
        for values, lower in cut:
            for others, higher in cut:
                raised = next(((v, w) for v in values for w in others if domain.index(w) > domain.index(v)), None)
                if raised is None:
                    continue
                found = self.space.find(lower, higher, bad)
                if found is not None:
                    return {**found, fact: raised[0], f"{fact} (raised)": raised[1]}
        return None

    def _never_recommends(self, law: Law) -> Mapping[str, Value] | None:
        """Change each fact from every other value, whatever all others are."""

        def bad(before: Hashable, then: Hashable) -> bool:
            return _recommends(then) and not _recommends(before)

        for fact, value in law.changes.items():
            cut = list(self.space.fixed(self.logic.decision_root, fact))
            after = next(root for values, root in cut if value in values)
            for values, before in cut:
                found = self.space.find(before, after, bad)
                if found is not None:
                    return {**found, fact: values[0], f"{fact} (becomes)": value}
        return None

    def at_steps(self, wanted: frozenset[Step]) -> int:
        """Return the root that is true where one of these steps decides."""
        root = self.logic.step_root
        return self.space.where(root, root, lambda step, _: step in wanted)

    def _rule(self, rule: DecisionRule) -> RuleReport:
        holds = self.space.counts(self.logic.rule_roots[rule.id]).get(True, 0)
        fires = self.space.counts(self._fires[rule.id]).get(True, 0)
        return RuleReport(rule.id, str(holds), str(fires), self.space.example(self._fires[rule.id], True))

    def _unnamed_gap(self) -> Mapping[str, Value] | None:
        """Find a candidate whom no phase fits and no gap rule names."""
        d = self.logic.diagram
        unnamed = self.at_steps(frozenset(["gap"]))
        for rule in self.release.rules:
            if rule.kind == "gap":
                unnamed = d.choose(self.logic.rule_roots[rule.id], d.false, unnamed)
        return self.space.example(unnamed, True)

    def defects(self) -> Iterator[Defect]:
        """Yield what is wrong with the rules as a whole."""
        d = self.logic.diagram
        for rule in self.release.rules:
            root = self.logic.rule_roots[rule.id]
            if root == d.false:
                yield Defect("dead", [rule.id], "no candidate satisfies its condition", None)
            elif self._fires[rule.id] == d.false:
                witness = self.space.example(root, True)
                shown = rule.kind == "scope" or isinstance(rule, Phase)
                kind: FindingKind = "masked" if shown else "redundant"
                yield Defect(kind, [rule.id], "its condition can hold, and it never takes part in deciding", witness)
        yield from self._conflicts()
        gap = self._unnamed_gap()
        if gap is not None:
            yield Defect("unnamed_gap", [], "no phase fits these candidates, and no gap rule names them", gap)

    def _conflicts(self) -> Iterator[Defect]:
        d = self.logic.diagram
        rules = self.release.rules
        for place, one in enumerate(rules):
            for other in rules[:place]:
                says = _contradiction(one, other)
                if says is None:
                    continue
                both = d.choose(self.logic.rule_roots[one.id], self.logic.rule_roots[other.id], d.false)
                if both != d.false:
                    yield Defect("conflict", [other.id, one.id], says, self.space.example(both, True))


def _contradiction(one: DecisionRule, other: DecisionRule) -> str | None:
    """Return why two rules contradict each other, or `None`."""
    if isinstance(one, Phase) and isinstance(other, Phase) and one.phase == other.phase:
        return f"both indicate phase {one.phase}"
    clash = [name for name in one.lifted_by if one.lifted_by[name] != other.lifted_by.get(name, one.lifted_by[name])]
    if clash:
        return f"they are lifted by different values of `{clash[0]}`"
    return None


def _recommends(decision: Hashable) -> bool:
    return isinstance(decision, Decision) and decision.disposition == "recommended"
