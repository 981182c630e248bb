"""The compiled decision of a release, and exact questions to it."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from app.core.conditions import Condition, comparisons, facts_read
from app.core.diagram import UNKNOWN, Diagram, Regions, Rest, restrict, variable
from app.core.facts import Candidate, Fact, Value
from app.core.precedence import Decision, DecisionAtStep, Step, cases
from app.core.remaining import Remaining
from app.core.rules import DecisionRule


def diagram_of(facts: Iterable[Fact], conditions: Sequence[Condition], budget: int = 1_000_000) -> Diagram:
    """Return an empty diagram over the facts that conditions read."""
    compared = [c for condition in conditions for c in comparisons(condition)]
    read = {c.fact for c in compared}
    return Diagram([variable(fact, compared) for fact in facts if fact.name in read], budget)


def state_of(condition: Condition, facts: Mapping[str, Fact], known: Candidate) -> bool | None:
    """Return whether a condition holds for all, no or some completions."""
    diagram = diagram_of(facts.values(), [condition])
    return diagram.state(diagram.condition(condition), diagram.regions(known))


Visited = tuple[dict[int, list[int]], list[int]]
"""By level the nodes that are reached there, and the decisions that are reached past it, as bits."""
Branch = tuple[str | None, Any]
"""The fact to look at next, and a branch for each of its values; at the end no fact, and the rest that is left."""


class Outlook(NamedTuple):
    """The outlook of completions: decisions, deciding steps, facts to find out."""

    possible: Sequence[Decision]
    steps: frozenset[Step]
    left: Rest


class Logic:
    """The decision rules of one release as a diagram.

    `facts` are all facts of the release in asking order, `order` the order in which the diagram looks at them (any
    that are not named follow in asking order). Raises `BudgetExceededError` where the diagram outgrows `budget` nodes.
    `beside` are conditions that the diagram is asked about beside the rules, such as those of laws.
    """

    def __init__(
        self,
        facts: Mapping[str, Fact],
        rules: Sequence[DecisionRule],
        order: Sequence[str] = (),
        budget: int = 1_000_000,
        beside: Sequence[Condition] = (),
    ) -> None:
        self.facts = facts
        self.rules = tuple(rules)
        listed = cases(rules)
        ordered = [facts[name] for name in order if name in facts]
        ordered += [fact for name, fact in facts.items() if name not in set(order)]
        self.diagram = diagram_of(ordered, [*(rule.when for rule in rules), *beside], budget)
        self.decision_root = self._root([(case.when, case.then.decision) for case in listed])
        self.step_root = self._root([(case.when, case.then.step) for case in listed])
        self.case_root = self._root([(case.when, case.then) for case in listed])
        self.rule_roots = {rule.id: self.diagram.condition(rule.when) for rule in rules}
        self._assumed = self._assumed_regions()
        levels = [self.diagram.level_of[name] for name in facts if name in self.diagram.level_of]
        self.assumable = {level: self._assumed[level] for level in levels if self._assumed[level] != UNKNOWN}
        """The levels of facts of which something is assumed, in asking order, and what."""
        self._trees = {strict: self._tree(strict=strict) for strict in (False, True)}
        terminal = self.diagram.terminal
        self._decisions = [(terminal(d), d) for d in dict.fromkeys(case.then.decision for case in listed)]
        self._decision_of = {terminal(case.then): terminal(case.then.decision) for case in listed}

    @cached_property
    def size(self) -> int:
        """How many nodes decision and step use."""
        return self.diagram.size([self.decision_root, self.step_root])

    @cached_property
    def remaining(self) -> Remaining:
        """What is left to candidates of whom nothing is doubted."""
        return Remaining(self.diagram, self.case_root, self._decision_of, self.assumable)

    def _root(self, answers: Sequence[tuple[Condition, Hashable]]) -> int:
        """Return the root of the first case that holds."""
        root = self.diagram.false
        for when, answer in reversed(answers):
            root = self.diagram.choose(self.diagram.condition(when), self.diagram.terminal(answer), root)
        return root

    def _assumed_regions(self) -> list[int]:
        regions = []
        for v in self.diagram.variables:
            inside = {v.region_of[value] for value in v.fact.assumed or ()}
            if len(inside) > 1:
                raise ValueError(f"`{v.fact.name}`: a rule tells the assumed values apart")
            regions.append(inside.pop() if inside else UNKNOWN)
        return regions

    def regions(self, candidate: Candidate, doubted: Iterable[str] = (), *, strict: bool) -> Regions:
        """Return the candidate as regions, with assumptions unless `strict`."""
        given = self.diagram.regions(candidate)
        return given if strict else self.assumed(given, doubted)

    def assumed(self, given: Regions, doubted: Iterable[str] = ()) -> Regions:
        """Return regions with unknown confirm facts, save `doubted`, as assumed."""
        assumed = self._assumed
        if doubted:
            unsure = {self.diagram.level_of.get(name) for name in doubted}
            assumed = [UNKNOWN if level in unsure else region for level, region in enumerate(assumed)]
        return bytes([a if region == UNKNOWN else region for region, a in zip(given, assumed, strict=True)])

    def possible(self, regions: Regions) -> list[Decision]:
        """Return every decision that a completion reaches, in fixed order."""
        return self.decisions(self.diagram.reachable(self.decision_root, regions))

    def decisions(self, bits: int) -> list[Decision]:
        """Return the decisions that bits of terminals stand for, in fixed order."""
        return [decision for terminal, decision in self._decisions if bits >> ~terminal & 1]

    def _tree(self, *, strict: bool) -> Branch:
        """Return the diagram as nested tables by value."""
        d = self.diagram
        known: dict[int, Branch] = {}

        def branch(node: int) -> Branch:
            if node < 0:
                return None, Rest(node, ())
            if node not in known:
                v, children = d.variables[d.levels[node]], d.children[node]
                branches: dict[Value | None, Branch] = {
                    value: branch(children[region]) for value, region in v.region_of.items()
                }
                assumed = self._assumed[d.levels[node]]
                if not strict and assumed != UNKNOWN:
                    branches[None] = branch(children[assumed])
                known[node] = v.fact.name, branches
            return known[node]

        return branch(self.case_root)

    def settled(self, candidate: Candidate, *, strict: bool) -> Rest | None:
        """Return the rest that known facts lead to, if they do."""
        name, branches = self._trees[strict]
        known = candidate.get
        try:
            while name is not None:
                name, branches = branches[known(name)]
        except KeyError:
            return None
        return branches  # type: ignore[no-any-return]

    def outlook(self, rest: Rest) -> Outlook:
        """Return the outlook of a rest; equal rests, equal outlooks."""
        reached = rest.terminals()
        decisions = {self._decision_of[terminal] for terminal in reached}
        staged = [self.diagram.terminals[~terminal] for terminal in reached]
        return Outlook(
            [decision for terminal, decision in self._decisions if terminal in decisions],
            frozenset(each.step for each in staged if isinstance(each, DecisionAtStep)),
            rest.mapped(self._decision_of) if len(decisions) > 1 else Rest(decisions.pop(), ()),
        )

    def left(self, regions: Regions) -> Rest:
        """Return what of the decision alone is left to find out."""
        return restrict(self.diagram, self.decision_root, regions)

    def missing(self, rest: Rest) -> list[str]:
        """Return the unknown facts a rest depends on, in asking order."""
        left = {self.diagram.variables[level].fact.name for level in rest.levels()}
        return [name for name in self.facts if name in left]

    def state(self, rule: DecisionRule, regions: Regions) -> bool | None:
        """Return whether a rule's own condition holds, or `None` if undecided."""
        return self.diagram.state(self.rule_roots[rule.id], regions)

    def depends_on(self, rule: DecisionRule, regions: Regions) -> list[str]:
        """Return the unknown facts a rule's own condition depends on."""
        return self.missing(restrict(self.diagram, self.rule_roots[rule.id], regions))

    def pinned_by(self, rule: DecisionRule, regions: Regions) -> tuple[str, ...]:
        """Return known facts that settle a rule's settled condition, all needed."""
        return self.diagram.pinned_by(self.rule_roots[rule.id], facts_read(rule.when), regions)

    def left_to(self, given: Regions, doubted: Collection[str] = (), *, strict: bool) -> tuple[Rest, tuple[str, ...]]:
        """Return the cases left to a candidate, and the open assumptions."""
        if strict:
            return restrict(self.diagram, self.case_root, given), ()
        if doubted:  # what these leave seldom repeats: to find each state of it takes two to four times as long
            regions = self.assumed(given, doubted)
            return restrict(self.diagram, self.case_root, regions), self.open_assumptions(regions, given)
        rest, matter = self.remaining.of(given)
        return rest, tuple([self.diagram.variables[level].fact.name for level in matter])

    def open_assumptions(self, regions: Regions, given: Regions) -> tuple[str, ...]:
        """Return the assumed facts whose other values change what is possible."""
        d = self.diagram
        bits = d.reachability(regions)
        now = bits(self.decision_root)
        inside, crossing = self.visited(regions, bits)
        found = set()
        for level, nodes in inside.items():
            if given[level] != UNKNOWN or regions[level] == UNKNOWN:
                continue
            for region in range(len(d.variables[level].regions)):
                there = crossing[level]
                for node in nodes:
                    there |= bits(d.children[node][region])
                if region != regions[level] and there != now:
                    found.add(d.variables[level].fact.name)
                    break
        return tuple(name for name in self.facts if name in found) if found else ()

    def visited(self, regions: Regions, bits: Callable[[int], int]) -> Visited:
        """Return by level the reached nodes, and decisions that skip it."""
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
            region = regions[level]
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
