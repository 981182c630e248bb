"""JSON Lines in, JSON Lines out: line *i* answers line *i*, whoever sends them.

A line that cannot be answered gets a problem in its place, with its number. `Cutter` cuts a stream into lines with no
more in memory than one line, `LineAnswerer` answers one of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_core import to_json

from app.api.problems import ProblemError, problem_content
from app.api.quick import QuickReader
from app.api.strict_json import read_json
from app.api.validation import CandidateReader
from app.api.written import Writer
from app.core.engine import Engine, ReceiptSigner

BATCH_PATH = "/v1/triage/batch"


class LineAnswerer:
    """Answers lines by one engine; `max_bytes` is the longest line, `sign` makes the receipt that each answer gets.

    `quick`, `reader` and `writer` may be used by others as well: what they keep takes long to make.
    """

    def __init__(
        self,
        engine: Engine,
        quick: QuickReader,
        reader: CandidateReader,
        writer: Writer,
        sign: ReceiptSigner | None = None,
        *,
        strict: bool,
        full: bool,
        max_bytes: int,
    ) -> None:
        self._sign = sign
        self._reader = reader
        self._quick = quick
        self._writer = writer
        self._engine = engine
        self._full = full
        self._strict = strict
        self._max_bytes = max_bytes

    def answer(self, line: bytes | None, number: int) -> bytes:
        """Return the answer to a line; `None` stands for a line that was too long to keep."""
        if line is None or len(line) > self._max_bytes:
            says = f"the line is longer than the {self._max_bytes} bytes that this service accepts"
            return _problem(ProblemError("too-large", says), number)
        asked = self._quick.asked(line, strict=self._strict)
        if asked is None:
            try:
                asked = self._reader.asked(read_json(line), strict=self._strict)
            except ProblemError as error:
                return _problem(error, number)
        written, told = self._writer.answer(self._engine, asked, full=self._full)
        if self._sign is None:
            return written
        return b'%b,"receipt":"%b"}' % (written[:-1], self._sign(told).encode())


def _problem(error: ProblemError, number: int) -> bytes:
    content: dict[str, Any] = problem_content(error.kind, error.detail, BATCH_PATH, error.errors)
    return to_json(content | {"line": number})


def joined(answers: Sequence[bytes]) -> bytes:
    """Return answers as JSON Lines, each with its line end."""
    return b"\n".join([*answers, b""]) if answers else b""


class Cutter:
    """Cuts a stream of bytes into lines; of a line that is too long it keeps nothing and yields `None`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begun: list[bytes] = []
        self._size = 0

    def lines(self, data: bytes) -> Iterator[bytes | None]:
        """Yield the lines that are complete with these bytes, without their ends."""
        first, *rest = data.split(b"\n")
        self._keep(first)
        if rest:
            yield self._take()
            begun = rest.pop()
            for line in rest:
                yield line if len(line) <= self._max_bytes else None
            self._keep(begun)

    def last(self) -> Iterator[bytes | None]:
        """Yield the line that the stream ended in, if it did not end with a line end."""
        if self._size:
            yield self._take()

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._max_bytes:
            self._begun.clear()
        elif part:
            self._begun.append(part)

    def _take(self) -> bytes | None:
        line = None if self._size > self._max_bytes else b"".join(self._begun)
        self._begun.clear()
        self._size = 0
        return line
