"""Servers that answer as no server should: what they cost is bounded, and what they did is said."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpcore
import pytest

from app.security import fetch
from app.security.allowance import HEAD_BYTES, Allowance, UnfetchedError
from app.security.fetch import READ_BYTES, Session, within
from tests.security.hostile import BROKEN, FLOODS, OK, SLOW, Hostile, hostile, once, sized
from tests.serving import HANGS

MOST = 200_000
GOOD = {
    "good": sized(b"{}"),
    "in parts": once(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n", b"1\r\n}\r\n0\r\n\r\n"),
    "after interim answers": once(b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n" * 20, OK, b"Content-Length: 2\r\n\r\n{}"),
    "until it closes": once(OK + b"\r\n{}"),
}
REFUSED = {
    "elsewhere": (once(b"HTTP/1.1 302 Found\r\nLocation: /good\r\nContent-Length: 0\r\n\r\n"), "answered 302"),
    "elsewhere, of no host": (once(b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n"), "302"),
    "nothing": (once(b"HTTP/1.1 204 No Content\r\n\r\n"), "answered 204"),
    "other bytes": (sized(b"{}", b"Content-Encoding: \xff\r\n"), "encoding"),
    "zstd": (sized(b"{}", b"Content-Encoding: zstd\r\n"), "encoding"),
    "no number": (sized(b'{"a": NaN}'), "did not send JSON"),
    "no UTF-8": (sized(b'{"a": "\xff"}'), "did not send JSON"),
    "too many values": (sized(b"[" + b",".join([b"{}"] * 95_000) + b"]"), "sent too much"),
    "too deep": (sized(b"[" * 50_000), "did not send JSON"),
    "a long number": (sized(b"[" + b"9" * 100_000 + b"]"), "sent too much"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Hostile]:
    refused = {name: answer for name, (answer, _) in REFUSED.items()}
    with hostile(GOOD | FLOODS | BROKEN | SLOW | refused) as server:
        yield server


def read(server: Hostile, name: str, seconds: float = HANGS, allowance: Allowance | None = None) -> Any:
    allowance = allowance or Allowance(MOST)
    return asyncio.run(within(seconds, {}, lambda session: session.json(f"{server.base}/{name}", allowance)))


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was read of the network, part by part."""
    parts: list[int] = []

    class Network(httpcore.AnyIOBackend):
        async def connect_tcp(self, *given: Any, **named: Any) -> httpcore.AsyncNetworkStream:
            stream = await super().connect_tcp(*given, **named)
            read = stream.read

            async def counted(max_bytes: int, timeout: float | None = None) -> bytes:
                found = await read(max_bytes, timeout)
                parts.append(len(found))
                return found

            stream.read = counted  # type: ignore[method-assign]
            return stream

    monkeypatch.setattr("app.security.fetch.httpcore.AnyIOBackend", Network)
    return parts


@pytest.mark.parametrize("name", GOOD)
def test_what_is_well_made_is_read(server: Hostile, name: str) -> None:
    assert read(server, name) == {}


@pytest.mark.parametrize("name", FLOODS)
def test_what_has_no_end_is_given_up_after_so_many_bytes(server: Hostile, name: str, arrived: list[int]) -> None:
    """However much time there is."""
    allowance = Allowance(MOST)
    most = allowance.wire + HEAD_BYTES + READ_BYTES
    with pytest.raises(UnfetchedError, match=r"sent too much|HTTP"):
        read(server, name, allowance=allowance)
    assert sum(arrived) <= most
    assert max(arrived) <= READ_BYTES


def test_short_parts_count_for_the_time_they_take(server: Hostile, arrived: list[int]) -> None:
    with pytest.raises(UnfetchedError, match="sent too much"):
        read(server, "chunks of one byte")
    assert sum(arrived) < MOST / 10


def test_what_passes_a_proxy_is_counted_too(
    server: Hostile, arrived: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.base)

    async def elsewhere(session: Session) -> Any:
        return await session.json("http://elsewhere.example/interim answers", Allowance(MOST))

    with pytest.raises(UnfetchedError, match="sent too much"):
        asyncio.run(within(HANGS, {}, elsewhere))
    assert 0 < sum(arrived) <= HEAD_BYTES + READ_BYTES
    assert server.asked[-1] == "http://elsewhere.example/interim answers"


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_off_or_is_no_http_is_said_so(server: Hostile, name: str) -> None:
    with pytest.raises(UnfetchedError, match="broke off, or did not keep to HTTP"):
        read(server, name)


@pytest.mark.parametrize("name", SLOW)
def test_what_takes_too_long_is_said_so(server: Hostile, name: str) -> None:
    with pytest.raises(UnfetchedError, match="did not answer in time"):
        read(server, name, seconds=0.1)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_use_is_said_as_it_is(server: Hostile, name: str) -> None:
    before = len(server.asked)
    with pytest.raises(UnfetchedError, match=REFUSED[name][1]):
        read(server, name)
    assert len(server.asked) == before + 1


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:1/", "could not be reached"),
        ("http://unknown.invalid/", "could not be reached"),
        ("http://elsewhere.example:port/", "cannot be asked"),
        ("http://elsewhere.example/\0", "cannot be asked"),
        ("ftp://elsewhere.example/", "cannot be asked"),
    ],
)
def test_who_cannot_be_reached_is_not_called_slow(address: str, says: str) -> None:
    with pytest.raises(UnfetchedError, match=says):
        asyncio.run(within(HANGS, {}, lambda session: session.json(address, Allowance(MOST))))


def test_what_others_send_is_taken_apart_beside_the_event_loop(server: Hostile) -> None:
    threads: list[threading.Thread] = []

    async def work(session: Session) -> Any:
        threads.append(threading.current_thread())
        return await session.json(f"{server.base}/good", Allowance(MOST))

    for _ in range(2):
        assert asyncio.run(within(HANGS, {}, work)) == {}
    assert threads[0] is threads[1] is not threading.current_thread()


def test_who_stops_waiting_stops_the_fetch(server: Hostile) -> None:
    ended = threading.Event()

    async def work(session: Session) -> None:
        try:
            await session.json(f"{server.base}/nothing more for ever", Allowance(MOST))
        finally:
            ended.set()

    async def given_up() -> None:
        fetching = asyncio.create_task(within(HANGS, {}, work))
        while not server.asked or not server.asked[-1].endswith("ever"):
            await asyncio.sleep(0.01)
        fetching.cancel()

    server.asked.clear()
    asyncio.run(given_up())
    assert ended.wait(HANGS)


def test_whom_to_trust_is_read_once(server: Hostile) -> None:
    read(server, "good")
    first = fetch._context()
    read(server, "good")
    assert fetch._context() is first
