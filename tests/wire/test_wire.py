"""Raw bytes to `triage serve` on both servers, row by row; what a server fails is known, and stands in the manual."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.security.keys import new_key
from app.settings import Settings
from tests.serving import HANGS
from tests.wire.raw import Service
from tests.wire.rows import ROWS
from tools.serving import serving

ROOT = Path(__file__).resolve().parent.parent.parent
KEY, ENTRY = new_key("wire", ["triage", "rulesets"])
SETTINGS: dict[str, object] = {
    "api_keys": json.dumps([ENTRY.model_dump(mode="json")]),
    "trusted_hosts": "here,127.0.0.1",
    "request_seconds": 1,
    "log_level": "error",
}
FAILS: dict[str, set[str]] = {
    "granian": {"half closed"},
    "uvicorn": {
        *("nothing sent", "line end then silence", "head byte by byte", "absolute target", "half closed", "two lengths")
    },
}
"""The rows that a server fails; a proxy stands in front of them."""
SHORT = 4.0
"""How long to wait for what is known not to happen."""


def results(server: str, names: list[str]) -> dict[str, BaseException | None]:
    """Return what went wrong with each row, all of them tried at the same time."""
    with (
        serving(settings={**SETTINGS, "server": server}) as process,
        ThreadPoolExecutor(len(names)) as threads,
    ):
        tried = {
            name: threads.submit(ROWS[name], Service(process, KEY, SHORT if name in FAILS[server] else HANGS))
            for name in names
        }
        return {name: future.exception() for name, future in tried.items()}


@pytest.mark.parametrize("server", sorted(FAILS))
def test_each_row_is_passed_or_known_to_fail(server: str) -> None:
    found = results(server, list(ROWS))
    wrong = {name: repr(error) for name, error in found.items() if error is not None and name not in FAILS[server]}
    assert not wrong
    passed = [name for name in FAILS[server] if found[name] is None]
    assert not passed, "these are passed now: take them out of the list, and out of the manual"


def test_the_default_is_granian_unless_uvicorn_passes_more_rows() -> None:
    better = "granian" if len(FAILS["granian"]) <= len(FAILS["uvicorn"]) else "uvicorn"
    assert Settings().server == better


def test_every_row_that_fails_stands_in_the_manual() -> None:
    manual = (ROOT / "docs" / "operate.md").read_text("utf-8")
    for server, names in FAILS.items():
        for name in names:
            assert f"| {name} | {server} |" in manual
