"""What changes between two releases: which decisions become which, for how many candidates, and by which rules.

Both releases are compiled into one diagram over the facts of both, so both decide every candidate side by side. A
fact that one release does not have plays no part in its decision.
"""

from collections.abc import Hashable, Mapping, Sequence

from app.core.facts import Candidate, Fact, Value
from app.core.logic import Logic
from app.core.precedence import Decision, cases, stages
from app.core.record import record
from app.core.rules import DecisionRule, Release
from app.core.space import Space


@record
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
    """Facts of which every completion really changes so."""
    rules_before: Sequence[str]
    """Rules of the first release that decide the example and that the second does not have, or has otherwise."""
    rules_after: Sequence[str]
    """Rules of the second release that decide the example and that the first does not have, or has otherwise."""


@record
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
    facts_before: Sequence[str]
    """Facts that only the first release has."""
    facts_after: Sequence[str]
    """Facts that only the second release has."""


def compare(before: Release, after: Release) -> Comparison:
    """Return what changes between two releases."""
    facts = _facts_of_both(before, after)
    logic = Logic(facts, [*before.rules, *(rule for rule in after.rules if rule not in before.rules)], after.order)
    space = Space(logic.diagram, facts, {**before.weights, **after.weights})
    one, other = _decision_root(logic, before), _decision_root(logic, after)
    counts, shares = space.pair_counts(one, other), space.pair_shares(one, other)
    changed = {pair: count for pair, count in counts.items() if pair[0] != pair[1]}
    differences = []
    for (was, becomes), count in sorted(changed.items(), key=lambda item: (-item[1], repr(item[0]))):
        if not isinstance(was, Decision) or not isinstance(becomes, Decision):
            continue
        pair = (was, becomes)

        def changes_so(a: Hashable, b: Hashable, pair: tuple[Decision, Decision] = pair) -> bool:
            return (a, b) == pair

        example = space.find(one, other, changes_so) or {}
        differences.append(
            Difference(
                was,
                becomes,
                str(count),
                shares[was, becomes],
                example,
                _deciding(logic, before, after, example),
                _deciding(logic, after, before, example),
            )
        )
    return Comparison(
        before.id,
        after.id,
        str(space.total),
        str(sum(changed.values())),
        sum(share for pair, share in shares.items() if pair[0] != pair[1]),
        differences,
        [name for name in before.facts if name not in after.facts],
        [name for name in after.facts if name not in before.facts],
    )


def _facts_of_both(before: Release, after: Release) -> dict[str, Fact]:
    for name, fact in before.facts.items():
        if name in after.facts and list(fact.domain) != list(after.facts[name].domain):
            raise ValueError(f"`{name}` has other answers in {after.id}: its candidates cannot be compared")
    return {**before.facts, **after.facts}


def _decision_root(logic: Logic, release: Release) -> int:
    d = logic.diagram
    root = d.terminal(None)
    for case in reversed(cases(release.rules)):
        root = d.choose(d.condition(case.when), d.terminal(case.outcome.decision), root)
    return root


def _deciding(logic: Logic, release: Release, other: Release, example: Candidate) -> list[str]:
    """Return the rules that take part in deciding the example and that the other release does not have so."""
    mine = Logic({**release.facts}, release.rules, release.order)
    reading = mine.reading({name: value for name, value in example.items() if name in release.facts}, strict=True)
    at = mine.stage(reading)
    elsewhere = {_essence(rule) for rule in other.rules}
    return [
        rule.id
        for rule in release.rules
        if _essence(rule) not in elsewhere and at & set(stages(rule)) and mine.state(rule, reading)
    ]


def _essence(rule: DecisionRule) -> tuple[object, ...]:
    """Return what of a rule decides."""
    return rule.id, rule.kind, rule.when, rule.pathways
