"""What came of a long run is kept, and a part that fails fails the run."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import counted
from tools import checks


def echo(line: str, code: int = 0) -> list[str]:
    return [sys.executable, "-c", f"print({line!r}); raise SystemExit({code})"]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(checks, "RESULTS", tmp_path / "runs.md")
    monkeypatch.setattr(checks, "LONG", {"one": echo("5 passed"), "two": echo("2 | 3", 3)})
    for group in ("LINT", "TEST"):
        monkeypatch.setattr(checks, group, {"first": echo("", 1), "second": echo("never")})
    return tmp_path / "runs.md"


def asked(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["checks", *arguments])
    try:
        checks.main()
    except SystemExit as ended:
        return ended.code
    return None


def test_the_last_line_of_each_part_is_kept_once(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, "long", "one") is None
    assert asked(monkeypatch, "long") == "failed: two"
    rows = [row.split(" | ") for row in kept.read_text("utf-8").splitlines()[6:]]
    assert [(row[0], row[4]) for row in rows] == [("| one", "5 passed |"), ("| two", "FAILED: 2 / 3 |")]


def test_a_part_that_is_unknown_is_named(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, "long", "three") == "no such part: three; the parts are one, two"


@pytest.mark.parametrize("group", ["lint", "test"])
def test_the_first_failure_ends_the_test(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], group: str
) -> None:
    assert asked(monkeypatch, group) == "failed: first"
    said = capfd.readouterr().out
    assert "first took " in said
    assert "never" not in said
    assert not kept.exists()


def test_a_part_is_kept_with_the_commit_at_which_it_began(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = iter(["begun", "ended"])
    monkeypatch.setattr(checks, "commit", lambda: next(commits))
    asked(monkeypatch, "long", "one")
    assert "| begun |" in kept.read_text("utf-8")


@pytest.mark.parametrize(
    ("counts", "short", "says"),
    [
        ({"requests": 10, "5xx": 0}, False, "10 requests, 0 answered by 500 and above"),
        ({"requests": 9, "5xx": 0}, True, "9 requests, fewer than 10, 0 answered by 500 and above"),
        ({"requests": 10, "5xx": 1}, True, "10 requests, 1 answered by 500 and above"),
    ],
)
def test_a_fuzz_of_too_few_requests_fails(
    counts: dict[str, int], short: bool, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(checks.LEAST, "10")
    assert (counted.is_short(Counter(counts)), counted.in_words(Counter(counts))) == (short, says)
    monkeypatch.delenv(checks.LEAST)
    assert not counted.is_short(Counter(counts))
