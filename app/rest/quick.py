"""Reads the body that nearly every caller sends: one flat object of facts, each with one of its answers.

Whatever is wrong or unusual with a body, even a reading on a scale, is left to `candidate`, which says what would be
right. So nothing is accepted here that is not accepted there, and no error is worded twice.
"""

import re
from typing import Any

import orjson

from app.core.facts import Value
from app.core.rules import Release
from app.core.triage import Asked
from app.rest.candidate import REFERENCE

TYPES = {"boolean": bool, "integer": int}
REFERENCE_PATTERN = re.compile(REFERENCE)


class QuickReader:
    """Reads candidates for one release."""

    def __init__(self, release: Release) -> None:
        self._right: dict[str, tuple[type, frozenset[Value]]] = {
            name: (TYPES.get(fact.kind, str), frozenset(fact.domain)) for name, fact in release.facts.items()
        }

    def asked(self, body: bytes, *, strict: bool) -> Asked | None:
        """Return the question that a body asks, or `None` where that takes a closer look."""
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        # each pair needs a colon: as many colons as keys means that no key was written twice
        if type(data) is not dict or body.count(b":") != len(data):
            return None
        facts: dict[str, Value] = {}
        reference: str | None = None
        unavailable: tuple[str, ...] = ()
        for name, value in data.items():
            right = self._right.get(name)
            if right is None:
                if name == "reference" and isinstance(value, str) and REFERENCE_PATTERN.fullmatch(value):
                    reference = value
                elif name == "unavailable" and isinstance(value, list):
                    unavailable = self._names(value, data)
                    if len(unavailable) != len(value):
                        return None
                else:
                    return None
            elif type(value) is right[0] and value in right[1]:
                facts[name] = value
            elif value is not None:
                return None
        return Asked(facts, strict, unavailable, {}, reference)

    def _names(self, listed: list[Any], data: dict[str, Any]) -> tuple[str, ...]:
        """Return the facts among these that are not answered, in asking order."""
        named = {name for name in listed if isinstance(name, str) and data.get(name) is None}
        return tuple(name for name in self._right if name in named)
