"""Columns decide as the engine does, row by row: every release, both modes, known in full, half and not at all."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohort.decider import Decider
from app.cohort.walk import MOST
from app.core.engine import Engine, Engines
from tests.books import release_of, small_book
from tests.cohort.drawn import by_columns, by_rows, drawn
from tests.cohort.wrong import WRONG

KNOWN = (1.0, 0.8, 0.5, 0.0)
RELEASES = ("2026.1", "2026.2", "2026.3")


def small_engine(seed: int) -> Engine:
    """Return the engine of a random rule book; every other one asks in stages."""
    release = release_of(small_book(seed))
    names = list(release.facts)
    return Engine(replace(release, stages=(tuple(names[1:]), tuple(names[:1]))) if seed % 2 else release)


def differs(engine: Engine, decider: Decider, known: float, seed: int, count: int = 40) -> bool:
    candidates = drawn(engine.release, count, known, seed)
    return list(by_columns(decider, candidates)) != list(by_rows(engine, decider, candidates))


def test_every_release_is_tried(engines: Engines) -> None:
    assert set(engines.by_id) == set(RELEASES)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("release", RELEASES)
def test_columns_decide_as_the_engine_does(engines: Engines, release: str, known: float, strict: bool) -> None:
    engine = engines.by_id[release]
    decider = Decider(engine, strict=strict)
    for seed in range(3):  # the second block finds what the first has found
        assert not differs(engine, decider, known, seed)


@pytest.mark.parametrize("strict", [False, True])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), known=st.sampled_from(KNOWN), most=st.sampled_from((1, 3, MOST)))
def test_columns_of_any_rule_book_decide_as_its_engine_does(strict: bool, seed: int, known: float, most: int) -> None:
    """`most` is so small at times that candidates are lost to the walk and decided one by one."""
    engine = small_engine(seed)
    decider = Decider(engine, strict=strict, most=most)
    assert not any(differs(engine, decider, known, seed + block) for block in range(2))


@pytest.mark.parametrize("strict", [False, True])
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_set_of_possible_decisions_is_the_engine_s(strict: bool, seed: int) -> None:
    engine = small_engine(seed)
    decider = Decider(engine, strict=strict)
    candidates = drawn(engine.release, 40, 0.5, seed)
    numbers, sets = decider.possible(candidates)
    for number, outcome in zip(numbers.tolist(), by_rows(engine, decider, candidates), strict=True):
        assert set(sets[number]) == set(outcome.possible or [outcome.decision])


@pytest.mark.parametrize("wrong", WRONG)
def test_every_wrong_decider_is_noticed(wrong: type[Decider]) -> None:
    def noticed(seed: int, strict: bool, known: float) -> bool:
        engine = small_engine(seed)
        try:
            return differs(engine, wrong(engine, strict=strict), known, seed)
        except (IndexError, KeyError):
            return True

    assert any(noticed(seed, strict, known) for seed in range(40) for strict in (False, True) for known in (0.5, 0.8))
