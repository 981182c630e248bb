"""`triage decide --batch` writes nothing but an output of its own, and says in one line what went wrong."""

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from fcntl import LOCK_EX, LOCK_NB, flock
from io import FileIO, StringIO, TextIOWrapper
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from threading import Thread
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner, Result

from app import batch
from app.cli import cli
from app.engines import rules_folder
from tools.serving import BIN

LINES = b'{"pregnant": true}\n{"pregnant": false}\n'


pytestmark = pytest.mark.usefixtures("compiled_once")


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


def test_an_output_without_line_ends_is_not_held_in_memory(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    for size in (batch.LONGEST, 64 * batch.LONGEST):
        with output.open("wb") as file:
            file.truncate(size)
        tracemalloc.start()
        try:
            assert "holds something else" in refused(str(source), "--output", str(output))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert output.stat().st_size == size
    assert most < 32 * batch.LONGEST


def test_one_run_at_a_time_writes_an_output(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "answers"
    with output.open("ab") as other:
        flock(other, LOCK_EX)
        assert refused(str(source), "--output", str(output)) == f"{output}: another run writes it"
    assert output.read_bytes() == b""


def in_shell(command: str, *arguments: str) -> tuple[int, list[str]]:
    """Run a line of the shell, in which `$0` is `triage decide --batch`; return its exit code and what it says."""
    environment = {**os.environ, "TRIAGE_RULES": str(rules_folder())}
    started = ["sh", "-c", command.replace("$0", '"$0" decide --batch'), str(BIN / "triage"), *arguments]
    found = subprocess.run(started, check=False, capture_output=True, text=True, env=environment)
    return found.returncode, found.stderr.splitlines()


def test_a_full_device_and_a_folder_are_named(source: Path) -> None:
    full = run(str(source), "--output", "/dev/full").stderr
    assert full == "/dev/full: not all lines are answered: no space left on device\n"
    assert run(str(source), "--output", f"{source}/answers").stderr == f"{source}/answers: not a directory\n"
    assert run(".", "--output", f"{source}.answers").stderr == ".: is a directory\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("$0 $1 --output - > /dev/full", "standard output: not all lines are answered: no space left on device"),
        pytest.param("$0 $1 --output - >&-", "standard output: it is closed", marks=pytest.mark.long),
        ("$0 - --output $1.answers <&-", "standard input is closed"),
        ("$0 $1 --output - >> $1", "standard output: is the input itself; name another file with `--output`"),
    ],
)
def test_what_cannot_be_read_or_written_is_one_line_with_its_name(source: Path, command: str, said: str) -> None:
    assert in_shell(command, str(source)) == (1, [said.replace("$1", str(source))])
    assert source.read_bytes() == LINES


PRINTS = [
    *("decide $1", "explain $1", "digest", "key me", "signing-key", "--help"),
    "decide --help",
]


@pytest.mark.parametrize("command", PRINTS)
def test_closed_and_full_standard_output_are_one_line_of_every_command(
    source: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = command.replace("$1", str(source)).split()
    source.write_bytes(b"{}")
    reading = os.open(os.devnull, os.O_RDONLY)
    for number, said in ((reading, "it is closed"), (os.open("/dev/full", os.O_WRONLY), "no space left on device")):
        with TextIOWrapper(FileIO(number, "w"), write_through=True) as written, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", written)
            errors = StringIO()
            patch.setattr(sys, "stderr", errors)
            with pytest.raises(SystemExit) as ended:
                cli(arguments)
        assert ended.value.code == 1
        assert errors.getvalue().splitlines()[-1] == f"standard output: {said}"


@pytest.mark.parametrize("streams", [pytest.param(">&-", marks=pytest.mark.long), "<&- >&-"])
def test_a_closed_standard_output_is_held_and_said(source: Path, streams: str) -> None:
    source.write_bytes(b"{}")
    found = subprocess.run(
        ["sh", "-c", f'"$0" decide "$1" {streams}', str(BIN / "triage"), str(source)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stderr) == (1, "standard output: it is closed\n")


def test_a_disk_that_is_full_half_way_is_gone_on_from(source: Path, tmp_path: Path) -> None:
    whole, output = tmp_path / "whole", tmp_path / "output"
    assert in_shell("$0 $1 --output $2", str(source), str(whole)) == (0, [f"2 lines answered into {whole}"])
    code, said = in_shell("ulimit -f 1; $0 $1 --output $2", str(source), str(output))  # some blocks of 512 or 1,024 B
    assert code == 1
    assert said == [f"{output}: not all lines are answered; the same command goes on: file too large"]
    assert 0 < output.stat().st_size < whole.stat().st_size
    assert in_shell("$0 $1 --output $2", str(source), str(output))[0] == 0
    assert output.read_bytes() == whole.read_bytes()


def dies(block: list[bytes | None], first: int) -> bytes:
    """Be killed, as by the kernel where memory is short."""
    os.kill(os.getpid(), SIGKILL)
    return b""


def dies_while_it_sends(block: list[bytes | None], first: int) -> bytes:
    """Be killed with half of an answer sent, and the turn to send kept."""

    def send(self: Connection, sent: bytes) -> None:
        os.write(self.fileno(), sent[: len(sent) // 2])
        os.kill(os.getpid(), SIGKILL)

    Connection._send = send  # type: ignore[attr-defined] # of this process alone, which was forked
    return b"x" * 100_000


@pytest.mark.parametrize("killed_so", [dies, dies_while_it_sends])
def test_a_killed_process_is_named_with_the_file_and_gone_on_from(
    killed_so: Callable[[list[bytes | None], int], bytes],
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "answers"
    with monkeypatch.context() as patch:
        patch.setattr(batch, "_answer", killed_so)
        killed = run(str(source), "--output", str(output))
    assert (killed.exit_code, killed.stderr.splitlines()) == (
        1,
        [f"{output}: not all lines are answered; the same command goes on: a process that answers was killed"],
    )
    assert run(str(source), "--output", str(output)).exit_code == 0
    assert output.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("signal", [SIGKILL, pytest.param(SIGTERM, marks=pytest.mark.long)])
def test_a_killed_run_leaves_no_process_and_no_lock(source: Path, tmp_path: Path, signal: Signals) -> None:
    output = tmp_path / "answers"
    source.write_bytes(b"{}\n" * 200_000)  # more than is answered until then
    given_up = monotonic() + 60
    with subprocess.Popen([str(BIN / "triage"), "decide", "--batch", str(source), "--output", str(output)]) as run:
        while monotonic() < given_up and not (output.exists() and output.stat().st_size):
            sleep(0.02)
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text()
        workers = [Path("/proc") / each for each in children.split()]
        run.send_signal(signal)
    assert workers
    with output.open("ab") as again:
        flock(again, LOCK_EX | LOCK_NB)
    while monotonic() < given_up and any(worker.exists() for worker in workers):
        sleep(0.02)
    assert not any(worker.exists() for worker in workers)


@pytest.mark.long
def test_a_reader_that_leaves_is_named(source: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [str(BIN / "triage"), "decide", "--batch", str(source), "--output", "-"]
    try:
        found = subprocess.run(command, check=False, stdout=writing, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writing)
    said = "standard output: not all lines are answered: broken pipe\n"
    assert (found.returncode, found.stderr) == (1, said)


def test_one_decision_on_a_full_disk_is_one_line(tmp_path: Path) -> None:
    candidate = tmp_path / "candidate.json"
    candidate.write_bytes(b"{}")
    command = [str(BIN / "triage"), "decide", str(candidate)]
    with Path("/dev/full").open("wb") as full:
        found = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (found.returncode, found.stderr) == (1, "standard output: no space left on device\n")


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
