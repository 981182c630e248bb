"""The guide for EHR teams is followed, step by step."""

import json
import re
import shlex
from pathlib import Path

from fastapi.testclient import TestClient

from app.settings import read_settings

GUIDE = (Path(__file__).resolve().parent.parent / "docs" / "ehr.md").read_text("utf-8")


def block(language: str) -> str:
    """The first block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)
    assert found
    return found[1]


def test_discovery_shows_what_the_guide_says(client: TestClient) -> None:
    services = client.get("/cds-services").json()["services"]
    table = GUIDE[GUIDE.index("| key |") : GUIDE.index("A code that is present")]
    keys = re.findall(r"^\| `(\w+)` \|", table, re.M)
    for service in services:
        assert f"`{service['hook']}`" in GUIDE
        assert list(service["prefetch"]) == (keys if service["hook"] == "patient-view" else keys[:-1])


def test_the_first_card_is_the_one_that_is_shown(client: TestClient) -> None:
    body = json.loads(block("json"))
    address = "/cds-services/candidate-triage-patient-view"
    assert address in GUIDE
    answer = client.post(address, json=body)
    card = answer.json()["cards"][-1]  # behind the one that sends the infection to a physician
    assert card["summary"] == block("text").strip()
    assert "**Why**" in card["detail"].partition("**Sources**")[0]
    body["prefetch"]["conditions"] = None
    (quiet,) = client.post(address, json=body).json()["cards"]
    assert (quiet["indicator"], quiet["links"][0]["type"]) == ("info", "absolute")
    del body["prefetch"]["conditions"]
    assert client.post(address, json=body).status_code == 412


def test_every_setting_of_the_guide_is_one() -> None:
    commands = re.findall(r"^(TRIAGE_.*) \.venv/bin/triage serve$", GUIDE, re.M)
    assert len(commands) == 4
    for command in commands:
        read_settings(dict(word.split("=", 1) for word in shlex.split(command)))
