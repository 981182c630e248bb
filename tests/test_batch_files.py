"""`triage decide --batch`: every line answered, in order, and gone on with where it stopped."""

import json
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner, Result

from app import batch
from app.batch import How
from app.cli import cli
from app.core.engine import Engines
from app.engines import rules_folder
from app.security.signing import Signer, new_signing_key
from app.settings import Settings
from tests.books import random_candidate


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), env={"TRIAGE_RULES": str(rules_folder())})


@pytest.fixture
def source(tmp_path: Path, engines: Engines) -> Path:
    random = Random(3)
    facts = engines.by_id["2026.3"].release.facts
    lines = [json.dumps(random_candidate(random, facts, 0.5)) for _ in range(25)] + ["{", ""]
    path = tmp_path / "candidates.jsonl"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


pytestmark = pytest.mark.usefixtures("compiled_once")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LINES", 4)


def expected(engines: Engines, source: Path) -> bytes:
    answerer = How(engines, "2026.3", Settings(), strict=False, full=False).answerer()
    lines = source.read_bytes().split(b"\n")[:-1]
    return b"".join(answerer.answer(line, number) + b"\n" for number, line in enumerate(lines, 1))


def test_every_line_is_answered_in_order(engines: Engines, source: Path) -> None:
    done = run("decide", "--batch", str(source), "--view", "decision")
    assert done.exit_code == 0
    assert "27 lines answered" in done.stderr
    answers = Path(f"{source}.answers").read_bytes()
    assert answers == expected(engines, source)
    assert [json.loads(line).get("line") for line in answers.splitlines()] == [None] * 25 + [26, 27]


def test_it_goes_on_where_it_stopped(engines: Engines, source: Path, tmp_path: Path) -> None:
    whole = expected(engines, source)
    output = tmp_path / "answers"
    for cut in (0, len(whole) // 3, len(whole) - 1, len(whole)):
        output.write_bytes(whole[:cut])
        done = run("decide", "--batch", str(source), "--view", "decision", "--output", str(output))
        assert done.exit_code == 0
        assert output.read_bytes() == whole
        assert f"{27 - whole[:cut].count(10)} lines answered" in done.stderr


def test_it_does_not_go_on_with_answers_to_something_else(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "answers"
    run("decide", "--batch", str(source), "--output", str(output))
    before = output.read_bytes()
    for options in (("--view", "decision"), ("--strict",), ("--ruleset", "2026.1")):
        refused = run("decide", "--batch", str(source), "--output", str(output), *options)
        assert refused.exit_code == 1
        assert "or answers to another file, of another release or with other options" in refused.stderr
    source.write_text("{}\n", "utf-8")
    assert run("decide", "--batch", str(source), "--output", str(output)).exit_code == 1
    assert output.read_bytes() == before


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = run("decide", "--batch", str(tmp_path / "none"))
    assert refused.exit_code == 1
    assert "no such file" in refused.stderr
    assert run("decide", str(tmp_path / "none"), "--output", "x").exit_code == 2


def test_each_answer_has_its_receipt_where_a_key_is_configured(source: Path) -> None:
    key = new_signing_key()
    settings = {"TRIAGE_RULES": str(rules_folder()), "TRIAGE_SIGNING_KEYS": json.dumps([key.model_dump()])}
    done = CliRunner().invoke(cli, ["decide", "--batch", str(source), "--view", "decision"], env=settings)
    assert done.exit_code == 0
    signer = Signer((key,))
    for line in Path(f"{source}.answers").read_text("utf-8").splitlines():
        answer = json.loads(line)
        if "decision" in answer:
            signer.check(answer["receipt"], answer["id"], answer["decision"], answer["ruleset"]["digest"])
        else:
            assert "receipt" not in answer
