"""Scenario `workers`: of several processes some are killed, all are restarted, all are told to stop, under load."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tools.serving import Server, serving
from tools.stress.crowd import Break, Crowd
from tools.stress.drain import drained
from tools.stress.questions import Question, questions
from tools.stress.report import Report
from tools.stress.sockets import is_stopped, peers

WORKERS = 2
CLIENTS = 16
BREAKS_WITHIN = 5.0
"""How long after a kill a client may notice, in seconds."""
DYING_SECONDS = 0.5
"""How long a killed process may go on listening, in seconds."""
REPLACED_SECONDS = 30.0
ABORTED = "aborting the restart"
"""What uvicorn says when it gives up a rolling restart."""


@dataclass(frozen=True)
class Kill:
    """A process that was killed: when, and the client ports of the connections it held."""

    at: float
    pid: int
    held: frozenset[int]


def unexplained(breaks: Sequence[Break], kills: Sequence[Kill]) -> list[Break]:
    """Return the breaks of connections that no killed process held, and every second one of the same connection.

    Each worker of granian listens for itself: what is written while one is dying may wait to be accepted by it in vain.
    """
    left = {(kill.pid, port) for kill in kills for port in kill.held}
    found = []
    for one in sorted(breaks, key=lambda each: each.at):
        by = next(
            (k.pid for k in kills if k.at <= one.at <= k.at + BREAKS_WITHIN and (k.pid, one.port) in left),
            None,
        )
        if by is not None:
            left.remove((by, one.port))
        elif one.received or not any(k.at <= one.sent_at <= one.at <= k.at + DYING_SECONDS for k in kills):
            found.append(one)
    return found


def run(report: Report, *, quick: bool) -> None:
    """Run it."""
    asked = questions(60 if quick else 300)
    with serving("--workers", str(WORKERS), ready=WORKERS) as server:
        asyncio.run(_kills(report, server, asked, 2 if quick else 15, 1.2 if quick else 2.5))
        asyncio.run(_restarts(report, server, asked, 1 if quick else 3, 0.05 if quick else 0.0))
        asyncio.run(drained(report, server, asked))


async def _kills(report: Report, server: Server, asked: list[Question], times: int, pause: float) -> None:
    first, random = server.workers(), Random(1)
    crowd, kills = Crowd(server.port, asked, CLIENTS), list[Kill]()
    begun = time.time()
    for _ in range(times):
        await asyncio.sleep(pause * random.uniform(0.8, 1.2))
        while not (workers := server.workers()):  # the dead ones are not replaced yet
            await asyncio.sleep(0.05)
        kills.append(_kill(random.choice(sorted(workers & first or workers)), server.port))
    is_full = await _replaced(server, first)
    await crowd.stop()
    report.figure("killed", len(kills), f"processes in {time.time() - begun:.0f} s, holding {_held(kills)} connections")
    report.figure("answered meanwhile", crowd.answered, f"requests; the slowest after {crowd.slowest:.2f} s")
    report.figure("broken connections", len(crowd.breaks), "each asked again on a new one")
    _check(report, "while workers are killed", crowd)
    report.none("only connections of killed workers broke", unexplained(crowd.breaks, kills))
    gone = {kill.pid for kill in kills}
    report.check(f"the {WORKERS} workers are all there and all new", is_full and not server.workers() & gone)


async def _restarts(report: Report, server: Server, asked: list[Question], times: int, pause: float) -> None:
    crowd = Crowd(server.port, asked, CLIENTS, pause=pause)
    for _ in range(times):
        before = server.workers()
        begun = time.time()
        server.stop(signal.SIGHUP)
        if not report.check("SIGHUP replaces every worker", await _replaced(server, before), said(server)):
            break
        report.figure("rolling restart", time.time() - begun, "s")
    await asyncio.sleep(0.5)
    await crowd.stop()
    report.figure("answered meanwhile", crowd.answered, f"requests; the slowest after {crowd.slowest:.2f} s")
    report.figure("connections closed under a request", len(crowd.breaks), "each asked again on a new one")
    _check(report, "while workers are restarted", crowd)


def _check(report: Report, when: str, crowd: Crowd) -> None:
    report.none(f"no wrong answer {when}", crowd.wrong)
    report.none(f"no lost answer {when}", crowd.lost)
    report.check(f"there were answers {when}", crowd.answered > 0)


def _kill(pid: int, port: int) -> Kill:
    """Kill a worker; it is stopped first, so that what it holds can be listed exactly."""
    os.kill(pid, signal.SIGSTOP)
    while not is_stopped(pid):
        time.sleep(0.001)
    held = frozenset(peers(pid, port))
    at = time.time()
    os.kill(pid, signal.SIGKILL)
    return Kill(at, pid, held)


def _held(kills: list[Kill]) -> int:
    return sum(len(kill.held) for kill in kills)


async def _replaced(server: Server, before: set[int]) -> bool:
    """Wait until there are as many workers as there should be, none of them of before."""
    until = time.time() + REPLACED_SECONDS
    while time.time() < until and ABORTED not in server.log():
        workers = server.workers()
        if len(workers) == WORKERS and not workers & before and server.pid not in workers:
            return True
        await asyncio.sleep(0.1)
    return False


def said(server: Server) -> str:
    """Return what the service logged about its processes last."""
    servers = ('"uvicorn.error"', '"granian"', '"granian.serve"')
    found = [line for line in server.log().splitlines() if any(name in line for name in servers)]
    return "\n      ".join(found[-3:])
