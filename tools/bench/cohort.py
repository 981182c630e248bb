"""Whole cohorts on one core: columns beside DuckDB and the engine row by row, files, HTTP, and how it grows.

Each figure is that of the second half of what is worked on, once the states that repeat are known, save those of
files, which are whole runs without the start of the process.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from app.batch import How
from app.cohort.nodes import facts_read
from app.cohort.sql import sql_of
from app.core.engine import Engine, Question
from app.engines import build_engines
from app.screen import Screening, screen_file
from app.settings import Settings
from tools.bench.aims import beside
from tools.bench.batch import streamed
from tools.inside import written
from tools.population import drawn, table_of
from tools.serving import serving

KNOWN = {"complete": 1.0, "half known": 0.5}
BLOCK = 1 << 16
BLOCKS = 16
ROWS = 2_000
"""Of the engine, one by one."""
FILE = 1_000_000
GROWTH: Sequence[int] = (10**4, 10**5, 10**6, 10**7)
LINES = 100_000
LEAST = {"complete": 70_000, "half known": 30_000}


def run() -> None:
    """Measure and print."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    pa.set_cpu_count(1)
    how = _how()
    for name, known in KNOWN.items():
        screening = Screening(how)
        engine = how.answerer().engine
        print(f"{name}, rows a second")
        for what, least, rate in _columns(screening, engine, known):
            print(f"  {what:52} {beside(rate, least=least, digits=0):>24}", flush=True)
    os.sched_setaffinity(0, cores)
    for name, known in KNOWN.items():
        _http(name, [written(facts) + b"\n" for facts in drawn(engine.release, 20_000, known)], min(cores))
    _growth(engine)


def _how() -> How:
    settings = Settings()
    return How(build_engines(settings), "2026.3", settings, strict=False, full=False)


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
        source = _written(engine, FILE, known, Path(folder))
        begun = time.process_time()
        screen_file(str(source), f"{folder}/out.parquet", _how())
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


def _written(engine: Engine, count: int, known: float, folder: Path) -> Path:
    """Write candidates to a Parquet file in blocks."""
    path = folder / "in.parquet"
    with pq.ParquetWriter(path, table_of(engine.release, 1, 0.0).schema) as writer:
        for start in range(0, count, BLOCK):
            writer.write_table(table_of(engine.release, min(BLOCK, count - start), known, start))
    return path


def _http(name: str, lines: list[bytes], core: int) -> None:
    with serving(core=core) as server:
        streamed(server, "view=decision", lines, len(lines))
        _, rate = streamed(server, "view=decision", lines, LINES)
    print(
        f"JSON Lines over HTTP, view=decision, {name}, a second: {beside(rate, least=LEAST[name], digits=0)}",
        flush=True,
    )


def _growth(engine: Engine) -> None:
    """Print time and memory by rows, half known, each a process of its own."""
    print("Parquet to Parquet, half known, with the start of the process")
    print(f"{'rows':>12} {'seconds':>8} {'us a row':>9} {'MB':>6}  microseconds a row beyond those of the first")
    first: float | None = None
    for count in GROWTH:
        with tempfile.TemporaryDirectory() as folder:
            source = _written(engine, count, 0.5, Path(folder))
            command = [sys.executable, "-m", "tools.bench.cohort", str(source), f"{folder}/out.parquet"]
            seconds, megabytes = map(float, subprocess.run(command, check=True, capture_output=True).stdout.split())
        first = seconds if first is None else first
        each = (seconds - first) / count * 1e6
        print(
            f"{count:12,} {seconds:8.1f} {seconds / count * 1e6:9.1f} {megabytes:6.0f}  {'#' * round(each)}", flush=True
        )


def _one() -> None:
    pa.set_cpu_count(1)
    screen_file(sys.argv[1], sys.argv[2], _how())
    most = next(line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if line.startswith("VmHWM"))
    print(time.process_time(), int(most.split()[1]) / 1000)


if __name__ == "__main__":
    _one()
