"""Answers to a file of candidates, on all cores, resumable.

Blocks of lines go to one process a core, at most `WAITING` blocks a core ahead of what is written, so that memory does
not grow with the file. The processes are forked with the engines compiled: to compile them again took 3 s in each. The
output holds whole lines in order, so that counting them tells where to go on.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from errno import EBADF
from fcntl import F_GETFL, LOCK_EX, LOCK_NB, fcntl, flock
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from stat import S_ISCHR
from typing import BinaryIO

from app.api.decode import readers_of
from app.api.lines import Cutter, LineAnswerer, joined
from app.core.engine import Engines
from app.processes import end_with_parent
from app.security.signing import Signer
from app.settings import Settings

LINES = 500
"""Lines in a block."""
WAITING = 3
READ = 1 << 20
SECONDS = 1.0
"""How long an answer is waited for before the processes are looked at."""
LOOKED_AT = 100
"""How many of the last answers are compared before going on."""

LONGEST = 1 << 20
"""More bytes than any answer has: a file of others may be one line."""

OTHERS = "holds something else, or answers to another file, of another release or with other options"
CUT_OFF = "not all lines are answered"
CLOSED = "it is closed"


class BatchError(Exception):
    """A batch that cannot go on; the text names the file."""


class BadOutputError(Exception):
    """An output of another input, release or options."""


@dataclass(frozen=True)
class How:
    """How to answer each line, by a release of the engines."""

    engines: Engines
    release: str
    settings: Settings
    strict: bool
    full: bool

    def answerer(self) -> LineAnswerer:
        """Return what answers lines so."""
        signer = Signer(self.settings.signing_keys)
        return LineAnswerer(
            engine=self.engines.by_id[self.release],
            reader=readers_of(self.engines)[self.release],
            sign=signer.receipt_of if signer.signs else None,
            strict=self.strict,
            full=self.full,
            max_bytes=self.settings.max_body_bytes,
            root=self.settings.root_path,
        )


def answer_file(source: str, output: str, how: How, progress: Callable[[int], None]) -> int:
    """Answer every line of a file into another; return how many.

    `-` is standard input or output. Nothing is written before the output is found to be its own.
    """
    with _opened_source(source) as file, opened_output(output, file) as answers:
        kept = answers.readable()
        cut_off = f"{_named(output)}: {CUT_OFF}{'; the same command goes on' if kept else ''}"
        lines = _lines(file, how.settings.max_body_bytes, progress, source)
        processes, answerer = None, how.answerer()
        try:
            done, lines = _resume(lines, answers, answerer) if kept else (0, lines)
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            waiting: deque[Future[bytes]] = deque()
            first = done + 1
            processes = ProcessPoolExecutor(cores, get_context("fork"), _start, (answerer, answers.fileno()))
            while block := list(islice(lines, LINES)):
                waiting.append(processes.submit(_answer, block, first))
                first += len(block)
                if len(waiting) > cores * WAITING:
                    write_all(answers, _result(waiting.popleft(), processes), cut_off)
            while waiting:
                write_all(answers, _result(waiting.popleft(), processes), cut_off)
        except BrokenProcessPool:
            raise BatchError(f"{cut_off}: a process that answers was killed") from None
        except KeyboardInterrupt:
            raise BatchError(f"{cut_off}: it was interrupted") from None
        finally:
            if processes is not None:
                processes.shutdown(cancel_futures=True)
    return first - 1 - done


def _result(future: Future[bytes], processes: ProcessPoolExecutor) -> bytes:
    """Return an answer, or raise that a process was killed."""
    while True:
        try:
            return future.result(SECONDS)
        except TimeoutError:
            _give_up_dead(processes)


def _give_up_dead(processes: ProcessPoolExecutor) -> None:
    """End all processes where one has died.

    The pool sees a death by itself, but not of one that was killed while it sent an answer: it waits for the rest, and
    the others for their turn to send. The rest is known to be none once nobody can write it any more.
    """
    workers = list(processes._processes.values())
    if not all(worker.is_alive() for worker in workers):
        for worker in workers:
            worker.kill()
        processes._result_queue._writer.close()  # type: ignore[attr-defined] # the last end to write to


def _named(output: str) -> str:
    return "standard output" if output == "-" else output


def _opened_source(source: str) -> BinaryIO:
    if source != "-":
        return Path(source).open("rb")
    if sys.stdin is None:
        raise BatchError("standard input is closed")
    return sys.stdin.buffer


def opened_output(output: str, file: BinaryIO) -> BinaryIO:
    """Open an output that is not the input and no other run's."""
    if output == "-":
        number = sys.stdout.fileno()
        if fcntl(number, F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise BatchError(f"{_named(output)}: {CLOSED}")
        _check_other_file(number, file, output)
        return os.fdopen(os.dup(number), "wb", buffering=0)
    path = Path(output)
    if path.exists():
        _check_other_file(path, file, output)
    if path.exists() and not path.is_file():
        return path.open("wb", buffering=0)
    answers = path.open("ab+", buffering=0)
    try:
        # of this open file, and gone with the process however it ends: no lock file stays behind
        flock(answers, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        answers.close()
        raise BatchError(f"{output}: another run writes it") from None
    return answers


def _check_other_file(written: int | Path, file: BinaryIO, output: str) -> None:
    read = os.fstat(file.fileno())
    if not S_ISCHR(read.st_mode) and os.path.samestat(os.stat(written), read):
        raise BatchError(f"{_named(output)}: is the input itself; name another file with `--output`")


def _lines(file: BinaryIO, most: int, progress: Callable[[int], None], source: str) -> Iterator[bytes | None]:
    cutter = Cutter(most)
    read = 0
    try:
        while data := file.read(READ):
            yield from cutter.lines(data)
            read += len(data)
            progress(read)
    except OSError as error:
        raise BatchError(f"{'standard input' if source == '-' else source}: {why(error)}") from None
    yield from cutter.last()


def write_all(answers: BinaryIO, written: bytes, cut_off: str) -> None:
    """Write all of the bytes, or raise what stopped it."""
    left = memoryview(written)
    try:
        while left:
            left = left[answers.write(left) :]
    except OSError as error:
        raise BatchError(f"{cut_off}: {why(error)}") from None


def why(error: OSError) -> str:
    """Return what the system says of an error."""
    return CLOSED if error.errno == EBADF else (error.strerror or "cannot be read").lower()


def _resume(
    lines: Iterator[bytes | None], answers: BinaryIO, answerer: LineAnswerer
) -> tuple[int, Iterator[bytes | None]]:
    """Cut off a partial answer; return the lines done, and the rest."""
    answers.seek(0)
    whole = done = 0
    begun = b""
    last: deque[bytes] = deque(maxlen=LOOKED_AT)
    with os.fdopen(os.dup(answers.fileno()), "rb") as held_lines:
        while answer := held_lines.readline(LONGEST):
            if answer.endswith(b"\n"):
                whole, done = whole + len(answer), done + 1
                last.append(answer)
            elif len(answer) == LONGEST:
                raise BadOutputError(OTHERS)
            else:
                begun = answer
    if not whole and not begun:
        return 0, lines
    again = list(islice(lines, done - len(last), done + 1))
    expected = _answer_with(answerer, again, done - len(last) + 1)
    held = b"".join([*last, begun])
    if not expected.startswith(held) or len(again) < len(last) + bool(begun):
        raise BadOutputError(OTHERS)
    answers.truncate(whole)
    return done, chain(again[len(last) :], lines)


_OF_THIS_PROCESS: list[LineAnswerer] = []


def _start(answerer: LineAnswerer, output: int) -> None:
    os.close(output)  # the lock is on the open file, which a process that was forked holds as well
    end_with_parent()
    _OF_THIS_PROCESS.append(answerer)


def _answer(block: list[bytes | None], first: int) -> bytes:
    return _answer_with(_OF_THIS_PROCESS[0], block, first)


def _answer_with(answerer: LineAnswerer, block: list[bytes | None], first: int) -> bytes:
    return joined([answerer.answer(line, first + n) for n, line in enumerate(block)])
