"""What a record says, and where each of its resources ends.

Each resource, and of an intake that is ours each answer instead, ends in one place: the first of `PLACES` that holds
for a fact that it speaks of. The Patient and the Medications that orders refer to have no place of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple

from app.core.facts import Value

Place = Literal["used", "asked", "not_understood", "set_aside", "irrelevant"]
PLACES: tuple[Place, ...] = ("used", "asked", "not_understood", "set_aside", "irrelevant")
"""Every place, the first one first."""
LOST = frozenset({"failed_reads", "further_pages"})
"""Reasons of what was not read because it never came."""


class Coding(NamedTuple):
    """A coding as the record writes it; any part may be empty."""

    system: str
    code: str
    display: str


class Statement(NamedTuple):
    """What one resource says of one fact.

    `value` is absent where the fact must be asked, or where it is not known what is said. `reason` is a key of
    `Codes.sentences`.
    """

    fact: str
    value: Value | None
    place: Place
    reason: str


class Entry(NamedTuple):
    """One resource, or one answer of our intake, in its place.

    `link_id` is there for an answer alone. `reason` is a key of `Codes.sentences`, which has it in every language.
    `statements` are about every fact that it speaks of, in the order of the release; one that is not understood names
    the facts that it might concern. `date` is ISO 8601, as the record has it. `by_name`: a medicine or an allergy was
    known by its name, not by a code.
    """

    resource: str
    place: Place
    reason: str
    statements: tuple[Statement, ...] = ()
    coding: Coding | None = None
    text: str = ""
    """The display of the coding or the text of the concept, at most 200 characters; for people, never for logs."""
    date: str | None = None
    by_name: bool = False
    link_id: str | None = None

    @property
    def fact(self) -> str | None:
        """The first fact for which it is in its place."""
        return next((said.fact for said in self.statements if said.place == self.place), None)

    @property
    def day(self) -> str:
        """Its date without time; empty where it has none.

        A Patient has none: its date is that of a birth.
        """
        return "" if self.resource.partition("/")[0] == "Patient" else (self.date or "")[:10]

    @property
    def value(self) -> Value | None:
        """What it says of that fact."""
        return next((said.value for said in self.statements if said.place == self.place), None)


@dataclass(frozen=True)
class Unread:
    """How much of a kind was beyond a limit, and the limit.

    `reason` is a key of `Codes.sentences`; its sentence takes `count` and `most`.
    """

    reason: str
    count: int
    most: int

    @property
    def was_lost(self) -> bool:
        """Whether it never came here, rather than was too much."""
        return self.reason in LOST


class Contradiction(NamedTuple):
    """Entries that say different things of one fact, which is asked."""

    fact: str
    entries: tuple[Entry, ...]
    with_intake: bool
    """Whether an answer of our intake is among them."""


@dataclass(frozen=True)
class PatientFacts:
    """The facts of a record, with the place of every resource.

    `facts` are the values for the engine, `last_days` until when each may be relied on (`None`: without end). A fact in
    `ranges` is known as a range; `facts` holds a value of it, and the whole range lies in one region of all conditions
    of the release. `unavailable` are facts that the intake says nobody can answer. `doubted` are the *confirm* facts
    that are left asked, for `Question.doubted`.
    """

    facts: Mapping[str, Value] = field(default_factory=dict)
    last_days: Mapping[str, date | None] = field(default_factory=dict)
    ranges: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unavailable: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    used: tuple[Entry, ...] = ()
    asked: tuple[Entry, ...] = ()
    not_understood: tuple[Entry, ...] = ()
    set_aside: tuple[Entry, ...] = ()
    irrelevant: tuple[Entry, ...] = ()
    patient: Entry | None = None
    """What the Patient says of the age; it is in none of the five tuples."""
    contradictions: tuple[Contradiction, ...] = ()
    unread: tuple[Unread, ...] = ()
    deceased: bool = False
    language: str | None = None
    """The code of the Patient's preferred language, such as `ko` or `ko-KR`."""

    def entries(self) -> Iterator[Entry]:
        """Yield every entry of every place."""
        for place in PLACES:
            yield from getattr(self, place)

    @cached_property
    def reasons(self) -> Mapping[str, tuple[Entry, ...]]:
        """For each fact, the entries it comes from, the Patient too."""
        return self._by_fact("used")

    @cached_property
    def questions(self) -> Mapping[str, tuple[Entry, ...]]:
        """For each fact that is asked, the entries that ask it.

        An entry that is used for one fact may be the reason to ask another.
        """
        return self._by_fact("asked")

    @cached_property
    def might_concern(self) -> Mapping[str, tuple[Entry, ...]]:
        """For each fact, what was not understood and might be about it."""
        return self._by_fact("not_understood")

    def _by_fact(self, place: Place) -> dict[str, tuple[Entry, ...]]:
        found: dict[str, list[Entry]] = {}
        for entry in (*([self.patient] if self.patient else []), *self.entries()):
            for said in entry.statements:
                if said.place == place:
                    found.setdefault(said.fact, []).append(entry)
        return {fact: tuple(entries) for fact, entries in found.items()}
