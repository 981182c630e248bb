"""Reads the body that nearly every caller sends: one flat object of facts, each with one of its answers.

Whatever is wrong or unusual with a body, even a reading on a scale, is left to `candidate`, which says what would be
right. So nothing is accepted here that is not accepted there, and no error is worded twice.

A body is first looked at as its members are usually spelt: every answer to every fact is known beforehand, so that a
member is looked up as a whole. What is spelt otherwise is parsed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from app.core.facts import Value
from app.core.traits import Trait
from app.core.triage import Asked, Triage
from app.rest.candidate import REFERENCE

TYPES = {"boolean": bool, "integer": int}
REFERENCE_PATTERN = re.compile(REFERENCE)
TOKEN = REFERENCE.strip("^$").encode()
REFERENCE_MEMBER = re.compile(
    rb'(?:(?<=^{)"reference": ?"(?P<first>%b)", ?|, ?"reference": ?"(?P<later>%b)"(?=[,}]))' % (TOKEN, TOKEN)
)
"""The reference with one comma: that after it where it stands first, else the one before it."""


class QuickReader:
    """Reads candidates for one engine."""

    def __init__(self, engine: Triage) -> None:
        facts = engine.release.facts
        self._right: dict[str, tuple[type, frozenset[Value]]] = {
            name: (TYPES.get(fact.kind, str), frozenset(fact.domain)) for name, fact in facts.items()
        }
        self._traits = engine.traits
        self._members: dict[bytes, Trait] = {
            spelt: engine.traits.of(name, value)
            for name, fact in facts.items()
            for value in fact.domain
            for spelt in _spelt(name, value)
        }

    def asked(self, body: bytes, *, strict: bool) -> Asked | None:
        """Return the question that a body asks, or `None` where that takes a closer look."""
        return self._as_spelt(body, strict=strict) or self._parsed(body, strict=strict)

    def _as_spelt(self, body: bytes, *, strict: bool) -> Asked | None:
        """Return the question of a body all of whose members are spelt as usual: between `{"` and `}`, none twice."""
        reference = None
        if b'"reference"' in body and (found := REFERENCE_MEMBER.search(body)):
            reference = (found["first"] or found["later"]).decode()
            body = body[: found.start()] + body[found.end() :]
        if body[:2] != b'{"' or body[-1:] != b"}":
            return None
        members = self._members
        try:
            traits = [members[member] for member in body[2:-1].split(b', "' if b', "' in body else b',"')]
        except KeyError:
            return None
        profile = self._traits.added(traits)
        return None if profile is None else Asked(profile, strict, (), {}, reference)

    def _parsed(self, body: bytes, *, strict: bool) -> Asked | None:
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


def _spelt(name: str, value: Value) -> Iterator[bytes]:
    for colon in (":", ": "):
        yield f'{name}"{colon}{json.dumps(value, ensure_ascii=False)}'.encode()
