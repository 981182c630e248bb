"""The parts of `make lint`, `make test` and `make test-long`, each with what it took.

`python -m tools.checks lint`; `test`; `long [part ...]`, which keeps what came of each part in docs/long-runs.md. A
part that fails ends `lint` and `test`; of `long` the other parts are run all the same. Exit code 1 then.
"""

import os
import re
import subprocess
import sys
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from tools.serving import BIN, ROOT

PYTHON, PYTEST = str(BIN / "python"), str(BIN / "pytest")
PROCESSORS = os.cpu_count() or 1
ROOM = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2_000_000_000
"""How many workers there is memory for, each with more than a gigabyte and a browser."""
WORKERS = PROCESSORS + 1 if ROOM > PROCESSORS else PROCESSORS
"""One more than there are processors, where it has room: tests wait for browsers and servers."""
LINT: dict[str, list[str]] = {
    "ruff": [str(BIN / "ruff"), "check", "--quiet"],
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet"],
    "mypy": [str(BIN / "mypy")],
    "imports": [str(BIN / "lint-imports"), "--no-cache", "--no-logo"],
    "lock": [PYTHON, "tools/lock.py", "--check"],
    "check": [str(BIN / "triage"), "check"],
    "verify": [str(BIN / "triage"), "verify"],
}
TEST: dict[str, list[str]] = {"pytest": [PYTEST, "-n", str(WORKERS)]}
LONGER = [PYTEST, "-n", "auto", "--hypothesis-profile=long"]
LEAST = "LEAST_REQUESTS"
LEAST_REQUESTS = 200_000
"""Of a fuzz."""
LONG: dict[str, list[str]] = {
    "stress": [PYTHON, "-m", "tools.stress"],
    "fuzz": ["env", f"{LEAST}={LEAST_REQUESTS}", *LONGER, "tests/api/test_anything.py"],
    "contract": [*LONGER, "tests/api/test_openapi.py"],
    "random": [
        *(*LONGER, "tests/core", "tests/proof", "tests/record", "tests/observe", "tests/rulebook/test_yaml.py"),
        *("tests/api/test_receipts.py", "tests/test_faces.py", "tests/test_one_engine.py", "tests/cohort/test_sql.py"),
    ],
    "engines": [PYTEST, "-n", "1", "-m", "long", "tests/cohort"],
    "people": [PYTEST, "-n", "auto", "-m", "long", "tests/web"],
    "oracle": [PYTEST, "-n", "auto", "-m", "long", "tests/independent", "tests/rulebook"],
    "wire": [PYTEST, "-n", "1", "-m", "long", "tests/wire", "tests/test_stress.py"],
    "files": [PYTEST, "-n", "1", "-m", "long", "tests/test_batch_outputs.py", "tests/test_supply.py"],
    "peers": [PYTHON, "-m", "tools.peers"],
    "bench": [PYTHON, "-m", "tools.bench"],
    "questions": [PYTHON, "-m", "tools.questions"],
    "image": [PYTHON, "-m", "tools.image"],
    "monitoring": [PYTEST, "-n", "0", "-m", "long or not long", "tests/test_monitoring.py"],
}
RESULTS = ROOT / "docs" / "long-runs.md"
HEAD = """# Long runs

What came last of each part of `make test-long`, written by it. A commit with `+` had changes that were not committed.

| part | date | commit | took | result |
|---|---|---|---|---|
"""


def main() -> None:
    """Run what is asked for."""
    which, *parts = sys.argv[1:]
    chosen = {"lint": LINT, "test": TEST, "long": LONG}[which]
    if unknown := set(parts) - set(chosen):
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; the parts are {', '.join(chosen)}")
    failed = []
    for part in parts or chosen:
        begun, at = time.monotonic(), commit()
        code, last = run(chosen[part])
        seconds = time.monotonic() - begun
        if part != "pytest":  # which says so itself, last of all
            print(f"{part} took {seconds:.1f} s", flush=True)
        if chosen is LONG:
            keep(RESULTS, part, at, seconds, last if code == 0 else f"FAILED: {last}")
        if code:
            failed.append(part)
            if chosen is not LONG:
                break
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def run(command: list[str]) -> tuple[int, str]:
    """Run a part and pass on what it prints; return its exit code and its last line."""
    last = deque[str](maxlen=1)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.strip():
                last.append(line.strip())
    return process.returncode, last[0] if last else ""


def keep(file: Path, part: str, at: str, seconds: float, result: str) -> None:
    """Write down what came of a part at a commit, in place of what came of it before."""
    rows = dict(re.findall(r"^\| (\w+) (\| .*)$", file.read_text("utf-8"), re.M)) if file.exists() else {}
    rows.pop("part", None)
    told = result.replace("|", "/")
    rows[part] = f"| {datetime.now(UTC):%Y-%m-%d} | {at} | {seconds / 60:.1f} min | {told} |"
    file.write_text(HEAD + "".join(f"| {name} {rows[name]}\n" for name in sorted(rows)), "utf-8")


def commit() -> str:
    """Return the commit that is checked out."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
