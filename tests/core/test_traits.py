"""The sum of a candidate's answers keeps each of them: the digest that names a question can be made by hand."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest

from app.core.engine import Engine, Engines, Question
from app.core.facts import Candidate
from app.core.rules import Release
from app.core.traits import Profile, Traits
from tests.books import random_candidate


def identity(release: Release, language: str, asked: Question) -> str:
    """Return the digest of a question as decision record 5 describes it."""
    options = {
        "language": language,
        "release": release.digest,
        "unavailable": sorted(asked.unavailable),
        "unknowns": "strict" if asked.strict else "confirm",
    }
    number, bits = 0, 0
    for name, fact in release.facts.items():
        listed = sorted(json.dumps(value) for value in fact.domain)
        place = listed.index(json.dumps(asked.facts[name])) + 1 if name in asked.facts else 0
        number += place << bits
        bits += len(f"{len(fact.domain):b}")
    code = number.to_bytes(-(-bits // 8), "little")
    return "sha256:" + sha256(json.dumps(options, separators=(",", ":")).encode() + code).hexdigest()


def asked_of(release: Release) -> list[Question]:
    random = Random(11)
    shares = (0.0, 0.1, 0.5, 0.9, 1.0)
    listed = []
    for _ in range(2000):
        facts = random_candidate(random, release.facts, random.choice(shares))
        unknown = [name for name in release.facts if name not in facts]
        unavailable = tuple(random.sample(unknown, random.randint(0, min(2, len(unknown)))))
        listed.append(Question(facts, random.random() < 0.5, unavailable))
    return listed


@pytest.mark.parametrize("name", ["2026.1", "2026.2"])
def test_the_digest_of_a_question_is_as_it_is_described(engines: Engines, name: str) -> None:
    engine = engines.by_id[name]
    listed = asked_of(engine.release)
    assert [engine.identity(asked) for asked in listed] == [identity(engine.release, "en", asked) for asked in listed]


def test_the_language_is_part_of_the_question(engines: Engines) -> None:
    release = engines.by_id["2026.2"].release
    asked = Question({"age_years": 34})
    assert Engine(release, "ko").identity(asked) == identity(release, "ko", asked) != identity(release, "en", asked)


def told_alike(release: Release, code: Callable[[Profile], bytes], traits: Traits) -> int:
    """Return how many candidates have the code of another: each answer to each fact alone, and one of each two."""
    candidates: list[Candidate] = [{}]
    candidates += [{name: value} for name, fact in release.facts.items() for value in fact.domain]
    random = Random(12)
    for _ in range(500):
        facts = random_candidate(random, release.facts, 0.9)
        name = random.choice(list(facts))
        candidates.append(facts)
        candidates += [{**facts, name: value} for value in release.facts[name].domain if value != facts[name]]
    different = {tuple(sorted(candidate.items())) for candidate in candidates}
    return len(different) - len({code(traits.profile(dict(each))) for each in different})


def test_no_two_candidates_have_one_code(engines: Engines) -> None:
    engine = engines.by_id["2026.2"]
    assert told_alike(engine.release, engine.traits.code, engine.traits) == 0
    # what the decision reads is not enough: ages between two limits are read alike
    seen = engine.traits.decision
    assert told_alike(engine.release, lambda profile: str(seen(profile)).encode(), engine.traits) > 0


def test_a_candidate_is_told_by_what_differs_from_the_most_common_answers(engines: Engines) -> None:
    engine = engines.by_id["2026.2"]
    traits = engine.traits
    random = Random(13)
    for asked in asked_of(engine.release)[:500]:
        listed = [traits.of(*answer) for answer in asked.facts.items()]
        random.shuffle(listed)
        whole = traits.added(listed)
        assert whole is not None
        differing = [each for each in listed if each != traits.common(each.fact[0])]
        part = Profile(traits, whole.ground, differing)
        for profile in (whole, part):
            assert (profile.sum, dict(profile)) == (traits.profile(asked.facts).sum, dict(asked.facts))
            assert list(profile) == [name for name in engine.release.facts if name in asked.facts]
            assert json.loads(b"{%b}" % profile.written()) == dict(asked.facts)


def reordered(release: Release) -> Release:
    """Return the release with the answers to each fact the other way round, which is no part of its digest."""
    return replace(release, facts={n: replace(f, values=f.values[::-1]) for n, f in release.facts.items()})


class AsListed(Traits):
    """Numbers the answers as they are listed."""

    def code(self, profile: Profile) -> bytes:
        listed = {name: list(fact.domain) for name, fact in self.facts.items()}
        places = [listed[name].index(profile[name]) + 1 if name in profile else 0 for name in listed]
        return json.dumps(places).encode()


def test_the_order_in_which_answers_are_listed_does_not_matter(engines: Engines) -> None:
    release = engines.by_id["2026.2"].release
    one, other = Engine(release), Engine(reordered(release))
    listed = asked_of(release)[:300]
    assert [other.identity(asked) for asked in listed] == [one.identity(asked) for asked in listed]
    for engine in (one, other):
        sights = engine.finder.logic.sight, engine._accompany.sight
        engine.traits = AsListed(engine.release.facts, release.weights, *sights)
    assert [other.identity(asked) for asked in listed] != [one.identity(asked) for asked in listed]
