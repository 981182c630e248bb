"""Scenario `connections`: very many connections, endless batches, clients that read nothing."""

import asyncio

from tools.serving import serving
from tools.stress.idle import idle
from tools.stress.questions import questions
from tools.stress.report import Report
from tools.stress.sockets import raise_file_limit
from tools.stress.streams import streams


def run(report: Report, *, quick: bool) -> None:
    """Run it."""
    report.figure("files that a process may open", raise_file_limit())
    asked = questions(100)
    with serving() as server:
        asyncio.run(streams(report, server, asked, quick=quick))
        report.check("the service is alive", server.is_alive())
    asyncio.run(idle(report, asked, 1_000 if quick else 9_000))
