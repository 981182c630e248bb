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

from app.core.diagram import UNKNOWN, Diagram, Rest
from app.core.remaining import Earlier, Later, Reachable

Numbers = npt.NDArray[np.int32]
S = TypeVar("S")
MOST = 4_096
"""How many states a level knows; candidates beyond that are lost to the walk, and decided one by one."""
LOST = 0
"""The number of a state that is beyond `MOST`."""


def regions_of(diagram: Diagram, assumed: Mapping[int, int]) -> list[list[int]]:
    """Return by level the region of each number of its fact.

    First comes an unknown fact, of which a region may be `assumed`, then its values in order; last it is unknown, and
    nothing is assumed of it.
    """
    return [
        [assumed.get(level, UNKNOWN), *(v.region_of[value] for value in v.fact.domain), UNKNOWN]
        for level, v in enumerate(diagram.variables)
    ]


class Walk(ABC, Generic[S]):
    """The states between the facts of a diagram, by level and number."""

    def __init__(self, regions: Sequence[Sequence[int]], start: int, begin: S, most: int = MOST) -> None:
        """Begin before all facts or after; `regions` are those of numbers."""
        self._regions = regions
        self.depth = len(regions)
        self.states: list[list[S | None]] = [[None] for _ in range(self.depth + 1)]
        self._most = most
        self._start = start
        self._numbers: list[dict[S, int]] = [{} for _ in range(self.depth + 1)]
        self._next = [np.full(len(numbers), LOST, np.int32) for numbers in regions]
        self.begin = self._number(start, begin)

    def step(self, level: int, states: Numbers, column: npt.NDArray[np.integer]) -> Numbers:
        """Return the states once the fact of this level is looked at."""
        regions = self._regions[level]
        keys = states * np.int32(len(regions)) + column
        before, after = (level, level + 1) if self._start == 0 else (level + 1, level)
        short = len(self.states[before]) * len(regions) - len(self._next[level])
        if short > 0:
            self._next[level] = np.append(self._next[level], np.full(short, -1, np.int32))
        found: Numbers = self._next[level][keys]
        if found.size and found.min() < 0:
            for key in np.unique(keys[found < 0]).tolist():
                place, number = divmod(key, len(regions))
                state = self.states[before][place]
                assert state is not None  # noqa: S101 - what is lost has a whole row in the table
                self._next[level][key] = self._number(after, self.after(state, level, regions[number]))
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

    def __init__(self, diagram: Diagram, root: int, regions: Sequence[Sequence[int]], most: int = MOST) -> None:
        self._of = Earlier(diagram, root)
        super().__init__(regions, 0, self._of.begin, most)

    def after(self, state: Rest, level: int, region: int) -> Rest:
        """Fill one more fact into a rest."""
        return self._of.after(state, level, region)

    def leaves(self, level: int, number: int) -> list[int]:
        """Return the nodes and terminals that a rest may still come to."""
        state = self.states[level][number]
        return [] if state is None else self._of.leaves(state)


class Reach(Walk[Reachable]):
    """What the last facts leave of every node: its possible terminals."""

    def __init__(self, diagram: Diagram, root: int, regions: Sequence[Sequence[int]], most: int = MOST) -> None:
        self.of = Later(diagram, root)
        super().__init__(regions, len(regions), self.of.begin, most)

    def after(self, state: Reachable, level: int, region: int) -> Reachable:
        """Return what is reached with the fact of this level too."""
        return self.of.after(state, level, region)

    def bits(self, number: int) -> int:
        """Return a candidate's possible terminals, by its first state."""
        state = self.states[0][number]
        return 0 if state is None else state[0]
