"""One answer to one fact, as a compiled release sees it; and a candidate, added up from its answers.

Nearly all that conditions make of a candidate is a sum over its facts: each fact says from a table which region of its
values the answer lies in and what it makes of the conditions that read it alone. So each answer is one number, made
once, and a candidate is the sum of its answers: whole fields of bits that never run into one another.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from app.core.diagram import UNKNOWN, Diagram
from app.core.facts import Candidate, Fact, Value
from app.core.states import States, Votes

ORDERS = 256
"""How many orders are remembered: one caller has one, or never the same again."""
Reading = Sequence[int]
"""One region a level, or `UNKNOWN`."""


class Trait(NamedTuple):
    """One answer to one fact."""

    fact: tuple[str, Value]
    place: int
    """The place of the fact in asking order."""
    share: int
    """What the answer adds to the sum of its candidate."""
    written: bytes
    """The answer as a member of a JSON object."""


FACT, PLACE, SHARE, WRITTEN = map(itemgetter, range(4))
"""Take one of these out of a trait, in less time than by its name."""


class Sight:
    """What one diagram and its conditions see of a candidate.

    In its field of the sum stand the states of all conditions, and above them the reading with one byte a level.
    """

    def __init__(self, diagram: Diagram, votes: Votes, conditions: int) -> None:
        self._level_of = diagram.level_of
        self._variables = diagram.variables
        self._votes = votes
        self._levels = len(diagram.variables)
        self._reading_at = 2 * conditions
        self._states = (1 << self._reading_at) - 1
        self._reading = (1 << 8 * self._levels) - 1
        self.width = self._reading_at + 8 * self._levels
        """How many bits its field has."""
        self.nothing = votes.nothing + (int.from_bytes(bytes([UNKNOWN] * self._levels), "little") << self._reading_at)
        """What stands there while nothing is known."""

    def share(self, name: str, value: Value) -> int:
        """Return what an answer adds; `KeyError` for a value outside its fact's domain."""
        level = self._level_of.get(name)
        if level is None:
            return 0
        region = self._variables[level].region_of[value]
        return self._votes.share(level, region) + (region - UNKNOWN << self._reading_at + 8 * level)

    def read(self, field: int) -> tuple[Reading, States]:
        """Return a candidate as regions, and the states of all conditions; bits above the field do not matter."""
        reading = (field >> self._reading_at & self._reading).to_bytes(self._levels, "little")
        return reading, (field & self._states) + self._votes.joined(reading)


class Profile(Mapping[str, Value]):
    """The known facts of a candidate, and what they add up to for one release."""

    __slots__ = ("_facts", "_order", "_traits", "sum", "table")

    def __init__(self, table: "Traits", traits: Sequence[Trait], order: "Order") -> None:
        self.table = table
        self.sum = sum(map(SHARE, traits), table.nothing)
        self._facts: dict[str, Value] | None = None
        self._traits = traits
        self._order = order

    @property
    def facts(self) -> dict[str, Value]:
        """The facts, in asking order."""
        if self._facts is None:
            self._facts = dict(map(FACT, self._order.asked(self._traits)))
        return self._facts

    def known(self, names: Iterable[str]) -> tuple[tuple[str, Value], ...]:
        """Return these facts with their values, as far as they are known."""
        places, traits = self._order.places, self._traits
        return tuple([traits[places[name]][0] for name in names if name in places])

    def written(self) -> bytes:
        """Return the facts as members of a JSON object, in asking order."""
        return b",".join(map(WRITTEN, self._order.asked(self._traits)))

    def canonical(self) -> bytes:
        """Return the facts as members of a JSON object, in the order of their names."""
        return b",".join(self._order.named(list(map(WRITTEN, self._traits))))

    def __getitem__(self, name: str) -> Value:
        """Return the value of a known fact."""
        return self.facts[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the known facts."""
        return iter(self.facts)

    def __len__(self) -> int:
        """Return how many facts are known."""
        return len(self._traits)


class Order(NamedTuple):
    """How answers that came in some order are put into that of asking, and into that of their names."""

    asked: Callable[[Sequence[Any]], Sequence[Any]]
    named: Callable[[Sequence[Any]], Sequence[Any]]
    places: Mapping[str, int]
    """Where the answer to each fact came."""


class Traits:
    """Every answer to every fact of one release; `decision` and `beside` are what sees candidates there."""

    def __init__(self, facts: Mapping[str, Fact], decision: Sight, beside: Sight) -> None:
        self._names = list(facts)
        self._decision, self._beside = decision, beside
        self._beside_at = decision.width
        self.nothing = decision.nothing + (beside.nothing << self._beside_at)
        """The sum of no answers."""
        self._order = lru_cache(ORDERS)(self._find_order)
        self._of = {
            name: {value: self._trait(place, name, value) for value in fact.domain}
            for place, (name, fact) in enumerate(facts.items())
        }

    def _trait(self, place: int, name: str, value: Value) -> Trait:
        share = self._decision.share(name, value) + (self._beside.share(name, value) << self._beside_at)
        written = f'"{name}":{json.dumps(value, ensure_ascii=False)}'
        return Trait((name, value), place, share, written.encode())

    def of(self, name: str, value: Value) -> Trait:
        """Return an answer to a fact; `KeyError` where there is no such answer."""
        return self._of[name][value]

    def profile(self, facts: Candidate) -> Profile:
        """Return what these known facts add up to."""
        if isinstance(facts, Profile) and facts.table is self:
            return facts
        traits = [self._of[name][value] for name, value in facts.items()]
        return Profile(self, traits, self._order(*map(PLACE, traits)))

    def added(self, traits: Sequence[Trait]) -> Profile | None:
        """Return what these answers add up to, or `None` where two of them are to one fact."""
        order = self._order(*map(PLACE, traits))
        return None if order is NO_ORDER else Profile(self, traits, order)

    def _find_order(self, *places: int) -> Order:
        """Return how answers to the facts at these places are put in order: one caller's come in the same order."""
        if len(set(places)) < len(places):
            return NO_ORDER
        numbers = range(len(places))
        asked = sorted(numbers, key=places.__getitem__)
        named = sorted(numbers, key=lambda number: self._names[places[number]])
        return Order(_picking(asked), _picking(named), {self._names[place]: n for n, place in enumerate(places)})

    def decision(self, profile: Profile) -> tuple[Reading, States]:
        """Return a candidate as the decision reads it."""
        return self._decision.read(profile.sum)

    def beside(self, profile: Profile) -> tuple[Reading, States]:
        """Return a candidate as what goes with a decision reads it."""
        return self._beside.read(profile.sum >> self._beside_at)


NO_ORDER = Order(tuple, tuple, {})
"""That of answers of which two are to one fact."""


def _picking(numbers: list[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    return itemgetter(*numbers) if numbers != sorted(numbers) else tuple
