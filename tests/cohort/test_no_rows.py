"""`triage screen` of a table without rows: an answer without rows."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest

from app.batch import How
from app.cohort.answers import ANSWERED
from app.cohort.files import tables
from app.core.engine import Engines
from app.screen import screen_file
from app.settings import Settings


@pytest.mark.parametrize("out", ["out.parquet", "out.arrows", "out.csv", "out.jsonl"])
@pytest.mark.parametrize("given", ["in.parquet", "in.arrow", "in.arrows", "in.csv", "in.jsonl"])
def test_no_rows_have_columns_all_the_same(tmp_path: Path, engines: Engines, given: str, out: str) -> None:
    how = How(engines, "2026.3", Settings(), strict=False, full=False)
    names = ["reference", *engines.by_id["2026.3"].release.facts, "clinic"]
    none = pa.table({name: pa.array([], pa.string()) for name in names})
    source = tmp_path / given
    match given.split(".")[1]:
        case "parquet":
            pyarrow.parquet.write_table(none, source)
        case "csv":
            pyarrow.csv.write_csv(none, source)
        case "jsonl":
            source.write_bytes(b"")
        case kind:
            make = pyarrow.ipc.new_file if kind == "arrow" else pyarrow.ipc.new_stream
            make(str(source), none.schema).close()
    assert screen_file(str(source), str(tmp_path / out), how).rows == 0
    beside = [] if given == "in.jsonl" else ["clinic"]
    found = [] if out == "out.jsonl" else next(tables(str(tmp_path / out))).column_names
    assert found == ([] if out == "out.jsonl" else [*ANSWERED.names, *beside])
