"""The CQL library decides as the engine does, in the engines of others."""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from itertools import chain
from random import Random
from typing import Any

import pytest

from app.cohort.cql import Library
from app.cohort.nodes import facts_read, word_of
from app.core.engine import Engine, Engines, Question
from app.core.rules import Release
from tests.books import random_candidate, release_of, small_book
from tests.fhir.validators import run_node
from tools.population import drawn

RUNS = ("ours", "compiled", "cqframework")
"""Our ELM and theirs in cql-execution; the text in the engine of those who wrote the language."""
EVERY = 8
"""The slow engine of the three gets one of so many candidates."""
Case = dict[str, Any]
Asked = tuple[Engine, Sequence[Mapping[str, Any]], bool]
"""An engine, its candidates, and whether they are asked strictly."""


def case(release: Release, rows: Sequence[Mapping[str, object]], *, strict: bool) -> Case:
    """Return what is asked of the other engines; what is unknown is null there."""
    library, names = Library(release), facts_read(release)
    candidates = [{name: row.get(name) for name in names} for row in rows]
    return {
        "cql": library.text(),
        "elm": library.as_elm(),
        "strict": strict,
        "candidates": candidates,
        "every": EVERY,
    }


def executed(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Return what the other engines make of each case, lists in one order."""
    found: list[dict[str, Any]] = json.loads(run_node("cql.mjs", given=json.dumps(cases)).splitlines()[-1])
    for row in chain.from_iterable(each[run] for each in found for run in RUNS):
        row[3] = row[3] and sorted(row[3])
    return found


def decided(engine: Engine, row: Mapping[str, Any], *, strict: bool) -> list[Any]:
    """Return what the engine decides, as the library says it."""
    outcome = engine.decide(Question(row, strict))
    decision = outcome.decision
    return [decision.disposition, decision.pathway, decision.phase, sorted(map(word_of, outcome.possible)), None]


def partly_known(release: Release, count: int) -> list[Mapping[str, Any]]:
    """Return candidates of whom all, 80 and 50 in 100 facts are known, and one of whom none is."""
    return [{}, *(row for known in (1.0, 0.8, 0.5) for row in drawn(release, count, known))]


def _nulls_are_no(elm: Any) -> None:
    """Return ELM in which a region of an unknown value is the first one."""
    for each in elm["library"]["statements"]["def"]:
        if each["name"].startswith("Region of "):
            each["expression"] = each["expression"]["else"]
            each["expression"]["else"] = each["expression"]["then"]


def _one_child(elm: Any) -> None:
    for each in elm["library"]["statements"]["def"]:
        if each["name"].startswith("Node "):
            expression = each["expression"]
            while expression["type"] == "If":
                before, expression = expression, expression["else"]
            before["else"] = before["then"]


def _always_strict(elm: Any) -> None:
    for each in elm["library"]["parameters"]["def"]:
        if each["name"] == "Strict":
            each["name"] = "Lenient"
            each["default"]["value"] = "true"
    for each in elm["library"]["statements"]["def"]:
        for part in (each["expression"], each["expression"].get("then", {})):
            if part.get("condition", {}).get("name") == "Strict":
                part["condition"]["name"] = "Lenient"


WRONG: Mapping[str, Callable[[Any], None]] = {
    "unknown is no": _nulls_are_no,
    "unknown is only the first": _one_child,
    "always strict": _always_strict,
}
STRANGE: Sequence[Mapping[str, object]] = [{"primary_concern": "Dullness"}, {"age_years": 121, "sagging": "some"}]


@pytest.fixture(scope="module")
def asked(engines: Engines) -> dict[str, Asked]:
    """Everything that is asked, by name."""
    current = engines.by_id[engines.current]
    found: dict[str, Asked] = {
        mode: (current, partly_known(current.release, 25), mode == "strict") for mode in ("confirm", "strict")
    }
    for seed in range(3):
        release, random = release_of(small_book(seed)), Random(seed)
        rows = [random_candidate(random, release.facts, known) for known in (1.0, 0.7, 0.4) for _ in range(8)]
        found[f"small-{seed}"] = Engine(release), rows, seed % 2 == 0
    return found


@pytest.fixture(scope="module")
def found(asked: dict[str, Asked]) -> dict[str, dict[str, Any]]:
    """What the engines of others make of all of it: to start them takes longer than to decide."""
    cases = {name: case(engine.release, rows, strict=strict) for name, (engine, rows, strict) in asked.items()}
    for name, wrong in WRONG.items():
        cases[name] = deepcopy(cases["confirm"])
        wrong(cases[name]["elm"])
    cases["strange"] = case(asked["confirm"][0].release, STRANGE, strict=False)
    return dict(zip(cases, executed(list(cases.values())), strict=True))


def agree(asked: Asked, found: Mapping[str, Any]) -> None:
    """Assert that all engines of others decided as ours does."""
    engine, rows, strict = asked
    assert found["errors"] == []
    wanted = [decided(engine, row, strict=strict) for row in rows]
    assert {run: found[run] for run in RUNS} == dict.fromkeys(RUNS[:2], wanted) | {RUNS[2]: wanted[::EVERY]}


def test_releases_and_small_rule_books_decide_alike(asked: dict[str, Asked], found: dict[str, Any]) -> None:
    for name, each in asked.items():
        agree(each, found[name])


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_library_is_noticed(found: dict[str, Any], wrong: str) -> None:
    assert found[wrong]["ours"] != found[wrong]["compiled"] == found["confirm"]["ours"]


def test_what_is_no_answer_is_named_and_nothing_decided(found: dict[str, Any]) -> None:
    wanted = [[None, None, None, None, "primary_concern"], [None, None, None, None, "sagging"]]
    assert {run: found["strange"][run] for run in RUNS} == dict.fromkeys(RUNS[:2], wanted) | {RUNS[2]: wanted[:1]}


@pytest.mark.long
def test_every_release_decides_alike_for_6000_candidates(engines: Engines) -> None:
    for engine in engines.by_id.values():
        for strict in (False, True):
            asked = engine, partly_known(engine.release, 2_000), strict
            (found,) = executed([case(engine.release, asked[1], strict=strict)])
            agree(asked, found)
