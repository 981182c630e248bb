"""What the current release costs beside the one before it, in every part of the bench that depends on a release.

Both are measured in turn: what slows the machine slows both. Each release is asked of candidates of its own, with all
of its own facts. Parts that serve the current release alone (pages, FHIR) have no row here.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from app.api.endpoint import PATH
from app.core.engine import Question
from app.core.facts import Value
from app.proof.explain import explain
from tools.bench import batch, faces, http
from tools.inside import Respond, responder, written
from tools.population import candidates, drawn
from tools.serving import Server, serving

CANDIDATES = 2000
EXPLAINED = 80
LINES = 40_000
"""How many lines of a batch are answered in each round."""
MOST = 1.25
"""How much more the current release may cost in any row."""
BEFORE, CURRENT = "2026.2", "2026.3"
Facts = Mapping[str, Value]
Work = Callable[[Any], object]


def run() -> None:
    """Measure and print."""
    print(
        f"{'':46} {BEFORE:>8} {CURRENT:>8}  median of CPU, of a line of a batch of time, in us; at most {MOST:g} times"
    )
    for name, made, known, count in _rows():
        _print(name, *_in_turn([_work(release, made, known, count) for release in (BEFORE, CURRENT)]))
    for row in faces.rows((BEFORE, CURRENT)):
        _print(row.name, *(took / count for took, count in zip(_in_turn(row.pairs), row.counts, strict=True)))
    core, other = _cores()
    with serving(core=core) as server, tempfile.TemporaryDirectory(prefix="triage-") as folder:
        _over_http(server, Path(folder), other)
        _in_batches(server, other)


def _print(name: str, before: float, now: float) -> None:
    missed = "" if now <= MOST * before else ", MISSED"
    print(f"{name:46} {before:8.1f} {now:8.1f}  {now / before:.2f}{missed}", flush=True)


def _cores() -> tuple[int | None, int | None]:
    """Return the processor of the server and that of who asks; none where there is one alone."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def _over_http(server: Server, folder: Path, core: int | None) -> None:
    """Print processor time a request, median of rounds in turn."""
    if shutil.which("wrk") is None:
        print("HTTP is not measured: `wrk` is needed (apt-get install wrk)")
        return
    for row in http.ROWS:
        measured = []
        for release in (BEFORE, CURRENT):
            path = f"{PATH}?ruleset={release}&{row.query}".rstrip("&")
            bodies = map(written, candidates(responder(release)[0].release, row.known))
            measured.append(http.Measured(server, path, http.Bodies(folder / f"{row.file}-{release}", bodies)))
        for each in measured:
            each.load(http.WARM_SECONDS, core)
        rounds = [[each.load(http.SECONDS, core).microseconds for each in measured] for _ in range(http.ROUNDS)]
        _print(f"HTTP, {row.name}, CPU", *map(statistics.median, zip(*rounds, strict=True)))


def _in_batches(server: Server, core: int | None) -> None:
    """Print the time a line, median of rounds in turn."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    for view in batch.AIMS:
        asked = {
            f"{view}&ruleset={release}": [
                written(facts) + b"\n" for facts in drawn(responder(release)[0].release, batch.CANDIDATES)
            ]
            for release in (BEFORE, CURRENT)
        }
        rounds = [
            [1e6 / batch.streamed(server, query, lines, LINES)[1] for query, lines in asked.items()]
            for _ in range(http.ROUNDS + 1)
        ]
        _print(f"batch, {view}", *map(statistics.median, zip(*rounds[1:], strict=True)))


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
            start = time.process_time_ns()
            work(asked[place])
            kept.append(time.process_time_ns() - start)
    return [statistics.median(kept[len(kept) // 4 :]) / 1000 for kept in times]
