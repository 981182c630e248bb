"""How long an answer holds: until a fact is too old."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from app.core.codes import UNSURE, Span
from app.core.facts import Candidate


class Validity(NamedTuple):
    """How long an answer holds, and what to ask again afterwards."""

    until: date | None
    """The last day; `None` where no fact ages that it rests on."""
    ask_again: tuple[str, ...] = ()
    """The facts that are too old on the day after, as far as they are needed for the same answer."""


LASTING = Validity(None)
"""How long an answer holds that has no date, or whose facts do not age."""


def last_days(facts: Candidate, asked_on: date, spans: Mapping[str, Span]) -> dict[str, date | None]:
    """Return the last day on which each fact may be relied on.

    `None`: without end. Raises `OverflowError` for days beyond the calendar.
    """
    days = {name: spans.get(name, UNSURE).days(value) for name, value in facts.items()}
    return {name: None if span is None else asked_on + timedelta(days=span) for name, span in days.items()}


def validity(facts: Candidate, last: Mapping[str, date | None], holds: Callable[[Candidate], bool]) -> Validity:
    """Return how long the answer to some facts holds.

    `facts` are in asking order, and `last` has for each the last day on which it may be relied on; afterwards it is
    unknown. `holds` says whether fewer of the facts lead to the same.
    """
    for day in sorted({day for day in last.values() if day is not None}):
        old = {name for name in facts if (ends := last[name]) is not None and ends <= day}
        if not holds(_without(facts, old)):
            needed = set(old)
            for name in reversed([name for name in facts if name in old]):
                if holds(_without(facts, old - needed | {name})):
                    needed.remove(name)
            return Validity(day, tuple(name for name in facts if name in needed))
    return LASTING


def _without(facts: Candidate, names: set[str]) -> Candidate:
    return {name: value for name, value in facts.items() if name not in names}
