"""The states of many conditions at once are those of each condition by itself."""

from itertools import combinations as pairs
from random import Random

import pytest

from app.core.conditions import All
from app.core.diagram import UNKNOWN
from app.core.logic import Conditions
from app.core.states import STATE_OF_BITS, state_at
from tests.books import small_book


@pytest.mark.parametrize("combinations", [30, 4096])
@pytest.mark.parametrize("seed", range(60))
def test_the_states_of_all_conditions_are_those_of_each(
    seed: int, combinations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few combinations allowed, facts are joined in several groups; with many in one."""
    monkeypatch.setattr("app.core.states.COMBINATIONS", combinations)
    monkeypatch.setattr("app.core.states.JOINED", combinations // 10)
    book, random = small_book(seed), Random(seed)
    rules = [rule.when for rule in book.rules]
    joined = [All((a, b)) for a, b in pairs(rules, 2)]
    random.shuffle(joined)
    conditions = Conditions(book.facts.values(), [*rules, *joined[:20]])
    diagram, sight = conditions.diagram, conditions.sight
    for _ in range(50):
        known = {name: random.choice(list(f.domain)) for name, f in book.facts.items() if random.random() < 0.6}
        reading = diagram.reading(known)
        states = conditions.states(reading)
        for condition, root in conditions.roots.items():
            expected = STATE_OF_BITS[diagram.reachable(root, reading)]
            assert state_at(states, conditions.place(condition)) == expected
        field = sight.nothing + sum(sight.share(*answer) for answer in known.items())
        assert sight.reading(field) == reading
        assert sight.states(field, reading) == states
        assert field < 1 << sight.width
    nothing = bytes([UNKNOWN] * len(diagram.variables))
    assert sight.reading(sight.nothing) == nothing
    assert sight.states(sight.nothing, nothing) == conditions.states(nothing)
