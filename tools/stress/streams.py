"""Batches that are rude: a line without end, a client that stops reading, one that goes away midway."""

import asyncio
import socket
import time
from collections.abc import Sequence

from app.api.batch import STALLED_SECONDS
from tools.serving import Server
from tools.stress.crowd import Crowd, well
from tools.stress.questions import Question
from tools.stress.report import Report
from tools.stress.wire import Connection, request

FLAT = 16_000_000
"""Bytes by which the memory of the service may grow: buffers of the sockets and of some answers."""
HEAD = request(
    "/v1/triage/batch", None, "content-type: application/x-ndjson", "transfer-encoding: chunked", method="POST"
)
MOST_SENT = 100_000_000
LATE = 10.0
"""Seconds after which a stalled client should be gone for good: its last part has to be sent first."""


async def streams(report: Report, server: Server, asked: Sequence[Question], *, quick: bool) -> None:
    """Send them, and check that memory is flat and that others are answered."""
    crowd = Crowd(server.port, asked, 2, pause=0.02)
    lines = b"".join(question.facts + b"\n" for question in asked)
    await asyncio.sleep(0.3)
    before, files = server.rss(), server.open_files()
    await _endless_line(report, server, 10_000_000 if quick else 300_000_000)
    for _ in range(3 if quick else 30):
        await _leaves(server.port, lines)
    await _stalls(report, server, lines, 1.0 if quick else STALLED_SECONDS + LATE)
    report.figure("memory of the service grew by", server.rss() - before, "bytes")
    report.check("memory stays flat", server.rss() - before < FLAT, server.rss() - before)
    until = time.monotonic() + 5
    while server.open_files() > files and time.monotonic() < until:
        await asyncio.sleep(0.1)
    report.check("connections of batches are released", server.open_files() <= files, server.open_files() - files)
    await crowd.stop()
    well(report, "beside batches", crowd)


def chunk(data: bytes) -> bytes:
    """Return a chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _endless_line(report: Report, server: Server, size: int) -> None:
    before, begun, most = server.rss(), time.monotonic(), 0
    connection = await Connection.open(server.port)
    part = chunk(b"x" * 65_536)
    await connection.send(HEAD)
    for _ in range(size // 65_536):
        await connection.send(part)
        most = max(most, server.rss())
    await connection.send(b"0\r\n\r\n")
    reply = await connection.reply()
    connection.close()
    report.figure(f"a line of {size / 1e6:.0f} MB was read in", time.monotonic() - begun, "s")
    report.check(
        "a line without end is refused in one line", b'"too-large' in reply.body or b"/too-large" in reply.body
    )
    report.check("and is not kept", most - before < FLAT, most - before)


async def _leaves(port: int, lines: bytes) -> None:
    """Send half a batch, read a little, and drop the connection."""
    connection = await Connection.open(port)
    await connection.send(HEAD + chunk(lines) + b"fff\r\n{")
    await connection.reader.read(1_000)
    connection.abort()


async def _stalls(report: Report, server: Server, lines: bytes, seconds: float) -> None:
    """Ask much and read nothing, by a batch and by pipelined requests; the service should let go of both."""
    before, files, begun = server.rss(), server.open_files(), time.monotonic()
    silent = []
    for name, first, part in (
        ("a batch", HEAD, chunk(lines)),
        ("many requests for a long page", b"", request("/openapi.json") * 20),
    ):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.setblocking(False)
        silent.append(client)
        report.figure(f"of {name} whose answers nobody reads were taken", await _filled(client, first, part), "bytes")
    most, left = server.rss(), len(silent)
    while left and time.monotonic() - begun < seconds:
        await asyncio.sleep(0.2)
        most, left = max(most, server.rss()), server.open_files() - files
    report.check("memory stays flat before those who read nothing", most - before < FLAT, f"{most - before:,} more")
    if seconds > STALLED_SECONDS:
        what = f"who reads nothing is let go within {STALLED_SECONDS + LATE:.0f} s"
        report.check(what, left <= 0, f"{left} of {len(silent)} connections are held still")
    for client in silent:
        client.close()


async def _filled(client: socket.socket, first: bytes, part: bytes) -> int:
    """Write for as long as anything is taken, and return how many bytes were."""
    loop, sent = asyncio.get_running_loop(), 0
    await loop.sock_sendall(client, first)
    while sent < MOST_SENT:
        try:
            async with asyncio.timeout(1):
                await loop.sock_sendall(client, part)
            sent += len(part)
        except (TimeoutError, OSError):
            break
    return sent
