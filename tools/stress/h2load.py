"""`h2load` as a generator of load: closed loop to find what can be borne, open loop to offer what cannot.

Its log has one line for each request: when it was written, its status, how long it took. A client of an open loop that
is still waiting when its next request is due writes that one late, so that many clients are used, and what was offered
is counted from the log.
"""

import math
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

MISSING = "`h2load` is needed: apt-get install nghttp2-client"
PERIOD = 0.05
"""Seconds between two requests of one client of an open loop."""
GROUPS = 30
"""At most so many groups of clients begin one after another, a golden section of the period apart, so that load is even
and they have soon begun."""
GOLDEN = 0.618
LATEST_SECONDS = 60.0


@dataclass(frozen=True)
class Load:
    """What was offered and what came of it: (microseconds since the epoch, status, microseconds) of each request."""

    answers: list[tuple[int, int, int]]
    said: str

    def rate(self) -> float:
        """Return how many requests a second were written, over the middle of the time."""
        times = sorted(begun for begun, _, _ in self.answers)
        tenth = len(times) // 10
        middle = times[tenth : len(times) - tenth]
        return (len(middle) - 1) / max(1e-6, (middle[-1] - middle[0]) / 1e6)

    def latencies(self, status: int) -> list[float]:
        """Return the milliseconds of all answers with a status, ascending."""
        return sorted(took / 1e3 for _, found, took in self.answers if found == status)

    def statuses(self) -> dict[int, int]:
        """Return how often each status came; -1 stands for none."""
        counted: dict[int, int] = {}
        for _, status, _ in self.answers:
            counted[status] = counted.get(status, 0) + 1
        return counted


def quantile(ascending: list[float], part: float) -> float:
    """Return the value below which a part of the values is; infinity where there are none."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * part))] if ascending else float("inf")


def is_there() -> bool:
    """Say whether h2load can be run."""
    return shutil.which("h2load") is not None


def closed(address: str, body: bytes, clients: int, seconds: int, core: int) -> Load:
    """Ask again as soon as there is an answer."""
    return _run(address, body, core, ["-c", str(clients), "-D", str(seconds), "--warm-up-time", "1"])


def opened(address: str, body: bytes, rate: float, seconds: float, core: int) -> Load:
    """Ask so many times a second, whatever is answered."""
    group = max(1, math.ceil(rate * PERIOD / GROUPS))
    clients = max(1, round(rate * PERIOD / group)) * group
    each = rate / clients
    begin = ["-r", str(group), "--rate-period", f"{max(1, round(GOLDEN * 1_000 / each))}ms"]
    number = round(rate * seconds / clients) * clients
    return _run(address, body, core, ["-c", str(clients), "-n", str(number), "--rps", f"{each:.3f}", *begin])


def _run(address: str, body: bytes, core: int, options: list[str]) -> Load:
    with tempfile.TemporaryDirectory(prefix="triage-") as folder:
        data, log = Path(folder) / "body", Path(folder) / "log"
        data.write_bytes(body)
        command = ["taskset", "-c", str(core), "h2load", "--h1", "-t", "1", "-d", str(data), f"--log-file={log}"]
        command += [*options, "-H", "content-type: application/json", f"{address}/v1/triage"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LATEST_SECONDS, check=False)
        rows = (line.split("\t") for line in log.read_text("ascii").splitlines())
        return Load([(int(row[0]), int(row[1]), int(row[2])) for row in rows], ended.stdout + ended.stderr)
