"""What the README and the changelog show is what happens."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from app.cli import cli
from app.engines import rules_folder
from app.main import build_app
from app.proof.compare import compare
from app.proof.report import comparison_in_tables
from app.rulebook.files import read
from app.rulebook.load import RuleBook
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^\.venv/bin/(triage .*)$", README, re.M)


def block(language: str, text: str = README) -> str:
    """Return the first code block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    assert found
    return found[1]


def test_the_request_gets_the_answer_that_is_shown(book: RuleBook) -> None:
    words = shlex.split(block("sh"))
    assert words[:2] == ["curl", "-s"]
    url, headers, body = words[2], words[words.index("-H") + 1], words[words.index("-d") + 1]
    with TestClient(build_app(Settings(), book)) as client:
        name, value = headers.split(": ")
        answer = client.post(url.removeprefix("http://127.0.0.1:8000"), content=body, headers={name: value})
    assert answer.json() == json.loads(block("json"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command: str, compiled_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, which has the rule book compiled; programs of their own are started in test_batch_outputs.py."""
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert (done.exit_code, done.exception) == (0, None), done.output
    assert done.stdout


def test_what_a_hospital_asks_for_is_shown_by_commands_that_are_run() -> None:
    """Each row has one that stands in the README or is a target of the Makefile."""
    rows = README.split("## What a hospital asks for")[1].split("##")[0].splitlines()[4:]
    shown = [re.findall(r"`((?:triage|make|kubectl) [^`]+)`", row.split("|")[2]) for row in rows if row]
    assert len(shown) == 9
    others = {"triage check", "make image", "make monitoring", "make test", "kubectl kustomize deploy/kustomize"}
    for commands in shown:
        assert commands
        assert set(commands) <= {*COMMANDS, *others}


def test_an_answer_with_a_day_says_until_when_it_holds(book: RuleBook) -> None:
    facts = json.loads((ROOT / "tests" / "cases" / "dated.json").read_text("utf-8"))
    with TestClient(build_app(Settings(), book)) as client:
        answer = client.post("/v1/triage", json=facts).json()
    assert (answer["asked_on"], answer["valid_until"], answer["ask_again"]) == (
        "2026-11-26",
        "2027-01-07",
        ["active_skin_infection"],
    )


def test_the_guide_shows_until_when_an_answer_holds(book: RuleBook) -> None:
    guide = (ROOT / "docs" / "clients.md").read_text("utf-8").split("## How long an answer holds")[1]
    sent, shown = re.findall(r"(?<=-d ')[^']+|(?<=```json\n).+", guide)
    with TestClient(build_app(Settings(), book)) as client:
        answer = client.post("/v1/triage", json=json.loads(sent)).json()
    assert {name: answer[name] for name in json.loads(shown)} == json.loads(shown)


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`?make ([a-z-]+)`?", README):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_every_place_on_the_map_exists() -> None:
    rows = [
        row.split("|")[1] for row in README.split("## The map")[1].split("##")[0].splitlines() if row.startswith("| `")
    ]
    places = [place for row in rows for place in re.findall(r"`([^`]+)`", row)]
    assert len(places) > 8
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_the_rule_that_is_shown_is_the_rule(tmp_path: Path) -> None:
    shown = tmp_path / "rule.yaml"
    shown.write_text(block("yaml"), "utf-8")
    (rule,) = read(shown).data
    assert rule in read(rules_folder() / "label_safety.yaml").data


def test_the_changelog_says_exactly_whose_decision_changes(book: RuleBook) -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    releases = list(book.releases.values())
    for before, after in pairwise(releases):
        made = comparison_in_tables(compare(before, after))
        assert f"\n\n{made}\n\n" in changelog, f"write the output of `triage diff {before.id} {after.id} --tables`"
