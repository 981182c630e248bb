"""What the current release costs beside the one before it, one candidate of each in turn.

Each release is asked of candidates of its own, with all of its own facts; what slows the machine slows both.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from app.core.engine import Question
from app.core.facts import Value
from app.proof.explain import explain
from tools.inside import Respond, responder, written
from tools.population import drawn

CANDIDATES = 2000
EXPLAINED = 80
MOST = 1.25
"""How much more the current release may cost in any row."""
BEFORE, CURRENT = "2026.2", "2026.3"
Facts = Mapping[str, Value]
Work = Callable[[Any], object]


def run() -> None:
    """Measure and print."""
    print(f"{'':46} {BEFORE:>8} {CURRENT:>8}  microseconds, median; at most {MOST:g} times as much")
    for name, made, known, count in _rows():
        before, now = _in_turn([_work(release, made, known, count) for release in (BEFORE, CURRENT)])
        missed = "" if now <= MOST * before else ", MISSED"
        print(f"{name:46} {before:8.1f} {now:8.1f}  {now / before:.2f}{missed}", flush=True)


def _rows() -> Sequence[tuple[str, Callable[[str], tuple[Work, Callable[[Facts], object]]], float, int]]:
    """Return name, how work is made, how much is known, how many."""
    strict, view = b"unknowns=strict", b"view=decision"
    return (
        ("decision, complete facts", _decision, 1.0, CANDIDATES),
        ("decision, half known", _decision, 0.5, CANDIDATES),
        ("decision, half known, strict", partial(_decision, strict=True), 0.5, CANDIDATES),
        ("body to bytes, complete facts", _bytes, 1.0, CANDIDATES),
        ("body to bytes, half known", _bytes, 0.5, CANDIDATES),
        ("body to bytes, half known, strict", partial(_bytes, query=strict), 0.5, CANDIDATES),
        ("body to bytes, view=decision, complete facts", partial(_bytes, query=view), 1.0, CANDIDATES),
        ("body to bytes, view=decision, half known", partial(_bytes, query=view), 0.5, CANDIDATES),
        ("explanation, half known", _explanation, 0.5, EXPLAINED),
        ("explanation, half known, strict", partial(_explanation, strict=True), 0.5, EXPLAINED),
    )


def _decision(release: str, *, strict: bool = False) -> tuple[Work, Callable[[Facts], object]]:
    engine, _ = responder(release)
    return engine.decide, lambda facts: Question(facts, strict)


def _bytes(release: str, *, query: bytes = b"") -> tuple[Work, Callable[[Facts], object]]:
    respond: Respond = responder(release)[1]
    return partial(respond, query), written


def _explanation(release: str, *, strict: bool = False) -> tuple[Work, Callable[[Facts], object]]:
    engine, _ = responder(release)
    return partial(explain, engine), lambda facts: Question(facts, strict)


def _work(
    release: str, made: Callable[[str], tuple[Work, Callable[[Facts], object]]], known: float, count: int
) -> tuple[Work, list[object]]:
    """Return what is done, and for whom."""
    work, asked = made(release)
    return work, [asked(facts) for facts in drawn(responder(release)[0].release, count, known)]


def _in_turn(pairs: Sequence[tuple[Work, list[object]]]) -> list[float]:
    """Return the medians, over all but the first quarter, of what is done in turn."""
    times: list[list[int]] = [[] for _ in pairs]
    for place in range(len(pairs[0][1])):
        for kept, (work, asked) in zip(times, pairs, strict=True):
            start = time.perf_counter_ns()
            work(asked[place])
            kept.append(time.perf_counter_ns() - start)
    return [statistics.median(kept[len(kept) // 4 :]) / 1000 for kept in times]
