"""What the facts of a decision leave, fact by fact.

A candidate goes through the facts in the diagram's order, from both ends: the first facts leave a rest, and the last
facts leave of every node the terminals that it may come to. Equal states are one, so that what follows is found once.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import accumulate, count
from operator import getitem
from typing import Any, Generic, TypeVar

from app.core.diagram import UNKNOWN, Diagram, Reduced, Regions, Rest

S = TypeVar("S", bound=Hashable)
MOST = 32_768
"""How many states, and pairs of them, are kept: 20,000 half-known candidates come to 16,000."""
Reachable = tuple[int, ...]
"""For each node that earlier facts may lead to, the terminals that the later facts leave, as bits."""
Ways = frozenset[frozenset[int]]
"""The places in `Reachable` to which the regions of a fact lead, each set once: one alone changes nothing."""


class Earlier:
    """What the first facts leave: rests over nodes of later facts."""

    def __init__(self, diagram: Diagram, root: int) -> None:
        self._diagram = diagram
        self.begin = Rest(self._leaf(root), ())

    def after(self, rest: Rest, level: int, region: int) -> Rest:
        """Fill the fact of a level into a rest."""
        diagram, reduced = self._diagram, Reduced()
        done: dict[int, int] = {}

        def visit(node: int) -> int:
            if node < 0:
                place = ~node - len(diagram.terminals)
                if place < 0 or diagram.levels[place] != level:
                    return node
                children = diagram.children[place]
                if region != UNKNOWN:
                    return self._leaf(children[region])
                return reduced.node(level, tuple([self._leaf(child) for child in children]))
            if node not in done:
                at, children = rest.nodes[node]
                done[node] = reduced.node(at, tuple([visit(child) for child in children]))
            return done[node]

        found = reduced.rest(visit(rest.root))
        return rest if found == rest else found  # most facts change nothing: one object for all these levels

    def leaves(self, rest: Rest) -> list[int]:
        """Return the nodes and terminals that a rest may still come to."""
        count = len(self._diagram.terminals)
        return [leaf if ~leaf < count else ~leaf - count for leaf in rest.terminals()]

    def _leaf(self, node: int) -> int:
        """Return a node of the diagram as a leaf, below all terminals."""
        return node if node < 0 else ~(len(self._diagram.terminals) + node)


class Later:
    """What the last facts leave of every node: its possible terminals."""

    def __init__(self, diagram: Diagram, root: int, meaning: Mapping[int, int] | None = None) -> None:
        """`meaning` has for each terminal the one that is told of it."""
        self._diagram = diagram
        depth = len(diagram.variables)
        met, todo = {root}, [root]
        while todo:
            node = todo.pop()
            new = set(diagram.distinct[node] if node >= 0 else ()) - met
            met |= new
            todo += new

        def level_of(node: int) -> int:
            return depth if node < 0 else diagram.levels[node]

        first = {root: -1}
        for node in met:
            for child in diagram.distinct[node] if node >= 0 else ():
                first[child] = min(first.get(child, depth), level_of(node))
        cuts: list[list[int]] = [[] for _ in range(depth + 1)]
        for node in sorted(met):
            for level in range(first[node] + 1, level_of(node) + 1):
                cuts[level].append(node)
        self.places: Sequence[Mapping[int, int]] = [{node: place for place, node in enumerate(cut)} for cut in cuts]
        """By level the place in `Reachable` of each node that is met at it or later."""
        self.begin: Reachable = tuple(1 << ~(meaning or {}).get(node, node) for node in cuts[depth])

    def after(self, reachable: Reachable, level: int, region: int) -> Reachable:
        """Return what is reached with the fact of a level too."""
        diagram, below = self._diagram, self.places[level + 1]
        found = []
        for node in self.places[level]:
            if node < 0 or diagram.levels[node] != level:
                found.append(reachable[below[node]])
            elif region != UNKNOWN:
                found.append(reachable[below[diagram.children[node][region]]])
            else:
                bits = 0
                for child in diagram.distinct[node]:
                    bits |= reachable[below[child]]
                found.append(bits)
        return tuple(found)

    def ways(self, leaves: Sequence[int], level: int) -> Ways:
        """Return where the regions of a level's fact lead from these nodes."""
        diagram, places = self._diagram, self.places[level + 1]
        here = [node for node in leaves if node >= 0 and diagram.levels[node] == level]
        beyond = frozenset([places[node] for node in leaves if node not in here])
        if not here:
            return frozenset([beyond])
        regions = range(len(diagram.variables[level].regions))
        return frozenset([beyond.union([places[diagram.children[node][each]] for node in here]) for each in regions])


def reached(ways: Ways, reachable: Reachable) -> set[int]:
    """Return the terminals that each way leads to, as bits."""
    found = set()
    for way in ways:
        bits = 0
        for place in way:
            bits |= reachable[place]
        found.add(bits)
    return found


class State(dict[int, "State[S]"], Generic[S]):
    """What some facts leave; by region of the next, its state."""

    __slots__ = ("_after", "level", "matters", "number", "value", "ways")

    def __init__(self, number: int, level: int, value: S, after: "Callable[[State[S], int], State[S]]") -> None:
        self.number, self.level, self.value, self._after = number, level, value, after
        self.ways: Ways | None = None
        """Where the next fact leads to, found together with `matters` once it is asked for."""
        self.matters: dict[int, bool]
        """By the number of what later facts leave: whether another value of the next fact changes what is possible."""

    def __missing__(self, region: int) -> "State[S]":
        """Find the state after the next fact, and keep it."""
        found = self[region] = self._after(self, region)
        return found


class Remaining:
    """What candidates leave of one decision, and the assumptions that matter.

    Full, it is begun anew. `meaning` has for each terminal that of its decision, `assumed` by level the region that an
    unknown fact is taken for, in the order in which levels that matter are listed.
    """

    def __init__(
        self, diagram: Diagram, root: int, meaning: Mapping[int, int], assumed: Mapping[int, int], most: int = MOST
    ) -> None:
        self._earlier, self._later = Earlier(diagram, root), Later(diagram, root, meaning)
        self._depth, self._assumed, self._most = len(diagram.variables), assumed, most
        self._next, self._previous = self._after_earlier, self._after_later
        self._numbers = count()
        self._begin()

    def _begin(self) -> None:
        self._kept = 0
        self._states: list[dict[Any, State[Any]]] = [{} for _ in range(2 * self._depth + 2)]
        self._first: State[Rest] = State(next(self._numbers), 0, self._earlier.begin, self._next)
        self._last: State[Reachable] = State(next(self._numbers), self._depth, self._later.begin, self._previous)

    def of(self, given: Regions) -> tuple[Rest, list[int]]:
        """Return what is left to a candidate, and which assumed levels matter.

        A level matters where another value of its fact changes what is possible.
        """
        if self._kept > self._most:
            self._begin()
        earlier = list(accumulate(given, getitem, initial=self._first))
        later = list(accumulate(reversed(given), getitem, initial=self._last))
        matter = []
        for level in self._assumed:
            if given[level] != UNKNOWN:
                continue
            state = earlier[level]
            if state.ways is None:
                state.matters = {}  # before what says that it is there
                state.ways = self._later.ways(self._earlier.leaves(state.value), level)
            if len(state.ways) == 1:
                continue
            beyond = later[self._depth - level - 1]
            matters = state.matters.get(beyond.number)
            if matters is None:
                matters = state.matters[beyond.number] = self._matters(state.ways, beyond)
            if matters:
                matter.append(level)
        return earlier[-1].value, matter

    def _matters(self, ways: Ways, beyond: State[Reachable]) -> bool:
        self._kept += 1
        return len(reached(ways, beyond.value)) > 1

    def _after_earlier(self, state: State[Rest], region: int) -> State[Rest]:
        level = state.level + 1
        region = self._taken_for(state.level, region)
        return self._state(level, level, self._earlier.after(state.value, state.level, region), self._next)

    def _after_later(self, state: State[Reachable], region: int) -> State[Reachable]:
        level = state.level - 1
        region = self._taken_for(level, region)
        return self._state(
            level - self._depth - 1, level, self._later.after(state.value, level, region), self._previous
        )

    def _taken_for(self, level: int, region: int) -> int:
        return self._assumed.get(level, UNKNOWN) if region == UNKNOWN else region

    def _state(self, place: int, level: int, value: S, after: Callable[[State[S], int], State[S]]) -> State[S]:
        """Return the one state of a place with this value."""
        states = self._states[place]
        if value not in states:
            self._kept += 1
            states[value] = State(next(self._numbers), level, value, after)
        return states[value]
