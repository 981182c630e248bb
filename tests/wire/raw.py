"""Raw bytes over a socket to a running service, and what comes back."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

KEY_HEADER = b"X-API-Key: %b\r\n"


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class EndedError(Exception):
    """The connection ended where an answer was expected."""


class Wire:
    """A connection; everything waits for at most `patience` seconds, after which `TimeoutError` is raised."""

    def __init__(self, port: int, patience: float) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def send(self, *parts: bytes) -> Self:
        for part in parts:
            self._socket.sendall(part)
        return self

    def send_no_more(self) -> Self:
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def answer(self, *, to_head: bool = False) -> Answer:
        """Return the next answer, leaving interim ones out."""
        line = self._line()
        status = int(line.split()[1])
        headers: dict[bytes, bytes] = {}
        while line := self._line():
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        if status < 200:
            return self.answer(to_head=to_head)
        if to_head or status in (204, 304):
            return Answer(status, headers, b"")
        if headers.get(b"transfer-encoding") == b"chunked":
            body = b""
            while size := int(self._line(), 16):
                body += self._exactly(size)
                self._line()
            self._line()
            return Answer(status, headers, body)
        if b"content-length" not in headers:
            return Answer(status, headers, self.rest())
        return Answer(status, headers, self._exactly(int(headers[b"content-length"])))

    def rest(self) -> bytes:
        """Return what comes until the connection ends."""
        with suppress(ConnectionError):
            return self._file.read()
        return b""

    def has_ended(self, seconds: float) -> bool:
        """Say whether the service ended the connection, waiting so long for it."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(65_536) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def _line(self) -> bytes:
        line = self._file.readline()
        if not line.endswith(b"\n"):
            raise EndedError
        return line.strip()

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise EndedError
        return data


@dataclass(frozen=True)
class Service:
    """A service under test, and how long to wait for what it should do."""

    server: Any
    key: str
    patience: float

    def connect(self) -> Wire:
        return Wire(self.server.port, self.patience)

    def head(self, line: str = "POST /v1/triage?view=decision", *headers: str, host: str = "here") -> bytes:
        lines = [f"{line} HTTP/1.1", f"Host: {host}", f"X-API-Key: {self.key}", *headers]
        return "".join(f"{each}\r\n" for each in lines).encode()

    def ask(self, reference: str, *headers: str, chunked: bool = False) -> bytes:
        """Return a question that is answered with its reference."""
        return b"".join(self.parts(facts(reference), *headers, chunked=chunked))

    def parts(self, body: bytes, *headers: str, chunked: bool = False) -> tuple[bytes, bytes]:
        """Return a question in its head and its body."""
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        head = self.head("POST /v1/triage?view=decision", "Content-Type: application/json", framing, *headers)
        sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body
        return head + b"\r\n", sent


def facts(reference: str) -> bytes:
    """Return the facts of a candidate with a reference of their own."""
    return f'{{"primary_concern":"dullness","age_years":34,"reference":"{reference}"}}'.encode()
