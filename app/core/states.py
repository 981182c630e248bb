"""The state of many conditions at once.

Nearly every condition reads one fact. So each fact says from a table what it makes of all the conditions that read it
alone, and facts that a condition joins say it together; the answers are added up as bits. Exact, since each table is
filled from the diagram.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter

from app.core.diagram import UNKNOWN, Diagram

STATE_OF_BITS: tuple[bool | None, ...] = (None, True, False, None)
"""By the bits of the terminals `True` (1) and `False` (2), which every diagram makes first."""
HELD, NOT_HELD = 1, 2
"""The bits of a condition that every completion makes hold, and of one that none does."""
REMEMBERED = 4096
"""How many combinations of facts that a condition joins are kept; more are looked up anew."""

States = int
"""Two bits for each condition, those of the terminals that it can still reach."""


def state_at(states: States, place: int) -> bool | None:
    """Return whether the condition at a place holds, does not, or (`None`) is undecided."""
    return STATE_OF_BITS[states >> place & 3]


class Votes:
    """The states of these roots for any reading; the root at `n` has its two bits at place `2 * n`."""

    def __init__(self, diagram: Diagram, roots: Sequence[int]) -> None:
        self._diagram = diagram
        self._fixed: States = 0
        groups: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for number, root in enumerate(roots):
            levels = diagram.levels_below(root)
            if levels:
                groups.setdefault(levels, []).append((2 * number, root))
            else:
                self._fixed |= diagram.reachable(root, ()) << 2 * number
        self._alone: list[tuple[int, list[States]]] = []
        self._joined: list[tuple[Callable[[Sequence[int]], tuple[int, ...]], Callable[[tuple[int, ...]], States]]] = []
        for levels, group in groups.items():
            if len(levels) == 1:
                (level,) = levels
                # the last entry is the one of UNKNOWN, which is -1
                regions = [*range(len(diagram.variables[level].regions)), UNKNOWN]
                self._alone.append((level, [self._bits(group, levels, (region,)) for region in regions]))
            else:
                self._joined.append((itemgetter(*levels), self._remembering(group, levels)))

    def of(self, reading: Sequence[int]) -> States:
        """Return the states of all conditions for what is known."""
        states = self._fixed
        for level, by_region in self._alone:
            states |= by_region[reading[level]]
        for pick, joined in self._joined:
            states |= joined(pick(reading))
        return states

    def _remembering(
        self, group: Sequence[tuple[int, int]], levels: tuple[int, ...]
    ) -> Callable[[tuple[int, ...]], States]:
        @lru_cache(REMEMBERED)
        def joined(regions: tuple[int, ...]) -> States:
            return self._bits(group, levels, regions)

        return joined

    def _bits(self, group: Sequence[tuple[int, int]], levels: Sequence[int], regions: Sequence[int]) -> States:
        reading = [UNKNOWN] * len(self._diagram.variables)
        for level, region in zip(levels, regions, strict=True):
            reading[level] = region
        bits = self._diagram.reachability(reading)
        return sum(bits(root) << place for place, root in group)
