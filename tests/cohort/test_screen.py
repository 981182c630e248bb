"""`triage screen`: every format, in and out, row by row as the engine answers; what is refused; what goes on."""

import gc
import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from typer.testing import CliRunner, Result

from app import screen as screening
from app.batch import BadOutputError, BatchError, How
from app.cli import cli
from app.cohort import files
from app.cohort.answers import ANSWERED, word_of
from app.cohort.files import opened_lines, tables
from app.core.engine import Engine, Engines, Question
from app.engines import rules_folder
from app.screen import Beginning, RefusedRowsError, screen, screen_file
from app.settings import Settings
from tests.books import random_candidate

Row = dict[str, Any]
COUNT = 23


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["screen", *arguments], env={"TRIAGE_RULES": str(rules_folder())})


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch, compiled_once: None) -> None:
    monkeypatch.setattr(screening, "ROWS", 5)
    monkeypatch.setattr(screening, "ROWS_OF_LINES", 5)


@pytest.fixture
def engine(engines: Engines) -> Engine:
    return engines.by_id["2026.3"]


@pytest.fixture
def how(engines: Engines) -> How:
    return How(engines, "2026.3", Settings(), strict=False, full=False)


@pytest.fixture
def rows(engine: Engine) -> list[Row]:
    random = Random(5)
    drawn = [random_candidate(random, engine.release.facts, random.choice((0.3, 0.9, 1.0))) for _ in range(COUNT)]
    return [{"reference": f"r{n}", **facts, "clinic": "ab"[n % 2]} for n, facts in enumerate(drawn)]


def as_table(engine: Engine, rows: list[Row]) -> pa.Table:
    names = ["reference", *engine.release.facts, "clinic"]
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})


def write(path: Path, engine: Engine, rows: list[Row]) -> Path:
    table = as_table(engine, rows)
    kind = path.name.split(".")[1]
    if kind == "parquet":
        pyarrow.parquet.write_table(table, path, row_group_size=7)
    elif kind == "csv":
        with pa.output_stream(path, compression="detect") as sink:
            pyarrow.csv.write_csv(table, sink)
    elif kind == "jsonl":
        with pa.output_stream(path, compression="detect") as sink:
            sink.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    else:
        make = pyarrow.ipc.new_file if kind == "arrow" else pyarrow.ipc.new_stream
        with make(str(path), table.schema) as writer:
            writer.write_table(table)
    return path


def read(path: Path) -> list[Row]:
    if ".jsonl" in path.name:
        return [json.loads(line) for line in opened_lines(str(path)).read().splitlines()]
    return [row for table in tables(str(path)) for row in table.to_pylist()]


def expected(engine: Engine, row: Row, *, strict: bool = False) -> Row:
    facts = {name: value for name, value in row.items() if name in engine.release.facts and value is not None}
    view = engine.view(Question(facts, strict, reference=row.get("reference")))
    return {
        "reference": row.get("reference"),
        "disposition": view.decision.disposition,
        "pathway": view.decision.pathway,
        "phase": view.decision.phase,
        "possible": [word_of(each) for each in view.possible],
        "missing": list(view.missing),
        "next_question": view.next_question.fact if view.next_question else None,
        "open_assumptions": list(engine.decide(Question(facts, strict)).open_assumptions),
        "id": view.id,
        "ruleset": engine.release.id,
        "clinic": row.get("clinic"),
    }


def in_csv(row: Row) -> Row:
    """Return a row as CSV has it."""
    words = {name: " ".join(value) if isinstance(value, list) else value for name, value in row.items()}
    return {name: None if value in ("", None) else str(value) for name, value in words.items()}


@pytest.mark.parametrize("out", ["o.parquet", "o.arrows", "o.csv", "o.csv.gz", "o.jsonl", "o.jsonl.zst"])
def test_every_format_is_written(tmp_path: Path, engine: Engine, rows: list[Row], out: str) -> None:
    source = write(tmp_path / "in.parquet", engine, rows)
    done = run(str(source), "--out", str(tmp_path / out))
    assert done.exit_code == 0, done.stderr
    right = [expected(engine, row) for row in rows]
    assert read(tmp_path / out) == ([in_csv(row) for row in right] if ".csv" in out else right)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.parquet", out])


@pytest.mark.parametrize("given", ["i.arrow", "i.arrows", "i.csv", "i.csv.zst", "i.jsonl", "i.jsonl.gz"])
def test_every_format_is_read(tmp_path: Path, engine: Engine, rows: list[Row], given: str) -> None:
    source = write(tmp_path / given, engine, rows)
    done = run(str(source), "--out", str(tmp_path / "out.jsonl"), "--unknowns", "strict")
    assert done.exit_code == 0, done.stderr
    assert read(tmp_path / "out.jsonl") == [expected(engine, row, strict=True) for row in rows]


def test_a_parquet_file_has_words_and_what_passes_through_as_it_came(
    tmp_path: Path, engine: Engine, how: How, rows: list[Row]
) -> None:
    """Codes are a matter of how it is written: whoever reads it finds the types of before."""
    days = pa.array(range(COUNT), pa.timestamp("ms", "Asia/Seoul"))
    beside = {
        "ward": pa.array([f"w{n % 3}" for n in range(COUNT)]).dictionary_encode(),
        "day": days,
        "text": pa.array(["x" * n for n in range(COUNT)], pa.large_string()),
        "nested": pa.array([{"a": [n]} for n in range(COUNT)]),
        "taken": pa.array(range(COUNT), pa.duration("s")),
        "codes": lists_of(pa.array([f"c{n % 2}" for n in range(COUNT)]).dictionary_encode()),
        "keys": lists_of(pa.array([bytes([n] * 16) for n in range(COUNT)], pa.uuid())),
    }
    source, out = tmp_path / "in.arrows", tmp_path / "out.parquet"
    given = as_table(engine, rows)
    for name, column in beside.items():
        given = given.append_column(name, column)
    with pyarrow.ipc.new_stream(str(source), given.schema) as writer:
        writer.write_table(given)
    screen_file(str(source), str(out), how)
    found = pyarrow.parquet.read_table(out)
    assert pyarrow.parquet.read_schema(out).equals(
        pa.schema([*ANSWERED, *(given.schema.field(name) for name in ("clinic", *beside))])
    )
    assert found.select(list(beside)).to_pylist() == given.select(list(beside)).to_pylist()
    assert found.select(ANSWERED.names) == screen(given).select(ANSWERED.names)


def lists_of(values: pa.Array) -> pa.ListArray:
    """Return values as lists of one each."""
    return pa.ListArray.from_arrays(pa.array(range(len(values) + 1), pa.int32()), values)


def test_what_passes_through_is_not_judged(engine: Engine, rows: list[Row]) -> None:
    """A column may say that it has no nulls, and have some: that is the caller's."""
    field, visits = pa.field("visits", pa.int32(), nullable=False), [None, *range(1, COUNT)]
    given = as_table(engine, rows).append_column(field, pa.array(visits, pa.int32()))
    assert screen(given)["visits"].to_pylist() == visits


@pytest.mark.parametrize("given", ["i.parquet", "i.jsonl", "i.csv"])
def test_a_row_without_an_answer_has_the_problem_of_the_api(
    tmp_path: Path, engine: Engine, how: How, rows: list[Row], given: str
) -> None:
    for row in rows:
        row["age_years"] = 40
    rows[3]["age_years"] = 4000
    rows[4]["primary_concern"] = "dulness"
    rows[9]["reference"] = "two words"
    source = write(tmp_path / given, engine, rows)
    done = run(str(source), "--out", str(tmp_path / "out.jsonl"))
    assert "3 rows cannot be answered" in done.stderr
    problems = read(tmp_path / "out.jsonl.problems.jsonl")
    answerer = how.answerer()
    right = []
    for n in (3, 4, 9):
        facts = {name: value for name, value in rows[n].items() if name != "clinic"}
        right.append(json.loads(answerer.answer(json.dumps(facts).encode(), n + 1)))
    assert problems == right
    kept = [row for n, row in enumerate(rows) if n not in (3, 4, 9)]
    assert read(tmp_path / "out.jsonl") == [expected(engine, row) for row in kept]


@pytest.mark.parametrize("out", ["o.parquet", "o.arrows", "o.csv.gz", "o.jsonl"])
@pytest.mark.parametrize("given", ["i.parquet", "i.jsonl"])
def test_it_goes_on_where_it_stopped(
    tmp_path: Path, engine: Engine, how: How, rows: list[Row], given: str, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows[2]["age_years"] = rows[12]["age_years"] = 4000
    source = write(tmp_path / given, engine, rows)
    whole = tmp_path / f"whole.{out.split('.', 1)[1]}"
    right = screen_file(str(source), str(whole), how, by="clinic")
    output = str(tmp_path / out)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(BatchError, match="the same command goes on"):
            screen_file(str(source), output, how, by="clinic", progress=stop)
        for part in (output, f"{output}.coded", f"{output}.problems.jsonl"):
            if Path(part).exists() and Path(part).stat().st_size:
                with Path(part).open("ab") as torn:  # as a kill between two writes leaves it
                    torn.write(b"half of an ans")
    gone_on = screen_file(str(source), output, how, by="clinic")
    assert (gone_on.rows, gone_on.summary) == (right.rows, right.summary)
    assert Path(output).read_bytes() == whole.read_bytes()
    assert read(Path(f"{output}.problems.jsonl")) == read(Path(f"{whole}.problems.jsonl"))


def test_it_does_not_go_on_with_pieces_of_another_form(
    tmp_path: Path, engine: Engine, how: How, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces had words before they had codes: a stream of both cannot be read."""
    source, output = write(tmp_path / "in.csv", engine, rows), str(tmp_path / "out.parquet")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as before:
        before.setattr(files.Pieces, "partial", ".partial")
        with pytest.raises(BatchError, match="the same command goes on"):
            screen_file(str(source), output, how, progress=stop)
    with pytest.raises(BadOutputError, match="holds something else"):
        screen_file(str(source), output, how)


def test_it_does_not_go_on_with_answers_to_something_else(tmp_path: Path, engine: Engine, rows: list[Row]) -> None:
    source = write(tmp_path / "in.jsonl", engine, rows)
    output = tmp_path / "out.jsonl"
    output.write_text("mine\n", "utf-8")
    refused = run(str(source), "--out", str(output))
    assert refused.exit_code == 1
    assert "holds something else" in refused.stderr
    assert output.read_text("utf-8") == "mine\n"
    assert run(str(source), "--out", str(source)).exit_code == 1
    assert len(read(source)) == COUNT


@pytest.mark.parametrize("noted", ["[]", "7", "null", '"x"', "{}", '{"rows": 1}', "{", "\xff"])
def test_notes_of_somebody_else_are_refused_and_left(tmp_path: Path, noted: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"{}\n")
    progress = tmp_path / "out.jsonl.progress"
    progress.write_text(noted, "latin-1")
    refused = run(str(source), "--out", str(tmp_path / "out.jsonl"))
    assert (refused.exit_code, refused.exception.__class__) == (1, SystemExit)
    assert "holds something else" in refused.stderr
    assert progress.read_text("latin-1") == noted


def test_an_ending_that_is_not_known_is_refused(tmp_path: Path) -> None:
    for name in ("in.xlsx", "in", "in.parquet.gz"):
        refused = run(str(tmp_path / name), "--out", str(tmp_path / "out.jsonl"))
        assert (refused.exit_code, "name it .parquet" in refused.stderr) == (1, True)
    assert "no such file" in run(str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv")).stderr


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        (
            "a.csv",
            b"pregnant,age_years\nJane-Doe\n",
            "a.csv: cannot be read as what its name says: a row has 1 columns",
        ),
        ("a.csv", b"", "a.csv: cannot be read as what its name says"),
        ("a.csv.gz", b"pregnant\ntrue\n", "a.csv.gz: cannot be read as what its name says"),
        ("a.jsonl.gz", b'{"pregnant": true}\n', "a.jsonl.gz: cannot be read as what its name says"),
        ("a.parquet", b"PAR1 and no more", "a.parquet: cannot be read as what its name says"),
        ("a.arrow", b"ARROW1", "a.arrow: cannot be read as what its name says"),
        ("a.arrows", b"\xff\xff\xff\xff", "a.arrows: cannot be read as what its name says"),
        ("a.csv", b"pregnant,pregnant\ntrue,false\n", "`pregnant`: two columns have this name; keep one"),
    ],
    ids=["ragged", "empty", "csv-gz", "jsonl-gz", "parquet", "arrow", "arrows", "twice"],
)
def test_a_damaged_file_is_one_clear_line_without_a_value_of_it(
    tmp_path: Path, name: str, body: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(body)
    done = run(str(tmp_path / name), "--out", str(tmp_path / "out.csv"))
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    assert says in done.output
    assert "Jane" not in done.output
    assert len(done.output.splitlines()) == 1


def test_a_column_that_resembles_a_fact_is_named(tmp_path: Path, engine: Engine, rows: list[Row]) -> None:
    table = as_table(engine, rows).rename_columns({"age_years": "age_year"})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    done = run(str(tmp_path / "in.parquet"))
    assert "`age_year` is no fact and passes through; `age_years`?" in done.stderr
    assert "clinic" not in done.stderr
    assert "age_year" in read(tmp_path / "in.screened.parquet")[0]


def test_the_report_counts_every_row_once(tmp_path: Path, engine: Engine, rows: list[Row]) -> None:
    source = write(tmp_path / "in.parquet", engine, rows)
    page = tmp_path / "r.html"
    assert run(str(source), "--report", str(page), "--by", "clinic").exit_code == 0
    text = page.read_text("utf-8")
    assert "<script" not in text
    decided = [
        word_of(engine.decide(Question({n: v for n, v in r.items() if n in engine.release.facts})).decision)
        for r in rows
    ]
    assert all(f"{word}: {decided.count(word)}" in text for word in decided)
    excluding: dict[str, int] = {}
    for row in rows:
        answer = engine.answer(Question({n: v for n, v in row.items() if n in engine.release.facts}))
        for reason in answer.rationale if answer.decision.disposition == "excluded" else ():
            excluding[reason.rule] = excluding.get(reason.rule, 0) + (reason.effect == "excludes")
    assert excluding
    assert all(f"{rule}: " in text for rule, count in excluding.items() if count)


def test_full_adds_the_whole_answer(tmp_path: Path, engine: Engine, rows: list[Row]) -> None:
    source = write(tmp_path / "in.jsonl", engine, rows[:2])
    assert run(str(source), "--out", str(tmp_path / "out.jsonl"), "--full").exit_code == 0
    for row, answered in zip(rows, read(tmp_path / "out.jsonl"), strict=False):
        assert json.loads(answered["answer"])["id"] == expected(engine, row)["id"]
        assert json.loads(answered["answer"])["reference"] == row["reference"]


def test_a_table_is_screened_in_python(engine: Engine, rows: list[Row]) -> None:
    answered = screen(as_table(engine, rows), settings=Settings(rules=rules_folder()))
    assert answered.column_names == [*ANSWERED.names, "clinic"]
    assert answered.to_pylist() == [expected(engine, row) for row in rows]
    rows[0]["age_years"] = 4000
    with pytest.raises(RefusedRowsError) as refused:
        screen(as_table(engine, rows), settings=Settings(rules=rules_folder()))
    assert [each["line"] for each in refused.value.problems] == [1]


def test_lists_of_facts_may_be_columns(engine: Engine) -> None:
    row = {"primary_concern": "dullness", "unavailable": ["age_years"], "doubted": ["pregnant"]}
    table = pa.table({name: pa.array([value, None]) for name, value in row.items()})
    answered = screen(table, settings=Settings(rules=rules_folder())).to_pylist()
    asked = Question({"primary_concern": "dullness"}, unavailable=("age_years",), doubted=("pregnant",))
    assert answered[0]["id"] == engine.view(asked).id
    assert answered[0]["missing"] == list(engine.decide(asked).missing)
    assert answered[1]["id"] == engine.view(Question({})).id


def test_what_is_held_does_not_grow_with_the_file(tmp_path: Path, engine: Engine, how: How, rows: list[Row]) -> None:
    held = []
    for times in (2, 20):
        gc.collect()  # what the run before has held
        table = as_table(engine, rows * times)
        with pyarrow.ipc.new_stream(str(tmp_path / "in.arrows"), table.schema) as writer:
            writer.write_table(table, max_chunksize=10)
        screen_file(str(tmp_path / "in.arrows"), str(tmp_path / f"{times}.csv"), how)
        held.append(pa.default_memory_pool().max_memory())
    assert held[1] - held[0] < 200_000


def test_little_of_a_parquet_file_is_held_while_it_is_read(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    table = pa.table({"a": random.integers(0, 1 << 60, 100_000), "b": random.integers(0, 1 << 60, 100_000)})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet", row_group_size=1_000)
    del table
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for _ in tables(str(tmp_path / "in.parquet"), 1_000)]
    assert len(held) == 100
    assert max(held) < (tmp_path / "in.parquet").stat().st_size / 4


def test_a_wrong_way_of_reading_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "IN_TURN", {"pre_buffer": True})
    with pytest.raises(AssertionError):
        test_little_of_a_parquet_file_is_held_while_it_is_read(tmp_path)


def test_a_worker_with_another_release_of_that_name_refuses(engine: Engine) -> None:
    beginning = Beginning.of("2026.3")
    assert beginning == Beginning("2026.3", engine.release.digest)
    answered, problems = beginning()(pa.table({"pregnant": [True, None]}))
    assert (answered.num_rows, problems) == (2, [])
    with pytest.raises(ValueError, match="not the release of that digest"):
        replace(beginning, digest="sha256:other")()


def test_a_worker_begins_only_with_what_is_there() -> None:
    with pytest.raises(ValueError, match="no such release"):
        Beginning.of("2020.1")
    with pytest.raises(ValueError, match="write `confirm` or `strict`"):
        Beginning.of(unknowns="no")
