"""Answers that were given, kept a while: the same request always gets the same answer.

Kept by a digest of the request in memory alone, up to a number of bytes; the ones that nobody asked for again go first.
"""

from typing import NamedTuple

from app.core.triage import Told


class Given(NamedTuple):
    """An answer as it was given: its body, the lines of its headers, and what was told of it."""

    written: bytes
    headers: bytes
    told: Told


class Kept:
    """Keeps answers of at most so many bytes: two halves, of which the older is let go when the younger is full."""

    def __init__(self, most_bytes: int) -> None:
        self._half = most_bytes // 2
        self._size = 0
        self._young: dict[bytes, Given] = {}
        self._old: dict[bytes, Given] = {}

    def get(self, key: bytes) -> Given | None:
        """Return the answer to a request, where it is still kept."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.keep(key, found)
        return found

    def keep(self, key: bytes, given: Given) -> None:
        """Keep an answer."""
        if self._size + len(given.written) > self._half:
            self._old, self._young, self._size = self._young, {}, 0
        if len(given.written) <= self._half:
            self._young[key] = given
            self._size += len(given.written)
