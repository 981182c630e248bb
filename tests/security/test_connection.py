"""Connections that send slowly, without end, or never: against a server on the loopback."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
import uvicorn

from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.connection import bounded, is_loopback
from app.security.options import GuardOptions
from app.settings import Settings

ASK = b"POST /v1/triage?view=decision HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Caller:
    """Opens connections to the service, and closes them in the end."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def sends(self, *parts: bytes) -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)
        return reader, writer


Client = Callable[[Caller], Awaitable[None]]


async def served(book: RuleBook, client: Client, **options: int) -> None:
    """Serve, let the client do its work, and drain."""
    app = build_app(Settings(), book)
    settings = GuardOptions.model_construct(**(GuardOptions().model_dump() | options))
    config = uvicorn.Config(app, port=0, log_config=None, http=bounded(settings, app), lifespan="on", access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    caller = Caller(server.servers[0].sockets[0].getsockname()[1])
    try:
        await client(caller)
    finally:
        for writer in caller.writers:
            writer.close()
        server.should_exit = True
        await task


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, object]]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return int(head.split()[1]), json.loads(await reader.readexactly(int(length.split(b":")[1])))


def test_whole_pieced_and_pipelined_requests_are_answered(book: RuleBook) -> None:
    async def client(caller: Caller) -> None:
        whole = ASK + b"content-length: 2\r\n\r\n{}"
        for parts in ([whole], [whole[:20], whole[20:90], whole[90:-1], whole[-1:]]):
            reader, writer = await caller.sends(*parts)
            assert (await answer(reader))[0] == 200
            writer.write(whole + whole)
            assert [(await answer(reader))[0], (await answer(reader))[0]] == [200, 200]

    asyncio.run(served(book, client))


def test_headers_without_end_are_refused_and_the_connection_is_closed(book: RuleBook) -> None:
    async def client(caller: Caller) -> None:
        reader, _ = await caller.sends(ASK, *[b"x-filler: " + b"x" * 400 + b"\r\n"] * 4)
        status, problem = await answer(reader)
        assert (status, problem["type"]) == (431, "/problems/headers-too-large")
        assert await reader.read() == b""

    asyncio.run(served(book, client, max_header_bytes=1_000))


def test_headers_that_never_end_are_given_up(book: RuleBook) -> None:
    async def client(caller: Caller) -> None:
        reader, _ = await caller.sends(ASK)
        status, problem = await answer(reader)
        assert (status, problem["type"]) == (408, "/problems/too-slow")
        assert await reader.read() == b""

    asyncio.run(served(book, client, request_seconds=1))


@pytest.mark.parametrize("sent", [(), (ASK + b"content-length: 9\r\n\r\n", b"{")], ids=["nothing", "a body that stops"])
def test_a_connection_that_sends_nothing_more_is_closed(book: RuleBook, sent: tuple[bytes, ...]) -> None:
    async def client(caller: Caller) -> None:
        reader, _ = await caller.sends(*sent)
        assert await reader.read() == b""
        reader, _ = await caller.sends(ASK + b"content-length: 2\r\n\r\n{}")
        assert (await answer(reader))[0] == 200

    asyncio.run(served(book, client, request_seconds=1))


def test_requests_beyond_the_limit_are_shed_and_every_one_is_answered(book: RuleBook) -> None:
    async def client(caller: Caller) -> None:
        streams = [await caller.sends() for _ in range(40)]
        for _, writer in streams:
            writer.write(ASK + b"content-length: 2\r\n\r\n{}")
        statuses = [(await answer(reader))[0] for reader, _ in streams]
        assert set(statuses) <= {200, 503}
        assert 200 in statuses
        reader, writer = streams[0]
        writer.write(b"GET /livez HTTP/1.1\r\nhost: here\r\n\r\n")
        assert (await answer(reader))[0] == 200

    asyncio.run(served(book, client, max_concurrency=1))


def test_the_addresses_that_only_this_machine_reaches() -> None:
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        assert is_loopback(host)
    for host in ("0.0.0.0", "::", "192.0.2.1", "triage.example.org", ""):
        assert not is_loopback(host)
