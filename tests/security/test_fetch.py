"""What is fetched is bounded as it arrives: in bytes once unpacked, and in seconds until it is read."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from app.api.worker import LIGHT_BYTES
from app.security import fetch
from app.security.allowance import Allowance, UnfetchedError
from app.security.fetch import Session, within

URL = "https://elsewhere.example/keys"
MOST = 100_000


class Parts(httpx.AsyncByteStream):
    """A body in parts, of which it is known how many were asked for."""

    def __init__(self, body: bytes, size: int = 1_000) -> None:
        self.parts = [body[start : start + size] for start in range(0, len(body), size)]
        self.asked = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.asked += 1
            yield part


def read(body: bytes | Parts, encoding: str | None = None, most: int = MOST, seconds: float = 60) -> Any:
    stream = body if isinstance(body, Parts) else Parts(body)
    headers = {"content-encoding": encoding} if encoding else {}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=stream))
    return asyncio.run(within(seconds, {}, lambda session: session.json(URL, Allowance(most)), transport))


def bombs() -> Iterator[tuple[bytes, str]]:
    zeros = b'"' + b"0" * 50_000_000 + b'"'
    once = gzip.compress(zeros)
    yield once, "gzip"
    yield gzip.compress(once), "gzip, gzip"
    yield zlib.compress(zeros), "deflate"
    yield once, "br"


@pytest.mark.parametrize("encoding", [None, "identity", "gzip", "x-gzip", "GZIP"])
@pytest.mark.parametrize("size", [10, LIGHT_BYTES, MOST])
def test_json_is_read_packed_or_not(encoding: str | None, size: int) -> None:
    body = json.dumps("x" * (size - 2)).encode()
    packed = body if encoding in (None, "identity") else gzip.compress(body)
    assert read(packed, encoding) == "x" * (size - 2)
    with pytest.raises(UnfetchedError, match="sent too much"):
        read(packed, encoding, most=size - 1)


@pytest.mark.parametrize(("body", "encoding"), list(bombs()), ids=["gzip", "gzip in gzip", "deflate", "brotli"])
def test_what_unpacks_to_very_much_is_given_up_at_the_limit(
    body: bytes, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = 0

    def watched(*given: Any) -> bytes:
        nonlocal largest
        found = unpacked(*given)
        largest = max(largest, len(found))
        return found

    unpacked = fetch._unpacked
    monkeypatch.setattr("app.security.fetch._unpacked", watched)
    parts = Parts(body)
    with pytest.raises(UnfetchedError):
        read(parts, encoding)
    assert largest <= MOST + 1
    assert parts.asked < 200


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"[1]")[:-9], gzip.compress(b"[1]") + gzip.compress(b"[2]"), b"[1]", b""],
    ids=["cut", "twice", "plain", "nothing"],
)
def test_what_is_not_one_whole_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(UnfetchedError):
        read(body, "gzip")


def test_the_other_is_asked_for_what_can_be_unpacked() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept-encoding"])
        return httpx.Response(200, json=1)

    transport = httpx.MockTransport(answer)
    asyncio.run(within(60, {}, lambda session: session.json(URL, Allowance(MOST)), transport))
    assert asked == ["gzip"]


def test_reading_the_json_counts_as_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def for_ever(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("app.security.fetch.in_worker", for_ever)
    with pytest.raises(UnfetchedError, match="in time"):
        read(json.dumps("x" * LIGHT_BYTES).encode(), seconds=0.05)


def test_all_that_share_an_allowance_draw_on_it() -> None:
    async def reading(session: Session) -> None:
        allowance = Allowance(30)
        for _ in range(2):
            await session.json(URL, allowance)
        await session.json(URL, allowance)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=b'"0123456789"'))
    with pytest.raises(UnfetchedError, match="sent too much"):
        asyncio.run(within(60, {}, reading, transport))


def test_a_key_that_is_sent_twice_is_not_read() -> None:
    with pytest.raises(UnfetchedError, match="JSON"):
        read(b'{"keys": [], "keys": []}')
