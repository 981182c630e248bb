"""The decision of many candidates at once, fact by fact.

A column of candidates goes through the facts in the diagram's order, each candidate as the number of a state. Equal
states are one number, so that the next fact takes all of them on by one look into a table. What a table lacks is found
once, from the diagram.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from app.core.diagram import UNKNOWN, Diagram, Reduced, Rest

Numbers = npt.NDArray[np.int32]
S = TypeVar("S")
MOST = 4_096
"""How many states a level knows; candidates beyond that are lost to the walk, and decided one by one."""
LOST = 0
"""The number of a state that is beyond `MOST`."""


class Walk(ABC, Generic[S]):
    """The states between the facts of a diagram, by level and number."""

    def __init__(self, diagram: Diagram, start: int, begin: S, most: int = MOST) -> None:
        """Begin at a level, before all facts or after."""
        self.diagram = diagram
        self.depth = len(diagram.variables)
        self.widths = [len(v.regions) + 1 for v in diagram.variables]
        """By level how many regions there are, with the last for unknown."""
        self.states: list[list[S | None]] = [[None] for _ in range(self.depth + 1)]
        self._most = most
        self._start = start
        self._numbers: list[dict[S, int]] = [{} for _ in range(self.depth + 1)]
        self._next = [np.full(width, LOST, np.int32) for width in self.widths]
        self.begin = self._number(start, begin)

    def step(self, level: int, states: Numbers, regions: Numbers) -> Numbers:
        """Return the states once the fact of this level is looked at."""
        keys = states * self.widths[level] + regions
        before, after = (level, level + 1) if self._start == 0 else (level + 1, level)
        short = len(self.states[before]) * self.widths[level] - len(self._next[level])
        if short > 0:
            self._next[level] = np.append(self._next[level], np.full(short, -1, np.int32))
        found: Numbers = self._next[level][keys]
        if found.size and found.min() < 0:
            for key in np.unique(keys[found < 0]).tolist():
                number, region = divmod(key, self.widths[level])
                state = self.states[before][number]
                assert state is not None  # noqa: S101 - what is lost has a whole row in the table
                known = UNKNOWN if region == self.widths[level] - 1 else region
                self._next[level][key] = self._number(after, self.after(state, level, known))
            found = self._next[level][keys]
        return found

    @abstractmethod
    def after(self, state: S, level: int, region: int) -> S:
        """Return the state once the fact of this level is looked at."""

    def _number(self, level: int, state: S) -> int:
        numbers, states = self._numbers[level], self.states[level]
        number = numbers.get(state)
        if number is None:
            if len(states) > self._most:
                return LOST
            number = numbers[state] = len(states)
            states.append(state)
        return number


class Rests(Walk[Rest]):
    """What the first facts leave: a rest over nodes of later facts."""

    def __init__(self, diagram: Diagram, root: int, most: int = MOST) -> None:
        super().__init__(diagram, 0, Rest(_leaf(diagram, root), ()), most)

    def after(self, state: Rest, level: int, region: int) -> Rest:
        """Fill one more fact into a rest."""
        diagram, reduced = self.diagram, Reduced()
        done: dict[int, int] = {}

        def visit(node: int) -> int:
            if node < 0:
                place = ~node - len(diagram.terminals)
                if place < 0 or diagram.levels[place] != level:
                    return node
                children = diagram.children[place]
                if region != UNKNOWN:
                    return _leaf(diagram, children[region])
                return reduced.node(level, tuple([_leaf(diagram, child) for child in children]))
            if node not in done:
                at, children = state.nodes[node]
                done[node] = reduced.node(at, tuple([visit(child) for child in children]))
            return done[node]

        return reduced.rest(visit(state.root))

    def leaves(self, level: int, number: int) -> list[int]:
        """Return the nodes and terminals that a rest may still come to."""
        state = self.states[level][number]
        if state is None:
            return []
        count = len(self.diagram.terminals)
        return [leaf if ~leaf < count else ~leaf - count for leaf in state.terminals()]


def _leaf(diagram: Diagram, node: int) -> int:
    """Return a node of the diagram as a leaf, below all terminals."""
    return node if node < 0 else ~(len(diagram.terminals) + node)


Reachable = tuple[int, ...]
"""For each node that earlier facts may lead to, the terminals that the later facts leave, as bits."""


class Reach(Walk[Reachable]):
    """What the last facts leave of every node: its possible terminals."""

    def __init__(self, diagram: Diagram, root: int, most: int = MOST) -> None:
        depth = len(diagram.variables)
        met, todo = {root}, [root]
        while todo:
            node = todo.pop()
            new = set(diagram.distinct[node] if node >= 0 else ()) - met
            met |= new
            todo += new

        def level_of(node: int) -> int:
            return depth if node < 0 else diagram.levels[node]

        first = {root: 0}
        for node in met:
            for child in diagram.distinct[node] if node >= 0 else ():
                first[child] = min(first.get(child, depth), level_of(node))
        cuts = [
            [node for node in sorted(met) if level_of(node) >= level and (node == root or first[node] < level)]
            for level in range(depth + 1)
        ]
        self.places: Sequence[Mapping[int, int]] = [{node: place for place, node in enumerate(cut)} for cut in cuts]
        """By level the place in `Reachable` of each node that is met at it or later."""
        super().__init__(diagram, depth, tuple(1 << ~node for node in cuts[depth]), most)

    def after(self, state: Reachable, level: int, region: int) -> Reachable:
        """Return what is reached with the fact of this level too."""
        diagram, below = self.diagram, self.places[level + 1]
        found = []
        for node in self.places[level]:
            if node < 0 or diagram.levels[node] != level:
                found.append(state[below[node]])
            elif region != UNKNOWN:
                found.append(state[below[diagram.children[node][region]]])
            else:
                bits = 0
                for child in diagram.distinct[node]:
                    bits |= state[below[child]]
                found.append(bits)
        return tuple(found)

    def bits(self, number: int) -> int:
        """Return a candidate's possible terminals, by its first state."""
        state = self.states[0][number]
        return 0 if state is None else state[0]
