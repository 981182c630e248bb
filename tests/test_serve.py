"""The program as a person starts it: from a wheel, outside the checkout, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from fastapi.testclient import TestClient

from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.keys import new_key
from app.serve import check_ports, forwarders, greeting
from app.settings import BadSettingError, Settings
from tests.serving import HANGS

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "import app.start, sys; sys.stderr.write(app.start.__file__ + '\\n'); app.start.main()"


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


@contextmanager
def serving(
    installed: Path, folder: Path, *options: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Start the service of the installed wheel; yield it, the line it starts with, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(installed), "TRIAGE_PORT": str(port)} | settings
    command = [sys.executable, "-u", "-c", PROGRAM, "serve", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert process.stderr.readline() == f"{installed}/app/start.py\n"
        line = process.stdout.readline()
        while not answers(port):
            assert process.poll() is None
            time.sleep(0.02)
        try:
            yield process, line, port
        finally:
            process.kill()


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz") as ready:
            return bool(ready.status == 200)
    except OSError:
        return False


def decided(here: str) -> bytes:
    body = (ROOT / "tests" / "cases" / "candidate.json").read_bytes()
    request = Request(f"{here}/v1/triage", body, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        found: bytes = answer.read()
    return found


def test_the_wheel_serves_from_anywhere(installed: Path, tmp_path: Path) -> None:
    with serving(installed, tmp_path) as (process, line, port):
        here = f"http://127.0.0.1:{port}"
        assert line == f"Candidate Triage answers on {here}; open it to try it, /docs for the API\n"
        assert b'"disposition":"excluded"' in decided(here)
        with urlopen(f"{here}/readyz") as ready:
            assert ready.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANGS) in (0, -signal.SIGTERM)


_, ENTRY = new_key("clinic", ["triage"])


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(api_keys=(ENTRY,)), Settings(api_keys=(ENTRY,), open_intake=True), Settings(host="::1")],
)
def test_the_start_page_is_offered_to_those_who_get_it(book: RuleBook, settings: Settings) -> None:
    browser = TestClient(build_app(settings, book), headers={"accept": "text/html"})
    said = greeting(settings)
    assert said.startswith(
        "Candidate Triage answers on http://" + ("[::1]:" if settings.host == "::1" else "127.0.0.1:")
    )
    assert ("open it" in said) == (browser.get("/").status_code == 200)
    assert browser.get("/docs").status_code == browser.get("/developers").status_code == 200
    assert 'href="/developers"' in browser.get("/docs").text


def refused(installed: Path, folder: Path, *options: str, **settings: str) -> str:
    """Start the service with what it cannot serve, and return what it says."""
    environment = os.environ | {"PYTHONPATH": str(installed)} | settings
    command = [sys.executable, "-c", PROGRAM, "serve", *options]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=HANGS)
    assert ended.returncode not in (0, -signal.SIGKILL)
    assert "Traceback" not in ended.stderr
    assert "answers on" not in ended.stdout
    return ended.stderr


def test_what_cannot_be_served_ends_with_a_line_that_says_why(installed: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"`TRIAGE_METRICS_PORT`: 127.0.0.1:{port}: address already in use" in refused(
            installed, tmp_path, TRIAGE_PORT="1", TRIAGE_METRICS="port", TRIAGE_METRICS_PORT=port
        )
        for server in ("granian", "uvicorn"):
            for workers in ("1", "2"):
                said = refused(installed, tmp_path, "--workers", workers, TRIAGE_PORT=port, TRIAGE_SERVER=server)
                assert "address already in use" in said.lower()
    assert "releases.yaml" in refused(installed, tmp_path, "--workers", "2", TRIAGE_RULES=str(tmp_path))


@pytest.mark.parametrize("server", ["granian", "uvicorn"])
def test_a_second_service_does_not_start_beside_the_first(installed: Path, tmp_path: Path, server: str) -> None:
    with serving(installed, tmp_path, "--workers", "2") as (_, _, port):
        said = refused(installed, tmp_path, TRIAGE_PORT=str(port), TRIAGE_SERVER=server)
        assert said.splitlines()[-1] == f"`TRIAGE_PORT`: 127.0.0.1:{port}: address already in use"


def test_a_socket_that_is_in_use_is_refused_and_one_left_behind_is_not(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    settings = Settings(unix_socket=path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(BadSettingError, match=r"^`TRIAGE_UNIX_SOCKET`: .* is in use by another process"):
            check_ports(settings)
    check_ports(settings)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(BadSettingError, match=r"^`TRIAGE_HOST`: 192\.0\.2\.1:8000: cannot assign requested address"):
        check_ports(Settings(host="192.0.2.1"))
    with pytest.raises(BadSettingError, match=r"^`TRIAGE_HOST`: `nowhere\.invalid` is no address of this machine"):
        check_ports(Settings(host="nowhere.invalid"))


@pytest.mark.parametrize("server", ["granian", "uvicorn"])
@pytest.mark.parametrize("host", ["localhost", "127.1"])
def test_a_host_is_served_by_whatever_name_it_has(installed: Path, tmp_path: Path, server: str, host: str) -> None:
    with serving(installed, tmp_path, "--host", host, TRIAGE_SERVER=server, TRIAGE_ALLOW_ANONYMOUS="true") as (
        _,
        line,
        port,
    ):
        assert line.startswith(f"Candidate Triage answers on http://{host}:{port};")
        assert answers(port)


def test_a_socket_that_cannot_be_made_is_said_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match=r"^`TRIAGE_UNIX_SOCKET`: /proc/socket: "):
        check_ports(Settings(unix_socket=Path("/proc/socket")))
    check_ports(Settings(unix_socket=tmp_path / "socket"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["*", "", "10.0.0.5", "10.0.0.0/8, ::1", "fd00::/8"])
def test_proxies_are_named_by_address_or_network(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", given)
    assert forwarders() == given


@pytest.mark.parametrize(
    "given",
    ["proxy", "10.0.0.5/8", "10.0.0.0/99", "10.0.0.5 10.0.0.6", "10.0.0.5, *", "10.0.0.5,", "*.example", "[::1]"],
)
def test_a_proxy_that_no_caller_can_be_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", given)
    with pytest.raises(BadSettingError, match=r"^`FORWARDED_ALLOW_IPS`: "):
        check_ports(Settings())


def workers(of: int) -> set[int]:
    """Return the processes that answer, by what Linux says of a process' children."""
    listed = (int(word) for word in Path(f"/proc/{of}/task/{of}/children").read_text("ascii").split())
    return {pid for pid in listed if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")
def test_a_worker_that_is_killed_is_replaced_while_the_others_answer(installed: Path, tmp_path: Path) -> None:
    with serving(installed, tmp_path, "--workers", "2") as (process, _, port):
        here = f"http://127.0.0.1:{port}"
        answer = decided(here)
        first = workers(process.pid)
        assert len(first) == 2
        killed = min(first)
        os.kill(killed, signal.SIGKILL)
        while len(workers(process.pid) - {killed}) < 2:
            with suppress(OSError):  # what waits for a worker that dies is reset; others answer
                assert decided(here) == answer
            time.sleep(0.05)
        for _ in range(20):
            assert decided(here) == answer
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANGS) == 0


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")
@pytest.mark.parametrize(
    ("server", "count"), [("granian", "1"), ("granian", "2"), pytest.param("uvicorn", "2", marks=pytest.mark.long)]
)
def test_no_process_serves_on_where_the_first_is_killed(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, count: str
) -> None:
    monkeypatch.setenv("TRIAGE_SERVER", server)
    with serving(installed, tmp_path, "--workers", count) as (process, _, port):
        left = workers(process.pid)
        assert len(left) == int(count)
        process.kill()
        process.wait(HANGS)
        until = time.monotonic() + HANGS
        while any(Path(f"/proc/{pid}").exists() for pid in left) and time.monotonic() < until:
            time.sleep(0.05)
        assert not answers(port)
    check_ports(Settings(port=port))  # so that it can be started again
