"""JSON fetched from others, limited in bytes and seconds.

Bytes count as they are unpacked: a kilobyte may unpack to gigabytes. Seconds count until the JSON is read.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx

from app.api.large_json import read_without_repeats
from app.api.problems import ProblemError
from app.api.worker import LIGHT_BYTES, in_worker
from app.core.languages import Sentence

GZIP = 31
"""The window of zlib that takes gzip, and nothing else."""


class UnfetchedError(Exception):
    """A failed fetch; the text goes after the other's name.

    `status` is there where the other answered with another status than 200.
    """

    def __init__(self, says: str, status: int | None = None) -> None:
        self.sentence = Sentence(says, {} if status is None else {"status": status})
        self.status = status
        super().__init__(str(self.sentence))


@dataclass
class Allowance:
    """How many bytes may still come, of all that share it."""

    left: int

    def take(self, count: int) -> None:
        """Count bytes, or raise `UnfetchedError`."""
        self.left -= count
        if self.left < 0:
            raise UnfetchedError("sent too much")


@asynccontextmanager
async def session(
    seconds: float, headers: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client limited to some seconds, or raise `UnfetchedError`."""
    sent = {"Accept-Encoding": "gzip", **headers}
    client = httpx.AsyncClient(headers=sent, timeout=seconds, follow_redirects=False, transport=transport)
    try:
        async with asyncio.timeout(seconds), client:
            yield client
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
        raise UnfetchedError("did not answer in time") from None


async def fetched(client: httpx.AsyncClient, address: str, allowance: Allowance) -> Any:
    """Return the JSON at an address, or raise `UnfetchedError`."""
    body = bytearray()
    async with client.stream("GET", address) as answer:
        if answer.status_code != httpx.codes.OK:
            raise UnfetchedError("answered {status}", answer.status_code)
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise UnfetchedError("sent an encoding that it was not asked for")
        packed = zlib.decompressobj(GZIP) if encoding != "identity" else None
        async for part in cast(httpx.AsyncByteStream, answer.stream):  # as it comes: httpx would unpack all of a part
            unpacked = part if packed is None else _unpacked(packed, part, allowance.left)
            allowance.take(len(unpacked))
            body += unpacked
    if packed is not None and not packed.eof:
        raise UnfetchedError("did not send all")
    try:
        if len(body) <= LIGHT_BYTES:
            return read_without_repeats(bytes(body))
        return await in_worker(read_without_repeats, bytes(body))
    except ProblemError:
        raise UnfetchedError("did not send JSON") from None


def _unpacked(packed: "zlib._Decompress", part: bytes, most: int) -> bytes:
    """Return what a part unpacks to, or a byte beyond `most`."""
    try:
        found = packed.decompress(part, most + 1)
    except zlib.error:
        raise UnfetchedError("did not send what its headers say") from None
    if packed.unused_data:
        raise UnfetchedError("sent more than one body")
    return found
