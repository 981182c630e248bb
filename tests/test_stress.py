"""The stress run: its quick form holds, and each of its checks notices what it is there for."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.serving import HANGS
from tools.stress import __main__ as program
from tools.stress import crowd
from tools.stress.crowd import Break, Crowd
from tools.stress.drain import lost_in_drain
from tools.stress.h2load import Load, quantile
from tools.stress.memory import is_flat
from tools.stress.overload import unanswered
from tools.stress.questions import Question
from tools.stress.report import Report
from tools.stress.workers import Kill, unexplained

ROOT = Path(__file__).resolve().parent.parent
QUESTION = Question(b"GET / HTTP/1.1\r\n\r\n", b"right", b"{}")
RIGHT = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nright"
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")


@needs_proc
@pytest.mark.long
def test_the_quick_form_holds() -> None:
    command = [sys.executable, "-m", "tools.stress", "--quick", "connections", "workers"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANGS)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [line for line in ended.stdout.splitlines() if line.startswith("PASS")] == [
        "PASS connections",
        "PASS workers",
    ]


def against(answers: bytes, client: Callable[[int], Awaitable[None]]) -> None:
    """Let a client ask a server that says the same to whatever comes, and then ends the connection."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read(65_536)
            writer.write(answers)
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def run() -> None:
        server = await asyncio.start_server(say, "127.0.0.1", 0)
        async with server:
            await client(server.sockets[0].getsockname()[1])

    asyncio.run(run())


@pytest.mark.parametrize(
    "answers",
    [RIGHT.replace(b"200", b"500"), RIGHT.replace(b"right", b"wrong"), b"HTTP/1.0 200"],
    ids=["500", "other bytes", "another protocol"],
)
def test_the_crowd_notices_a_wrong_answer(answers: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "BOUND", 0.2)
    found = asked_once(answers)
    assert found.wrong or found.breaks
    assert not asked_once(RIGHT).wrong


@pytest.mark.parametrize("answers", [b"", RIGHT[:-1]], ids=["nothing", "an answer cut short"])
def test_the_crowd_notices_a_lost_answer(answers: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "BOUND", 0.2)
    found = asked_once(answers)
    assert found.lost
    assert {one.received.count(b"right"[:4]) for one in found.breaks} == {int(bool(answers))}
    assert not asked_once(RIGHT).lost


def asked_once(answers: bytes) -> Crowd:
    found: list[Crowd] = []

    async def client(port: int) -> None:
        found.append(Crowd(port, [QUESTION], 1))
        await asyncio.sleep(0.05)
        await found[0].stop()

    against(answers, client)
    return found[0]


def test_a_break_is_explained_by_one_kill_of_the_worker_that_held_the_connection() -> None:
    kills = [Kill(10.0, 1, frozenset({7, 8})), Kill(20.0, 2, frozenset({9}))]
    broken = [
        Break(at, port, b"", 5.0) for at, port in ((10.1, 7), (10.2, 7), (10.1, 9), (20.5, 9), (9.9, 8), (30.0, 8))
    ]
    assert [(one.at, one.port) for one in unexplained(broken, kills)] == [(9.9, 8), (10.1, 9), (10.2, 7), (30.0, 8)]


def test_a_break_is_explained_by_a_dying_worker_where_nothing_came_of_what_was_written_since() -> None:
    kills = [Kill(10.0, 1, frozenset())]
    good = Break(10.4, 7, b"", 10.1)
    bad = [Break(10.4, 7, b"H", 10.1), Break(10.4, 7, b"", 9.9), Break(10.6, 7, b"", 10.1)]
    assert unexplained([good, *bad], kills) == bad


def test_a_request_that_was_accepted_before_the_drain_is_missed() -> None:
    before, after = Break(10.5, 1, b"", 9.0), Break(10.5, 2, b"", 10.1)
    cut_short = Break(10.5, 3, b"HTTP/1.1 200", 10.1)
    assert lost_in_drain([before, after, cut_short], 10.0) == [before, cut_short]


def test_a_request_that_stays_unanswered_is_noticed() -> None:
    said = "requests: {} total, {} started, {} done, {} succeeded, {} failed, {} errored, 0 timeout"
    assert unanswered(said.format(9, 9, 9, 5, 4, 0)) == []
    for missed in (said.format(9, 9, 8, 5, 4, 0), said.format(9, 9, 9, 5, 4, 1), "h2load: no such host"):
        assert unanswered(missed)


def test_load_is_counted_by_status() -> None:
    load = Load([(microseconds, 200 + 303 * (place % 2), 1_000 * place) for place, microseconds in enumerate(RATE)], "")
    assert load.statuses() == {200: 50, 503: 50}
    assert load.rate() == pytest.approx(1_000)
    assert quantile(load.latencies(200), 0.99) == 98
    assert quantile([], 0.99) == float("inf")


RATE = range(0, 100_000, 1_000)


def test_memory_that_grows_is_noticed() -> None:
    flat = [100_000_000 + 500_000 * (place % 3) for place in range(80)]
    assert is_flat(flat)
    assert not is_flat([size + 60_000 * place for place, size in enumerate(flat)])


def test_a_check_that_fails_fails_the_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def failing(report: Report, *, quick: bool) -> None:
        report.none("nothing is wrong", ["this"] if quick else [])

    monkeypatch.setitem(program.SCENARIOS, "memory", failing)
    for options, code in ((["memory", "--quick"], 1), (["memory"], 0)):
        monkeypatch.setattr(sys, "argv", ["stress", *options])
        with pytest.raises(SystemExit) as exit_code:
            program.main()
        assert exit_code.value.code == code
        assert ("FAIL memory\n  nothing is wrong" in capsys.readouterr().out) == bool(code)
