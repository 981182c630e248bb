"""What several statements say together of each fact.

Statements that count and agree give the value. A yes and a no that both count contradict: the fact is asked. What
cannot be relied on, or only hints, is asked as long as nothing newer that counts settles the fact.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from app.core.codes import is_no
from app.core.facts import Value
from app.core.reasons import Reason
from app.record.dates import Day, no_later_than_one
from app.record.places import PLACES, Coding, Contradiction, Entry, Place, Statement

RANK = {place: rank for rank, place in enumerate(PLACES)}


@dataclass(slots=True, eq=False)
class Draft:
    """A resource or an answer, before it is known where it ends."""

    resource: str
    coding: Coding | None = None
    text: str = ""
    day: Day | None = None
    by_name: bool = False
    link_id: str | None = None
    claims: list["Claim"] = field(default_factory=list)
    fixed: tuple[Place, Reason, tuple[str, ...]] | None = None
    """Its place whatever others say, why, and the facts that it concerns or might concern."""

    def entry(self, facts: Mapping[str, int], known: dict[object, tuple[Statement, ...]]) -> Entry:
        """Return it in its place; `facts` give the order of statements.

        `known` keeps the statements of fixed places: many resources have the same.
        """
        if self.fixed is not None:
            place, reason, concerned = self.fixed
            found = known.get(self.fixed)
            if found is None:
                ordered = sorted(concerned, key=lambda fact: facts.get(fact, -1))
                found = known[self.fixed] = tuple(Statement(fact, None, place, reason) for fact in ordered)
            return self._entry(place, reason, found)
        claims = self.claims
        first = claims[0]
        if len(claims) > 1:
            claims = sorted(claims, key=lambda claim: (facts.get(claim.fact, -1), RANK[claim.place]))
            first = min(claims, key=lambda claim: RANK[claim.place])
        said = tuple([Statement(claim.fact, claim.value, claim.place, claim.reason) for claim in claims])
        return self._entry(first.place, first.reason, said)

    def _entry(self, place: Place, reason: Reason, said: tuple[Statement, ...]) -> Entry:
        day = self.day.text if self.day else None
        return Entry(self.resource, place, reason, said, self.coding, self.text, day, self.by_name, self.link_id)


@dataclass(slots=True, eq=False)
class Claim:
    """What a draft says of a fact, and whether that counts.

    `counts`: within its span, with a value. `is_past`: it speaks of what has ended, and yields to what is there now.
    `rules_out` are values that a hint contradicts. A claim that is not `open` is in its place whatever others say.
    """

    draft: Draft
    fact: str
    value: Value | None
    place: Place
    reason: Reason
    counts: bool = False
    is_past: bool = False
    rules_out: frozenset[Value] = frozenset()
    until: date | None = None
    """Where it counts, the last day on which it does; `None`: without end."""
    is_over: bool = False
    """Whether its span has passed, however late in its month or year its day was."""

    @property
    def day(self) -> Day | None:
        """When it was said."""
        return self.draft.day

    @property
    def from_intake(self) -> bool:
        """Whether our intake says it."""
        return self.draft.link_id is not None

    def put(self, place: Place, reason: Reason) -> None:
        """Put it into a place."""
        self.place, self.reason = place, reason


def weigh(
    fact: str, claims: Iterable[Claim], on: date, *, has_no: bool = True
) -> tuple[Value | None, tuple[Claim, ...]]:
    """Return the value of a fact today, and claims that contradict.

    `has_no`: one of its values says that nothing is there.
    """
    counting = [claim for claim in claims if claim.counts]
    asked = [claim for claim in claims if not claim.counts and claim.place == "asked"]
    counting = _present(counting)
    values = {claim.value for claim in counting if claim.value is not None}
    ruled_out = [claim for claim in asked if not claim.rules_out.isdisjoint(values)]
    if len(values) > 1 or ruled_out:
        for claim in counting:
            claim.put("asked", "contradicted")
        return None, (*counting, *ruled_out)
    if not values:
        return None, ()
    value = values.pop()
    rests_on_today = False
    is_settled = _settles(counting, value, on, has_no=has_no)
    left = []
    for claim in asked:
        if not is_settled(claim):
            left.append(claim)
            continue
        rests_on_today = rests_on_today or (is_no(value) and (claim.day is None or claim.day.last > on))
        claim.put("set_aside", "overruled")
    if rests_on_today:
        for each in counting:
            each.until = on
    if any(is_no(value) or not is_no(claim.value) for claim in left):
        for claim in counting:
            claim.put("asked", "newer_question")
        return None, ()
    return value, ()


def _present(counting: list[Claim]) -> list[Claim]:
    """Return what counts; what is there now wins over what ended."""
    now = {claim.value for claim in counting if not claim.is_past and not claim.from_intake}
    if not now:
        return counting
    for claim in counting:
        if claim.is_past and claim.value not in now:
            claim.put("set_aside", "overruled")
    return [claim for claim in counting if claim.place != "set_aside"]


def _settles(counting: list[Claim], value: Value, on: date, *, has_no: bool) -> Callable[[Claim], bool]:
    """Return whether what counts settles what a claim leaves open.

    Any yes answers a hint. Where no value is a no, one says nothing of another: a concern is none about a burn.
    """
    days = [claim.day for claim in counting if claim.day]
    is_of_today = any(day.last >= on for day in days)
    is_no_later = no_later_than_one(days, on)

    def is_settled(claim: Claim) -> bool:
        if not is_no(value) and (claim.value == value or claim.is_past or (claim.value is None and has_no)):
            return True
        if claim.day is None:
            return is_of_today
        return len(days) == len(counting) and is_no_later(claim.day)

    return is_settled


def contradiction(fact: str, claims: Iterable[Claim], entries: Mapping[Draft, Entry]) -> Contradiction:
    """Return a contradiction with the entries it is made of."""
    listed = tuple(claims)
    return Contradiction(fact, tuple(entries[c.draft] for c in listed), any(c.from_intake for c in listed))
