"""A server that answers as no server should, on a socket of its own."""

import asyncio
import gzip
import socket
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote

Answer = Callable[[], AsyncIterator[bytes]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
RESET = b"RESET"
"""Stands for a connection that is reset."""


def once(*parts: bytes) -> Answer:
    """Return an answer of some parts, after which the connection is closed."""

    async def parts_of() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return parts_of


def for_ever(first: bytes, again: bytes, pause: float = 0) -> Answer:
    """Return an answer without end."""

    async def parts_of() -> AsyncIterator[bytes]:
        yield first
        while True:
            yield again
            await asyncio.sleep(pause)

    return parts_of


def sized(body: bytes, headers: bytes = b"") -> Answer:
    """Return a proper answer."""
    return once(OK + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def _nothing_packed() -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packing.compress(b"") + packing.flush(zlib.Z_FULL_FLUSH)


GZIP = b"Content-Encoding: gzip\r\n"
ZEROS = gzip.compress(b'"' + b"0" * 5_000_000 + b'"')
FLOODS = {
    "chunks of one byte": for_ever(CHUNKED, b"1\r\n \r\n" * 1000),
    "long chunk extensions": for_ever(CHUNKED, b"1;" + b"a" * 4000 + b"\r\n \r\n"),
    "interim answers": for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "long interim answers": for_ever(b"", b"HTTP/1.1 103 Early\r\n" + b"a: b\r\n" * 1000 + b"\r\n"),
    "a header without end": for_ever(OK + b"A: ", b"a" * 1000),
    "headers without end": for_ever(OK, b"Set-Cookie: a=b\r\n" * 100),
    "trailers without end": for_ever(CHUNKED + b"2\r\n{}\r\n0\r\n", b"a: b\r\n" * 1000),
    "a body without end": for_ever(OK + b"\r\n", b" " * 60_000),
    "chunks without end": for_ever(CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n"),
    "a packed body without end": for_ever(OK + GZIP + b"\r\n" + _nothing_packed(), b"\x00\x00\x00\xff\xff" * 1000),
    "what unpacks to very much": sized(ZEROS, GZIP),
}
"""What has no end of itself."""
BROKEN = {
    "a body that is shorter than said": once(OK + b"Content-Length: 9\r\n\r\n{}"),
    "two lengths": once(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a length of 5,000 digits": once(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}"),
    "a chunk that is cut": once(CHUNKED + b"9\r\n{}"),
    "chunks of no size": once(CHUNKED + b"x\r\n{}\r\n"),
    "a reset in the headers": once(b"HTTP/1.1 200 OK\r\nA: ", RESET),
    "a reset in the body": once(OK + b"Content-Length: 9\r\n\r\n{", RESET),
    "nothing at all": once(),
    "HTTP/0.9": once(b"{}"),
    "HTTP/2": once(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\0" * 18),
    "a NUL in a header": once(b"HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 2\r\n\r\n{}"),
}
"""What ends before its time, or is no HTTP."""
SLOW = {
    "nothing more for ever": for_ever(OK, b"", 0.01),
    "headers a byte at a time": for_ever(OK + b"A: ", b"a", 0.01),
    "a body a byte at a time": for_ever(CHUNKED, b"1\r\n \r\n", 0.01),
}


class Hostile:
    """What a server answers by path, and who asked it."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.base = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(unquote(head.split(b" ")[1].decode()))
            async for part in self.answers[self.asked[-1].rpartition("/")[2].partition("?")[0]]():
                if part == RESET:
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                if reader.at_eof():
                    return
                writer.write(part)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@contextmanager
def hostile(answers: dict[str, Answer]) -> Iterator[Hostile]:
    """Serve these answers, each at the path of its name."""
    server, ready = Hostile(answers), threading.Event()
    ended: list[Callable[[], object]] = []

    async def serve() -> None:
        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        ended.append(lambda: loop.call_soon_threadsafe(end.set))
        async with await asyncio.start_server(server.handle, "127.0.0.1", 0) as listening:
            server.base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        ended[0]()
        thread.join()
