"""Columns of a table into numbers of values, for a decider."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.cohort.decider import NONE, Candidates, Flags, Lists
from app.core.engine import Question
from app.core.facts import Fact, Value
from app.core.rules import Release

REFERENCE = "reference"
LISTED = ("unavailable", "doubted")
Problem = Mapping[str, Any]
Read = Callable[[Mapping[str, Any]], Question | Problem]
"""Reads the members of one candidate closely, as those of a body; returns the question, or the problem with it."""


@dataclass(frozen=True)
class Block:
    """The candidates of a table, and the rows that cannot be answered."""

    candidates: Candidates
    rows: npt.NDArray[np.int64]
    """The rows of the candidates in the table."""
    problems: Sequence[tuple[int, Problem]]


class Columns:
    """The reader of one release's tables; `read` judges a doubtful row."""

    def __init__(self, release: Release, read: Read) -> None:
        self._facts = list(release.facts.values())
        self._read = read

    @property
    def names(self) -> frozenset[str]:
        """The names of the columns that are read."""
        return frozenset([*(fact.name for fact in self._facts), *LISTED, REFERENCE])

    def block(self, table: pa.Table, *, text: bool = False) -> Block:
        """Return a table's candidates; with `text`, values are as in CSV."""
        odd = np.zeros(table.num_rows, np.bool_)
        columns = [self._numbers(fact, table, odd, text) for fact in self._facts]
        for name in LISTED:
            if name in table.column_names and not pa.types.is_null(table[name].type):
                odd |= np.asarray(pc.fill_null(_lengths(table[name]), 0)) != 0
        if REFERENCE in table.column_names:
            odd |= ~np.asarray(pc.fill_null(pc.match_substring_regex(_text(table[REFERENCE]), PATTERN), True))
        rows = np.flatnonzero(odd)
        if not len(rows):
            return Block(Candidates(columns), np.arange(table.num_rows), [])
        return self._closely(table, columns, rows, text)

    def questions(self, found: Sequence[Question | Problem]) -> Block:
        """Return the candidates of questions that are read already."""
        columns = [np.zeros(len(found), np.uint16) for _ in self._facts]
        return self._patched(columns, dict(enumerate(found)), len(found))

    def _closely(self, table: pa.Table, columns: list[Any], rows: npt.NDArray[np.int64], text: bool) -> Block:
        """Read rows one by one that are not plainly right."""
        few = table.select([name for name in table.column_names if name in self.names]).take(pa.array(rows))
        found = {}
        for row, given in zip(rows.tolist(), few.to_pylist(), strict=True):
            found[row] = self._read(self._members(given, text))
        return self._patched([np.array(column, np.uint16) for column in columns], found, table.num_rows)

    def _members(self, given: Mapping[str, Any], text: bool) -> dict[str, Any]:
        members = {name: value for name, value in given.items() if value is not None}
        if text:
            members = {name: value for name, value in members.items() if value != ""}
            members |= {f.name: from_text(f, members[f.name]) for f in self._facts if f.name in members}
        for name in LISTED:
            if isinstance(members.get(name), str):
                members[name] = members[name].split()
        if REFERENCE in members:
            members[REFERENCE] = str(members[REFERENCE])
        return members

    def _patched(self, columns: list[Any], found: Mapping[int, Question | Problem], count: int) -> Block:
        kept = np.ones(count, np.bool_)
        problems: list[tuple[int, Problem]] = []
        lists = [({NONE: 0}, np.zeros(count, np.int32)) for _ in LISTED]
        for row, each in found.items():
            if not isinstance(each, Question):
                problems.append((row, each))
                kept[row] = False
                continue
            for fact, column in zip(self._facts, columns, strict=True):
                value = each.facts.get(fact.name)
                column[row] = 0 if value is None else fact.domain.index(value) + 1
            for (places, numbers), named in zip(lists, (each.unavailable, each.doubted), strict=True):
                numbers[row] = places.setdefault(named, len(places))
        made = [Lists(n[kept], list(places)) if len(places) > 1 else None for places, n in lists]
        return Block(Candidates([c[kept] for c in columns], *made), np.flatnonzero(kept), problems)

    def _numbers(self, fact: Fact, table: pa.Table, odd: Flags, text: bool) -> npt.NDArray[Any]:
        """Return a column as numbers; mark rows to read closely."""
        if fact.name not in table.column_names or pa.types.is_null(table[fact.name].type):
            return np.zeros(table.num_rows, np.uint16)
        column = table[fact.name]
        kind = column.type
        if pa.types.is_integer(kind) and fact.kind == "integer":
            values = np.asarray(pc.fill_null(column.cast(pa.int64(), safe=False), fact.minimum - 1))
            right = (values >= fact.minimum) & (values <= fact.maximum)
            odd |= ~right & np.asarray(column.is_valid())
            return np.where(right, values - (fact.minimum - 1), 0).astype(np.uint16)
        if pa.types.is_boolean(kind) and fact.domain == (False, True):
            return np.concatenate(
                [np.zeros(0, np.uint8), *(_of_booleans(chunk) for chunk in column.chunks if len(chunk))]
            )
        try:
            encoded = column if pa.types.is_dictionary(kind) else pc.dictionary_encode(column)
            whole = encoded.combine_chunks()
            if isinstance(whole, pa.ChunkedArray):
                whole = whole.unify_dictionaries().combine_chunks()
            words = whole.dictionary.to_pylist()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # such as a reading on a scale
            odd |= np.asarray(column.is_valid())
            return np.zeros(table.num_rows, np.uint16)
        indices = whole.indices
        if indices.null_count:
            indices = pc.fill_null(indices.cast(pa.int32()), len(words))
        places = np.array([*(_place(fact, from_text(fact, word) if text else word) for word in words), 0], np.int32)
        found: npt.NDArray[Any] = places[np.asarray(indices)]
        if places.min() < 0:
            odd |= found < 0
            found = np.maximum(found, 0)
        return found.astype(np.uint8 if len(fact.domain) < 255 else np.uint16)


PATTERN = r"^[A-Za-z0-9._:-]{1,64}$"


def _of_booleans(values: pa.BooleanArray) -> npt.NDArray[np.uint8]:
    """Return 0 for unknown, 1 for no and 2 for yes.

    From the bits themselves: to fill, cast and add takes three times as long, half of what reading a table takes.
    """
    known, bits = values.buffers()
    numbers = _bits(bits, values)
    numbers += np.uint8(1)
    if values.null_count:
        numbers *= _bits(known, values)
    return numbers


def _bits(buffer: pa.Buffer, values: pa.BooleanArray) -> npt.NDArray[np.uint8]:
    end = values.offset + len(values)
    return np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")[values.offset :]


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())


def _lengths(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_length(column) if pa.types.is_string(column.type) else pc.list_value_length(column)


def from_text(fact: Fact, word: str) -> Value | None:
    """Return a value as CSV has it, else the word."""
    if word == "":
        return None
    if fact.kind == "boolean" and word.lower() in ("true", "false"):
        return word.lower() == "true"
    if fact.kind == "integer" and word.strip().lstrip("-").isdecimal():
        return int(word)
    return word


def _place(fact: Fact, value: object) -> int:
    """Return a value's number: 0 is unknown, -1 is no answer."""
    if value is None:
        return 0
    if fact.kind == "integer" and isinstance(value, float) and value in fact.domain:
        value = int(value)
    return fact.domain.index(value) + 1 if fact.accepts(value) else -1
