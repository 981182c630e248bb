"""Answers as they were once given: any release gives them again, byte for byte."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.signing import SigningKey
from app.settings import Settings
from tests.api.receipts import KEY, verdict

STORED = Path(__file__).parent.parent / "stored"


def stored() -> list[dict[str, Any]]:
    """Return answers as they were once given, with their receipts; the private half of that key is gone."""
    return [json.loads(line) for line in (STORED / "answers.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def replaying(book: RuleBook) -> TestClient:
    """A service that knows the key of the stored answers."""
    return TestClient(build_app(Settings(signing_keys=(KEY, old_key())), book))


def old_key() -> SigningKey:
    return SigningKey.model_validate_json((STORED / "key.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("given", stored(), ids=lambda each: f"{each['ruleset']}-{each['receipt'][-6:]}")
def test_a_stored_answer_of_any_release_replays_byte_for_byte(replaying: TestClient, given: dict[str, Any]) -> None:
    query = f"?ruleset={given['ruleset']}&unknowns={given['unknowns']}"
    again = replaying.post(f"/v1/triage{query}", json=given["facts"], headers={"Accept-Language": given["language"]})
    assert again.content == given["answer"].encode()
    found = verdict(replaying, json.loads(given["answer"]), given["receipt"])
    assert (found["result"], found["release"], found["key"]) == ("valid", given["ruleset"], old_key().kid)


def test_all_releases_have_stored_answers_of_each_kind() -> None:
    kinds = {(each["ruleset"], json.loads(each["answer"])["decision"]["disposition"]) for each in stored()}
    dispositions = ("recommended", "excluded", "needs_information")
    assert kinds >= {(release, kind) for release in ("2026.1", "2026.2", "2026.3") for kind in dispositions}
