"""The commands that write the decision for other engines."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.cohort.cql import Library
from app.cohort.sql import DIALECTS, sql_of
from app.core.engine import Engines

pytestmark = pytest.mark.usefixtures("compiled_once")
GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "other-engines.md").read_text("utf-8")
COMMANDS = re.findall(r"^triage (.*?) >", GUIDE, re.M)
RUNNER = CliRunner()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_guide_runs(command: str) -> None:
    done = RUNNER.invoke(cli, shlex.split(command))
    assert done.exit_code == 0, done.output
    assert done.stdout


def test_sql_is_that_of_the_release_asked_for(engines: Engines) -> None:
    options = [
        "--dialect",
        "sqlite",
        "--ruleset",
        "2026.2",
        "--strict",
        "--table",
        "x",
        "--column",
        "a",
        "--column",
        "b",
    ]
    done = RUNNER.invoke(cli, ["sql", *options])
    wanted = sql_of(engines.by_id["2026.2"].release, "sqlite", strict=True, table="x", columns=["a", "b"])
    assert done.stdout.strip() == wanted


def test_cql_is_that_of_the_release_asked_for(engines: Engines) -> None:
    library = Library(engines.by_id["2026.2"].release)
    assert RUNNER.invoke(cli, ["cql", "--ruleset", "2026.2"]).stdout == library.text()
    assert json.loads(RUNNER.invoke(cli, ["cql", "--ruleset", "2026.2", "--elm"]).stdout) == library.as_elm()


def test_another_dialect_is_refused_with_those_there_are() -> None:
    done = RUNNER.invoke(cli, ["sql", "--dialect", "oracle"])
    assert done.exit_code == 2
    assert all(f"`{name}`" in done.output for name in DIALECTS)


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    monkeypatch.delitem(sys.modules, "app.cohort.sql", raising=False)
    done = RUNNER.invoke(cli, ["sql"])
    assert done.exit_code == 1
    assert "`sqlglot` is not installed; it comes with `pip install candidate-triage[cohort]`" in done.output
