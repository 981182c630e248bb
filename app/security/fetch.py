"""JSON fetched from others, limited in bytes and seconds."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.api.problems import ProblemError
from app.api.strict_json import read_json


class UnfetchedError(Exception):
    """A failed fetch; the text goes after the other's name."""


@asynccontextmanager
async def session(
    seconds: float, headers: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client limited to some seconds, or raise `UnfetchedError`."""
    client = httpx.AsyncClient(headers=headers, timeout=seconds, follow_redirects=False, transport=transport)
    try:
        async with asyncio.timeout(seconds), client:
            yield client
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
        raise UnfetchedError("did not answer in time") from None


async def fetched(client: httpx.AsyncClient, address: str, max_bytes: int) -> Any:
    """Return the JSON at an address, or raise `UnfetchedError`."""
    body = bytearray()
    async with client.stream("GET", address) as answer:
        if answer.status_code != httpx.codes.OK:
            raise UnfetchedError(f"answered {answer.status_code}")
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > max_bytes:
                raise UnfetchedError("sent too much")
    try:
        return read_json(bytes(body))
    except ProblemError:
        raise UnfetchedError("did not send JSON") from None
