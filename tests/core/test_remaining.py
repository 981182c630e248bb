"""What is left fact by fact is what is left at once, whatever was asked before; wrong memories are noticed."""

from random import Random
from typing import Any

import pytest

from app.core.diagram import UNKNOWN, Rest, restrict
from app.core.logic import Logic
from app.core.remaining import MOST, Reachable, Remaining, State, Ways
from tests.amounts import amount
from tests.books import random_candidate, small_book

BOOKS = amount(60, 1_000)


class TakesTheFirstWayForUnknown(Remaining):
    def _after_later(self, state: State[Reachable], region: int) -> State[Reachable]:
        return super()._after_later(state, 0 if region == UNKNOWN else region)


class FillsUnknownWithTheFirst(Remaining):
    def _after_earlier(self, state: State[Rest], region: int) -> State[Rest]:
        return super()._after_earlier(state, 0 if region == UNKNOWN else region)


class ForgetsTheLaterFacts(Remaining):
    def _matters(self, ways: Ways, beyond: State[Reachable]) -> bool:
        met = self.__dict__.setdefault("met", {})
        return bool(met.setdefault(ways, super()._matters(ways, beyond)))


class TakesOneLevelForAnother(Remaining):
    def _state(self, place: int, level: int, value: Any, after: Any) -> State[Any]:
        found = next((states[value] for states in self._states if value in states), None)
        return super()._state(place, level, value, after) if found is None else found


class NothingMatters(Remaining):
    def _matters(self, ways: Ways, beyond: State[Reachable]) -> bool:
        return False


WRONG = [
    TakesTheFirstWayForUnknown,
    FillsUnknownWithTheFirst,
    ForgetsTheLaterFacts,
    TakesOneLevelForAnother,
    NothingMatters,
]


def differs(seed: int, kind: type[Remaining], most: int) -> bool:
    """Say whether a random rule book's candidates have something else left by states than at once."""
    book, random = small_book(seed), Random(seed)
    logic = Logic(book.facts, book.rules, book.order)
    logic.__dict__["remaining"] = kind(logic.diagram, logic.case_root, logic._decision_of, logic.assumable, most)
    for _ in range(20):
        given = logic.regions(random_candidate(random, book.facts, random.random()), strict=True)
        regions = logic.assumed(given)
        at_once = restrict(logic.diagram, logic.case_root, regions), logic.open_assumptions(regions, given)
        if logic.left_to(given, strict=False) != at_once:
            return True
    return False


@pytest.mark.parametrize("most", [MOST, 5, 0])
def test_what_is_left_fact_by_fact_is_what_is_left_at_once(most: int) -> None:
    """With few states kept it is begun anew again and again."""
    assert not any(differs(seed, Remaining, most) for seed in range(BOOKS))


@pytest.mark.parametrize("wrong", WRONG)
def test_every_wrong_memory_is_noticed(wrong: type[Remaining]) -> None:
    def noticed(seed: int) -> bool:
        try:
            return differs(seed, wrong, MOST)
        except (IndexError, KeyError):
            return True

    assert any(noticed(seed) for seed in range(BOOKS))


def test_it_keeps_no_more_than_it_may() -> None:
    book, random = small_book(3), Random(3)
    logic = Logic(book.facts, book.rules, book.order)
    remaining = Remaining(logic.diagram, logic.case_root, logic._decision_of, logic.assumable, 10)
    for _ in range(200):
        remaining.of(logic.regions(random_candidate(random, book.facts, 0.5), strict=True))
        assert sum(map(len, remaining._states)) <= 10 + 2 * len(logic.diagram.variables)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_kept_has_each_node_once(seed: int) -> None:
    book, random = small_book(seed), Random(seed)
    logic = Logic(book.facts, book.rules, book.order)
    remaining = logic.remaining
    for _ in range(50):
        given = logic.regions(random_candidate(random, book.facts, random.random()), strict=True)
        remaining.of(given)
    rests = [each for states in remaining._states for each in states if isinstance(each, Rest)]
    nodes = [node for rest in rests for node in rest.nodes]
    assert len({id(node) for node in nodes}) == len(set(nodes))
