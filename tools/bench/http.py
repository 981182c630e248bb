"""Requests over HTTP, as ratios to a constant application that sends the same bytes, in one interleaved run.

Each server has one core and `wrk` another, with so many connections that the server is never idle. Of every round the
ratio is taken; the median of the rounds is told. On one core alone nothing is pinned and fewer connections are used.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

from app.api.written import Writer

from app.core.engine import Engine, Question
from tools.bench.decisions import candidate
from tools.serving import ROOT, Server, running, serving

SECONDS = 4
ROUNDS = 3
CONNECTIONS, UNPINNED = 128, 32
CANDIDATES = 20_000
"""Several times as many as an engine keeps readings of."""
ANSWERS = 2_000
"""How many of the answers the constant application sends in turn, lest it be slowed by its memory."""
KEPT = 0
ORDINARY, PLAIN = "application/json", "application/json; charset=utf-8"
"""The second spelling takes the plain way."""
RATE, ERRORS = re.compile(r"Requests/sec: +([\d.]+)"), re.compile(r"Non-2xx|Socket errors")


@dataclass(frozen=True)
class Case:
    """What is asked and how: of how many candidates in turn, with how many bytes of answers kept."""

    name: str
    full: bool
    candidates: int
    kept: int
    media: str = ORDINARY

    @property
    def path(self) -> str:
        return "/v1/triage" if self.full else "/v1/triage?view=decision"


CASES = (
    Case("full answer, one candidate again and again (all kept)", True, 1, KEPT),
    Case("full answer, 200 candidates in turn (all kept)", True, 200, KEPT),
    Case("full answer, 20,000 in turn, no answers kept", True, CANDIDATES, 0),
    Case("full answer, 200 in turn, nothing kept, the plain way", True, 200, 0, PLAIN),
    Case("view=decision, one candidate again and again (all kept)", False, 1, KEPT),
    Case("view=decision, 200 candidates in turn (all kept)", False, 200, KEPT),
    Case("view=decision, 20,000 in turn, no answers kept", False, CANDIDATES, 0),
    Case("view=decision, 200 in turn, nothing kept, the plain way", False, 200, 0, PLAIN),
)


@dataclass(frozen=True)
class Measured:
    """One server under load: requests a second, and microseconds of processor time a request."""

    rate: float
    microseconds: float


def run(engine: Engine) -> None:
    """Measure and print."""
    if shutil.which("wrk") is None:
        print("HTTP is not measured: `wrk` is needed (apt-get install wrk)")
        return
    cores = sorted(os.sched_getaffinity(0))
    pinned = (cores[0], cores[1]) if len(cores) > 1 else None
    print(f"{'':62} {'ratio':>6} {'of rounds':>16} {'a second':>9} {'CPU us':>7} {'constant':>9} {'CPU us':>7}")
    with tempfile.TemporaryDirectory(prefix="triage-") as folder:
        for case in CASES:
            asked, answers = _written(engine, case, Path(folder))
            rounds = [_round(case, asked, answers, pinned) for _ in range(ROUNDS)]
            ratios = [ours.rate / constant.rate for ours, constant in rounds]
            ours, constant = sorted(rounds, key=lambda pair: pair[0].rate / pair[1].rate)[ROUNDS // 2]
            shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
            print(
                f"{case.name:62} {median(ratios):6.2f} {shown:>16} {ours.rate:9,.0f} {ours.microseconds:7.1f} "
                f"{constant.rate:9,.0f} {constant.microseconds:7.1f}",
                flush=True,
            )


def _written(engine: Engine, case: Case, folder: Path) -> tuple[Path, Path]:
    """Write what is asked and what answers it, one a line."""
    random, writer = Random(2026), Writer()
    facts = engine.release.facts
    drawn = [candidate(random, facts, engine, 1.0) for _ in range(case.candidates)]
    asked, answers = folder / "asked", folder / "answers"
    asked.write_text("\n".join(json.dumps(one) for one in drawn) + "\n", "utf-8")
    written = [writer.answer(engine, Question(one), full=case.full)[0] for one in drawn[:ANSWERS]]
    answers.write_bytes(b"\n".join(written))
    return asked, answers


def _round(case: Case, asked: Path, answers: Path, pinned: tuple[int, int] | None) -> tuple[Measured, Measured]:
    core = pinned[0] if pinned else None
    with serving(core=core) as server:
        ours = _loaded(server, case, asked, pinned)
    with constant(answers, core) as server:
        return ours, _loaded(server, case, asked, pinned)


@contextmanager
def constant(answers: Path, core: int | None) -> Iterator[Server]:
    """Serve answers without looking at what is asked."""
    program = "import sys; from uvicorn import main; sys.argv[0] = 'uvicorn'; main()"
    options = ["tools.bench.constant:app", "--no-access-log", "--log-level", "error", "--port"]
    with running(program, options, {"TRIAGE_ANSWERS": str(answers)}, core) as server:
        yield server


def _loaded(server: Server, case: Case, asked: Path, pinned: tuple[int, int] | None) -> Measured:
    pin = ["taskset", "-c", str(pinned[1])] if pinned else []
    connections = CONNECTIONS if pinned else UNPINNED
    script = ROOT / "tools" / "bench" / "wrk.lua"
    command = [*pin, "wrk", "-t", "1", "--timeout", "10s", "-c", str(connections), "-d", f"{SECONDS}s"]
    before = server.cpu_seconds()
    said = subprocess.run(
        [*command, "-s", str(script), server.address + case.path, "--", str(asked), case.media],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate = RATE.search(said)
    if rate is None or ERRORS.search(said):
        raise SystemExit(f"{case.name}: not every request was answered:\n{said}")
    requests = float(rate[1]) * SECONDS
    return Measured(float(rate[1]), (server.cpu_seconds() - before) / requests * 1e6)
