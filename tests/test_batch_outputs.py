"""`triage decide --batch` writes nothing but an output of its own, and says in one line what went wrong."""

import os
from fcntl import LOCK_EX, flock
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.main import rules_folder

LINES = b'{"pregnant": true}\n{"pregnant": false}\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["decide", "--batch", *arguments], env={"TRIAGE_RULES": str(rules_folder())})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "candidates.jsonl"
    path.write_bytes(LINES)
    return path


def refused(*arguments: str) -> str:
    """Return the one line with which a batch is refused."""
    found = run(*arguments)
    assert found.exit_code == 1
    return found.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["same", "symbolic link", "hard link", "other way"])
def test_the_input_is_never_written_by_whatever_name(source: Path, tmp_path: Path, name: str) -> None:
    output = tmp_path / "output"
    if name == "symbolic link":
        output.symlink_to(source)
    elif name == "hard link":
        output.hardlink_to(source)
    else:
        output = source if name == "same" else tmp_path / "." / ".." / tmp_path.name / source.name
    assert refused(str(source), "--output", str(output)).endswith(
        ": is the input itself; name another file with `--output`"
    )
    assert source.read_bytes() == LINES


@pytest.mark.parametrize(
    "text", [b"a letter\n", b"a letter without a line end", b"\n", b'{"decision": 1', b"\xff\x00" * 500]
)
def test_a_file_of_somebody_else_is_not_overwritten(source: Path, tmp_path: Path, text: bytes) -> None:
    output = tmp_path / "letter.txt"
    output.write_bytes(text)
    assert "holds something else, or answers to another file" in refused(str(source), "--output", str(output))
    assert output.read_bytes() == text


def test_one_run_at_a_time_writes_an_output(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "answers"
    with output.open("ab") as other:
        flock(other, LOCK_EX)
        assert refused(str(source), "--output", str(output)) == f"{output}: another run writes it"
    assert output.read_bytes() == b""


def test_a_full_disk_is_named_with_the_file(source: Path) -> None:
    said = refused(str(source), "--output", "/dev/full")
    assert said.startswith("/dev/full: not all lines are answered")
    assert said.endswith("no space left on device")


def test_input_and_output_may_be_pipes(tmp_path: Path) -> None:
    given, answers = tmp_path / "given", tmp_path / "answers"
    os.mkfifo(given)
    os.mkfifo(answers)
    written = Thread(target=given.write_bytes, args=(LINES,), daemon=True)
    written.start()
    held = os.open(answers, os.O_RDWR)  # so that neither end waits for the other
    try:
        done = run(str(given), "--output", str(answers), "--view", "decision")
        assert done.exit_code == 0, done.stderr
        assert os.read(held, 1 << 16).count(b"\n") == 2
    finally:
        os.close(held)


def test_where_answers_to_a_pipe_go_is_asked() -> None:
    assert run("-").exit_code == 2
