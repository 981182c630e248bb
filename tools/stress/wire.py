"""HTTP/1.1 as bytes: requests that are written as wished, replies that are read with their ends checked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

LIMIT = 1 << 24
"""The largest head or line that is read, in bytes."""
BODYLESS = frozenset({204, 304})


class BrokenError(Exception):
    """A connection that ended before a reply was complete; `received` is what came of the reply."""

    def __init__(self, received: bytes = b"") -> None:
        super().__init__(f"the connection ended after {len(received)} bytes of a reply")
        self.received = received


class MalformedError(Exception):
    """Bytes that are no reply of HTTP/1.1."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def request(
    path: str, body: bytes | None = None, *more: str, method: str = "", media: str = "application/json"
) -> bytes:
    """Return a request as bytes; `more` are further header lines."""
    lines = [f"{method or ('GET' if body is None else 'POST')} {path} HTTP/1.1", "host: 127.0.0.1", *more]
    if body is not None:
        lines += [f"content-type: {media}", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


class Connection:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.local_port: int = writer.get_extra_info("sockname")[1]

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=LIMIT))

    async def send(self, data: bytes) -> None:
        """Write bytes, and wait where the other side does not read."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError:
            raise BrokenError from None

    async def ask(self, data: bytes) -> Reply:
        """Write a request and read its reply; `BrokenError` where it does not come whole."""
        await self.send(data)
        return await self.reply(is_head=data.startswith(b"HEAD "))

    async def reply(self, *, is_head: bool = False) -> Reply:
        """Read a reply, passing over informational ones."""
        while True:
            status, headers = await self._head()
            if status >= 200:
                break
        if is_head or status in BODYLESS:
            return Reply(status, headers, b"")
        return Reply(status, headers, await self._body(headers))

    async def informed(self) -> int:
        """Read the head of an informational reply and return its status."""
        return (await self._head())[0]

    async def ended(self) -> bytes:
        """Read until the other side ends or resets, and return what came."""
        came = b""
        try:
            while part := await self.reader.read(65_536):
                came += part
        except OSError:
            pass
        return came

    def close(self) -> None:
        """Close without waiting."""
        self.writer.close()

    def abort(self) -> None:
        """Drop the connection."""
        self.writer.transport.abort()

    async def _head(self) -> tuple[int, dict[str, str]]:
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise BrokenError(error.partial) from None
        except OSError:
            raise BrokenError from None
        status, *lines = head.decode("latin-1").split("\r\n")[:-2]
        words = status.split(" ", 2)
        if len(words) < 2 or words[0] != "HTTP/1.1" or not words[1].isdecimal():
            raise MalformedError(status)
        pairs = (line.partition(":") for line in lines)
        return int(words[1]), {name.lower(): value.strip() for name, _, value in pairs}

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        try:
            if "content-length" in headers:
                return await self.reader.readexactly(int(headers["content-length"]))
            if headers.get("transfer-encoding") != "chunked":
                return await self.reader.read(-1)
            parts = []
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                parts.append((await self.reader.readexactly(size + 2))[:-2])
            await self.reader.readexactly(2)
            return b"".join(parts)
        except asyncio.IncompleteReadError as error:
            raise BrokenError(b"a head, and " + error.partial) from None
        except OSError:
            raise BrokenError(b"a head") from None
