"""Days of a record: how exact they are, and how long ago.

A day may be known to the year or month alone; then it lies between `first` and `last`. Time zones are no days: a date
up to one day ahead is today. A later one is an error, and so is a text that is no date.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

PARTIAL = re.compile(r"(\d{4})(?:-(\d\d))?")
TIMED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?")
LONGEST = len("2026-11-26T08:00:00.000000000+09:00")
"""To the nanosecond: who writes more digits could write a million."""


class WrongDateError(Exception):
    """A date in the future, or a text that is no date."""


class Day(NamedTuple):
    """A day as far as it is known, and its text."""

    first: date
    last: date
    text: str
    at: datetime | None = None

    def newer(self, other: "Day") -> bool:
        """Return whether this is surely later than another day."""
        if self.at and other.at:
            return self.at > other.at
        return self.first > other.last


def no_later_than_one(days: Iterable[Day], on: date) -> Callable[[Day], bool]:
    """Return what says whether a day is no later than one.

    A month or a year that is not over may be of today.
    """
    listed = list(days)
    moment = max((each.at for each in listed if each.at), default=None)
    first = max((each.first for each in listed), default=date.min)
    without = max((each.first for each in listed if not each.at), default=date.min)

    def is_no_later(day: Day) -> bool:
        last = min(day.last, on)
        if not day.at or moment is None:
            return first >= last
        return moment >= day.at or without >= last

    return is_no_later


class Days:
    """Reads the dates of one record on one day."""

    def __init__(self, on: date) -> None:
        self.on = on
        self._latest = on + timedelta(days=1)
        self._read: dict[str, Day] = {}

    def of(self, value: Any, *, planned: bool = False) -> Day | None:
        """Return a date, `None` where there is none, or raise `WrongDateError`.

        A `planned` one may lie in the future.
        """
        if value is None:
            return None
        if not isinstance(value, str):
            raise WrongDateError
        found = self._read.get(value)
        if found is None:
            found = self._read[value] = parsed(value)
        if found.first > self.on:
            if found.first > self._latest and not planned:
                raise WrongDateError
            if found.first <= self._latest:
                return found._replace(first=self.on, last=self.on)
        return found

    def check(self, start: Any, end: Any) -> None:
        """Raise `WrongDateError` where an end lies before its start.

        By a day it may, as dates without time have no zone.
        """
        if start is not None and end is not None:
            begun, ended = self.of(start, planned=True), self.of(end, planned=True)
            if begun and ended and (begun.first - ended.last).days > 1:
                raise WrongDateError

    def ago(self, day: date) -> int:
        """Return how many days ago a day was."""
        return (self.on - day).days


def parsed(value: str) -> Day:
    """Return a FHIR date or dateTime, or raise `WrongDateError`."""
    if len(value) > LONGEST:
        raise WrongDateError
    try:
        if len(value) == 10:
            found = date.fromisoformat(value)
            return Day(found, found, value)
        if TIMED.fullmatch(value):
            at = datetime.fromisoformat(value)
            return Day(at.date(), at.date(), value, at if at.tzinfo else at.replace(tzinfo=UTC))
        if partial := PARTIAL.fullmatch(value):
            year, month = int(partial[1]), partial[2]
            if month is None:
                return Day(date(year, 1, 1), date(year, 12, 31), value)
            first = date(year, int(month), 1)
            return Day(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), value)
    except (ValueError, OverflowError):
        pass
    raise WrongDateError


def latest(*days: Day | None) -> Day | None:
    """Return the latest of some days."""
    found: Day | None = None
    for day in days:
        if day and (found is None or (day.first, day.last) > (found.first, found.last)):
            found = day
    return found
