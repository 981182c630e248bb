"""One request goes through few functions and files of ours, and the count is right."""

from collections.abc import Iterator

from tools import trace
from tools.serving import ROOT
from tools.trace import LIMITS, exceeded, traced


def inner() -> None:
    pass


def two() -> Iterator[int]:
    inner()
    yield 1
    inner()
    yield 2


def outer() -> int:
    inner()
    inner()
    doubled = [2 * number for number in two()]
    return sorted(doubled, key=lambda number: -number)[0]


def test_calls_functions_files_and_moves_are_counted() -> None:
    found = traced(outer, __file__)
    assert found.totals() == (8, 4, 1, 0)
    shown = [line.replace(f"{__file__} ", "").replace("outer.<locals>.", "") for line in found.root.lines()]
    assert shown == [
        "outer",
        "  inner x 2",
        "  two",
        "    inner",
        "  two again",
        "    inner",
        "  two again",
        "  <lambda> x 2",
    ]


def test_a_move_is_a_call_in_another_file() -> None:
    def both() -> None:
        inner()
        trace.exceeded(LIMITS)
        inner()
        inner()

    assert traced(both, str(ROOT)).totals() == (5, 3, 2, 2)


def test_what_is_above_a_limit_is_named() -> None:
    assert exceeded(LIMITS) == []
    assert exceeded(LIMITS._replace(calls=151, moves=16)) == ["calls", "moves"]


def test_a_full_request_stays_within_the_limits_and_is_counted_alike_every_time() -> None:
    counted = [{name: found.totals() for name, found in trace.requests().items()} for _ in range(2)]
    assert [which for which in trace.LIMITED if exceeded(counted[0][which])] == []
    assert counted[0] == counted[1]
    assert counted[0]["first"].calls > counted[0]["cold"].calls
