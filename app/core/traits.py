"""One answer to one fact, as a compiled release sees it; and a candidate, added up from its answers.

Nearly all that conditions make of a candidate is a sum over its facts: each fact says from a table which region of its
values the answer lies in and what it makes of the conditions that read it alone. So each answer is one number, made
once, and a candidate is the sum of its answers: whole fields of bits that never run into one another. Above those that
conditions make of it stands one that keeps every answer, from which the digest that names the question is made.

Most answers are what most people say. So a candidate is told by what differs from that, and the rest is added up once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from app.core.diagram import UNKNOWN, Diagram
from app.core.facts import Candidate, Fact, Value
from app.core.states import States, Votes

ORDERS = 64
"""How many orders of facts are remembered: one caller has one, or never the same again."""
Reading = Sequence[int]
"""One region a level, or `UNKNOWN`."""


class Trait(NamedTuple):
    """One answer to one fact."""

    fact: tuple[str, Value]
    written: tuple[str, bytes]
    """The fact, and the answer as a member of a JSON object."""
    place: int
    """The place of the fact in asking order."""
    share: int
    """What the answer adds to the sum of its candidate, more than the most common answer."""


FACT, WRITTEN, PLACE, SHARE = map(itemgetter, range(4))
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

    def reading(self, field: int) -> Reading:
        """Return a candidate as regions."""
        return (field >> self._reading_at).to_bytes(self._levels, "little")

    def states(self, field: int, reading: Reading) -> States:
        """Return the states of all conditions for a candidate with this field and reading."""
        return (field & self._states) + self._votes.joined(reading)


class Ground(NamedTuple):
    """The most common answers to the facts that are known of a candidate, who is told by what differs from them."""

    sum: int
    facts: dict[str, Value]
    """The answers, in asking order."""
    written: dict[str, bytes]
    """The answers as members of a JSON object, in asking order."""


class Profile(Mapping[str, Value]):
    """The known facts of a candidate, and what they add up to for one release."""

    __slots__ = ("_facts", "_traits", "ground", "sum", "table")

    def __init__(self, table: "Traits", ground: Ground, traits: Sequence[Trait]) -> None:
        """Tell a candidate by the answers that differ from those of the ground; the others may be among them."""
        self.table = table
        self.ground = ground
        self.sum: int = sum(map(SHARE, traits), ground.sum)
        self._traits = traits
        self._facts: dict[str, Value] | None = None

    @property
    def facts(self) -> dict[str, Value]:
        """The facts, in asking order."""
        if self._facts is None:
            self._facts = facts = self.ground.facts.copy()
            for name, value in map(FACT, self._traits):
                facts[name] = value
        return self._facts

    def known(self, names: Iterable[str]) -> tuple[tuple[str, Value], ...]:
        """Return these facts with their values, as far as they are known."""
        facts = self.facts
        return tuple([(name, facts[name]) for name in names if name in facts])

    def written(self) -> bytes:
        """Return the facts as members of a JSON object, in asking order."""
        members = self.ground.written.copy()
        for name, written in map(WRITTEN, self._traits):
            members[name] = written
        return b",".join(members.values())

    def __getitem__(self, name: str) -> Value:
        """Return the value of a known fact."""
        return self.facts[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the known facts."""
        return iter(self.facts)

    def __len__(self) -> int:
        """Return how many facts are known."""
        return len(self.ground.facts)


class Traits:
    """Every answer to every fact of one release; `decision` and `beside` are what sees candidates there.

    `weights` says how common answers are; where it does not, the first is taken to be the most common.
    """

    def __init__(
        self,
        facts: Mapping[str, Fact],
        weights: Mapping[str, Mapping[Value, float]],
        decision: Sight,
        beside: Sight,
    ) -> None:
        self.facts = facts
        self._names = list(facts)
        self._sights = decision, beside
        self._beside_at, self._code_at = decision.width, decision.width + beside.width
        self._decided, self._besides = (1 << decision.width) - 1, (1 << beside.width) - 1
        widths = [len(fact.domain).bit_length() for fact in facts.values()]
        self._starts = dict(zip(facts, accumulate(widths, initial=self._code_at), strict=False))
        self._code_bytes = (sum(widths) + 7) // 8
        self._numbers = {name: _numbered(fact) for name, fact in facts.items()}
        self._common = {name: _most_common(fact, weights.get(name, {})) for name, fact in facts.items()}
        self._of = {
            name: {value: self._trait(place, name, value) for value in fact.domain}
            for place, (name, fact) in enumerate(facts.items())
        }
        self._ground = lru_cache(ORDERS)(self._find_ground)

    def _trait(self, place: int, name: str, value: Value) -> Trait:
        written = f'"{name}":{json.dumps(value, ensure_ascii=False)}'
        share = self._share(name, value) - self._share(name, self._common[name])
        return Trait((name, value), (name, written.encode()), place, share)

    def _share(self, name: str, value: Value) -> int:
        """Return what an answer adds to the sum of no answers."""
        decision, beside = self._sights
        number = self._numbers[name][value]
        return (
            decision.share(name, value)
            + (beside.share(name, value) << self._beside_at)
            + (number << self._starts[name])
        )

    def of(self, name: str, value: Value) -> Trait:
        """Return an answer to a fact; `KeyError` where there is no such answer."""
        return self._of[name][value]

    def profile(self, facts: Candidate) -> Profile:
        """Return what these known facts add up to."""
        if isinstance(facts, Profile) and facts.table is self:
            return facts
        traits = [self._of[name][value] for name, value in facts.items()]
        return Profile(self, self._ground(*map(PLACE, traits)), traits)

    def added(self, traits: Sequence[Trait]) -> Profile | None:
        """Return what these answers add up to, or `None` where two of them are to one fact."""
        ground = self._ground(*map(PLACE, traits))
        return Profile(self, ground, traits) if len(ground.facts) == len(traits) else None

    def common(self, name: str) -> Trait:
        """Return the most common answer to a fact."""
        return self._of[name][self._common[name]]

    def _find_ground(self, *places: int) -> Ground:
        """Return the most common answers to the facts at these places: one caller's come in the same order."""
        decision, beside = self._sights
        common = [self.common(self._names[place]) for place in sorted(set(places))]
        return Ground(
            decision.nothing + (beside.nothing << self._beside_at) + sum(self._share(*each.fact) for each in common),
            dict(each.fact for each in common),
            dict(each.written for each in common),
        )

    def decision(self, profile: Profile) -> int:
        """Return the field of the decision: all that the decision sees of a candidate."""
        return profile.sum & self._decided

    def beside(self, profile: Profile) -> int:
        """Return the field of what goes with a decision."""
        return profile.sum >> self._beside_at & self._besides

    def code(self, profile: Profile) -> bytes:
        """Return a number that only candidates with the same facts have, least byte first.

        It holds the facts of the release in asking order, least bits first, each in as many bits as its highest number
        has: 0 where it is unknown, else 1 and how many of its values come before the answer, written as JSON and
        ordered as text. So it depends on nothing that the digest of the release does not cover.
        """
        return (profile.sum >> self._code_at).to_bytes(self._code_bytes, "little")


def _numbered(fact: Fact) -> dict[Value, int]:
    return {value: number for number, value in enumerate(sorted(fact.domain, key=json.dumps), 1)}


def _most_common(fact: Fact, weights: Mapping[Value, float]) -> Value:
    return max(fact.domain, key=lambda value: weights.get(value, 0.0))
