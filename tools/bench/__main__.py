"""Measure and print: all parts, or those that are named."""

import argparse
import platform
from collections.abc import Callable
from datetime import UTC, datetime

from app.core.engine import Engine
from app.main import build_engines
from app.settings import Settings
from tools.bench import batch, decisions, growth, http, start
from tools.bench.curves import Curves, draw

PARTS: dict[str, Callable[[Engine], Curves | None]] = {
    "start": start.run,
    "decisions": decisions.run,
    "http": http.run,
    "batch": batch.run,
    "growth": growth.run,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="all of them when left out")
    parser.add_argument("--draw", action="store_true", help="draw the curves into docs/performance.svg")
    chosen = parser.parse_args()
    engine = build_engines(Settings()).by_id["2026.2"]
    where = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {processor()}"
    print(where)
    curves: Curves = {}
    for name in chosen.part or PARTS:
        print(f"\n{name}", flush=True)
        curves |= PARTS[name](engine) or {}
    if chosen.draw:
        draw(curves, where)


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
