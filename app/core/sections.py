"""The lists of an answer, found by the facts entries read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from operator import getitem, itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from app.core.conditions import Condition, facts_read
from app.core.diagram import UNKNOWN, Diagram
from app.core.facts import Candidate, Fact, Value
from app.core.memo import MOST, Memo
from app.core.rules import Pathway

T = TypeVar("T")

COMBINATIONS = 128
"""How many combinations of values facts may have that are looked up together, of entries that join several."""

COMBINED = 2048
"""How many combinations are kept of facts that entries join: what the phases read has 1,296."""
FEW = 12
"""Facts with so few values are looked up when a release is compiled, so that the first requests find them."""

NARROW = 4096
"""How many combinations the facts of a list may have that is remembered as a whole."""

Point = Sequence[int]
"""A candidate as one number a fact: which of its values, or that it is unknown."""
Concerns = Pathway | None
"""A pathway that an entry concerns, or `None`: it is listed where there is no pathway as well."""
Listed = tuple[int, frozenset[Concerns], T]
"""An entry as it is listed: its place in the list, what it concerns, and what it became."""


ANY = frozenset([0])
"""What an entry that reads nothing is looked up by."""


class Points:
    """The facts of a release as coordinates; 0 is unknown."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self.names: Sequence[str] = tuple(facts)
        self.values: list[dict[int, tuple[Value, ...]]] = [
            {0: ()} | {number: (value,) for number, value in enumerate(fact.domain, 1)} for fact in facts.values()
        ]
        """By fact and number: the value, if it is known."""
        self._numbers: list[dict[Value | None, int]] = [
            {None: 0} | {value: number for number, value in enumerate(fact.domain, 1)} for fact in facts.values()
        ]

    def of(self, candidate: Candidate) -> Point:
        """Return a candidate as numbers; `KeyError` for a foreign value."""
        return list(map(getitem, self._numbers, map(candidate.get, self.names)))


class Projection:
    """A candidate as one diagram sees it, by regions."""

    def __init__(self, points: Points, diagram: Diagram) -> None:
        self.names = [v.fact.name for v in diagram.variables]
        self.values = [
            {UNKNOWN: ()} | {number: region[:1] for number, region in enumerate(v.regions)} for v in diagram.variables
        ]
        """By level and region: a value in it, if it is known."""
        self._places = picking([points.names.index(name) for name in self.names])
        self._regions = [[UNKNOWN, *(v.region_of[value] for value in v.fact.domain)] for v in diagram.variables]

    def of(self, point: Point) -> Point:
        """Return a candidate as regions, one a level."""
        return list(map(getitem, self._regions, self._places(point)))


def picking(places: Sequence[int]) -> Callable[[Point], tuple[int, ...]]:
    """Return a function that picks the numbers at these places."""
    return itemgetter(*places) if len(places) > 1 else itemgetter(*places, 0, 0)


class Entry(NamedTuple, Generic[T]):
    """One entry of a list; `make` gets the known facts."""

    reads: Iterable[str]
    make: Callable[[Candidate], T | None]
    concerns: Iterable[Concerns] = ()


class Section(Generic[T]):
    """One list of an answer, each entry found from its facts.

    An entry is a pure function of those facts, so what it becomes is remembered: by one number where it reads one fact,
    as nearly all do, else by those of a group of facts that entries join.
    """

    def __init__(self, space: Points | Projection, entries: Iterable[Entry[T]]) -> None:
        self._space = space
        place = {name: number for number, name in enumerate(space.names)}
        groups: dict[frozenset[int], list[tuple[int, Entry[T]]]] = {}
        numbered = [(frozenset(place[n] for n in e.reads) or ANY, order, e) for order, e in enumerate(entries)]
        for places, order, entry in sorted(numbered, key=lambda each: (-len(each[0]), sorted(each[0]))):
            home = next((others for others in groups if self._share(places, others)), frozenset[int]())
            members = groups.pop(home, [])
            groups[places | home] = [*members, (order, entry)]
        alone = {min(places): self._memo(places, groups[places]) for places in groups if len(places) == 1}
        for at, memo in alone.items():
            if len(space.values[at]) <= FEW:
                memo.update({number: memo[number] for number in space.values[at]})
        self._alone = list(alone.values())
        self._places = picking(list(alone)) if alone else tuple
        self._reads = sorted({place for places in groups for place in places})
        self._nothing = [min(values, key=lambda number: len(values[number])) for values in space.values]
        narrow = prod(len(space.values[place]) for place in self._reads) <= NARROW
        self._read = picking(self._reads) if self._reads and narrow else None
        """Takes what a list of few facts reads out of a candidate: such a list is remembered as a whole."""
        self._lists = Memo[tuple[tuple[int, ...], frozenset[Concerns] | None], list[T]](self._list_again)
        self._joined = [
            (picking(sorted(places)), self._memo(places, groups[places])) for places in groups if len(places) > 1
        ]

    def _share(self, places: frozenset[int], others: frozenset[int]) -> bool:
        """Return whether entries are looked up together."""
        few = prod(len(self._space.values[place]) for place in places | others) <= COMBINATIONS
        return places == others or (len(places) > 1 and (few or places < others))

    def _memo(self, places: frozenset[int], members: Sequence[tuple[int, Entry[T]]]) -> Memo[Any, list[Listed[T]]]:
        named = [(self._space.names[place], self._space.values[place]) for place in sorted(places)]
        listed = [(order, frozenset(entry.concerns), entry.make) for order, entry in members]

        def compute(key: int | tuple[int, ...]) -> list[Listed[T]]:
            numbers = (key,) if isinstance(key, int) else key
            known = {n: value for (n, values), number in zip(named, numbers, strict=True) for value in values[number]}
            made = [(order, concerns, make(known)) for order, concerns, make in listed]
            return [(order, concerns, each) for order, concerns, each in made if each is not None]

        return Memo(compute, COMBINED if len(places) > 1 else MOST)

    def of(self, point: Point, pathways: frozenset[Concerns] | None = None) -> list[T]:
        """Return what is listed for a candidate, for `pathways` if named."""
        if self._read is not None:
            return self._lists[self._read(point), pathways]
        return self._list(point, pathways)

    def _list_again(self, key: tuple[tuple[int, ...], frozenset[Concerns] | None]) -> list[T]:
        """Return a list from the few facts that it reads."""
        point = list(self._nothing)
        for place, number in zip(self._reads, key[0], strict=False):
            point[place] = number
        return self._list(point, key[1])

    def _list(self, point: Point, pathways: frozenset[Concerns] | None) -> list[T]:
        found = list(chain.from_iterable(map(getitem, self._alone, self._places(point))))
        for pick, memo in self._joined:
            found += memo[pick(point)]
        found.sort(key=_ORDER)
        if pathways is None:
            return [made for _, _, made in found]
        return [made for _, concerns, made in found if not concerns.isdisjoint(pathways)]


_ORDER = itemgetter(0)


def reads(*conditions: Condition | None) -> tuple[str, ...]:
    """Return the facts that these conditions read."""
    return tuple(dict.fromkeys(name for c in conditions if c is not None for name in facts_read(c)))
