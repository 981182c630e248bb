"""What a start imports: what only a setting needs, with the setting, and then before the first request."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.security.signing import new_signing_key

ROOT = Path(__file__).parent.parent
HANGS = 60
NEEDED: dict[str, tuple[dict[str, object], set[str]]] = {
    "nothing": ({}, set()),
    "metrics": ({"metrics": "path"}, {"prometheus_client"}),
    "spans": ({"otel": True}, {"opentelemetry.sdk"}),
    "receipts": ({"signing_keys": [new_signing_key().model_dump()]}, {"joserfc", "joserfc.jws", "cryptography"}),
    "records": ({"cds_fhir_hosts": ["ehr.example.org"]}, {"httpx", "httpcore"}),
    "clients": (
        {"cds_clients": [{"iss": "https://ehr.example.org", "jku": "https://ehr.example.org/keys"}]},
        {"httpx", "httpcore", "joserfc", "joserfc.jws", "cryptography"},
    ),
    "tokens": (
        {
            "oauth_issuer": "https://issuer.example.org",
            "oauth_audience": "triage",
            "oauth_jwks_url": "https://issuer.example.org/keys",
        },
        {"httpx", "httpcore", "joserfc", "joserfc.jws", "cryptography"},
    ),
}
"""Settings, and the libraries that only they need."""
LIBRARIES = {name for _, libraries in NEEDED.values() for name in libraries}
NEVER = {"pydantic_settings", "dotenv", "click", "rich", "uvicorn", "httpx2"}
PROGRAM = """
import json, os, sys
import app.cli, app.serve
from app.engines import rules_folder
from app.main import build_app
from app.rulebook.load import load
from app.settings import Settings

book = load(rules_folder())
found = {}
for name, settings in json.load(sys.stdin).items():
    reading, writing = os.pipe()
    if os.fork() == 0:
        build_app(Settings.model_validate(settings), book)
        os.write(writing, " ".join(sys.modules).encode())
        os._exit(0)
    os.close(writing)
    found[name] = open(reading).read().split()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, set[str]]:
    """The modules of a process that has started, by the settings of it."""
    command = [sys.executable, "-c", PROGRAM]
    asked = json.dumps({name: settings for name, (settings, _) in NEEDED.items()})
    said = subprocess.run(command, cwd=ROOT, input=asked, check=True, capture_output=True, text=True, timeout=HANGS)
    return {name: set(modules) for name, modules in json.loads(said.stdout).items()}


@pytest.mark.parametrize("name", NEEDED)
def test_what_only_a_setting_needs_is_imported_with_it_at_the_start(name: str, imported: dict[str, set[str]]) -> None:
    assert imported[name] & LIBRARIES == NEEDED[name][1]


def test_what_nothing_needs_is_not_imported(imported: dict[str, set[str]]) -> None:
    assert not NEVER & imported["nothing"]
