"""Scenario `fuzz`: noise at every face. No 500, no silence, nothing written down that a caller sent.

`python -m tools.stress.fuzz SEED NUMBER` prints the bytes of one request again.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvloop

from app.security.signing import new_signing_key
from tools.serving import Server, serving
from tools.stress.faces import Face, document, faces
from tools.stress.noise import Noise, noise
from tools.stress.odd import MARKER
from tools.stress.report import Report
from tools.stress.wire import BrokenError, Connection, MalformedError, Reply, request

SEED = 2026
REQUESTS = 200_000
CLIENTS = 32
ANSWER_SECONDS = 30.0
RAW_SECONDS = 2.0
"""How long it is listened for what corrupted bytes get, which may be half a request and get nothing."""
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
FAILURE = re.compile(r'"error":|"level":"(error|critical)"')
SHED = 503
GREETING = "Candidate Triage answers on"
SHOWN_BYTES = 600


@dataclass
class Offenders:
    """What should not happen, once for each kind, method and path."""

    first: dict[tuple[str, str, str], Noise] = field(default_factory=dict)
    times: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, kind: str, sent: Noise) -> None:
        """Note one."""
        key = (kind, sent.method, sent.path)
        self.first.setdefault(key, sent)
        self.times[key] = self.times.get(key, 0) + 1

    def judge(self, sent: Noise, reply: Reply) -> None:
        """Note a reply that should not be."""
        if reply.status == SHED and "retry-after" in reply.headers:
            return
        if reply.status >= 500:
            self.add(f"status {reply.status}", sent)

    def listed(self) -> list[str]:
        """Return each with how to make it again."""
        return [
            f"{kind} at {method} {path}, {self.times[key]} times; "
            f"again: python -m tools.stress.fuzz {SEED} {sent.number}: "
            f"{sent.sent[:SHOWN_BYTES]!r}"
            for key, sent in self.first.items()
            for kind, method, path in [key]
        ]


def run(report: Report, *, quick: bool) -> None:
    """Run it."""
    number = 2_000 if quick else REQUESTS
    key = new_signing_key().model_dump_json()
    with serving(settings={"signing_keys": f"[{key}]", "request_seconds": 5}) as server:
        workers, begun = server.workers(), time.monotonic()
        offenders, statuses = uvloop.run(_fuzzed(server, number))
        seconds = time.monotonic() - begun
        report.figure("requests", number, f"at {number / seconds:,.0f} a second, seed {SEED}")
        report.figure("statuses", ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
        report.none("no 5xx, no silence, no broken answer", offenders.listed())
        report.check("the service is alive, the same process", server.is_alive() and server.workers() == workers)
        report.none("no failure in its log", failures(server.log()))
        report.check("its log holds a line for requests", '"triage.request"' in server.log())
        report.none("nothing that a caller wrote in its log", [ln for ln in server.log().splitlines() if marked(ln)])


def failures(log: str) -> list[str]:
    """Return what a log says of failures and lines that are no JSON, each kind once with how often it came."""
    found: dict[str, tuple[int, str]] = {}
    for line in log.splitlines():
        kind = line[:40] if not line.startswith(("{", GREETING)) else FAILURE.search(line) and _kind(line)
        if kind:
            times, first = found.get(kind, (0, line))
            found[kind] = times + 1, first
    return [f"{times} times {kind}: {first[:600]}" for kind, (times, first) in found.items()]


def _kind(line: str) -> str:
    """Return what went wrong and in which function: a failure is told apart by these."""
    said = json.loads(line)
    error = said.get("error", {})
    places = error.get("at", [])
    return f"{error.get('type')} in {', '.join(places[-2:])}" if error else str(said.get("message"))


def marked(line: str) -> bool:
    """Say whether a line holds what a caller wrote."""
    return MARKER in line.lower()


async def _fuzzed(server: Server, number: int) -> tuple[Offenders, dict[str, int]]:
    listed = faces(document(), await _stored(server.port))
    offenders, statuses, numbers = Offenders(), dict[str, int](), iter(range(number))
    await asyncio.gather(*(_client(server.port, numbers, listed, offenders, statuses) for _ in range(CLIENTS)))
    return offenders, statuses


async def _client(
    port: int, numbers: Iterator[int], listed: list[Face], offenders: Offenders, statuses: dict[str, int]
) -> None:
    connection: Connection | None = None
    for number in numbers:
        sent = noise(SEED, number, listed)
        if not sent.is_whole:
            for status in await _corrupted(port, sent):
                statuses[f"{status} corrupted"] = statuses.get(f"{status} corrupted", 0) + 1
                if status >= 500 and status != SHED:
                    offenders.add(f"status {status}", sent)
            continue
        connection = connection or await Connection.open(port)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection, reply = await _whole(port, connection, sent)
        except (BrokenError, MalformedError, TimeoutError) as error:
            offenders.add(f"{type(error).__name__} {error}", sent)
            connection.abort()
            connection = None
            continue
        offenders.judge(sent, reply)
        statuses[str(reply.status)] = statuses.get(str(reply.status), 0) + 1
        if reply.headers.get("connection") == "close":
            connection.abort()
            connection = None
    if connection:
        connection.abort()


async def _whole(port: int, connection: Connection, sent: Noise) -> tuple[Connection, Reply]:
    """Ask, once more on a new connection where this one turns out to be closed; return the one that was answered on."""
    try:
        return connection, await connection.ask(sent.sent)
    except BrokenError as error:
        connection.abort()
        if error.received:
            raise
    connection = await Connection.open(port)
    try:
        return connection, await connection.ask(sent.sent)
    except (BrokenError, MalformedError):
        connection.abort()
        raise


async def _corrupted(port: int, sent: Noise) -> list[int]:
    """Send corrupted bytes on a connection of their own, and return the statuses that come."""
    connection = await Connection.open(port)
    came = b""
    try:
        await connection.send(sent.sent)
        connection.writer.write_eof()
        async with asyncio.timeout(RAW_SECONDS):
            while part := await connection.reader.read(65_536):
                came += part
    except (BrokenError, TimeoutError, OSError):
        pass
    connection.abort()
    return [int(status) for status in STATUS.findall(came)]


async def _stored(port: int) -> dict[str, object]:
    """Return a real answer with its receipt."""
    connection = await Connection.open(port)
    reply = await connection.ask(request("/v1/triage", b'{"pregnant": true}'))
    connection.close()
    return {"answer": json.loads(reply.body), "receipt": reply.headers["triage-receipt"]}


if __name__ == "__main__":
    print(noise(int(sys.argv[1]), int(sys.argv[2]), faces(document())).sent)
