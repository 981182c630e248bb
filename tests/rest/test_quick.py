"""A body that is read quickly is read as the plain way reads it; whatever the plain way refuses is left to it."""

import json
import re
from random import Random
from typing import Any

import pytest

from app.core.triage import Engines
from app.rest.candidate import readers_of
from app.rest.json_text import read_json
from app.rest.problems import ProblemError
from app.rest.quick import REFERENCE_MEMBER, QuickReader
from tests.books import random_candidate

BODIES = 4000
SEPARATORS: list[Any] = [None, (",", ":"), (", ", ":"), (",", ": "), (" , ", " : ")]


def bodies(engines: Engines, random: Random) -> list[bytes]:
    """Return bodies with a reference in its place or in the middle of something, some with a byte more or less."""
    facts = engines.by_id["2026.2"].release.facts
    found = []
    for _ in range(BODIES):
        candidate: list[tuple[str, Any]] = list(
            random_candidate(random, facts, random.choice((0.05, 0.3, 1.0))).items()
        )
        candidate.insert(random.randint(0, len(candidate)), ("reference", random.choice(["a:1", "x" * 64, "false"])))
        if random.random() < 0.2:
            candidate.insert(random.randint(0, len(candidate)), random.choice(candidate))
        separators = random.choice(SEPARATORS)
        comma, colon = separators or (", ", ": ")
        written = [json.dumps(name) + colon + json.dumps(value) for name, value in candidate]
        body = "{" + comma.join(written) + "}"
        if random.random() < 0.5:
            member = next(each for each in written if each.startswith('"reference"'))
            body = body.replace(random.choice((comma + member, member + comma, member)), "", 1)
            at = random.randint(0, len(body))
            body = body[:at] + random.choice((comma + member, member + comma, member)) + body[at:]
        if random.random() < 0.2:
            at = random.randint(0, len(body))
            body = body[:at] + random.choice(('"', ",", " ", "{", "}", ":", "1")) + body[at + random.randint(0, 1) :]
        found.append(body.encode())
    return found


def compared(engines: Engines) -> tuple[int, int]:
    """Return how many bodies were read quickly, and how many of these otherwise than by the plain way."""
    engine = engines.by_id["2026.2"]
    quick, plain = QuickReader(engine), readers_of(engines)["2026.2"]
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
    answered, wrong = compared(engines)
    assert answered > BODIES / 4
    assert wrong == 0


def test_a_reference_cut_out_of_something_else_is_noticed(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    careless = re.compile(REFERENCE_MEMBER.pattern.replace(b"(?=[,}])", b""))
    monkeypatch.setattr("app.rest.quick.REFERENCE_MEMBER", careless)
    assert compared(engines)[1] > 0
