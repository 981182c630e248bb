"""Whole cohorts: tables in, answers out, in bounded memory and resumable."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from app.api.encode import encode
from app.api.lines import BATCH_PATH, Cutter
from app.api.messages import Message
from app.api.problems import ProblemError, problem_content
from app.api.strict_json import read_json
from app.api.validation import closest
from app.batch import BadOutputError, BatchError, How, opened_output, write_all
from app.cohort.answers import ANSWERED, Answers, plain
from app.cohort.columns import LISTED, REFERENCE, Block, Columns, Problem
from app.cohort.files import ROWS, Pieces, kind_of, opened_lines, readable, tables
from app.cohort.summary import Summary, Summing
from app.core.engine import Question
from app.core.memo import Memo
from app.engines import build_engines
from app.settings import Settings, read_settings

ROWS_OF_LINES = 10_000
READ = 1 << 20


class RefusedRowsError(ValueError):
    """Rows that cannot be answered, each with its problem."""

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(problems)} rows cannot be answered; the first: {problems[0]['detail']}")
        self.problems = problems


class Screening:
    """One release in one mode, for tables."""

    def __init__(self, how: How, by: str | None = None) -> None:
        answerer = how.answerer()
        self._engine, self._reader, self._how, self._by = answerer.engine, answerer.reader, how, by
        self.columns = Columns(self._engine.release, self._read)
        self.answers = Answers(self._engine, strict=how.strict)
        self._summing = Summing(self._engine, self.answers.decider)
        self._members: list[str] | None = None
        self.summary = Summary()
        self.notes: list[str] = []

    def check(self, names: list[str]) -> None:
        """Raise where a column cannot be read, or cannot pass through."""
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise BatchError(f"`{twice}`: two columns have this name; keep one")
        if taken := [name for name in names if name in ANSWERED.names and name != REFERENCE]:
            raise BatchError(f"`{taken[0]}`: is a column of the answer; rename it in the input")
        if self._by is not None and self._by not in names:
            raise BatchError(f"`{self._by}`: the input has no such column")
        if not self.notes:
            known = sorted(self.columns.names)
            passing = [(name, closest(name, known)) for name in names if name not in known]
            self.notes = [f"`{name}` is no fact and passes through; `{near}`?" for name, near in passing if near]

    def table(self, given: pa.Table, *, text: bool = False) -> tuple[pa.Table, list[tuple[int, Problem]]]:
        """Return coded answers to a table, and the rows that have none."""
        self.check(given.column_names)
        return self._answered(self.columns.block(given, text=text), given)

    def lines(self, lines: list[bytes | None], first: int) -> tuple[pa.Table, list[tuple[int, Problem]]]:
        """Return coded answers to JSON Lines, and those that have none."""
        found, beside = [], []
        for number, line in enumerate(lines, first):
            passing: dict[str, Any] = {}
            found.append(self._line(line, number, passing))
            beside.append(passing)
        members = [*(self._members or []), *([self._by] if self._by in self.columns.names else [])]
        given = {
            name: pa.array([_word(each.get(name)) for each in beside], pa.string())
            for name in dict.fromkeys([REFERENCE, *members])
        }
        self.check(list(given))
        table, problems = self._answered(self.columns.questions(found), pa.table(given))
        return table, problems

    def look(self, lines: list[bytes | None]) -> None:
        """Find the members that pass through in lines that are done."""
        for line in lines:
            if self._members is None:
                self._line(line, 1, {})

    def _line(self, line: bytes | None, number: int, passing: dict[str, Any]) -> Question | Problem:
        """Read one line; what is no fact goes to `passing`."""
        limit = self._how.settings.max_body_bytes
        try:
            if line is None:
                template = "the line is longer than the {limit} bytes that this service accepts"
                raise ProblemError("too-large", Message(template, limit=limit))
            data = read_json(line, number)
        except ProblemError as error:
            return self._problem(error)
        if type(data) is not dict:
            return self._read(data)
        if self._members is None:
            self._members = [name for name in data if name not in self.columns.names]
        passing.update(data)
        return self._read({name: value for name, value in data.items() if name not in self._members})

    def _answered(self, block: Block, given: pa.Table) -> tuple[pa.Table, list[tuple[int, Problem]]]:
        decided = self.answers.decider.decide(block.candidates)
        facts = [*LISTED, *self._engine.release.facts]
        passing = given.select([name for name in given.column_names if name not in facts])
        table = self.answers.table(block, passing, decided)
        by = given[self._by].take(pa.array(block.rows)) if self._by else None
        self._summing.add(self.summary, block.candidates, decided, by)
        self.summary.refused += len(block.problems)
        if self._how.full:
            references = table[REFERENCE].to_pylist()
            questions = (self.answers.decider.question(block.candidates, row) for row in range(len(references)))
            whole = [
                encode(self._engine.answer(asked._replace(reference=reference))).decode()
                for asked, reference in zip(questions, references, strict=True)
            ]
            table = table.append_column("answer", pa.array(whole, pa.string()))
        return table, list(block.problems)

    def _read(self, members: Mapping[str, Any]) -> Question | Problem:
        try:
            return self._reader.question(members, strict=self._how.strict)
        except ProblemError as error:
            return self._problem(error)

    def _problem(self, error: ProblemError) -> Problem:
        return problem_content(error.kind, error.detail, BATCH_PATH, error.errors, self._engine.language)


def _word(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def screen(
    table: Any, *, ruleset: str = "current", unknowns: str = "confirm", settings: Settings | None = None
) -> pa.Table:
    """Return the answers to a table, row by row.

    `table` is an Arrow table, or anything that hands one over (pandas, polars, DuckDB). Raises `RefusedRowsError` where
    rows cannot be answered.
    """
    if not isinstance(table, pa.Table):
        table = pa.table(table)
    answered, problems = Screening(_how(settings or read_settings(), ruleset, unknowns)).table(table)
    if problems:
        raise RefusedRowsError([{**problem, "line": row + 1} for row, problem in problems])
    return plain(answered)


def _how(settings: Settings, ruleset: str, unknowns: str) -> How:
    """Return how a release answers, or raise."""
    engines = build_engines(settings)
    engine = engines.find(ruleset)
    if engine is None or unknowns not in ("confirm", "strict"):
        raise ValueError("no such release" if engine is None else "unknowns: write `confirm` or `strict`")
    return How(engines, engine.release.id, settings, unknowns == "strict", full=False)


@dataclass(frozen=True)
class Beginning:
    """Begins to answer tables in a worker of a cluster, for `app.cohort.spark`.

    A worker reads its own settings; `digest` is that of the release, which each must have.
    """

    ruleset: str
    digest: str
    strict: bool = False

    @classmethod
    def of(cls, ruleset: str = "current", unknowns: str = "confirm") -> "Beginning":
        """Return it for a release as it is here."""
        how = _how(read_settings(), ruleset, unknowns)
        return cls(how.release, how.engines.by_id[how.release].release.digest, how.strict)

    def __call__(self) -> Callable[[pa.Table], tuple[pa.Table, list[tuple[int, Problem]]]]:
        """Return the answers to a table, and the rows that have none."""
        screening = _SCREENINGS[self]
        if screening.answers.decider.digest != self.digest:
            raise ValueError(f"{self.ruleset} of this worker is not the release of that digest")

        def answered(given: pa.Table) -> tuple[pa.Table, list[tuple[int, Problem]]]:
            table, problems = screening.table(given)
            return plain(table), problems

        return answered


_SCREENINGS = Memo[Beginning, Screening](
    lambda each: Screening(_how(read_settings(), each.ruleset, "strict" if each.strict else "confirm"))
)
"""A worker begins anew with each part of a cohort that it gets."""


@dataclass
class Screened:
    """What a run came to."""

    rows: int
    notes: list[str]
    """What somebody should look at."""
    summary: Summary


def screen_file(
    source: str, output: str, how: How, by: str | None = None, progress: Callable[[int], None] = lambda _: None
) -> Screened:
    """Answer a file row by row; go on where a run stopped."""
    kind_of(source)
    pieces = Pieces(output, plain)
    screening = Screening(how, by)
    refused, noted = f"{output}.problems.jsonl", f"{output}.progress"
    with Path(source).open("rb") as file:
        of = {
            "source": [os.fstat(file.fileno()).st_size, sha256(file.read(READ)).hexdigest()],
            "release": screening.answers.decider.digest,
            "options": [how.strict, how.full, by],
        }
        with ExitStack() as stack:
            locked = stack.enter_context(opened_output(output, file))
            partial = output + pieces.partial
            answers = stack.enter_context(opened_output(partial, file)) if pieces.partial else locked
            problems = stack.enter_context(opened_output(refused, file))
            done = _resumed(noted, of, screening, locked, answers, problems)
            cut_off = f"{output}: not all rows are answered; the same command goes on"
            try:
                for table, wrong, count in _blocks(source, how, screening, done):
                    if table is not None:
                        pieces.append(answers, table)
                        lines = [encode({**each, "line": done + row + 1}) + b"\n" for row, each in wrong]
                        write_all(problems, b"".join(lines), cut_off)
                    done += count
                    _note(noted, of | _places(done, answers, problems, screening.summary))
                    progress(done)
                pieces.end(answers, output)
            except KeyboardInterrupt:
                raise BatchError(f"{cut_off}: it was interrupted") from None
            empty = problems.seek(0, os.SEEK_END) == 0
    for name in [noted, *([partial] if pieces.partial else []), *([refused] if empty else [])]:
        with suppress(FileNotFoundError):
            os.remove(name)
    notes = screening.notes
    if not empty:
        notes.append(f"{screening.summary.refused} rows cannot be answered: {refused}")
    return Screened(done, notes, screening.summary)


def _blocks(
    source: str, how: How, screening: Screening, done: int
) -> Iterator[tuple[pa.Table | None, list[tuple[int, Problem]], int]]:
    """Yield the answers to rows not done, in blocks cut alike."""
    kind, _ = kind_of(source)
    skipped = 0
    if kind == "jsonl":
        with opened_lines(source) as file:
            lines = _lines(file, how.settings.max_body_bytes, source)
            while block := list(islice(lines, ROWS_OF_LINES)):
                if skipped < done:
                    screening.look(block)
                    skipped += len(block)
                    continue
                yield *screening.lines(block, skipped + 1), len(block)
                skipped += len(block)
            if not skipped:  # what has no rows has columns all the same
                yield *screening.lines([], 1), 0
        return
    coded = [name for name in screening.columns.names if name != REFERENCE]
    for table in tables(source, ROWS, coded):
        if skipped >= done:
            yield *screening.table(table, text=kind == "csv"), table.num_rows
        skipped += table.num_rows


def _lines(file: BinaryIO, most: int, source: str) -> Iterator[bytes | None]:
    cutter = Cutter(most)
    with readable(source):
        while data := file.read(READ):
            yield from cutter.lines(data)
    yield from cutter.last()


def _places(done: int, answers: BinaryIO, problems: BinaryIO, summary: Summary) -> dict[str, Any]:
    ends = [file.seek(0, os.SEEK_END) for file in (answers, problems)]
    return {"rows": done, "bytes": ends, "last": _digest(answers, ends[0]), "summary": summary.as_data()}


def _digest(file: BinaryIO, end: int) -> str:
    """Return a digest of the last bytes before an end."""
    file.seek(max(0, end - READ))
    return sha256(file.read(min(end, READ))).hexdigest()


def _note(name: str, noted: Mapping[str, Any]) -> None:
    """Write how far a run is, whole or not at all."""
    Path(f"{name}.new").write_text(json.dumps(noted), "utf-8")
    os.replace(f"{name}.new", name)


def _resumed(
    name: str, of: Mapping[str, Any], screening: Screening, locked: BinaryIO, answers: BinaryIO, problems: BinaryIO
) -> int:
    """Cut off what is not noted; return the rows done."""
    other = "holds something else, or answers to another file, of another release or with other options"
    try:
        noted = json.loads(Path(name).read_text("utf-8"))
    except FileNotFoundError:
        if any(file.seek(0, os.SEEK_END) for file in (locked, answers, problems)):
            raise BadOutputError(other) from None
        return 0
    except ValueError:
        raise BadOutputError(other) from None
    if not isinstance(noted, dict):
        raise BadOutputError(other)
    ends = [file.seek(0, os.SEEK_END) for file in (answers, problems)]
    is_own = {key: noted.get(key) for key in of} == json.loads(json.dumps(of)) and all(
        end >= part for end, part in zip(ends, noted["bytes"], strict=True)
    )
    if not is_own or _digest(answers, noted["bytes"][0]) != noted["last"]:
        raise BadOutputError(other)
    for file, part in zip((answers, problems), noted["bytes"], strict=True):
        file.truncate(part)
    screening.summary = Summary.from_data(noted["summary"])
    return int(noted["rows"])
