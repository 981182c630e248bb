"""Whole cohorts on Spark: the same columns in every worker.

Spark distributes the rows and hands over Arrow; every worker answers its batches by itself.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, ByteType, DataType, StringType, StructField, StructType

from app.cohort.answers import ANSWERED
from app.cohort.columns import REFERENCE, Problem

PROBLEM = "problem"
TYPES: dict[pa.DataType, DataType] = {pa.string(): StringType(), pa.int8(): ByteType()}
Answer: TypeAlias = Callable[[pa.Table], tuple[pa.Table, Sequence[tuple[int, Problem]]]]
"""Returns the answers to a table, and the rows that have none."""


def screened(candidates: DataFrame, begin: Callable[[], Answer], passing: Sequence[str] = ()) -> DataFrame:
    """Return the answers to candidates, each with what is named in `passing`.

    `begin` is called in each worker, such as `app.screen.Beginning`. A row that cannot be answered has its problem, as
    JSON, under `problem` instead; rows come in no order.
    """
    kept = [candidates.schema[name] for name in passing]
    schema = StructType([*map(_field, ANSWERED), *kept, StructField(PROBLEM, StringType())])
    return candidates.mapInArrow(partial(_answers, begin, list(passing)), schema)


def _field(field: pa.Field) -> StructField:
    is_list = pa.types.is_list(field.type)
    return StructField(field.name, ArrayType(StringType()) if is_list else TYPES[field.type])


def _answers(
    begin: Callable[[], Answer], passing: Sequence[str], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Yield the answers to batches, those without one last in each."""
    answer = begin()
    for batch in batches:
        given = pa.Table.from_batches([batch])
        table, problems = answer(given)
        table = table.select([*ANSWERED.names, *passing]).append_column(PROBLEM, pa.nulls(len(table), pa.string()))
        yield from table.combine_chunks().to_batches()
        if problems:
            rows = given.take(pa.array([row for row, _ in problems]))
            says = pa.array([json.dumps(problem, ensure_ascii=False) for _, problem in problems])
            nothing = {field.name: pa.nulls(len(problems), field.type) for field in ANSWERED}
            kept = {name: rows[name] for name in (REFERENCE, *passing) if name in rows.column_names}
            yield from pa.table({**nothing, **kept, PROBLEM: says}).combine_chunks().to_batches()
