"""One answer to one fact, as a compiled release sees it; and a candidate, added up from its answers.

Nearly all that conditions make of a candidate is a sum over its facts: each fact says from a table which region of its
values the answer lies in and what it makes of the conditions that read it alone. So a candidate is read by going
through its answers once.
"""

from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from app.core.diagram import UNKNOWN, Diagram
from app.core.facts import Value
from app.core.states import States, Votes

Reading = list[int]
"""One region a level, or `UNKNOWN`."""
Seen = tuple[int, int, States]
"""An answer in one diagram: the level of its fact, its region, and what it adds to the states of all conditions."""


class Trait(NamedTuple):
    """One answer to one fact, how the decision sees it, how what goes with a decision sees it, and both as JSON."""

    fact: tuple[str, Value]
    decision: Seen
    beside: Seen
    written: str


FACT, DECISION, BESIDE, WRITTEN = map(itemgetter, range(4))
"""Take one of these out of a trait, in less time than by its name."""


class Sight:
    """What one diagram and its conditions see of a candidate."""

    def __init__(self, diagram: Diagram, votes: Votes) -> None:
        self._diagram = diagram
        self._votes = votes
        # the last entry takes the answers to facts that no condition reads
        self._unknown = [UNKNOWN] * len(diagram.variables) + [0]

    def of(self, name: str, value: Value) -> Seen:
        """Return what is seen of an answer; `KeyError` for a value outside its fact's domain."""
        level = self._diagram.level_of.get(name)
        if level is None:
            return len(self._diagram.variables), 0, 0
        region = self._diagram.variables[level].region_of[value]
        return level, region, self._votes.share(level, region)

    def all(self, answers: Iterable[Seen]) -> tuple[Reading, States]:
        """Return a candidate as regions, and the states of all conditions."""
        reading = self._unknown.copy()
        states = self._votes.nothing
        for level, region, share in answers:
            reading[level] = region
            states += share
        reading.pop()
        return reading, states + self._votes.joined(reading)
