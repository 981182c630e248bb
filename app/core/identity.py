"""The id of an answer: a digest of its question.

It is the SHA-256 of the question as canonical JSON (RFC 8785): `facts`, `language`, `release` (its digest),
`unavailable` and `unknowns`, and `doubted` where there are any. Every name and value is ASCII or an integer, so that
sorted names and no spaces are all that takes.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from operator import getitem

from app.core.memo import Memo
from app.core.rules import Release
from app.core.sections import Point, Points, picking


class Identity:
    """Makes the ids of answers by one release in one language."""

    def __init__(self, release: Release, points: Points, language: str) -> None:
        order = sorted(range(len(points.names)), key=points.names.__getitem__)
        self._places = picking(order)
        self.members = [
            {n: b"".join(_member(points.names[place], v) for v in value) for n, value in points.values[place].items()}
            for place in order
        ]
        """By sorted name the member of the canonical JSON for each number of the fact."""
        self.order: Sequence[int] = order
        """By sorted name the place of the fact in asking order."""
        self._options = Memo[tuple[tuple[str, ...], bool], bytes](
            lambda key: _canonical(
                {
                    "language": language,
                    "release": release.digest,
                    "unavailable": sorted(set(key[0])),
                    "unknowns": "strict" if key[1] else "confirm",
                }
            )[1:]
        )

    def of(self, point: Point, unavailable: Sequence[str], doubted: Sequence[str] = (), *, strict: bool) -> str:
        """Return the id of the answer to a question."""
        known = b",".join(filter(None, map(getitem, self.members, self._places(point))))
        before, after = self.around(unavailable, doubted, strict=strict)
        return "sha256:" + sha256(b"%b%b%b" % (before, known, after)).hexdigest()

    def around(self, unavailable: Sequence[str], doubted: Sequence[str], *, strict: bool) -> tuple[bytes, bytes]:
        """Return what stands before and after the members in the canonical JSON."""
        first = b'"doubted":%b,' % _canonical(sorted(set(doubted))) if doubted else b""
        return b'{%b"facts":{' % first, b"},%b" % self._options[tuple(unavailable), strict]


def _member(name: str, value: object) -> bytes:
    return b"%b:%b" % (_canonical(name), _canonical(value))


def _canonical(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
