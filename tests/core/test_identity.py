"""The id of an answer can be made by hand: it is the digest of the question as canonical JSON."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest

from app.core.engine import Engine, Engines, Question
from app.core.rules import Release
from tests.books import random_candidate

Identify = Callable[[Release, str, Question], str]


def identity(release: Release, language: str, question: Question) -> str:
    """Return the id as decision record 5 describes it."""
    asked = {
        "facts": dict(question.facts),
        "language": language,
        "release": release.digest,
        "unavailable": sorted(question.unavailable),
        "unknowns": "strict" if question.strict else "confirm",
    }
    if question.doubted:
        asked["doubted"] = sorted(question.doubted)
    return "sha256:" + sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def questions_about(release: Release) -> list[Question]:
    random = Random(11)
    shares = (0.0, 0.1, 0.5, 0.9, 1.0)
    listed = []
    for _ in range(1000):
        facts = list(random_candidate(random, release.facts, random.choice(shares)).items())
        random.shuffle(facts)
        unknown = [name for name in release.facts if name not in dict(facts)]
        unavailable = tuple(random.sample(unknown, random.randint(0, min(2, len(unknown)))))
        doubted = tuple(random.sample(unknown, random.randint(0, min(2, len(unknown)))))
        listed.append(Question(dict(facts), random.random() < 0.5, unavailable, doubted=doubted))
    return listed


@pytest.mark.parametrize("name", ["2026.1", "2026.2", "2026.3"])
def test_the_id_is_the_digest_of_the_question_as_canonical_json(engines: Engines, name: str) -> None:
    engine = engines.by_id[name]
    for question in questions_about(engine.release):
        assert engine.identity(question) == identity(engine.release, "en", question)


def test_the_language_is_part_of_the_question(engines: Engines) -> None:
    release = engines.by_id["2026.2"].release
    question = Question({"age_years": 34})
    korean = Engine(release, "ko").identity(question)
    assert korean == identity(release, "ko", question) != identity(release, "en", question)


def test_the_order_in_which_answers_are_listed_does_not_matter(engines: Engines) -> None:
    release = engines.by_id["2026.2"].release
    reordered = replace(release, facts={n: replace(f, values=f.values[::-1]) for n, f in release.facts.items()})
    one, other = Engine(release), Engine(reordered)
    for question in questions_about(release)[:300]:
        assert other.identity(question) == one.identity(question)


def as_booleans_are_ones(release: Release, language: str, question: Question) -> str:
    return identity(
        release, language, question._replace(facts={n: int(v == 1) or v for n, v in question.facts.items()})
    )


def without_the_mode(release: Release, language: str, question: Question) -> str:
    return identity(release, language, question._replace(strict=False))


def without_doubts(release: Release, language: str, question: Question) -> str:
    return identity(release, language, question._replace(doubted=()))


def in_the_order_sent(release: Release, language: str, question: Question) -> str:
    return sha256(json.dumps([*question.facts.items()]).encode()).hexdigest()


@pytest.mark.parametrize("wrong", [as_booleans_are_ones, without_the_mode, without_doubts, in_the_order_sent])
def test_a_wrong_id_is_noticed(wrong: Identify, engines: Engines) -> None:
    engine = engines.by_id["2026.2"]
    listed = questions_about(engine.release)
    assert any(engine.identity(each) != wrong(engine.release, "en", each) for each in listed)
