"""Answers to a file of candidates, on all cores, resumable.

Blocks of lines go to one process a core, at most `WAITING` blocks a core ahead of what is written, so that memory does
not grow with the file. The output holds whole lines in order, so that counting them tells where to go on.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO

from app.api.decode import readers_of
from app.api.lines import Cutter, LineAnswerer, joined
from app.main import build_engines
from app.security.signing import Signer
from app.settings import Settings

LINES = 500
"""Lines in a block."""
WAITING = 3
READ = 1 << 20
LOOKED_AT = 100
"""How many of the last answers are compared before going on."""


class BadOutputError(Exception):
    """An output of another input, release or options."""


@dataclass(frozen=True)
class How:
    """How to answer each line."""

    settings: Settings
    release: str
    strict: bool
    full: bool

    def answerer(self) -> LineAnswerer:
        """Return what answers lines so."""
        engines = build_engines(self.settings)
        reader = readers_of(engines)[self.release]
        signer = Signer(self.settings.signing_keys)
        engine = engines.by_id[self.release]
        return LineAnswerer(
            engine=engine,
            reader=reader,
            sign=signer.receipt_of if signer.signs else None,
            strict=self.strict,
            full=self.full,
            max_bytes=self.settings.max_body_bytes,
        )


def answer_file(source: Path, output: Path, how: How, progress: Callable[[int], None]) -> int:
    """Answer every line of a file into another; return how many."""
    with source.open("rb") as file, output.open("ab+") as answers:
        lines = _lines(file, how.settings.max_body_bytes, progress)
        done = _resume(lines, answers, how)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        waiting: deque[Future[bytes]] = deque()
        first = done + 1
        with ProcessPoolExecutor(cores, get_context("spawn"), _start, (how,)) as processes:
            while block := list(islice(lines, LINES)):
                waiting.append(processes.submit(_answer, block, first))
                first += len(block)
                if len(waiting) > cores * WAITING:
                    _write(answers, waiting.popleft())
            while waiting:
                _write(answers, waiting.popleft())
    return first - 1 - done


def _lines(file: BinaryIO, most: int, progress: Callable[[int], None]) -> Iterator[bytes | None]:
    cutter = Cutter(most)
    while data := file.read(READ):
        yield from cutter.lines(data)
        progress(file.tell())
    yield from cutter.last()


def _write(answers: BinaryIO, written: Future[bytes]) -> None:
    answers.write(written.result())
    answers.flush()


def _resume(lines: Iterator[bytes | None], answers: BinaryIO, how: How) -> int:
    """Cut off a partial answer; return how many lines have one."""
    answers.seek(0)
    whole = done = 0
    last: deque[bytes] = deque(maxlen=LOOKED_AT)
    for answer in answers:
        if answer.endswith(b"\n"):
            whole, done = whole + len(answer), done + 1
            last.append(answer)
    answers.truncate(whole)
    again = list(islice(lines, done - len(last), done))
    if done and _answer_with(how.answerer(), again, done - len(last) + 1) != b"".join(last):
        raise BadOutputError("holds answers to another file, of another release or with other options")
    return done


_OF_THIS_PROCESS: list[LineAnswerer] = []


def _start(how: How) -> None:
    _OF_THIS_PROCESS.append(how.answerer())


def _answer(block: list[bytes | None], first: int) -> bytes:
    return _answer_with(_OF_THIS_PROCESS[0], block, first)


def _answer_with(answerer: LineAnswerer, block: list[bytes | None], first: int) -> bytes:
    return joined([answerer.answer(line, first + n) for n, line in enumerate(block)])
