"""The program as a person starts it: from a wheel, outside the checkout, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "import app.cli, sys; sys.stderr.write(app.cli.__file__ + '\\n'); app.cli.main()"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel of this checkout is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    python = [sys.executable, "-m"]
    build = [*python, "hatchling", "build", "--target", "wheel", "--directory", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    install = [
        *python,
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(folder / "site"),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture
def served(installed: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """The service of the installed wheel, the line it starts with, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(installed), "TRIAGE_PORT": str(port)}
    command = [sys.executable, "-u", "-c", PROGRAM, "serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert process.stderr.readline() == f"{installed}/app/cli.py\n"
        line = process.stdout.readline()
        while "Uvicorn running" not in process.stderr.readline():
            assert process.poll() is None
        yield process, line, port
        process.kill()


def test_the_wheel_serves_from_anywhere(served: tuple[subprocess.Popen[str], str, int]) -> None:
    process, line, port = served
    here = f"http://127.0.0.1:{port}"
    assert line == f"Candidate Triage answers on {here}; open it to try it, /docs for the API\n"
    body = (ROOT / "tests" / "cases" / "candidate.json").read_bytes()
    request = Request(f"{here}/v1/triage", body, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        assert b'"disposition":"excluded"' in answer.read()
    with urlopen(f"{here}/readyz") as ready:
        assert ready.status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) in (0, -signal.SIGTERM)
