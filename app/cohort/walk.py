"""The decision of many candidates at once, fact by fact.

A column of candidates goes through the facts in the diagram's order, each candidate as the number of a state. Equal
states are one number, so that the next fact takes all of them on by one look into a table. What a table lacks is found
once, from the diagram.
"""

from abc import ABC, abstractmethod
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
        self._of = Earlier(diagram, root)
        super().__init__(diagram, 0, self._of.begin, most)

    def after(self, state: Rest, level: int, region: int) -> Rest:
        """Fill one more fact into a rest."""
        return self._of.after(state, level, region)

    def leaves(self, level: int, number: int) -> list[int]:
        """Return the nodes and terminals that a rest may still come to."""
        state = self.states[level][number]
        return [] if state is None else self._of.leaves(state)


class Reach(Walk[Reachable]):
    """What the last facts leave of every node: its possible terminals."""

    def __init__(self, diagram: Diagram, root: int, most: int = MOST) -> None:
        self.of = Later(diagram, root)
        super().__init__(diagram, len(diagram.variables), self.of.begin, most)

    def after(self, state: Reachable, level: int, region: int) -> Reachable:
        """Return what is reached with the fact of this level too."""
        return self.of.after(state, level, region)

    def bits(self, number: int) -> int:
        """Return a candidate's possible terminals, by its first state."""
        state = self.states[0][number]
        return 0 if state is None else state[0]
