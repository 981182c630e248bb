"""Scenario `connections`: clients that are slow, rude, endless or many, while ordinary ones are answered as ever."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress

import uvloop

from tools.serving import Server, serving
from tools.stress.crowd import Crowd, well
from tools.stress.fuzz import failures
from tools.stress.idle import idle
from tools.stress.questions import Question, questions
from tools.stress.report import Report
from tools.stress.slow import SECONDS, slow
from tools.stress.sockets import raise_file_limit
from tools.stress.streams import streams
from tools.stress.wire import BrokenError, Connection, request

PIPELINED = 50
LONG, AT_ONCE = 1_000, 1_000
"""Of so many requests the service answers so many, closing the connection then."""
SLOWER = ("/changes", "/v1/rulesets/2026.1/diff/2026.2")
"""What takes so long that the end of what a client sends is seen before the answer is made."""
ENDLESS_HEADER = 50_000_000
"""Bytes of one header, of which the service should read no more than its limit."""


FLOODING = 10
FLOODED = 64_000_000
"""Bytes that the service may need for so many clients that send requests faster than they are answered."""


def run(report: Report, *, quick: bool) -> None:
    """Run it."""
    report.figure("files that a process may open", raise_file_limit())
    asked = questions(100)
    with serving(settings={"request_seconds": SECONDS}) as server:
        uvloop.run(_rude(report, server, asked, 5 if quick else 50))
        uvloop.run(slow(report, server, asked, 30 if quick else 500))
        uvloop.run(streams(report, server, asked, quick=quick))
        report.check("the service is alive", server.is_alive())
    with serving(settings={"max_concurrency": 1}) as server:
        statuses = uvloop.run(_shed(server.port))
        told = sum(statuses.values())
        report.check(f"of a pipeline of {LONG} requests the first are answered", told == AT_ONCE, statuses)
        report.none("no failure in the log of one that refuses a pipeline", failures(server.log()))
    uvloop.run(idle(report, asked, 1_000 if quick else 10_000))


async def _rude(report: Report, server: Server, asked: Sequence[Question], times: int) -> None:
    """Pipelined requests, half-closed connections, and a header without end."""
    crowd = Crowd(server.port, asked, 2, pause=0.01)
    report.none(f"{PIPELINED} requests in one write get their answers in order", await _pipelined(server, asked, times))
    report.none("who closes the write side after a request gets the answer", await _half_closed(server, asked, times))
    before = server.rss()
    said, taken = await _endless_header(server.port)
    report.figure("a header without end was taken for", taken, "bytes")
    report.check("a header without end gets 431 and is cut off", b" 431 " in said and taken < ENDLESS_HEADER, said)
    report.check("and is not kept", server.rss() - before < 8_000_000, server.rss() - before)
    before = server.rss()
    await _flood(server.port, asked[0])
    report.figure(f"memory taken by {FLOODING} clients that pipeline and read nothing", server.rss() - before, "bytes")
    report.check(
        "who pipelines without reading takes little memory", server.rss() - before < FLOODED, server.rss() - before
    )
    await crowd.stop()
    well(report, "beside rude ones", crowd)


async def _pipelined(server: Server, asked: Sequence[Question], times: int) -> list[str]:
    found = []
    for start in range(times):
        some = [asked[(start + n) % len(asked)] for n in range(PIPELINED)]
        connection = await Connection.open(server.port)
        await connection.send(b"".join(question.sent for question in some))
        for place, question in enumerate(some):
            try:
                async with asyncio.timeout(10):
                    reply = await connection.reply()
            except (BrokenError, TimeoutError) as error:
                found.append(f"request {place + 1} of {PIPELINED}: {type(error).__name__} {error}")
                break
            if not question.is_answered_by(reply):
                found.append(f"request {place + 1} of {PIPELINED} got {reply.status} {reply.body[:100]!r}")
        connection.close()
    return found


async def _shed(port: int) -> dict[int, int]:
    """Send many requests in one write where one is worked on at once; return how often each status came."""
    connection, found = await Connection.open(port), dict[int, int]()
    await connection.send(request("/version") * LONG)
    try:
        async with asyncio.timeout(10):
            for _ in range(LONG):
                status = (await connection.reply()).status
                found[status] = found.get(status, 0) + 1
    except (BrokenError, TimeoutError):
        pass
    connection.abort()
    return found


async def _half_closed(server: Server, asked: Sequence[Question], times: int) -> list[str]:
    """Ask, then ask the same and close the write side; return where the second answer is not the first."""
    lines = b"\n".join(question.facts for question in asked)
    slow = [request(path) for path in SLOWER]
    batch = request("/v1/triage/batch", lines * 3, media="application/x-ndjson")
    found = []
    for sent in [*slow, batch, *(question.sent for question in asked[:times])]:
        connection = await Connection.open(server.port)
        right = await connection.ask(sent)
        connection.close()
        connection = await Connection.open(server.port)
        connection.writer.write(sent)
        connection.writer.write_eof()
        try:
            async with asyncio.timeout(10):
                reply = await connection.reply()
            if (reply.status, reply.body) != (right.status, right.body):
                found.append(f"{sent[:60]!r} got {reply.status} {reply.body[:100]!r}")
        except (BrokenError, TimeoutError) as error:
            found.append(f"{sent[:60]!r}: {type(error).__name__} {error}")
        connection.close()
    return found


async def _flood(port: int, question: Question) -> None:
    """Send tiny requests in large writes from several clients that read nothing, and leave."""
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(FLOODING)]
    tiny = request("/v1/triage", b"{}") * 5_000 + question.sent
    for client in clients:
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.send(tiny)
    await asyncio.sleep(1)
    for client in clients:
        client.close()


async def _endless_header(port: int) -> tuple[bytes, int]:
    """Send one header without end; return what is said to that and how many bytes could be sent."""
    connection = await Connection.open(port)
    ended = asyncio.create_task(connection.ended())
    taken = 0
    try:
        await connection.send(b"POST /v1/triage HTTP/1.1\r\nhost: here\r\nx-filler: ")
        while taken < ENDLESS_HEADER and not ended.done():
            await connection.send(b"x" * 4_096)
            taken += 4_096
            await asyncio.sleep(0)
    except BrokenError:
        pass
    await asyncio.wait([ended], timeout=10)
    connection.abort()
    return await ended, taken
