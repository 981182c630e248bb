"""What a decision costs in this process, in microseconds and as ratios to a hand-written function of the same run.

Each row has a new engine and candidates of its own, none of whom comes twice: each is read anew, beside what the
engine remembers of those before.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from app.core.engine import Question
from app.core.rules import Release
from app.engines import build_engines
from app.proof.compare import compare
from app.proof.explain import explain
from app.proof.verify import Verifier
from app.settings import Settings
from tools.bench.aims import beside
from tools.inside import responder, written
from tools.peers.by_hand import by_hand
from tools.population import drawn

CANDIDATES = 2000
EXPLAINED = 500
T = TypeVar("T")


def median_microseconds(work: Callable[[T], object], asked: Sequence[T]) -> float:
    """Return the median over what is asked, each of it once."""
    times = []
    for one in asked:
        start = time.perf_counter_ns()
        work(one)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1000


def run() -> None:
    """Measure and print."""
    engine, _ = responder()
    complete = drawn(engine.release, CANDIDATES)
    for facts in complete:
        decision = engine.decide(Question(facts)).decision
        if by_hand(facts) != (decision.disposition, decision.phase):
            raise SystemExit(f"the hand-written function decides otherwise for {facts}")
    base = median_microseconds(by_hand, complete)
    rows: list[tuple[str, float, float | None]] = [
        ("hand-written function, complete facts", base, None),
        ("decision, complete facts", _decision(1.0), 6),
        ("decision, half known", _decision(0.5), 100),
        ("decision, half known, strict", _decision(0.5, strict=True), None),
        ("body to bytes, complete facts", _bytes(1.0), 35),
        ("body to bytes, half known", _bytes(0.5), 160),
        ("body to bytes, half known, strict", _bytes(0.5, b"unknowns=strict"), None),
        ("body to bytes, view=decision, complete facts", _bytes(1.0, b"view=decision"), None),
        ("explanation, half known", _explanation(), None),
        ("explanation, half known, strict", _explanation(strict=True), None),
    ]
    print(f"{'':46} {'to hand':>8}  microseconds, median")
    for name, microseconds, most in rows:
        print(f"{name:46} {microseconds / base:8.0f}  {beside(microseconds, most)}")
    _proofs()


def _decision(known: float, *, strict: bool = False) -> float:
    engine, _ = responder()
    return _anew(engine.decide, [Question(facts, strict) for facts in drawn(engine.release, CANDIDATES, known)])


def _bytes(known: float, query: bytes = b"") -> float:
    engine, respond = responder()
    return _anew(partial(respond, query), [written(facts) for facts in drawn(engine.release, CANDIDATES, known)])


def _explanation(*, strict: bool = False) -> float:
    engine, _ = responder()
    questions = [Question(facts, strict) for facts in drawn(engine.release, EXPLAINED, 0.5)]
    return _anew(partial(explain, engine), questions)


def _anew(work: Callable[[T], object], asked: Sequence[T]) -> float:
    """Return the median over all but the first quarter, before whom there is nothing to remember."""
    quarter = len(asked) // 4
    median_microseconds(work, asked[:quarter])
    return median_microseconds(work, asked[quarter:])


def _proofs() -> None:
    begun = time.perf_counter()
    releases = [engine.release for engine in build_engines(Settings()).by_id.values()]
    print(f"rule book read, checked and compiled in {time.perf_counter() - begun:.2f} s")
    for release in releases:
        print(f"every law of {release.id} proved in {_seconds(partial(_proved, release)):.3f} s")
    before, after = releases[:2]
    print(f"{before.id} and {after.id} compared in {_seconds(partial(compare, before, after)):.3f} s")


def _proved(release: Release) -> bool:
    return Verifier(release).verify(release.laws).proved


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
