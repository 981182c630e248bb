"""The compiled decision: a hash-consed multi-valued decision diagram.

A node looks at one fact and has one child for each region of that fact's values; a terminal is an answer. Equal nodes
are one node, and a node whose children are all equal does not exist, so for a given order of the facts equal functions
are equal numbers. Everything exact about unknown facts follows from that: what can still be reached, and which facts
still matter.

Nodes are numbered from 0, terminals are `-1, -2, ...`; `~terminal` is its place in `terminals`. `Regions` say what is
known of a candidate: one region a level, or `UNKNOWN`.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.core.conditions import All, Any, Comparison, Condition, Not
from app.core.facts import Candidate, Fact, Value
from app.core.memo import Memo

UNKNOWN = 255
"""No region has this number, so that regions can be a string of bytes."""
Regions = Sequence[int]
"""What is known of a candidate: the region of each level's fact, or `UNKNOWN`."""
Node = tuple[int, tuple[int, ...]]
"""A level, and a child for each of its regions; a child below 0 is a terminal."""
STATE_OF_BITS: tuple[bool | None, ...] = (None, True, False, None)
"""By the bits of the terminals `True` (1) and `False` (2), which every diagram makes first."""


class BudgetExceededError(Exception):
    """The diagram needs more nodes than its budget allows."""


@dataclass(frozen=True)
class Variable:
    """A fact whose values are cut into indistinguishable regions."""

    fact: Fact
    regions: tuple[tuple[Value, ...], ...]
    region_of: Mapping[Value, int]


def variable(fact: Fact, compared: Iterable[Comparison]) -> Variable:
    """Return a fact cut into the regions that comparisons distinguish."""
    accepted = list(dict.fromkeys(c.accepted for c in compared if c.fact == fact.name))
    regions: dict[tuple[bool, ...], list[Value]] = {}
    for value in fact.domain:
        regions.setdefault(tuple(value in a for a in accepted), []).append(value)
    cut = tuple(tuple(values) for values in regions.values())
    if len(cut) > UNKNOWN:
        raise ValueError(f"`{fact.name}`: rules cut its values into {len(cut)} regions, and {UNKNOWN} is the most")
    return Variable(fact, cut, {value: i for i, values in enumerate(cut) for value in values})


class Diagram:
    """The nodes over ordered variables; conditions and choices become roots."""

    def __init__(self, variables: Sequence[Variable], budget: int = 1_000_000) -> None:
        self.variables = tuple(variables)
        self.level_of = {v.fact.name: level for level, v in enumerate(self.variables)}
        self._regions = [(v.fact.name, v.region_of) for v in self.variables]
        self.terminals: list[Hashable] = []
        self.levels: list[int] = []
        self.children: list[tuple[int, ...]] = []
        self.distinct: list[tuple[int, ...]] = []
        self._budget = budget
        self._terminal_of: dict[Hashable, int] = {}
        self._unique: dict[Node, int] = {}
        self._choices: dict[tuple[int, int, int], int] = {}
        self.true = self.terminal(True)
        self.false = self.terminal(False)

    def terminal(self, value: Hashable) -> int:
        """Return the terminal that answers `value`."""
        if value not in self._terminal_of:
            self._terminal_of[value] = ~len(self.terminals)
            self.terminals.append(value)
        return self._terminal_of[value]

    def node(self, level: int, children: tuple[int, ...]) -> int:
        """Return the one node at `level` with these children."""
        first = children[0]
        if all(child == first for child in children):
            return first
        key = (level, children)
        if key not in self._unique:
            if len(self.levels) >= self._budget:
                raise BudgetExceededError(f"more than {self._budget} nodes")
            self._unique[key] = len(self.levels)
            self.levels.append(level)
            self.children.append(children)
            self.distinct.append(tuple(dict.fromkeys(children)))
        return self._unique[key]

    def condition(self, condition: Condition) -> int:
        """Return the root of a condition: `True` where it holds."""
        match condition:
            case Comparison(fact, accepted):
                level = self.level_of[fact]
                regions = self.variables[level].regions
                return self.node(level, tuple(self.true if r[0] in accepted else self.false for r in regions))
            case Not(part):
                return self.choose(self.condition(part), self.false, self.true)
            case All(parts):
                root = self.true
                for joined in self._deepest_first(parts):
                    root = self.choose(joined, root, self.false)
                return root
            case Any(parts):
                root = self.false
                for joined in self._deepest_first(parts):
                    root = self.choose(joined, self.true, root)
                return root

    def _deepest_first(self, parts: Iterable[Condition]) -> list[int]:
        """Return conditions' roots, ordered to build few nodes on the way."""
        roots = {self.condition(part) for part in parts}
        return sorted(
            roots, key=lambda root: (self.levels[root] if root >= 0 else len(self.variables), root), reverse=True
        )

    def choose(self, test: int, then: int, otherwise: int) -> int:
        """Return `then` where `test` is `True`, else `otherwise`, as a root."""
        if test == self.true or then == otherwise:
            return then
        if test == self.false:
            return otherwise
        key = (test, then, otherwise)
        if key not in self._choices:
            level = min(self.levels[n] for n in key if n >= 0)
            width = len(self.variables[level].regions)
            split = [self._split(n, level, width) for n in key]
            self._choices[key] = self.node(level, tuple(map(self.choose, *split)))
        return self._choices[key]

    def _split(self, node: int, level: int, width: int) -> tuple[int, ...]:
        return self.children[node] if node >= 0 and self.levels[node] == level else (node,) * width

    def regions(self, candidate: Candidate) -> Regions:
        """Return the candidate as one region a level."""
        known = candidate.get
        if len(candidate) < len(self._regions) // 4:
            few = bytearray([UNKNOWN]) * len(self._regions)
            for name, answer in candidate.items():
                if name in self.level_of:
                    few[self.level_of[name]] = self.variables[self.level_of[name]].region_of[answer]
            return bytes(few)
        return bytes([UNKNOWN if (value := known(name)) is None else regions[value] for name, regions in self._regions])

    def state(self, root: int, regions: Regions) -> bool | None:
        """Return whether a condition holds for all, no or some completions."""
        levels, children = self.levels, self.children
        while root >= 0:
            region = regions[levels[root]]
            if region == UNKNOWN:
                return STATE_OF_BITS[self.reachable(root, regions)]
            root = children[root][region]
        return root == self.true

    def depends_on(self, root: int, regions: Regions) -> tuple[str, ...]:
        """Return the unknown facts a root depends on, by level."""
        left = restrict(self, root, regions).levels()
        return tuple(self.variables[level].fact.name for level in sorted(left))

    def pinned_by(self, root: int, names: Sequence[str], regions: Regions) -> tuple[str, ...]:
        """Return known facts that settle a settled condition; all are needed."""
        trial = list(regions)
        state = self.reachable(root, trial)
        known = [(name, level) for name in names if trial[level := self.level_of[name]] != UNKNOWN]
        for _, level in reversed(known if len(known) > 1 else ()):
            region, trial[level] = trial[level], UNKNOWN
            if self.reachable(root, trial) != state:
                trial[level] = region
        return tuple(name for name, level in known if trial[level] != UNKNOWN)

    def reachable(self, root: int, regions: Regions) -> int:
        """Return the terminals that completions reach, as bits: bit `~terminal` for each."""
        return self.reachability(regions)(root)

    def reachability(self, regions: Regions) -> Callable[[int], int]:
        """Return a function from node to reachable terminals, with a memory."""
        levels, children, distinct = self.levels, self.children, self.distinct
        known: dict[int, int] = {}

        def bits(node: int) -> int:
            path = []
            while node >= 0:  # known facts leave one way: no recursion along them
                found = known.get(node)
                if found is not None:
                    break
                path.append(node)
                region = regions[levels[node]]
                if region == UNKNOWN:
                    found = 0
                    for child in distinct[node]:
                        found |= bits(child)
                    break
                node = children[node][region]
            else:
                found = 1 << ~node
            for passed in path:
                known[passed] = found
            return found

        return bits

    def size(self, roots: Iterable[int]) -> int:
        """Return how many nodes these roots use together."""
        seen: set[int] = set()
        todo = [root for root in roots if root >= 0]
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo.extend(child for child in self.distinct[node] if child >= 0)
        return len(seen)


class Rest(NamedTuple):
    """What is left of a root after the known facts.

    In `nodes` children stand before parents. `root` is the last node, or a terminal where nothing matters any more.
    Equal rests are equal functions of what is unknown.
    """

    root: int
    nodes: tuple[Node, ...]

    def levels(self) -> set[int]:
        """Return the levels on which the answer still depends."""
        return {level for level, _ in self.nodes}

    def terminals(self) -> set[int]:
        """Return the terminals that can still be reached."""
        if self.root < 0:
            return {self.root}
        return {child for _, children in self.nodes for child in children if child < 0}

    def mapped(self, terminals: Mapping[int, int]) -> "Rest":
        """Return the same with other terminals, reduced again."""
        if self.root < 0:
            return Rest(terminals[self.root], ())
        reduced = Reduced()
        results: list[int] = []
        for level, children in self.nodes:
            kids = tuple([terminals[child] if child < 0 else results[child] for child in children])
            results.append(reduced.node(level, kids))
        return reduced.rest(results[self.root])


ONE = Memo[Node, Node](lambda node: node, 8_192)
"""Each node of rests once: of 12,000 that rests keep, 400 are different ones."""


class Reduced:
    """Nodes, each once, and none whose children are all the same."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._unique: dict[Node, int] = {}

    def rest(self, root: int) -> Rest:
        """Return these nodes as a rest, the last as root."""
        return Rest(root, tuple(self.nodes))

    def node(self, level: int, children: tuple[int, ...]) -> int:
        """Return the one node at `level` with these children."""
        if children.count(children[0]) == len(children):
            return children[0]
        key = (level, children)
        result = self._unique.setdefault(key, len(self.nodes))
        if result == len(self.nodes):
            self.nodes.append(ONE[key])
        return result


def restrict(diagram: Diagram, root: int, regions: Regions) -> Rest:
    """Fill the known facts into a root and reduce what remains.

    A fact is on a level of the result exactly where two completions that differ in that fact alone differ in the
    answer, because the result is reduced.
    """
    levels, children = diagram.levels, diagram.children
    reduced = Reduced()
    done: dict[int, int] = {}

    def visit(node: int) -> int:
        while node >= 0:  # known facts leave one way
            region = regions[levels[node]]
            if region == UNKNOWN:
                break
            node = children[node][region]
        else:
            return node
        result = done.get(node)
        if result is None:
            kids = tuple([visit(child) for child in children[node]])
            result = done[node] = reduced.node(levels[node], kids)
        return result

    return reduced.rest(visit(root))
