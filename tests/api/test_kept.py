"""Answers are kept up to a number of bytes, and the one that nobody asked for for longest goes first."""

from random import Random

import pytest

from app.api.kept import BESIDES, Given, Kept
from app.core.engine import Decided
from app.core.precedence import Decision

TOLD = Decided("sha256:0", Decision("referred"), (), "2026.2", "sha256:1")
MOST = 40 * (BESIDES + 100)


class Oldest(Kept):
    """Lets go of the one that was kept first, however often it is asked for."""

    def get(self, key: bytes) -> Given | None:
        return self._given.get(key)


def differing(kept: Kept) -> int:
    """Return how often what is kept is not what a list kept in the order of use would hold."""
    random, wrong = Random(5), 0
    used: list[tuple[bytes, int]] = []
    for _ in range(5000):
        key = bytes([random.randrange(60)])
        found = kept.get(key)
        sizes = [size for each, size in used if each == key]
        wrong += (len(found.written) if found else None) != (sizes[0] if sizes else None)
        size = sizes[0] if sizes else random.choices((0, 100, 5000, MOST), (50, 50, 10, 1))[0]
        if found is None:
            kept.keep(key, Given(b"x" * size, b"", TOLD))
        if size + BESIDES <= MOST:
            used = [*(each for each in used if each[0] != key), (key, size)]
        while sum(each + BESIDES for _, each in used) > MOST:
            used.pop(0)
    return wrong


def test_what_was_not_asked_for_for_longest_goes_first() -> None:
    assert differing(Kept(MOST)) == 0


def test_another_order_is_noticed() -> None:
    assert differing(Oldest(MOST)) > 0


def test_counting_the_text_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.kept._size", lambda given: len(given.written))
    assert differing(Kept(MOST)) > 0


def test_nothing_is_kept_where_nothing_may_be() -> None:
    kept = Kept(0)
    kept.keep(b"a", Given(b"", b"", TOLD))
    assert kept.get(b"a") is None
