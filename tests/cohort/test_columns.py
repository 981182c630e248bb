"""A column is the same numbers however Arrow holds it."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from app.cohort import columns
from app.cohort.columns import Columns
from app.core.engine import Engines
from app.core.facts import Fact, Value

Held = Callable[[Sequence[Value | None], Random], Any]
COUNT = 70


def plain(values: Sequence[Value | None], random: Random) -> Any:
    return pa.array(values)


def sliced(values: Sequence[Value | None], random: Random) -> Any:
    before = random.randrange(20)
    return pa.array([*[values[0]] * before, *values, values[0]])[before : before + len(values)]


def in_chunks(values: Sequence[Value | None], random: Random) -> Any:
    kind, places = pa.array(values).type, sorted(random.choices(range(len(values)), k=3))
    pieces = zip([0, *places], [*places, len(values)], strict=True)
    return pa.chunked_array([pa.array(values[begin:end], kind) for begin, end in pieces])


def encoded(values: Sequence[Value | None], random: Random) -> Any:
    return pa.array(values).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.array(values).type))


def encoded_in_chunks(values: Sequence[Value | None], random: Random) -> Any:
    chunks = in_chunks(values, random).chunks
    return pa.chunked_array([chunk.dictionary_encode().cast(pa.dictionary(pa.int8(), chunk.type)) for chunk in chunks])


def numbers(fact: Fact, column: Any, found: Columns) -> tuple[list[int], list[bool]]:
    odd = np.zeros(len(column), np.bool_)
    return found._numbers(fact, pa.table({fact.name: column}), odd, False).tolist(), odd.tolist()


def right(engines: Engines, held: Held) -> bool:
    release, random = engines.by_id["2026.3"].release, Random(1)
    reading = Columns(release, lambda _: {})
    for name in release.facts:
        fact = release.facts[name]
        for share in (0.0, 0.4):
            drawn = [random.randrange(1, len(fact.domain) + 1) * (random.random() >= share) for _ in range(COUNT)]
            drawn[0] = 1  # of which Arrow sees what kind it is
            values = [fact.domain[number - 1] if number else None for number in drawn]
            if numbers(fact, held(values, random), reading) != (drawn, [False] * COUNT):
                return False
    return True


@pytest.mark.parametrize("held", [plain, sliced, in_chunks, encoded, encoded_in_chunks])
def test_a_column_is_the_same_numbers_however_it_is_held(engines: Engines, held: Held) -> None:
    assert right(engines, held)


OF_BOOLEANS = columns._of_booleans


def forgets_the_offset(values: pa.BooleanArray) -> npt.NDArray[np.uint8]:
    return OF_BOOLEANS(pa.BooleanArray.from_buffers(pa.bool_(), len(values), values.buffers()))


def forgets_the_unknown(values: pa.BooleanArray) -> npt.NDArray[np.uint8]:
    return OF_BOOLEANS(values.fill_null(False))


@pytest.mark.parametrize("wrong", [forgets_the_offset, forgets_the_unknown])
def test_a_wrong_reader_of_bits_is_noticed(engines: Engines, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_of_booleans", wrong)
    assert not all(right(engines, held) for held in (plain, sliced))
