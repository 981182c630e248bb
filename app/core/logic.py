"""A release compiled: its decision as a diagram, and what can be asked of it exactly.

`Logic` answers three things for any set of known facts: which decisions completions reach (`possible`), which unknown
facts the decision still depends on (`missing`), and which assumed facts would change it (`objections`). All are exact
and none enumerates completions.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from app.core.conditions import Condition, comparisons, conjuncts, facts_read
from app.core.diagram import UNKNOWN, Diagram, Restriction, restrict, variable
from app.core.facts import Candidate, Fact
from app.core.precedence import Case, Decision, Stage, cases, phases
from app.core.rules import DecisionRule
from app.core.states import REMEMBERED, STATE_OF_BITS, States, Votes
from app.core.traits import Reading, Sight


def diagram_of(facts: Iterable[Fact], conditions: Sequence[Condition], budget: int = 1_000_000) -> Diagram:
    """Return an empty diagram over the facts that the conditions read, in the order given."""
    compared = [c for condition in conditions for c in comparisons(condition)]
    read = {c.fact for c in compared}
    return Diagram([variable(fact, compared) for fact in facts if fact.name in read], budget)


class Conditions:
    """Conditions that may share facts, compiled so that each is exactly held, not held, or undecided."""

    def __init__(self, facts: Iterable[Fact], conditions: Iterable[Condition]) -> None:
        listed = list(dict.fromkeys(conditions))
        self.diagram = diagram_of(facts, listed)
        self.roots = {condition: self.diagram.condition(condition) for condition in listed}
        self._votes = Votes(self.diagram, list(self.roots.values()))
        self.sight = Sight(self.diagram, self._votes, len(listed))
        self._place = {condition: 2 * number for number, condition in enumerate(listed)}
        self._below = [(root, self.diagram.levels_below(root)) for root in self.roots.values()]
        self._left = lru_cache(REMEMBERED)(self._depends_on)

    def read_by(self, places: Iterable[int]) -> tuple[int, ...]:
        """Return the levels that the conditions at these places read."""
        return tuple(sorted({level for place in places for level in self._below[place // 2][1]}))

    def only(self, levels: Sequence[int], regions: Sequence[int]) -> Reading:
        """Return a reading in which these levels alone are known."""
        known = dict(zip(levels, regions, strict=True))
        return bytes([known.get(level, UNKNOWN) for level in range(len(self.diagram.variables))])

    def states(self, reading: Reading) -> States:
        """Return the states of all conditions, for `state_at` and the `place` of each."""
        return self._votes.of(reading)

    def place(self, condition: Condition) -> int:
        """Return where the state of a condition stands."""
        return self._place[condition]

    def state(self, condition: Condition, reading: Reading) -> bool | None:
        """Return whether every completion makes the condition hold, none does, or (`None`) it is undecided."""
        return STATE_OF_BITS[self.diagram.reachable(self.roots[condition], reading)]

    def depends_on(self, place: int, reading: Reading) -> tuple[str, ...]:
        """Return the unknown facts on which the condition at a place still depends."""
        number = place // 2
        return self._left(number, tuple([reading[level] for level in self._below[number][1]]))

    def _depends_on(self, number: int, regions: tuple[int, ...]) -> tuple[str, ...]:
        root, levels = self._below[number]
        left = restrict(self.diagram, root, self.only(levels, regions)).levels()
        return tuple(self.diagram.variables[level].fact.name for level in sorted(left))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What completions can come to: `possible` decisions in a fixed order, the `stages` that decide, what is `left`."""

    possible: Sequence[Decision]
    stages: frozenset[Stage]
    left: Restriction


class Logic:
    """The decision rules of one release as a diagram.

    `facts` are all facts of the release in asking order, `order` the order in which the diagram looks at them (any
    that are not named follow in asking order). Raises `BudgetExceededError` where the diagram outgrows `budget` nodes.
    """

    def __init__(
        self,
        facts: Mapping[str, Fact],
        rules: Sequence[DecisionRule],
        order: Sequence[str] = (),
        budget: int = 1_000_000,
    ) -> None:
        self.facts = facts
        self.rules = tuple(rules)
        listed = cases(rules)
        ordered = [facts[name] for name in order if name in facts]
        ordered += [fact for name, fact in facts.items() if name not in set(order)]
        self.diagram = diagram_of(ordered, [rule.when for rule in rules], budget)
        self.decision_root = self._root({case: case.outcome.decision for case in listed})
        self.stage_root = self._root({case: case.outcome.stage for case in listed})
        self._outcome_root = self._root({case: case.outcome for case in listed})
        self.rule_roots = {rule.id: self.diagram.condition(rule.when) for rule in rules}
        self.place = {rule.id: 2 * number for number, rule in enumerate(self.rules)}
        parts = [(rule.id, self.diagram.condition(part)) for rule in phases(rules) for part in conjuncts(rule.when)]
        self.parts: dict[str, list[int]] = {rule.id: [] for rule in phases(rules)}
        """Where the states of the parts of each phase's condition stand."""
        for number, (name, _) in enumerate(parts, len(self.rules)):
            self.parts[name].append(2 * number)
        self._votes = Votes(self.diagram, [*self.rule_roots.values(), *(root for _, root in parts)])
        self.sight = Sight(self.diagram, self._votes, len(self.rules) + len(parts))
        self._read_by = {rule.id: self._levels_read(rule) for rule in self.rules}
        self._pinned = lru_cache(REMEMBERED)(self._pinned_by)
        self._reached = lru_cache(REMEMBERED)(self._come_to)
        self._assumed = self._assumed_regions()
        terminal = self.diagram.terminal
        self._decisions = [(terminal(d), d) for d in dict.fromkeys(case.outcome.decision for case in listed)]
        self._stage_of = {terminal(case.outcome): case.outcome.stage for case in listed}
        self._decision_of = {terminal(case.outcome): terminal(case.outcome.decision) for case in listed}
        self._settled = {
            terminal(case.outcome): Outlook(
                [case.outcome.decision],
                frozenset([case.outcome.stage]),
                Restriction(terminal(case.outcome.decision), []),
            )
            for case in listed
        }

    @cached_property
    def size(self) -> int:
        """How many nodes decision and stage use."""
        return self.diagram.size([self.decision_root, self.stage_root])

    def _root(self, answers: Mapping[Case, Hashable]) -> int:
        """Return the root of the answer that goes with the first case that holds; the last one always does."""
        root = self.diagram.false
        for case, answer in reversed(list(answers.items())):
            root = self.diagram.choose(self.diagram.condition(case.when), self.diagram.terminal(answer), root)
        return root

    def _assumed_regions(self) -> list[int]:
        regions = []
        for v in self.diagram.variables:
            inside = {v.region_of[value] for value in v.fact.assumed or ()}
            if len(inside) > 1:
                raise ValueError(f"`{v.fact.name}`: a rule tells the assumed values apart")
            regions.append(inside.pop() if inside else UNKNOWN)
        return regions

    def reading(self, candidate: Candidate, *, strict: bool) -> Reading:
        """Return the candidate as regions; unless `strict`, unknown confirm facts are at their assumed value."""
        given = self.diagram.reading(candidate)
        return given if strict else self.assumed(given)

    def assumed(self, given: Reading) -> Reading:
        """Return a reading with unknown confirm facts at their assumed value."""
        return bytes([a if region == UNKNOWN else region for region, a in zip(given, self._assumed, strict=True)])

    def possible(self, reading: Reading) -> list[Decision]:
        """Return every decision that a completion reaches, in a fixed order; exactly one where it is settled."""
        bits = self.diagram.reachable(self.decision_root, reading)
        return [decision for terminal, decision in self._decisions if bits >> ~terminal & 1]

    def outlook(self, reading: Reading) -> Outlook:
        """Return what completions can come to, and what of the decision is left to find out, in one go."""
        root = self.diagram.descend(self._outcome_root, reading)
        if root < 0:
            return self._settled[root]
        left = restrict(self.diagram, root, reading)
        if left.root < 0:
            return self._settled[left.root]
        reached = frozenset(left.terminals())
        possible, stages, decisions = self._reached(reached)
        return Outlook(
            possible,
            stages,
            left.mapped(self._decision_of) if len(decisions) > 1 else Restriction(next(iter(decisions)), []),
        )

    def _come_to(self, reached: frozenset[int]) -> tuple[Sequence[Decision], frozenset[Stage], set[int]]:
        """Return the decisions, the stages, and the terminals of the decisions, of these outcomes."""
        decisions = {self._decision_of[outcome] for outcome in reached}
        return (
            [decision for terminal, decision in self._decisions if terminal in decisions],
            frozenset(self._stage_of[outcome] for outcome in reached),
            decisions,
        )

    def restricted(self, reading: Reading) -> Restriction:
        """Return what of the decision is left to find out."""
        return restrict(self.diagram, self.decision_root, reading)

    def missing(self, restriction: Restriction) -> list[str]:
        """Return the unknown facts on which the decision still depends, in asking order."""
        left = {self.diagram.variables[level].fact.name for level in restriction.levels()}
        return [name for name in self.facts if name in left]

    def state(self, rule: DecisionRule, reading: Reading) -> bool | None:
        """Return whether a rule's own condition holds, does not, or (`None`) is undecided."""
        return STATE_OF_BITS[self.diagram.reachable(self.rule_roots[rule.id], reading)]

    def depends_on(self, rule: DecisionRule, reading: Reading) -> list[str]:
        """Return the unknown facts on which a rule's own condition still depends, in asking order."""
        return self.missing(restrict(self.diagram, self.rule_roots[rule.id], reading))

    def states(self, reading: Reading) -> States:
        """Return the states of all rules' own conditions and of the parts of phases, for `state_at` and the places."""
        return self._votes.of(reading)

    def pinned_by(self, rule: DecisionRule, reading: Reading) -> tuple[str, ...]:
        """Return known facts that by themselves settle a rule's condition, in the order it reads them.

        None of them can be left out. Meant for a rule whose condition is settled.
        """
        return self._pinned(rule.id, tuple([reading[level] for _, level in self._read_by[rule.id]]))

    def _levels_read(self, rule: DecisionRule) -> list[tuple[str, int]]:
        return [(name, self.diagram.level_of[name]) for name in facts_read(rule.when)]

    def _pinned_by(self, rule: str, regions: tuple[int, ...]) -> tuple[str, ...]:
        trial = [UNKNOWN] * len(self.diagram.variables)
        for (_, level), region in zip(self._read_by[rule], regions, strict=True):
            trial[level] = region
        known = [(name, level) for name, level in self._read_by[rule] if trial[level] != UNKNOWN]
        root = self.rule_roots[rule]
        state = self.diagram.reachable(root, trial)
        for _, level in reversed(known if len(known) > 1 else ()):
            region, trial[level] = trial[level], UNKNOWN
            if self.diagram.reachable(root, trial) != state:
                trial[level] = region
        return tuple(name for name, level in known if trial[level] != UNKNOWN)

    def objections(self, reading: Reading, given: Reading) -> list[str]:
        """Return the unknown facts of which another value than the assumed one changes what is possible.

        `reading` is `given` with assumptions.
        """
        d = self.diagram
        bits = d.reachability(reading)
        now = bits(self.decision_root)
        inside, crossing = self._visited(reading, bits)
        found = []
        for level, nodes in inside.items():
            if given[level] != UNKNOWN or reading[level] == UNKNOWN:
                continue
            for region in range(len(d.variables[level].regions)):
                there = crossing[level]
                for node in nodes:
                    there |= bits(d.children[node][region])
                if region != reading[level] and there != now:
                    found.append(d.variables[level].fact.name)
                    break
        return [name for name in self.facts if name in found]

    def _visited(self, reading: Reading, bits: Callable[[int], int]) -> tuple[dict[int, list[int]], list[int]]:
        """Return the nodes reached by level, and by level the decisions of the ways that pass it by."""
        d = self.diagram
        depth = len(d.variables)
        crossing = [0] * depth
        inside: dict[int, list[int]] = {}
        todo = [self.decision_root]
        seen = set(todo)
        while todo:
            node = todo.pop()
            if node < 0:
                continue
            level = d.levels[node]
            inside.setdefault(level, []).append(node)
            region = reading[level]
            for child in d.distinct[node] if region == UNKNOWN else (d.children[node][region],):
                below = d.levels[child] if child >= 0 else depth
                if below > level + 1:
                    reached = bits(child)
                    for passed in range(level + 1, below):
                        crossing[passed] |= reached
                if child not in seen:
                    seen.add(child)
                    todo.append(child)
        return inside, crossing
