"""A body that is read quickly is read as the plain way reads it; whatever the plain way refuses is left to it."""

import json
import re
from random import Random
from typing import Any

import pytest

from app.api.problems import ProblemError
from app.api.quick import QuickReader
from app.api.strict_json import read_json
from app.api.validation import readers_of
from app.core.engine import Engines
from app.core.traits import Profile
from tests.books import random_candidate

BODIES = 4000
SEPARATORS: list[Any] = [None, (",", ":"), (", ", ":"), (",", ": "), (" , ", " : ")]


def bodies(engines: Engines, random: Random) -> list[bytes]:
    """Return bodies with a reference in its place or in the middle of something, some with a byte more or less.

    Several come one after another with the same facts in the same order, or nearly.
    """
    facts = engines.by_id["2026.2"].release.facts
    found = []
    names: list[str] = []
    for _ in range(BODIES):
        if random.random() < 0.1:
            names = list(random_candidate(random, facts, random.choice((0.05, 0.3, 1.0))))
            random.shuffle(names)
        candidate: list[tuple[str, Any]] = [(name, random.choice(facts[name].domain)) for name in names]
        if len(names) > 1 and random.random() < 0.2:
            one, other = random.sample(range(len(names)), 2)
            candidate[one] = random.choice((candidate[other], (names[one], 10**6)))
        if random.random() < 0.7:
            reference = "reference", random.choice(["a:1", "a:2", "7", "b", "x" * 64, "false", "", "x" * 65])
            candidate.insert(random.choice((0, random.randint(0, len(candidate)), len(candidate))), reference)
        if candidate and random.random() < 0.1:
            candidate.insert(random.randint(0, len(candidate)), random.choice(candidate))
        separators = random.choice(SEPARATORS)
        comma, colon = separators or (", ", ": ")
        written = [json.dumps(name) + colon + json.dumps(value) for name, value in candidate]
        body = "{" + comma.join(written) + "}"
        if random.random() < 0.3:
            member = next((each for each in written if each.startswith('"reference"')), '"reference":"b"')
            body = body.replace(random.choice((comma + member, member + comma, member)), "", 1)
            at = random.randint(0, len(body))
            body = body[:at] + random.choice((comma + member, member + comma, member)) + body[at:]
        if random.random() < 0.2:
            at = random.randint(0, len(body))
            body = body[:at] + random.choice(('"', ",", " ", "{", "}", ":", "1")) + body[at + random.randint(0, 1) :]
        found.append(body.encode())
    return found


class Counting(QuickReader):
    """Counts the bodies that are as usual."""

    counted = 0

    def _as_usual(self, members: list[bytes]) -> Profile | None:
        found = super()._as_usual(members)
        self.counted += found is not None
        return found


class Careless(QuickReader):
    """Takes any answer in any place, as long as there are as many."""

    def _as_usual(self, members: list[bytes]) -> Profile | None:
        usual = self._usual.get(len(members))
        if usual is None or not all(member in self._members for member in members):
            return None
        return Profile(self._traits, usual.ground, [self._members[member] for member in members])


def compared(engines: Engines, quick: QuickReader) -> tuple[int, int]:
    """Return how many bodies were read quickly, and how many of these otherwise than by the plain way."""
    plain = readers_of(engines)["2026.2"]
    answered = wrong = 0
    for body in bodies(engines, Random(2026)):
        asked = quick.asked(body, strict=False)
        if asked is not None:
            answered += 1
            try:
                expected = plain.asked(read_json(body), strict=False)
            except ProblemError:
                wrong += 1
            else:
                wrong += asked._replace(facts=dict(asked.facts)) != expected
    return answered, wrong


def test_what_is_read_quickly_is_read_as_the_plain_way_does(engines: Engines) -> None:
    quick = Counting(engines.by_id["2026.2"].traits)
    answered, wrong = compared(engines, quick)
    assert answered > BODIES / 4
    assert quick.counted > BODIES / 16
    assert wrong == 0


def test_facts_of_another_order_that_are_taken_for_the_usual_ones_are_noticed(engines: Engines) -> None:
    assert compared(engines, Careless(engines.by_id["2026.2"].traits))[1] > 0


def test_a_reference_that_is_none_is_noticed(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.quick.REFERENCE_MEMBER", re.compile(rb'reference": ?"([^"]*)"'))
    assert compared(engines, QuickReader(engines.by_id["2026.2"].traits))[1] > 0
