"""JSON Lines: one answer or problem a line, in order."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.api.decode import CandidateReader, decode
from app.api.encode import encode
from app.api.messages import Message
from app.api.problems import ProblemError, problem_content
from app.core.decided import ReceiptSigner, event_of
from app.core.engine import Engine, Sources

BATCH_PATH = "/v1/triage/batch"


@dataclass(frozen=True)
class LineAnswerer:
    """The answerer of lines by one engine; `sign` makes receipts."""

    engine: Engine
    reader: CandidateReader
    sign: ReceiptSigner | None
    strict: bool
    full: bool
    max_bytes: int
    sources: Sources = "rationale"
    root: str = ""
    """The path of the public address."""

    def answer(self, line: bytes | None, number: int) -> bytes:
        """Return the answer to a line; `None` is an overlong line."""
        try:
            if line is None or len(line) > self.max_bytes:
                template = "the line is longer than the {limit} bytes that this service accepts"
                raise ProblemError("too-large", Message(template, limit=self.max_bytes))
            question = decode(line, self.reader, strict=self.strict, line=number)
        except ProblemError as error:
            language = self.engine.language
            content = problem_content(error.kind, error.detail, BATCH_PATH, error.errors, language, self.root)
            return encode(content | {"line": number})
        answer = self.engine.answer(question, self.sources) if self.full else self.engine.view(question)
        written = encode(answer)
        if self.sign is None:
            return written
        return b'%b,"receipt":"%b"}' % (written[:-1], self.sign(event_of(answer)).encode())


def joined(answers: Sequence[bytes]) -> bytes:
    """Return answers as JSON Lines, each with its line end."""
    return b"\n".join([*answers, b""]) if answers else b""


class Cutter:
    """A splitter of bytes into lines; an overlong line becomes `None`.

    A byte order mark before the first line is skipped.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begun: list[bytes] = []
        self._size = 0
        self._start: bytes | None = b""

    def lines(self, data: bytes) -> Iterator[bytes | None]:
        """Yield the lines that are complete with these bytes, without their ends."""
        if self._start is not None:
            data = self._start + data
            if BOM_UTF8.startswith(data):  # it may come in pieces
                self._start = data
                return
            self._start = None
            data = data.removeprefix(BOM_UTF8)
        first, *rest = data.split(b"\n")
        self._keep(first)
        if rest:
            yield self._take()
            begun = rest.pop()
            for line in rest:
                yield line if len(line) <= self._max_bytes else None
            self._keep(begun)

    def last(self) -> Iterator[bytes | None]:
        """Yield the last line if it has no line end."""
        if self._start and self._start != BOM_UTF8:
            self._keep(self._start)
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
