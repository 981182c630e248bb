"""The one cache: results of pure functions, bounded in number."""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST = 512
"""How many results one memo keeps: answers repeat among the few facts that a part reads, and memory stays bounded."""


class Memo(dict[K, V]):
    """Results of a pure function; a full memo is begun anew."""

    __slots__ = ("_compute", "_most")

    def __init__(self, compute: Callable[[K], V], most: int = MOST) -> None:
        super().__init__()
        self._compute = compute
        self._most = most

    def __missing__(self, key: K) -> V:
        """Compute a result and keep it."""
        if len(self) >= self._most:
            self.clear()
        result = self[key] = self._compute(key)
        return result
