"""Write the lock files, or check that they are the ones pyproject.toml asks for.

`python tools/lock.py` needs uv and a package index, and keeps the versions it finds unless told `--upgrade`.
`python tools/lock.py --check` needs neither: each lock begins with a digest of what was asked for.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = tuple(f"requirements{part}.txt" for part in ("", "-cohort", "-build", "-dev", "-bench", "-clients", "-pages"))
RUNTIME, COHORT, BUILD, DEV, BENCH, CLIENTS, PAGES = LOCKS
COMPILE = [
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header"),
]


def first_line() -> str:
    """Return what each lock must begin with."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    asked = [
        pyproject["build-system"]["requires"],
        project["requires-python"],
        project["dependencies"],
        project["optional-dependencies"],
        pyproject["dependency-groups"],
    ]
    return f"# Made by `make lock` for pyproject.toml {hashlib.sha256(json.dumps(asked).encode()).hexdigest()}\n"


def stale() -> list[str]:
    """Return the locks that were made for other dependencies."""
    paths = [ROOT / name for name in LOCKS]
    wanted = first_line()
    return [path.name for path in paths if not path.exists() or not path.read_text(encoding="utf-8").startswith(wanted)]


def lock(name: str, *arguments: str, requires: str = "") -> None:
    """Make one lock with uv."""
    command = [*COMPILE, "--output-file", name, *arguments]
    subprocess.run(command, cwd=ROOT, input=requires, text=True, check=True, stdout=subprocess.DEVNULL)
    path = ROOT / name
    locked = path.read_text(encoding="utf-8")
    if "://" in locked:
        sys.exit(f"{name} names a host; a lock must install from whatever index the machine uses")
    path.write_text(first_line() + locked, encoding="utf-8")


def main() -> None:
    """Lock or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only check, without network")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    arguments = parser.parse_args()
    if not arguments.check:
        how = ["--upgrade"] if arguments.upgrade else []
        pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        backend = "\n".join(pyproject["build-system"]["requires"])
        lock(RUNTIME, *how, "pyproject.toml")
        lock(COHORT, *how, "--constraint", RUNTIME, "--extra", "cohort", "pyproject.toml")
        lock(BUILD, *how, "--constraint", RUNTIME, "-", requires=backend)
        known = ("--constraint", COHORT, "--constraint", BUILD)
        lock(DEV, *how, *known, "--extra", "dev", "--extra", "cohort", "pyproject.toml")
        lock(CLIENTS, *how, "--group", "pyproject.toml:clients")
        lock(PAGES, *how, "--no-deps", "--group", "pyproject.toml:pages")
        lock(
            BENCH,
            *how,
            "--constraint",
            DEV,
            *("--extra", "dev", "--extra", "cohort", "--extra", "spark", "--extra", "bench", "pyproject.toml"),
        )
    if names := stale():
        sys.exit(f"made for other dependencies than pyproject.toml has now: {', '.join(names)}; run `make lock`")
    print("The locks are those of pyproject.toml.")


if __name__ == "__main__":
    main()
