"""Scenario `overload`: three times what one worker can answer. What it takes in is answered nearly as fast as ever.

The worker has one core, the load another. What is admitted waits at most for what was admitted before it, so that the
limit of concurrency bounds the latency; everything else gets 503 at once.
"""

import asyncio
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tools.serving import ROOT, serving
from tools.stress.h2load import MISSING, Load, closed, is_there, opened, quantile
from tools.stress.report import Report
from tools.stress.wire import BrokenError, Connection, request

LIMITS = (4, 8, 16)
CHOSEN = 8
"""The limit that is judged: with fewer, pauses of one answer shed what could be borne; each more adds its own time to
the latency of the others, and 5 times an unloaded answer leaves room for few."""
TIMES = 3
UNLOADED = 0.1
"""The part of capacity at which the latency without load is measured."""
WORST = 5.0
"""How many times its unloaded value the 99th percentile of admitted requests may be."""
OFFERED = 0.9
"""The part of what should be offered that must have been: a generator that cannot keep up shows nothing."""
UNANSWERED = re.compile(r"requests: (\d+) total, \d+ started, (\d+) done, \d+ succeeded, \d+ failed, (\d+) errored")
SETTINGS: dict[str, object] = {}


@dataclass
class Beside:
    """What a client of our own got beside the load, with what h2load does not look at."""

    answered: int = 0
    shed: int = 0
    wrong: list[str] = field(default_factory=list)


def run(report: Report, *, quick: bool) -> None:
    """Run it."""
    cores = sorted(os.sched_getaffinity(0))
    if not report.check(MISSING, is_there()) or not report.check("two cores are there", len(cores) > 1, cores):
        return
    body = (ROOT / "tests" / "cases" / "candidate.json").read_bytes()
    own, other = cores[0], cores[1]
    with serving(settings=SETTINGS, core=own) as server:
        found = closed(server.address, body, 16, 2 if quick else 5, other)
    capacity = found.rate()
    report.figure("capacity of one worker on one core", capacity, "requests a second")
    for limit in [CHOSEN] if quick else LIMITS:
        _offered(report, body, limit, capacity, 2 if quick else 10, (own, other))


def _offered(report: Report, body: bytes, limit: int, capacity: float, seconds: int, cores: tuple[int, int]) -> None:
    with serving(settings={**SETTINGS, "max_concurrency": limit}, core=cores[0]) as server:
        calm = opened(server.address, body, capacity * UNLOADED, seconds, cores[1])
        with _beside(server.port, body) as beside:
            loaded = opened(server.address, body, capacity * TIMES, seconds, cores[1])
        alive = server.is_alive()
    ratio = _figures(report, limit, calm, loaded, capacity)
    if limit != CHOSEN:
        return
    offered = loaded.rate()
    report.check(f"{TIMES} times its capacity was offered", offered > capacity * TIMES * OFFERED, f"{offered:,.0f}")
    report.check(f"the 99th percentile of admitted requests is within {WORST:.0f} times", ratio <= WORST, ratio)
    report.check("everything else gets 503", set(loaded.statuses()) <= {200, 503}, loaded.statuses())
    report.none("nothing stays unanswered", unanswered(loaded.said))
    report.none("each 503 says when to ask again, and each answer is the right one", beside.wrong)
    report.check("something was shed, and something admitted", {200, 503} <= set(loaded.statuses()), loaded.statuses())
    report.check("without load nothing is shed", set(calm.statuses()) == {200}, calm.statuses())
    report.check("the service is alive", alive)


def _figures(report: Report, limit: int, calm: Load, loaded: Load, capacity: float) -> float:
    """Print the figures of a limit, and return by how much load makes the 99th percentile worse."""
    before, under, shed = calm.latencies(200), loaded.latencies(200), loaded.latencies(503)
    ratio = quantile(under, 0.99) / quantile(before, 0.99)
    report.figure(
        f"limit {limit}: offered", f"{loaded.rate():,.0f} a second, {loaded.rate() / capacity:.2f} of capacity"
    )
    seconds = len(loaded.answers) / loaded.rate()
    report.figure(f"limit {limit}: admitted", f"{len(under) / seconds:,.0f} a second, shed {len(shed) / seconds:,.0f}")
    for name, found in (("unloaded", before), ("admitted under load", under), ("shed", shed)):
        parts = ", ".join(f"p{part * 100:g} {quantile(found, part):.2f}" for part in (0.5, 0.9, 0.99, 0.999))
        report.figure(f"limit {limit}: {name}", parts, "ms")
    report.figure(f"limit {limit}: 99th percentile under load to unloaded", ratio, "times")
    return ratio


def unanswered(said: str) -> list[str]:
    """Return the summary of h2load where it does not say that each request was answered."""
    found = UNANSWERED.search(said)
    if found and found[1] == found[2] and found[3] == "0":
        return []
    return [next((line for line in said.splitlines() if line.startswith("requests:")), said[-500:])]


@contextmanager
def _beside(port: int, body: bytes) -> Iterator[Beside]:
    """Ask beside the load, in a thread, until left; yield what it gets."""
    found, stop = Beside(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_ask(port, request("/v1/triage", body), found, stop)))
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


async def _ask(port: int, sent: bytes, found: Beside, stop: threading.Event) -> None:
    right = b""
    while not stop.is_set():
        try:
            connection = await Connection.open(port)
            reply = await connection.ask(sent)
            connection.close()
        except (BrokenError, OSError) as error:
            found.wrong.append(f"{type(error).__name__} {error}")
            return
        right = right or (reply.body if reply.status == 200 else b"")
        if reply.status == 503:
            found.shed += 1
            if "retry-after" not in reply.headers:
                found.wrong.append(f"503 without Retry-After: {reply.headers}")
        elif (reply.status, reply.body) == (200, right):
            found.answered += 1
        else:
            found.wrong.append(f"{reply.status} {reply.body[:200]!r}")
        await asyncio.sleep(0.02)
