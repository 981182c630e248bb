"""Servers in processes of their own, on a free port of the loopback: started, watched through /proc, ended.

What one writes goes to a file that can be read while it runs. It is ended in every case, with all its workers.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY_SECONDS = 60.0
SCHEDULED = 2
"""What clock_getcpuclockid(3) puts below the number of a process."""
PAGE = os.sysconf("SC_PAGE_SIZE")


class NotServingError(Exception):
    """A server that did not get ready; the text is what it wrote."""


class Server:
    """A running service: where it answers, and what it takes of the machine."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, written: Path) -> None:
        self._process = process
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.pid = process.pid
        self._written = written
        self._is_parent = False

    def family(self) -> list[int]:
        """Return the process that was started and all that descend from it."""
        found = [self.pid]
        for pid in found:
            found += _children(pid)
        return found

    def workers(self) -> set[int]:
        """Return the processes that take connections: the children, else the one there is."""
        found = {pid for pid in _children(self.pid) if b"resource_tracker" not in _command(pid)}
        self._is_parent = self._is_parent or bool(found)
        return found if self._is_parent else {self.pid}

    def rss(self) -> int:
        """Return the resident memory of the workers in bytes."""
        return sum(_rss(pid) for pid in self.workers())

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes so far, in seconds."""
        return sum(_cpu(pid) for pid in self.family())

    def open_files(self) -> int:
        """Return how many files and sockets the workers hold."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.workers())

    def log(self, since: int = 0) -> str:
        """Return what it wrote to standard output and standard error, from this byte on."""
        with self._written.open("rb") as file:
            file.seek(since)
            return file.read().decode("utf-8", "replace")

    def log_bytes(self) -> int:
        """Return how many bytes it wrote so far."""
        return self._written.stat().st_size

    def is_alive(self) -> bool:
        """Say whether it runs and is ready."""
        return self._process.poll() is None and _is_ready(f"{self.address}/readyz")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Send a signal to the process that was started; does not wait."""
        self._process.send_signal(how)

    def wait(self, seconds: float) -> int:
        """Wait until it has ended, and return its exit code; `subprocess.TimeoutExpired` where it has not."""
        return self._process.wait(seconds)

    def has_ended(self) -> bool:
        """Say whether it has ended."""
        return self._process.poll() is not None


@contextmanager
def serving(
    *options: str, settings: Mapping[str, object] | None = None, core: int | None = None, ready: int = 1
) -> Iterator[Server]:
    """Run `triage serve` until left, and end it with all its workers.

    `options` are those of `triage serve`, `settings` are named without `TRIAGE_`, `core` is the only processor it may
    use. It is yielded once /readyz answers 200 and there are `ready` workers.
    """
    environment = {f"TRIAGE_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    with running([str(BIN / "triage"), "serve", *options, "--port"], environment, core, ready) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    core: int | None = None,
    ready: int = 1,
    path: str = "/readyz",
) -> Iterator[Server]:
    """Run a program that serves, until left; its port is put behind its last argument.

    It is ready when it answers a GET of `path` with 200.
    """
    port = free_port()
    others = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    kept = {"TRIAGE_SERVER": os.environ["TRIAGE_SERVER"]} if "TRIAGE_SERVER" in os.environ else {}
    pinned = [] if core is None else ["taskset", "--cpu-list", str(core)]
    with tempfile.TemporaryDirectory(prefix="triage-") as folder:
        written = Path(folder) / "log"
        with written.open("wb") as log:
            process = subprocess.Popen(
                [*pinned, *command, str(port)],
                cwd=ROOT,
                env={**others, **kept, **(environment or {})},
                stdout=log,
                stderr=log,
            )
        server = Server(process, port, written)
        try:
            _wait(server, ready, path)
            yield server
        finally:
            for pid in server.family():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait(server: Server, ready: int, path: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not server.has_ended():
        if _is_ready(server.address + path) and len(server.workers()) >= ready:
            return
        time.sleep(0.01)
    raise NotServingError(server.log())


def _is_ready(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * PAGE


def _cpu(pid: int) -> float:
    """Return the processor time of a process by its own clock: the one of /proc counts in steps of 10 ms."""
    return time.clock_gettime((~pid << 3) | SCHEDULED)
