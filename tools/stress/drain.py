"""SIGTERM under load: every request that was accepted is answered.

That a request is accepted is known where the service said 100 Continue, where a batch had its first answer, and where
it was written well before the workers began to shut down. One written into a connection that is being closed was not.
"""

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Sequence
from datetime import datetime

from app.serve import DRAIN_SECONDS
from tools.serving import Server
from tools.stress.crowd import Break, Crowd
from tools.stress.questions import Question
from tools.stress.report import Report
from tools.stress.wire import BrokenError, Connection, request

CLIENTS = 8
WAITING = 20
LINES = 20
GRACE = 0.1
"""Seconds that a busy worker may take to read what was written to it."""
BEGINS_SECONDS = 30.0
SHUTTING = re.compile(r'"(Shutting down|Stopping worker-\d+)"')
"""What uvicorn and granian log of each worker."""


def lost_in_drain(breaks: Sequence[Break], shutting: float) -> list[Break]:
    """Return the breaks under requests that were accepted; `shutting` is when the first worker began to shut down."""
    return [one for one in breaks if one.received or one.sent_at < shutting - GRACE]


async def drained(report: Report, server: Server, asked: list[Question]) -> None:
    """Tell the service to stop while requests are under way, and check that each is answered."""
    crowd = Crowd(server.port, asked, CLIENTS, again=False)
    told = asyncio.Event()
    expecting = [_expecting(server.port, asked[n % len(asked)], told, n / WAITING / 2) for n in range(WAITING)]
    batch = _batch(server.port, asked, told)
    work = [asyncio.create_task(each) for each in (*expecting, batch)]
    await asyncio.sleep(0.7)
    begun, workers, logged = time.time(), len(server.workers()), server.log_bytes()
    server.stop()
    shutting = await _shutting(server, workers, logged)
    told.set()
    found = await asyncio.gather(*work)
    await crowd.stop()
    try:
        code = await asyncio.to_thread(server.wait, DRAIN_SECONDS)
    except subprocess.TimeoutExpired:
        code = -1
    report.figure("stopped", time.time() - begun, f"s after SIGTERM, answering {crowd.answered} requests before")
    report.figure("closed under a request just written", len(crowd.breaks), "connections")
    report.check("SIGTERM ends every worker, with exit code 0", len(shutting) == workers and code == 0, code)
    report.none("every request that was continued is answered after SIGTERM", [each for each in found if each])
    report.none("every request written before is answered", lost_in_drain(crowd.breaks, min(shutting, default=0.0)))
    report.none("no wrong answer while it stops", crowd.wrong)


async def _expecting(port: int, question: Question, told: asyncio.Event, pause: float) -> str:
    """Send a head, wait to be told to continue, and send the body when the service is stopping."""
    head, _, body = question.sent.partition(b"\r\n\r\n")
    connection = await Connection.open(port)
    try:
        await connection.send(head + b"\r\nexpect: 100-continue\r\n\r\n")
        if await connection.informed() != 100:
            return f"{head!r} was not continued"
        await told.wait()
        await asyncio.sleep(pause)
        reply = await connection.ask(body)
    except BrokenError as error:
        return f"{question.sent!r}: {error}"
    return "" if question.is_answered_by(reply) else f"{question.sent!r} got {reply}"


async def _batch(port: int, asked: list[Question], told: asyncio.Event) -> str:
    """Send lines one by one, most of them when the service is stopping."""
    lines = [asked[n % len(asked)].facts for n in range(LINES)]
    connection = await Connection.open(port)
    head = request("/v1/triage/batch", None, "content-type: application/x-ndjson", "transfer-encoding: chunked")
    await connection.send(head.replace(b"GET", b"POST", 1) + _chunk(lines[0]))
    await connection.reader.readuntil(b"\n{")
    await told.wait()
    try:
        for line in lines[1:]:
            await asyncio.sleep(0.05)
            await connection.send(_chunk(line))
        await connection.send(b"0\r\n\r\n")
    except BrokenError:
        return "a batch was broken while it was sent"
    came = await connection.ended()
    answers = came.count(b'"ruleset":{"id"')
    return "" if answers == LINES and came.endswith(b"0\r\n\r\n") else f"a batch got {answers} answers of {LINES}"


def _chunk(line: bytes) -> bytes:
    return b"%x\r\n%b\n\r\n" % (len(line) + 1, line)


async def _shutting(server: Server, workers: int, since: int) -> list[float]:
    """Wait until each worker began to shut down, by what is logged from this byte on, and return when."""
    until = time.time() + BEGINS_SECONDS
    lines: list[str] = []
    while time.time() < until and len(lines) < workers:
        await asyncio.sleep(0.05)
        whole = server.log(since).rpartition("\n")[0]
        lines = [line for line in whole.splitlines() if SHUTTING.search(line)]
    return [datetime.fromisoformat(json.loads(line)["time"]).timestamp() for line in lines]
