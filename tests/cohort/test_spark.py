"""Spark, as a cluster on this machine, answers as this process does, and runs the query as the engine decides."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.cohort.answers import ANSWERED
from app.cohort.nodes import facts_read
from app.cohort.sql import sql_of
from app.core.engine import Engine, Engines
from app.screen import Beginning, screen
from tests.books import random_candidate
from tests.cohort.test_examples import examples
from tests.cohort.test_sql import decided
from tools.population import drawn

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
COUNT = 2_000
KINDS = {"boolean": pa.bool_(), "integer": pa.int64()}


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A cluster of two workers, each a process of its own."""
    from pyspark.sql import SparkSession  # of the extra `spark`; needs Java

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false",
        "spark.executor.memory": "900m",
        "spark.driver.memory": "900m",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "300",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    builder = SparkSession.builder.master("local-cluster[2,1,900]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def engine(engines: Engines) -> Engine:
    return engines.by_id[engines.current]


def as_table(engine: Engine, rows: list[dict[str, Any]]) -> pa.Table:
    facts = {name: KINDS.get(fact.kind, pa.string()) for name, fact in engine.release.facts.items()}
    columns = {"reference": pa.string(), **facts, "clinic": pa.string()}
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in columns.items()})


def test_the_example_of_the_documentation_runs(spark: Any, engine: Engine, tmp_path: Path) -> None:
    rows = [{"reference": f"r{n}", **facts} for n, facts in enumerate(drawn(engine.release, 30, 0.6))]
    pq.write_table(as_table(engine, rows), tmp_path / "candidates.parquet")
    (code,) = [each for each in examples() if "pyspark" in each]
    for name in ("candidates.parquet", "answers"):  # Spark looks where it was started
        code = code.replace(f'"{name}"', repr(str(tmp_path / name)))
    exec(code, {})
    assert pq.read_table(tmp_path / "answers").num_rows == 30


def by_reference(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: str(row["reference"]))


@pytest.mark.parametrize("unknowns", ["confirm", "strict"])
def test_a_cluster_answers_row_by_row_as_this_process(spark: Any, engine: Engine, unknowns: str) -> None:
    from app.cohort.spark import PROBLEM, screened

    random = Random(11)
    drawn_at = [random_candidate(random, engine.release.facts, random.choice((0.5, 0.9, 1.0))) for _ in range(COUNT)]
    rows = [{"reference": f"r{n}", "clinic": "abc"[n % 3], **facts} for n, facts in enumerate(drawn_at)]
    bad = [{"reference": "bad", "clinic": "a", "age_years": 200}]
    frame = spark.createDataFrame(as_table(engine, rows + bad)).repartition(5)
    answered = screened(frame, Beginning.of(unknowns=unknowns), ["clinic"]).toArrow()
    (refused, *rest) = by_reference(answered)
    assert all(row.pop(PROBLEM) is None for row in rest)
    names = [*ANSWERED.names, "clinic"]
    assert rest == by_reference(screen(as_table(engine, rows), unknowns=unknowns).select(names))
    assert json.loads(refused[PROBLEM])["errors"][0]["pointer"] == "/age_years"
    assert (refused["reference"], refused["clinic"], refused["disposition"]) == ("bad", "a", None)


@pytest.mark.parametrize("strict", [False, True], ids=["confirm", "strict"])
def test_spark_runs_the_query_as_the_engine_decides(spark: Any, engine: Engine, strict: bool) -> None:
    rows = [facts for known in (1.0, 0.8, 0.5, 0.0) for facts in drawn(engine.release, 150 if known else 1, known)]
    table = as_table(engine, [{"reference": f"{n:06}", **facts} for n, facts in enumerate(rows)])
    spark.createDataFrame(table.select(["reference", *facts_read(engine.release)])).createOrReplaceTempView(
        "candidates"
    )
    found = sorted(spark.sql(sql_of(engine.release, "spark", strict=strict)).collect())
    assert [tuple(row)[1:] for row in found] == [decided(engine, each, strict=strict) for each in rows]
