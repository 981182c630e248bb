"""What is written of shared parts once is what the encoder writes of the whole answer."""

from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import pytest

from app.api.encode import encode
from app.core.documented import Part
from app.core.engine import Engines, Question
from tests.books import random_candidate


def differing(engines: Engines) -> int:
    """Return how many answers and views are written otherwise than as a whole."""
    random = Random(21)
    found = 0
    for name in engines.by_id:
        engine = engines.by_id[name]
        for _ in range(200):
            question = Question(random_candidate(random, engine.release.facts, random.choice((0.1, 0.5, 1.0))))
            for record in (engine.view(question), engine.answer(question), engine.answer(question, "all")):
                found += encode(record) != msgspec.json.encode(record).replace(b'"for_":', b'"for":')
    return found


def test_an_answer_of_shared_parts_is_written_like_the_whole(engines: Engines) -> None:
    assert differing(engines) == 0


def test_a_wrong_part_is_noticed(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that keeps what another one was written as."""
    other = msgspec.Raw(b'{"rule":"another"}')

    def confused(part: Any) -> object:
        return other

    monkeypatch.setattr("app.api.encode._written", confused)
    assert differing(engines) > 0


def test_a_changed_copy_of_a_part_is_written_anew(engines: Engines) -> None:
    (question,) = [engines.by_id["2026.2"].view(Question({})).next_question]
    assert isinstance(question, Part)
    encode(engines.by_id["2026.2"].view(Question({})))
    changed = replace(question, why="because")
    assert not hasattr(changed, "written")
