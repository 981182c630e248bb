"""The state of many conditions at once.

Nearly every condition reads one fact. So each fact says from a table what it makes of all the conditions that read it
alone, and facts that a condition joins say it together; the answers are added up as bits. Exact, since each table is
filled from the diagram.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from operator import itemgetter

from app.core.diagram import UNKNOWN, Diagram

STATE_OF_BITS: tuple[bool | None, ...] = (None, True, False, None)
"""By the bits of the terminals `True` (1) and `False` (2), which every diagram makes first."""
HELD, NOT_HELD = 1, 2
"""The bits of a condition that every completion makes hold, and of one that none does."""
REMEMBERED = 1024
"""How many results of one kind are kept; what was not is found anew."""
COMBINATIONS = 4096
"""How many combinations facts may have that are looked up together."""
JOINED = 1024
"""How many of these are kept."""

Groups = dict[tuple[int, ...], list[tuple[int, int]]]
"""By the levels that they read, places and roots of conditions."""
States = int
"""Two bits for each condition, those of the terminals that it can still reach."""


def state_at(states: States, place: int) -> bool | None:
    """Return whether the condition at a place holds, does not, or (`None`) is undecided."""
    return STATE_OF_BITS[states >> place & 3]


def picking(levels: Sequence[int]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    """Return a function that takes the regions at these levels out of a reading."""
    if len(levels) > 1:
        return itemgetter(*levels)
    return lambda reading: tuple([reading[level] for level in levels])


class Joined(dict[tuple[int, ...], States]):
    """What facts that a condition joins say together, found out when it is first asked for."""

    def __init__(self, bits: Callable[[tuple[int, ...]], States]) -> None:
        super().__init__()
        self._bits = bits

    def __missing__(self, regions: tuple[int, ...]) -> States:
        """Find out, and keep."""
        if len(self) >= JOINED:
            self.clear()
        states = self[regions] = self._bits(regions)
        return states


class Votes:
    """The states of these roots for any reading; the root at `n` has its two bits at place `2 * n`."""

    def __init__(self, diagram: Diagram, roots: Sequence[int]) -> None:
        self._diagram = diagram
        self._fixed: States = 0
        self.nothing: States = 0
        """The states while nothing is known, without those of conditions that join facts."""
        self._shares: dict[int, list[States]] = {}
        groups: Groups = {}
        for number, root in enumerate(roots):
            levels = diagram.levels_below(root)
            if levels:
                groups.setdefault(levels, []).append((2 * number, root))
            else:
                self._fixed |= diagram.reachable(root, ()) << 2 * number
        self._alone: list[tuple[int, dict[int, States]]] = []
        self._joined: list[tuple[Callable[[Sequence[int]], tuple[int, ...]], Joined]] = []
        for levels, group in self._merged(groups).items():
            if len(levels) == 1:
                (level,) = levels
                regions = [*range(len(diagram.variables[level].regions)), UNKNOWN]
                by_region = {region: self._bits(group, levels, (region,)) for region in regions}
                self._alone.append((level, by_region))
                self._shares[level] = [by_region[region] - by_region[UNKNOWN] for region in regions]
            else:
                self._joined.append((picking(levels), Joined(partial(self._bits, group, levels))))
        self.nothing = self._fixed + sum(by_region[UNKNOWN] for _, by_region in self._alone)

    def _merged(self, groups: Groups) -> Groups:
        """Return the groups with joined facts put together, as long as their combinations are few."""
        merged: Groups = {levels: group for levels, group in groups.items() if len(levels) == 1}
        for levels, group in sorted(groups.items(), key=lambda item: -len(item[0])):
            if len(levels) == 1:
                continue
            for others in [others for others in merged if len(others) > 1]:
                both = tuple(sorted({*levels, *others}))
                if prod(len(self._diagram.variables[level].regions) + 1 for level in both) <= COMBINATIONS:
                    merged[both] = merged.pop(others) + group
                    break
            else:
                merged[levels] = group
        return merged

    def of(self, reading: Sequence[int]) -> States:
        """Return the states of all conditions for what is known."""
        states = self._fixed
        for level, by_region in self._alone:
            states |= by_region[reading[level]]
        return states | self.joined(reading)

    def share(self, level: int, region: int) -> States:
        """Return what a known fact adds to the states while nothing is known."""
        return self._shares[level][region] if level in self._shares else 0

    def joined(self, reading: Sequence[int]) -> States:
        """Return the states of the conditions that join facts."""
        states = 0
        for pick, joined in self._joined:
            states |= joined[pick(reading)]
        return states

    def _bits(self, group: Sequence[tuple[int, int]], levels: Sequence[int], regions: Sequence[int]) -> States:
        reading = [UNKNOWN] * len(self._diagram.variables)
        for level, region in zip(levels, regions, strict=True):
            reading[level] = region
        bits = self._diagram.reachability(reading)
        return sum(bits(root) << place for place, root in group)
