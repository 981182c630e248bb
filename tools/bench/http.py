"""Requests over HTTP, beside a constant application that sends the same responses, in one interleaved run.

Every request is another candidate. All servers run at once, on one processor; `wrk` loads one at a time from another
processor, with so many connections that it is never idle. Ratios are those of each round, and their median is told. On
one processor alone nothing is pinned and fewer connections are used.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

from app.core.rules import Release
from tools.bench.aims import beside
from tools.inside import RELEASE, responder, written
from tools.peers.served import CHECKED, Served, disagreement, served
from tools.population import candidates, drawn
from tools.serving import ROOT, Server, running, serving

SECONDS, ROUNDS = 3, 5
WARM_SECONDS = 1
"""How long each server is loaded, with other candidates, before anything is measured."""
CONNECTIONS, UNPINNED = 128, 32
FASTEST = 30_000
"""More requests a second than any server but the constant one answers."""
ANSWERS = 2_000
"""How many responses the constant application sends in turn, lest it be slowed by its memory."""
COUNT, RATE = re.compile(r"(\d+) requests in"), re.compile(r"Requests/sec: +([\d.]+)")
ERRORS = re.compile(r"Non-2xx|Socket errors")


@dataclass(frozen=True)
class Row:
    """What is asked of the service, and its aims: processor time a request, and the ratio of requests a second."""

    name: str
    query: str
    known: float
    most_microseconds: float | None = None
    least_ratio: float | None = None

    @property
    def file(self) -> str:
        return self.name.replace(" ", "-").replace(",", "")


ROWS = (
    Row("full, complete facts", "", 1.0, 95, 0.35),
    Row("full, half known", "", 0.5, 230, 0.14),
    Row("view=decision, complete facts", "view=decision", 1.0, 75),
    Row("full, half known, strict", "unknowns=strict", 0.5),
)


@dataclass(frozen=True)
class Load:
    """One server under load: requests a second, and microseconds of processor time a request."""

    rate: float
    microseconds: float


class Bodies:
    """A file of bodies, one a line, that is written as far as it is needed; none is sent twice."""

    def __init__(self, file: Path, bodies: Iterator[bytes]) -> None:
        self.file = file
        self._bodies = bodies
        self._starts = [0]
        self._next = 0

    def at_least(self, count: int) -> int:
        """Let there be so many that were not sent, and return the byte at which they begin."""
        more = islice(self._bodies, max(0, self._next + count - len(self._starts) + 1))
        with self.file.open("ab") as file:
            for body in more:
                file.write(body + b"\n")
                self._starts.append(self._starts[-1] + len(body) + 1)
        return self._starts[self._next]

    def sent(self, count: int) -> None:
        """Pass over so many."""
        self._next += count


class Measured:
    """A server, with what it is asked."""

    def __init__(self, server: Server, path: str, bodies: Bodies, *, again: bool = False) -> None:
        self._server = server
        self._path = path
        self._bodies = bodies
        self._again = again

    def load(self, seconds: int, core: int | None) -> Load:
        """Ask as fast as it answers."""
        start = 0 if self._again else self._bodies.at_least(FASTEST * seconds)
        connections = UNPINNED if core is None else CONNECTIONS
        pin = [] if core is None else ["taskset", "--cpu-list", str(core)]
        wrk = ["wrk", "-t", "1", "--timeout", "10s", "-c", str(connections), "-d", f"{seconds}s"]
        script = ["-s", str(ROOT / "tools" / "bench" / "wrk.lua"), self._server.address + self._path, "--"]
        arguments = [str(self._bodies.file), str(start), "again" if self._again else "once"]
        before = self._server.cpu_seconds()
        said = subprocess.run([*pin, *wrk, *script, *arguments], capture_output=True, text=True, check=True).stdout
        spent = self._server.cpu_seconds() - before
        count, rate = COUNT.search(said), RATE.search(said)
        if count is None or rate is None or ERRORS.search(said):
            raise SystemExit(f"{self._path}: not every request was answered:\n{said}")
        if not self._again:
            self._bodies.sent(int(count[1]) + connections)  # what was under way at the end is not counted
        return Load(float(rate[1]), spent / int(count[1]) * 1e6)


def run() -> None:
    """Measure and print."""
    if shutil.which("wrk") is None:
        print("HTTP is not measured: `wrk` is needed (apt-get install wrk)")
        return
    cores = sorted(os.sched_getaffinity(0))
    own, other = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    with ExitStack() as stack:
        measured = _started(stack, own)
        for each in measured.values():
            each.load(WARM_SECONDS, other)
        loads: dict[str, list[Load]] = defaultdict(list)
        for _ in range(ROUNDS):
            for name, each in measured.items():
                loads[name].append(each.load(SECONDS, other))
    _print(loads)


def _started(stack: ExitStack, core: int | None) -> dict[str, Measured]:
    """Start every server; return by name what is measured, each row of ours followed by the constant application."""
    engine, _ = responder()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="triage-")))
    answers = folder / "answers"
    answers.mkdir()
    for row in ROWS:
        _write_answers(row, answers / row.file)
    bodies_by = {known: _bodies(folder, engine.release, known) for known in {row.known for row in ROWS}}
    ours = stack.enter_context(serving(core=core))
    still = stack.enter_context(constant(answers, core))
    least = stack.enter_context(constant(answers, core, "least"))
    found: dict[str, Measured] = {}
    for row in ROWS:
        path = f"/v1/triage?ruleset={RELEASE}&{row.query}".rstrip("&")
        bodies = bodies_by[row.known]
        found[row.name] = Measured(ours, path, bodies)
        found[f"constant: {row.name}"] = Measured(still, f"/{row.file}", bodies, again=True)
    found["what no answer spares"] = Measured(least, f"/{ROWS[0].file}", bodies_by[1.0])
    checked = drawn(engine.release, CHECKED, seed=2030)
    for peer in served():
        if not peer.installed:
            print(f"{peer.name} is not installed")
            continue
        server = stack.enter_context(peer.running(core))
        if difference := disagreement(peer, server, engine, checked):
            raise SystemExit(f"{peer.name} decides otherwise: {difference}")
        found[peer.name] = Measured(server, peer.path, _bodies_of(peer, folder, engine.release, bodies_by[1.0]))
    return found


def _bodies(folder: Path, release: Release, known: float) -> Bodies:
    return Bodies(folder / f"known-{known}", map(written, candidates(release, known)))


def _bodies_of(peer: Served, folder: Path, release: Release, complete: Bodies) -> Bodies:
    """Return what a server of others is asked: the bodies that ours is asked, where it takes them."""
    if peer.body is written:
        return complete
    return Bodies(folder / peer.name, (peer.body(facts) for facts in candidates(release)))


def _write_answers(row: Row, file: Path) -> None:
    """Write what the constant application sends for a row."""
    engine, respond = responder()
    responses = [respond(row.query.encode(), written(facts)) for facts in drawn(engine.release, ANSWERS, row.known)]
    headers = [pair for pair in responses[0].headers.items() if pair[0] != "content-length"]
    file.write_bytes(b"\n".join([json.dumps(headers).encode(), *(bytes(each.body) for each in responses)]))


@contextmanager
def constant(answers: Path, core: int | None, module: str = "constant") -> Iterator[Server]:
    """Serve answers whatever is asked, on the server of `triage serve`."""
    command = [sys.executable, "-m", "tools.plain", f"tools.bench.{module}:app"]
    with running(command, {"TRIAGE_ANSWERS": str(answers)}, core) as server:
        yield server


def _print(loads: dict[str, list[Load]]) -> None:
    """Print the median of the rounds of each row."""
    print(f"{'':32} {'a second':>9} {'constant':>9} {'CPU us':>7}  CPU us, aim; to constant, aim, and of each round")
    for row in ROWS:
        ours, still = loads[row.name], loads[f"constant: {row.name}"]
        ratios = [one.rate / other.rate for one, other in zip(ours, still, strict=True)]
        rate, beyond = median(load.rate for load in ours), median(load.rate for load in still)
        least = median(load.microseconds for load in still)
        spent = beside(median(load.microseconds for load in ours), row.most_microseconds)
        ratio = beside(median(ratios), least=row.least_ratio, digits=2)
        rounds = " ".join(f"{one:.2f}" for one in ratios)
        print(f"{row.name:32} {rate:9,.0f} {beyond:9,.0f} {least:7.1f}  {spent}; {ratio}; {rounds}")
    print(f"{'':32} {'a second':>9} {'CPU us':>9}  requests a second to ours: full, complete; view, complete")
    full, view = loads[ROWS[0].name], loads[ROWS[2].name]
    others = {row.name for row in ROWS} | {f"constant: {row.name}" for row in ROWS}
    for name, found in loads.items():
        if name not in others:
            to = [median(a.rate / b.rate for a, b in zip(found, ours, strict=True)) for ours in (full, view)]
            spent_by = median(load.microseconds for load in found)
            print(f"{name:32} {median(load.rate for load in found):9,.0f} {spent_by:9.1f}  {to[0]:.2f} {to[1]:.2f}")
