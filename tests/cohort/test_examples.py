"""The examples of `docs/scale.md` run, each beside a file of candidates."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.core.engine import Engines
from app.screen import screen
from tools.population import drawn
from tools.serving import ROOT

COUNT = 40


def examples() -> list[str]:
    """Return the examples in Python."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "scale.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture
def decisions(engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Go where the candidates are; return what is decided about them."""
    monkeypatch.setattr("app.screen.build_engines", lambda _: engines)
    monkeypatch.chdir(tmp_path)
    release = engines.by_id[engines.current].release
    rows = drawn(release, COUNT, 0.7)
    table = pa.table({name: pa.array([row.get(name) for row in rows]) for name in release.facts})
    pq.write_table(table, tmp_path / "candidates.parquet")
    return list(screen(table)["disposition"].to_pylist())


@pytest.mark.parametrize(
    "library", ["duckdb", *(pytest.param(name, marks=pytest.mark.long) for name in ("pandas", "polars"))]
)
def test_an_example_answers_every_candidate(library: str, decisions: list[str]) -> None:
    (code,) = [each for each in examples() if f"import {library}" in each]
    space: dict[str, object] = {}
    exec(code, space)
    answers = space["answers"]
    found = answers["disposition"].tolist() if library == "pandas" else pa.table(answers)["disposition"].to_pylist()  # type: ignore[index]
    assert found == decisions


def test_every_example_is_run() -> None:
    assert len(examples()) == len(
        [each for each in examples() if re.search("import (pandas|polars|duckdb)|pyspark", each)]
    )
