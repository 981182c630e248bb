"""The decisions about many candidates as the columns of a table."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import accumulate, chain, islice, product, repeat

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.cohort.columns import REFERENCE, Block
from app.cohort.decider import NONE, Candidates, Decider, Decisions
from app.core.engine import Engine
from app.core.outcome import Outcome
from app.core.precedence import UNDECIDED, Decision

WORDS = pa.list_(pa.string())
ANSWERED = pa.schema(
    [
        (REFERENCE, pa.string()),
        ("disposition", pa.string()),
        ("pathway", pa.string()),
        ("phase", pa.int8()),
        ("possible", WORDS),
        ("missing", WORDS),
        ("next_question", pa.string()),
        ("open_assumptions", WORDS),
        ("id", pa.string()),
        ("ruleset", pa.string()),
    ]
)
"""The columns of an answer, in order."""
CODE = pa.int16()
TOGETHER = 4096
"""How many combinations of values are written once for the ids of all candidates."""


def word_of(decision: Decision) -> str:
    """Return a decision as one word, such as `recommended:conservative_care:1`."""
    return ":".join(str(part) for part in (decision.disposition, decision.pathway, decision.phase) if part is not None)


class Answers:
    """The answers of one release in one mode."""

    def __init__(self, engine: Engine, *, strict: bool) -> None:
        self.decider = Decider(engine, strict=strict)
        self._ids = _Ids(engine, strict=strict)
        self._words = _Words(engine)
        self._shared: tuple[Sequence[Outcome], int, list[pa.Array]] = ([], -1, [])

    def table(self, block: Block, given: pa.Table, decided: Decisions) -> pa.Table:
        """Return coded answers to a block, beside what passes through.

        A word is the number of one of the few that there are; `plain` returns a table with the words themselves.
        """
        count = len(block.rows)
        if count < given.num_rows:
            given = given.take(pa.array(block.rows))
        places = pa.array(decided.numbers)
        shared = [column.take(places) for column in self._columns(decided)]
        rows, facts = np.nonzero(decided.open.T)
        ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))]).astype(np.int32)
        opened = pa.ListArray.from_arrays(pa.array(ends), self._words.of(self.decider.assumable).take(pa.array(facts)))
        has = REFERENCE in given.column_names
        reference = given[REFERENCE].cast(pa.string()) if has else pa.nulls(count, pa.string())
        ruleset = self._words.of([self._words.release]).take(pa.array(np.zeros(count, np.int8)))
        answered = [reference, *shared, opened, self._ids.of(block.candidates), ruleset]
        table = pa.table(answered, ANSWERED.names)
        for name in given.column_names:
            if name != REFERENCE:
                table = table.append_column(given.schema.field(name), given[name])
        return table

    def _columns(self, decided: Decisions) -> list[pa.Array]:
        """Return the columns of the outcomes met so far."""
        outcomes, count, columns = self._shared
        if outcomes is not decided.outcomes or count != len(outcomes):
            outcomes = decided.outcomes
            words = self._words
            columns = [
                words.of([each.decision.disposition for each in outcomes]),
                words.of([each.decision.pathway for each in outcomes]),
                pa.array([each.decision.phase for each in outcomes], pa.int8()),
                words.lists([[word_of(d) for d in each.possible] for each in outcomes]),
                words.lists([each.missing for each in outcomes]),
                words.of([each.next_fact for each in outcomes]),
            ]
            self._shared = outcomes, len(outcomes), columns
        return columns


def plain(table: pa.Table) -> pa.Table:
    """Return a table of answers in words, as `ANSWERED` has them.

    What passes through is left alone: Arrow casts not every type to itself.
    """
    for place, field in enumerate(ANSWERED):
        table = table.set_column(place, field, table[field.name].cast(field.type))
    return table


class _Words:
    """All words that the answers of a release are made of."""

    def __init__(self, engine: Engine) -> None:
        self.release = engine.release.id
        decisions = [UNDECIDED, *engine.logic.possible(engine.logic.regions({}, strict=True))]
        words = [self.release, *engine.release.facts]
        for each in decisions:
            words += [each.disposition, *([each.pathway] if each.pathway else []), word_of(each)]
        self._places: dict[str | None, int | None] = {word: place for place, word in enumerate(dict.fromkeys(words))}
        self._all = pa.array(list(self._places), pa.string())
        self._places[None] = None

    def of(self, words: Iterable[str | None]) -> pa.DictionaryArray:
        """Return words as a column of their places."""
        places = pa.array(list(map(self._places.__getitem__, words)), CODE)
        return pa.DictionaryArray.from_arrays(places, self._all)

    def lists(self, lists: Sequence[Sequence[str]]) -> pa.ListArray:
        """Return lists of words as a column."""
        ends = accumulate(map(len, lists), initial=0)
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), self.of(chain.from_iterable(lists)))


class _Ids:
    """The ids of many answers, as `Identity` makes each.

    What several facts add to the canonical JSON is written once for each combination of their values.
    """

    def __init__(self, engine: Engine, *, strict: bool) -> None:
        self._identity, self._strict = engine.identities, strict
        self._groups: list[tuple[list[int], list[int], npt.NDArray[np.object_]]] = []
        members = list(zip(self._identity.order, self._identity.members, strict=True))
        while members:
            size = taken = 1
            while taken <= len(members) and size * len(members[taken - 1][1]) <= TOGETHER:
                size *= len(members[taken - 1][1])
                taken += 1
            group, members = members[: max(1, taken - 1)], members[max(1, taken - 1) :]
            written = [b",".join(filter(None, each)) for each in product(*(m.values() for _, m in group))]
            written += [each and b"," + each for each in written]
            self._groups.append(([place for place, _ in group], [len(m) for _, m in group], np.array(written, object)))

    def of(self, candidates: Candidates) -> pa.Array:
        """Return the id of the answer to every candidate."""
        count = len(candidates)
        before, after = self._around(candidates)
        parts, some = [before], np.zeros(count, np.bool_)
        for places, sizes, written in self._groups:
            keys: npt.NDArray[np.int32] = np.zeros(count, np.int32)
            for place, size in zip(places, sizes, strict=True):
                keys *= np.int32(size)
                keys += candidates.columns[place]
            parts.append(written[keys + some * np.int32(len(written) // 2)].tolist())
            some |= keys != 0
        texts = map(b"".join, zip(*parts, after, strict=False))
        return _in_hex(b"".join([digest.digest() for digest in map(sha256, texts)]), count)

    def _around(self, candidates: Candidates) -> tuple[Iterable[bytes], Iterable[bytes]]:
        """Return by candidate what stands before and after the facts."""
        count = len(candidates)
        listed = [candidates.unavailable, candidates.doubted]
        if listed == [None, None]:
            before, after = self._identity.around(NONE, NONE, strict=self._strict)
            return repeat(before, count), repeat(after, count)
        names = [map(lists.lists.__getitem__, lists.numbers.tolist()) if lists else repeat(NONE) for lists in listed]
        around = [
            self._identity.around(*pair, strict=self._strict) for pair in islice(zip(*names, strict=False), count)
        ]
        return [before for before, _ in around], [after for _, after in around]


def _in_hex(digests: bytes, count: int) -> pa.Array:
    """Return digests as the text of ids."""
    text = np.empty((count, 71), np.uint8)
    text[:, :7] = np.frombuffer(b"sha256:", np.uint8)
    text[:, 7:] = np.frombuffer(digests.hex().encode(), np.uint8).reshape(count, 64)
    ends = np.arange(0, 71 * (count + 1), 71, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(text))
