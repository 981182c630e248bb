"""Slow loris: many clients that send a head or a body a byte at a time, and never come to an end."""

import asyncio
import time
from collections.abc import Sequence

from tools.serving import Server
from tools.stress.crowd import Crowd, well
from tools.stress.questions import Question
from tools.stress.report import Report
from tools.stress.wire import BrokenError, Connection, request

SECONDS = 2
"""How long the service is told to wait for a request."""
LATE = 1.5
"""How much later, in seconds, a busy machine may notice."""
PAUSE = 0.1
HEAD = request("/v1/triage", b"x" * 1_000)[:-1_000]


async def slow(report: Report, server: Server, asked: Sequence[Question], each: int) -> None:
    """Open `each` slow heads and as many slow bodies, and check that they are let go while others are answered."""
    crowd = Crowd(server.port, asked, 2, pause=0.01)
    files = server.open_files()
    heads = [_drips(server.port, b"", b"POST /v1/triage HTTP/1.1\r\nx-slow: " + b"y" * 5_000) for _ in range(each)]
    bodies = [_drips(server.port, HEAD, b" " * 1_000) for _ in range(each)]
    found = await asyncio.gather(*heads, *bodies)
    await crowd.stop()
    kept = [seconds for seconds, _ in found]
    report.figure(f"{len(found)} clients sent a byte each {PAUSE} s and were let go", max(kept), "s after they began")
    late = [f"{seconds:.2f} s" for seconds in kept if not seconds < SECONDS + LATE]
    report.none(f"each of them is let go within {SECONDS} s", late)
    report.none("a head that comes too slowly gets 408", [said for _, said in found[:each] if b" 408 " not in said])
    await asyncio.sleep(0.2)
    report.check("their connections are released", server.open_files() <= files + 2, server.open_files() - files)
    well(report, "beside slow ones", crowd)


async def _drips(port: int, first: bytes, rest: bytes) -> tuple[float, bytes]:
    """Send a part at once and the rest a byte at a time; return how long that was borne, and what was said."""
    begun = time.monotonic()
    connection = await Connection.open(port)
    ended = asyncio.create_task(connection.ended())
    try:
        await connection.send(first)
        for place in range(len(rest)):
            if ended.done() or time.monotonic() - begun > SECONDS * 5:
                break
            await connection.send(rest[place : place + 1])
            await asyncio.wait([ended], timeout=PAUSE)
    except BrokenError:
        await asyncio.wait([ended], timeout=1)
    seconds = time.monotonic() - begun
    connection.abort()
    return seconds, await ended
