"""JSON fetched from others, limited in bytes and seconds.

Bytes count as they arrive and as they are unpacked: a kilobyte may unpack to gigabytes, and gigabytes to nothing.
Seconds count until the JSON is read.
"""

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import httpcore
import httpx

from app.api.large_json import read_without_repeats
from app.api.problems import ProblemError
from app.api.worker import LIGHT_BYTES, beside, in_worker
from app.security.allowance import HEAD_BYTES, Allowance, UnfetchedError

R = TypeVar("R")

GZIP = 31
"""The window of zlib that takes gzip, and nothing else."""
READ_BYTES = 8_192
"""How much is read at once: in chunks of one byte it takes 30 ms, and others who fetch wait for it."""
PART_BYTES = 250
"""What each part of a body counts for beside its bytes: it takes as long as so many, however short it is."""
Options = Iterable[httpcore.SOCKET_OPTION]
_contexts: list[ssl.SSLContext] = []
"""Whom to trust, once it was read: reading it takes 20 ms."""


class Session:
    """One client, for what is fetched within the same seconds."""

    def __init__(
        self, seconds: float, headers: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`transport` stands in for the network in tests."""
        self._wire = _Wire()
        self.client = httpx.AsyncClient(
            headers={"Accept-Encoding": "gzip", **headers},
            timeout=seconds,
            follow_redirects=False,
            transport=transport,
            verify=transport is not None or _context(),
        )
        for way in (self.client._transport, *self.client._mounts.values()):  # the network itself, or a proxy to it
            if isinstance(way, httpx.AsyncHTTPTransport):
                way._pool._network_backend = self._wire

    async def json(self, address: str, allowance: Allowance) -> Any:
        """Return the JSON at an address, or raise `UnfetchedError`."""
        body = bytearray()
        self._wire.begin()
        async with self.client.stream("GET", address) as answer:
            if answer.status_code != httpx.codes.OK:
                raise UnfetchedError("answered {status}", answer.status_code)
            encoding = answer.headers.get("content-encoding", "identity").strip().lower()
            if encoding not in ("identity", "gzip", "x-gzip"):
                raise UnfetchedError("sent an encoding that it was not asked for")
            packed = zlib.decompressobj(GZIP) if encoding != "identity" else None
            self._wire.take = allowance.take_wire
            # as it comes: httpx would unpack all of a part
            async for part in cast(httpx.AsyncByteStream, answer.stream):
                allowance.take_wire(PART_BYTES)
                unpacked = part if packed is None else _unpacked(packed, part, allowance.left)
                allowance.take(len(unpacked))
                body += unpacked
        if packed is not None and not packed.eof:
            raise UnfetchedError("did not send all")
        try:
            if len(body) <= LIGHT_BYTES:
                return read_without_repeats(bytes(body))
            return await in_worker(read_without_repeats, bytes(body))
        except ProblemError as error:
            says = "sent too much" if error.kind == "too-large" else "did not send JSON"
            raise UnfetchedError(says) from None


async def within(
    seconds: float,
    headers: Mapping[str, str],
    work: Callable[[Session], Awaitable[R]],
    transport: httpx.AsyncBaseTransport | None = None,
) -> R:
    """Return what is fetched within some seconds, or raise `UnfetchedError`."""
    return await beside(_within(seconds, headers, work, transport))


async def _within(
    seconds: float,
    headers: Mapping[str, str],
    work: Callable[[Session], Awaitable[R]],
    transport: httpx.AsyncBaseTransport | None,
) -> R:
    try:
        async with asyncio.timeout(seconds):
            session = Session(seconds, headers, transport)
            async with session.client:
                return await work(session)
    except (TimeoutError, httpx.TimeoutException):
        raise UnfetchedError("did not answer in time") from None
    except httpx.ConnectError:
        raise UnfetchedError("could not be reached") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
        raise UnfetchedError("cannot be asked at this address") from None
    except httpx.HTTPError:
        raise UnfetchedError("broke off, or did not keep to HTTP") from None


def _context() -> ssl.SSLContext:
    if not _contexts:
        _contexts.append(httpx.create_ssl_context())
    return _contexts[0]


def _unpacked(packed: "zlib._Decompress", part: bytes, most: int) -> bytes:
    """Return what a part unpacks to, or a byte beyond `most`."""
    try:
        found = packed.decompress(part, most + 1)
    except zlib.error:
        raise UnfetchedError("did not send what its headers say") from None
    if packed.unused_data:
        raise UnfetchedError("sent more than one body")
    return found


class _Wire(httpcore.AsyncNetworkBackend):
    """The network, whose bytes are counted as they come."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()
        self.begin()

    def begin(self) -> None:
        """Count what comes next as headers."""
        self.take = Allowance(HEAD_BYTES).take

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host."""
        return _Stream(await self._network.connect_tcp(host, port, timeout, local_address, socket_options), self)


class _Stream(httpcore.AsyncNetworkStream):
    """One connection, read in small parts."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, wire: _Wire) -> None:
        self._stream = stream
        self._wire = wire
        self.write = stream.write  # type: ignore[method-assign]
        self.aclose = stream.aclose  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what came, or raise `UnfetchedError`."""
        found = await self._stream.read(min(max_bytes, READ_BYTES), timeout)
        self._wire.take(len(found))
        return found

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection within TLS."""
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._wire)
