"""Reads the body that nearly every caller sends: one flat object of facts, each with one of its answers.

Whatever is wrong or unusual with a body, even a reading on a scale, is left to `candidate`, which says what would be
right. So nothing is accepted here that is not accepted there, and no error is worded twice.

A body is first looked at as its members are usually spelt: every answer to every fact is known beforehand, so that a
member is looked up as a whole. What is spelt otherwise is parsed. Where bodies come one after another with the same
facts in the same order, only those members are looked up that are not as usual.
"""

import json
import re
from itertools import compress
from operator import getitem, ne
from typing import Any, NamedTuple

import orjson

from app.api.validation import REFERENCE
from app.core.engine import Question
from app.core.facts import Value
from app.core.traits import Ground, Profile, Trait, Traits

TYPES = {"boolean": bool, "integer": int}
COLONS = (":", ": ")
REFERENCE_PATTERN = re.compile(REFERENCE)
REFERENCE_MEMBER = re.compile(rb'reference": ?"(%b)"' % REFERENCE.strip("^$").encode())


class Usual(NamedTuple):
    """What is usual in bodies with the same facts in the same order."""

    members: list[bytes]
    """The most common answers, as they are spelt there."""
    answers: list[dict[bytes, Trait]]
    """All answers to the same facts, by how they are spelt."""
    ground: Ground


class QuickReader:
    """Reads candidates for the engines of one release, in whatever language."""

    def __init__(self, traits: Traits) -> None:
        facts = traits.facts
        self._right: dict[str, tuple[type, frozenset[Value]]] = {
            name: (TYPES.get(fact.kind, str), frozenset(fact.domain)) for name, fact in facts.items()
        }
        self._traits = traits
        self._answers = {
            name: {_spelt(name, v, colon): traits.of(name, v) for v in fact.domain for colon in COLONS}
            for name, fact in facts.items()
        }
        self._members = {spelt: trait for answers in self._answers.values() for spelt, trait in answers.items()}
        self._usual: dict[int, Usual] = {}
        """By how many members a body has: what the last two of them had in common."""
        self._last: dict[int, Ground] = {}
        """By how many members a body has: the facts of the last of them, in their order."""

    def asked(self, body: bytes, *, strict: bool) -> Question | None:
        """Return the question that a body asks, or `None` where that takes a closer look."""
        return self._as_spelt(body, strict=strict) or self._parsed(body, strict=strict)

    def _as_spelt(self, body: bytes, *, strict: bool) -> Question | None:
        """Return the question of a body all of whose members are spelt as usual: between `{"` and `}`, none twice."""
        if body[:2] != b'{"' or body[-1:] != b"}":
            return None
        members = body[2:-1].split(b', "' if b', "' in body else b',"')
        reference = None
        profile = self._as_usual(members)
        if profile is None:
            reference = _taken_out(members)
            profile = self._as_usual(members) or self._added(members)
        return None if profile is None else Question(profile, strict, (), {}, reference)

    def _as_usual(self, members: list[bytes]) -> Profile | None:
        """Return the candidate with these members, or `None` where they are not to the usual facts in their order."""
        usual = self._usual.get(len(members))
        if usual is None:
            return None
        differ = list(map(ne, members, usual.members))
        try:
            traits = list(map(getitem, compress(usual.answers, differ), compress(members, differ)))
        except KeyError:
            return None
        return Profile(self._traits, usual.ground, traits)

    def _added(self, members: list[bytes]) -> Profile | None:
        """Return the candidate with these members; `None` where one is spelt otherwise, or two are to one fact."""
        try:
            traits = [self._members[member] for member in members]
        except KeyError:
            return None
        profile = self._traits.added(traits)
        if profile is not None:
            number = len(members)
            if self._last.get(number) is profile.ground:
                self._usual[number] = self._usual_of(members[0], traits, profile.ground)
            self._last[number] = profile.ground
        return profile

    def _usual_of(self, first: bytes, traits: list[Trait], ground: Ground) -> Usual:
        """Return the most common answers to these facts, spelt as the first member is."""
        colon = ": " if b'": ' in first else ":"
        names = [trait.fact[0] for trait in traits]
        members = [_spelt(*self._traits.common(name).fact, colon) for name in names]
        return Usual(members, [self._answers[name] for name in names], ground)

    def _parsed(self, body: bytes, *, strict: bool) -> Question | None:
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
        return Question(facts, strict, unavailable, {}, reference)

    def _names(self, listed: list[Any], data: dict[str, Any]) -> tuple[str, ...]:
        """Return the facts among these that are not answered, in asking order."""
        named = {name for name in listed if isinstance(name, str) and data.get(name) is None}
        return tuple(name for name in self._right if name in named)


def _taken_out(members: list[bytes]) -> str | None:
    """Take the reference out of the members, where it stands first or last and is not alone, and return it."""
    for place in (0, -1) if len(members) > 1 else ():
        found = REFERENCE_MEMBER.fullmatch(members[place])
        if found is not None:
            del members[place]
            return found[1].decode()
    return None


def _spelt(name: str, value: Value, colon: str) -> bytes:
    return f'{name}"{colon}{json.dumps(value, ensure_ascii=False)}'.encode()
