"""Whole cohorts on one core: columns beside DuckDB and the engine row by row, files, HTTP, and how it grows.

Each figure is that of the second half of what is worked on, once the states that repeat are known, save those of
files, which are whole runs without the start of the process.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from app.cohort.nodes import facts_read
from app.cohort.sql import sql_of
from app.core.engine import Engine, Question
from app.screen import Screening, screen_file
from tools.bench import growth
from tools.bench.aims import beside
from tools.bench.batch import streamed
from tools.bench.growth import BLOCK, how, written
from tools.inside import written as as_body
from tools.population import drawn, table_of
from tools.serving import serving

KNOWN = {"complete": 1.0, "half known": 0.5}
BLOCKS = 16
ROWS = 2_000
"""Of the engine, one by one."""
FILE = 1_000_000
LINES = 100_000
LEAST = {"complete": 70_000, "half known": 30_000}


def run() -> None:
    """Measure and print."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    pa.set_cpu_count(1)
    way = how()
    for name, known in KNOWN.items():
        screening = Screening(way)
        engine = way.answerer().engine
        print(f"{name}, rows a second")
        for what, least, rate in _columns(screening, engine, known):
            print(f"  {what:52} {beside(rate, least=least, digits=0):>24}", flush=True)
    os.sched_setaffinity(0, cores)
    for name, known in KNOWN.items():
        _http(name, [as_body(facts) + b"\n" for facts in drawn(engine.release, 20_000, known)], min(cores))
    growth.run()


def _columns(screening: Screening, engine: Engine, known: float) -> list[tuple[str, float | None, float]]:
    decider = screening.answers.decider
    tables = [table_of(engine.release, BLOCK, known, seed) for seed in range(BLOCKS)]
    deciding = [table.select(facts_read(engine.release)) for table in tables]

    def possible(table: pa.Table) -> object:
        return decider.possible(screening.columns.block(table).candidates)

    def outcomes(table: pa.Table) -> object:
        return decider.decide(screening.columns.block(table).candidates)

    found: list[tuple[str, float | None, float]] = [
        ("decision and possible set, from Arrow", 2e6, _rate(possible, deciding)),
        ("with missing, next question, assumptions, from Arrow", None, _rate(outcomes, deciding)),
        ("all columns out, with ids, from Arrow", None, _rate(screening.table, tables)),
        ("decision and possible set, DuckDB, the same rows", None, _duckdb(engine, deciding[0])),
        ("the engine, row by row", None, _by_row(engine, known)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        source = written(engine.release, FILE, known, Path(folder))
        begun = time.process_time()
        screen_file(str(source), f"{folder}/out.parquet", how())
        took = time.process_time() - begun
    return [*found, (f"Parquet to Parquet, all columns out, {FILE:,} rows", 5e5, FILE / took)]


def _rate(work: Callable[[pa.Table], object], tables: Sequence[pa.Table]) -> float:
    half = len(tables) // 2
    for table in tables[:half]:
        work(table)
    begun = time.process_time()
    for table in tables[half:]:
        work(table)
    return BLOCK * (len(tables) - half) / (time.process_time() - begun)


def _duckdb(engine: Engine, candidates: pa.Table) -> float:
    with duckdb.connect(config={"threads": 1}) as database:
        database.execute("SET enable_progress_bar = false")
        database.register("candidates", candidates)
        begun = time.process_time()
        database.execute(f"CREATE TABLE answers AS {sql_of(engine.release, columns=[])}")
        return BLOCK / (time.process_time() - begun)


def _by_row(engine: Engine, known: float) -> float:
    questions = [Question(facts) for facts in drawn(engine.release, ROWS, known)]
    begun = time.process_time()
    for question in questions:
        engine.decide(question)
    return ROWS / (time.process_time() - begun)


def _http(name: str, lines: list[bytes], core: int) -> None:
    with serving(core=core) as server:
        streamed(server, "view=decision", lines, len(lines))
        _, rate = streamed(server, "view=decision", lines, LINES)
    print(
        f"JSON Lines over HTTP, view=decision, {name}, a second: {beside(rate, least=LEAST[name], digits=0)}",
        flush=True,
    )
