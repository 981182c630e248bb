"""Thousands of connections that say nothing: what each costs, that others are answered, that all is given back."""

import asyncio
import socket
import time
from collections.abc import Sequence

from tools.serving import Server, serving
from tools.stress.crowd import Crowd, well
from tools.stress.questions import Question
from tools.stress.report import Report
from tools.stress.sockets import raise_file_limit

SPARE = 200
"""Files that the service and this process need besides."""
AT_ONCE = 500
"""Connections opened before it is waited until the service has taken them; fewer than its backlog."""
GIVEN_BACK = 0.25
"""The part of what idle connections took that may stay with the allocator for the next ones."""
PATIENCE = 600
"""Seconds for which the service is told to wait for a request, so that idle connections stay."""


async def idle(report: Report, asked: Sequence[Question], number: int) -> None:
    """Open so many connections twice, and check memory, answers and what is released."""
    limit = raise_file_limit()
    fit = min(number, limit - SPARE)
    if fit < number:
        report.figure(f"of {number} idle connections fit into the {limit} files of a process", fit)
    with serving(settings={"request_seconds": PATIENCE}) as server:
        warm = Crowd(server.port, asked, 2)
        await asyncio.sleep(0.5)
        await warm.stop()
        await asyncio.sleep(0.2)
        files, before = server.open_files(), server.rss()
        peaks, after = [], []
        for source in ("127.0.0.2", "127.0.0.3"):  # ports that were just left are not taken again at once
            peaks.append(await _held(report, server, asked, fit, source) - before)
            await _released(server, files)
            after.append(server.rss() - before)
        report.check("every connection is released", server.open_files() <= files, server.open_files() - files)
        report.figure("memory an idle connection", peaks[0] / fit, "bytes")
        report.figure(
            "memory kept after they left, the first and the second time", f"{after[0]:,} and {after[1]:,}", "bytes"
        )
        most = max(GIVEN_BACK * peaks[0], 2_000_000)
        report.check("a second time takes no more memory than the first", peaks[1] - peaks[0] < most, peaks)
        report.check("the service is alive", server.is_alive())


async def _held(report: Report, server: Server, asked: Sequence[Question], number: int, source: str) -> int:
    """Hold so many connections while ordinary clients ask; return the memory of the service with all of them."""
    begun, files, held = time.monotonic(), server.open_files(), list[socket.socket]()
    crowd = Crowd(server.port, asked, 2, pause=0.01)
    try:
        while len(held) < number:
            some = min(AT_ONCE, number - len(held))
            held += await asyncio.to_thread(lambda many: [_silent(server.port, source) for _ in range(many)], some)
            until = time.monotonic() + 10
            while server.open_files() < files + len(held) and time.monotonic() < until:
                await asyncio.sleep(0.01)
        taken = server.open_files() - files
        report.figure("idle connections held", len(held), f"opened in {time.monotonic() - begun:.1f} s")
        report.check("the service takes every one of them", taken >= number, taken)
        await asyncio.sleep(1)
        return server.rss()
    finally:
        await crowd.stop()
        for each in held:
            each.close()
        well(report, "beside idle ones", crowd)


def _silent(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), source_address=(source, 0))


async def _released(server: Server, files: int) -> None:
    until = time.monotonic() + 20
    while server.open_files() > files and time.monotonic() < until:
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
