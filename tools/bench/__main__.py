"""Measure and print: all parts, or those that are named."""

import argparse
import platform
from collections.abc import Callable
from datetime import UTC, datetime

from tools.bench import batch, cohort, decisions, hooks, http, releases, start, worst

PARTS: dict[str, Callable[[], None]] = {
    "start": start.run,
    "decisions": decisions.run,
    "hooks": hooks.run,
    "releases": releases.run,
    "http": http.run,
    "batch": batch.run,
    "cohort": cohort.run,
    "worst": worst.run,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="all of them when left out")
    chosen = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {processor()}")
    for name in chosen.part or PARTS:
        print(f"\n{name}", flush=True)
        PARTS[name]()


def processor() -> str:
    """Return what Linux says the processor is."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return f"{len(names)} x {names[0]}" if names else platform.processor()


if __name__ == "__main__":
    main()
