"""Answers that were given, kept a while: the same request always gets the same answer.

Kept by a digest of the request in memory alone, up to a number of bytes; the one that nobody asked for for longest goes
first.
"""

from collections import OrderedDict
from typing import NamedTuple

from app.core.engine import Decided

BESIDES = 700
"""About how many bytes it takes to keep an answer besides its text."""


class Given(NamedTuple):
    """An answer as it was given: its body, the lines of its headers, and what was told of it."""

    written: bytes
    headers: bytes
    told: Decided


class Kept:
    """Keeps answers of at most so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._given: OrderedDict[bytes, Given] = OrderedDict()

    def get(self, key: bytes) -> Given | None:
        """Return the answer to a request, where it is still kept."""
        found = self._given.get(key)
        if found is not None:
            self._given.move_to_end(key)
        return found

    def keep(self, key: bytes, given: Given) -> None:
        """Keep the answer to a request whose answer is not kept, unless it alone is more than may be kept."""
        if _size(given) > self._most:
            return
        self._bytes += _size(given)
        self._given[key] = given
        while self._bytes > self._most:
            _, oldest = self._given.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(given: Given) -> int:
    return len(given.written) + BESIDES
