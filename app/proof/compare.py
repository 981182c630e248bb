"""What differs between two releases: decisions counted, and every text.

Both releases are compiled into one diagram over the facts of both, so both decide every candidate side by side. A
fact that one release does not have plays no part in its decision.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from app.core.conditions import NEVER, facts_read
from app.core.documented import documented
from app.core.facts import Fact, Value
from app.core.logic import Logic
from app.core.precedence import Decision, cases, phases, steps_of
from app.core.rationale import DECIDES
from app.core.rules import DecisionRule, Disposition, LawOfParts, Pathway, Release
from app.proof.goes_with import conditions_of_parts
from app.proof.space import Space
from app.proof.texts import EntryDifference, Translated, different_entries

SHOWN: Mapping[LawOfParts, Literal["fits", "included", "met"]] = {
    "never_fits": "fits",
    "never_included": "included",
    "never_met": "met",
}


@documented
class Difference:
    """Candidates whose decision changes from one to another."""

    before: Decision
    """The decision of the first release."""
    after: Decision
    """The decision of the second release."""
    candidates: str
    """How many fully known candidates, exactly; a string, since it passes 2^53."""
    share: float
    """Which share of the reference population; a stated assumption, not a measurement."""
    example: Mapping[str, Value]
    """Facts of which every completion really changes so: first what one release alone looks at, last what is absent."""
    rules_before: Sequence[str]
    """Rules of the first release that make the decision of some of them, and that the second does not have so."""
    rules_after: Sequence[str]
    """Rules of the second release that make the decision of some of them, and that the first does not have so."""


@documented
class PartDifference:
    """Candidates for whom something that goes with a decision changes."""

    part: str
    """The alternative, lower phase, component or precondition."""
    shown: Literal["fits", "included", "met"]
    """What it is shown as to those who are counted."""
    gained: str
    """How many fully known candidates it is shown so to by the second release alone."""
    lost: str
    """How many it is shown so to by the first release alone."""
    share_gained: float
    """Which share of the reference population gains it; a stated assumption, not a measurement."""
    share_lost: float
    """Which share of the reference population loses it."""
    example_gained: Mapping[str, Value] | None
    """Facts of one who gains it, in the order of `Difference.example`."""
    example_lost: Mapping[str, Value] | None
    """Facts of one who loses it, in the same order."""


@documented
class Comparison:
    """The differences between two releases."""

    before: str
    """The first release."""
    after: str
    """The second release."""
    candidates: str
    """How many fully known candidates there are over the facts of both."""
    changed: str
    """How many of them get another decision."""
    share: float
    """Which share of the reference population gets another decision."""
    differences: Sequence[Difference]
    """Each change of decision, most candidates first; empty where nothing changes."""
    parts: Sequence[PartDifference]
    """What changes of that which goes with decisions; a part that one release does not have is shown to nobody by it.
    A component is shown with the recommendation that it belongs to, a precondition also where a clinician reviews what
    is indicated, a lower phase where what is indicated is blocked."""
    facts_before: Sequence[str]
    """Facts that only the first release has."""
    facts_after: Sequence[str]
    """Facts that only the second release has."""
    entries: Sequence[EntryDifference]
    """What the releases say otherwise: rules, cautions, preconditions, facts, laws, what patients read."""


def compare(before: Release, after: Release, current: Translated | None = None) -> Comparison:
    """Return what changes between two releases.

    `current` gives the texts in another language than English.
    """
    for name, fact in before.facts.items():
        if name in after.facts and list(fact.domain) != list(after.facts[name].domain):
            raise ValueError(f"`{name}` has other answers in {after.id}: its candidates cannot be compared")
    facts = {**before.facts, **after.facts}
    rules = [*before.rules, *(rule for rule in after.rules if rule not in before.rules)]
    parts = [*conditions_of_parts(before).values(), *conditions_of_parts(after).values()]
    logic = Logic(facts, rules, after.order, beside=parts)
    space = Space(logic.diagram, facts, {**before.weights, **after.weights})
    sides = [_Side(logic, space, release) for release in (before, after)]
    one, other = (side.decision_root for side in sides)
    counts, shares = space.pair_counts(one, other), space.pair_shares(one, other)
    changed = {pair: count for pair, count in counts.items() if pair[0] != pair[1]}
    differences = []
    own = _read_by_one(before.rules, after.rules)
    for (was, becomes), count in sorted(changed.items(), key=lambda item: (-item[1], repr(item[0]))):
        if not isinstance(was, Decision) or not isinstance(becomes, Decision):
            continue
        pair = (was, becomes)
        changed_so = space.where(one, other, lambda a, b, pair=pair: (a, b) == pair)  # type: ignore[misc]
        differences.append(
            Difference(
                was,
                becomes,
                str(count),
                shares[was, becomes],
                _ordered(space.example(changed_so, True), facts, own) or {},
                sides[0].deciding(changed_so, was, after),
                sides[1].deciding(changed_so, becomes, before),
            )
        )
    return Comparison(
        before.id,
        after.id,
        str(space.total),
        str(sum(changed.values())),
        sum(share for pair, share in shares.items() if pair[0] != pair[1]),
        differences,
        _parts(sides[0], sides[1], space, facts),
        [name for name in before.facts if name not in after.facts],
        [name for name in after.facts if name not in before.facts],
        different_entries(before, after, current),
    )


def _parts(before: "_Side", after: "_Side", space: Space, facts: Mapping[str, Fact]) -> list[PartDifference]:
    """Return what goes with decisions otherwise, over all candidates."""
    d, found = before.diagram, []
    for key in {**before.parts, **after.parts}:
        was, is_now = before.shown(key), after.shown(key)
        if was == is_now:
            continue
        sides = [set(facts_read(side.parts.get(key, NEVER))) for side in (before, after)]
        roots = d.choose(was, d.false, is_now), d.choose(is_now, d.false, was)
        more, fewer = (str(space.counts(root).get(True, 0)) for root in roots)
        gained, lost = (space.share_of(root).get(True, 0.0) for root in roots)
        first, other = (_ordered(space.example(root, True), facts, sides[0] ^ sides[1]) for root in roots)
        found.append(PartDifference(key[1], SHOWN[key[0]], more, fewer, gained, lost, first, other))
    return found


def _ordered(
    example: Mapping[str, Value] | None, facts: Mapping[str, Fact], first: Collection[str]
) -> Mapping[str, Value] | None:
    """Return an example in the order of `Difference.example`."""

    def place(item: tuple[str, Value]) -> int:
        (name, value), fact = item, facts[item[0]]
        if value is False or value == "none":
            return 3 if fact.assumed is not None or fact.group == "exclusions" else 1
        return 0 if name in first else 2

    return example and dict(sorted(example.items(), key=place))


def _read_by_one(before: Sequence[DecisionRule], after: Sequence[DecisionRule]) -> set[str]:
    """Return the facts of decision rules that one release alone has so."""
    sides = [{_essence(rule): facts_read(rule.when) for rule in rules} for rules in (before, after)]
    return {fact for rule in sides[0].keys() ^ sides[1].keys() for fact in (sides[0] | sides[1])[rule]}


class _Side:
    """One of the two releases in the diagram of both."""

    def __init__(self, logic: Logic, space: Space, release: Release) -> None:
        self._logic, self._space, self._rules = logic, space, release.rules
        self.parts = conditions_of_parts(release)
        self._phases = phases(release.rules)
        self._indicated: dict[str, Sequence[Pathway]] = {each.id: each.concerns for each in release.preconditions}
        self._pathways = {each.id: (plan.pathway,) for plan in release.plans for each in plan.components}
        self.diagram = d = logic.diagram
        self.decision_root = self._step_root = d.terminal(None)
        for case in reversed(cases(release.rules)):
            test = d.condition(case.when)
            self.decision_root = d.choose(test, d.terminal(case.then.decision), self.decision_root)
            self._step_root = d.choose(test, d.terminal(case.then.step), self._step_root)

    def shown(self, part: tuple[LawOfParts, str]) -> int:
        """Return the root that holds for whom a part is shown so."""
        d, name = self.diagram, part[1]
        if part not in self.parts:
            return d.false
        return d.choose(self._listed(name), d.condition(self.parts[part]), d.false)

    def _listed(self, name: str) -> int:
        """Return the root that holds where an answer has a part."""
        at, root, steps = self._step_root, self.decision_root, [phase.pathway for phase in self._phases]
        names = [phase.id for phase in self._phases]
        if name in names:
            higher = steps[: names.index(name)]
            return self._space.where(
                at, root, lambda s, decision: s in higher and not _is_recommended(decision, higher)
            )
        if (indicated := self._indicated.get(name)) is not None:
            return self._space.where(at, root, lambda s, decision: s in indicated and not _is(decision, "excluded"))
        if (pathways := self._pathways.get(name)) is not None:
            return self._space.where(root, root, lambda decision, _: _is_recommended(decision, pathways))
        return self.diagram.true

    def deciding(self, among: int, decision: Decision, other: Release) -> list[str]:
        """Return the rules behind a changed decision that `other` lacks."""
        elsewhere = {_essence(rule) for rule in other.rules}
        effect = DECIDES[decision.disposition]
        new = [rule for rule in self._rules if rule.effect == effect and _essence(rule) not in elsewhere]
        return [rule.id for rule in new if self._decides(rule, among)]

    def _decides(self, rule: DecisionRule, among: int) -> bool:
        d = self._logic.diagram
        at = set(steps_of(rule))
        decides = self._space.where(self._step_root, self._step_root, lambda step, _: step in at)
        return d.choose(among, d.choose(decides, d.condition(rule.when), d.false), d.false) != d.false


def _essence(rule: DecisionRule) -> tuple[object, ...]:
    """Return what of a rule decides."""
    return rule.id, rule.kind, rule.when, rule.pathways


def _is_recommended(decision: object, pathways: Collection[str]) -> bool:
    return isinstance(decision, Decision) and decision.pathway in pathways


def _is(decision: object, disposition: Disposition) -> bool:
    return isinstance(decision, Decision) and decision.disposition == disposition
