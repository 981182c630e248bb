"""How time and memory of `triage screen` grow with the rows; draws `docs/growth.svg`.

Parquet to Parquet, half known, all columns out, each run a process of its own.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle
from math import ceil, log10
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from app.batch import How
from app.core.rules import Release
from app.engines import build_engines
from app.screen import screen_file
from app.settings import Settings
from tools.population import table_of
from tools.serving import ROOT

ROWS: Sequence[int] = (10**4, 10**5, 10**6, 10**7, 10**8)
BLOCK = 1 << 16
KNOWN = 0.5
DISTINCT = 64
"""How many blocks are drawn, four million candidates: to draw takes longer than to screen."""
DRAWN = ROOT / "docs" / "growth.svg"
WIDTH, HEIGHT, LEFT, TOP = 240, 200, 60, 40
"""Of one chart, and where the first begins."""


class Run(NamedTuple):
    """What a number of rows took."""

    rows: int
    seconds: float
    """Of processor time, with the start of the process."""
    megabytes: float
    """The most memory that was held."""


def run() -> None:
    """Measure, print and draw."""
    release = how().engines.by_id["2026.3"].release
    print("Parquet to Parquet, half known, seconds of processor time with the start of the process")
    print(f"{'rows':>12} {'seconds':>8} {'us a row':>9} {'MB':>6}", flush=True)
    runs = []
    for count in ROWS:
        runs.append(each := measured(release, count))
        print(f"{count:12,} {each.seconds:8.1f} {each.seconds / count * 1e6:9.1f} {each.megabytes:6.0f}", flush=True)
    DRAWN.write_text(picture(runs), "utf-8")


def how() -> How:
    """Return how the cohort is answered."""
    settings = Settings()
    return How(build_engines(settings), "2026.3", settings, strict=False, full=False)


def measured(release: Release, count: int) -> Run:
    """Return what a process takes for so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        source = written(release, count, KNOWN, Path(folder))
        command = [sys.executable, "-m", "tools.bench.growth", str(source), f"{folder}/out.parquet"]
        found = subprocess.run(command, check=True, capture_output=True).stdout.split()
    return Run(count, *map(float, found))


def written(release: Release, count: int, known: float, folder: Path) -> Path:
    """Write candidates to a Parquet file in blocks, of which `DISTINCT` are drawn and then come again."""
    path = folder / "in.parquet"
    drawn = [table_of(release, min(BLOCK, count), known, seed) for seed in range(min(DISTINCT, -(-count // BLOCK)))]
    with pq.ParquetWriter(path, drawn[0].schema) as writer:
        for start, block in zip(range(0, count, BLOCK), cycle(drawn), strict=False):
            writer.write_table(block.slice(0, count - start))
    return path


def picture(runs: Sequence[Run]) -> str:
    """Return the runs as two charts: time beside a start and so long a row, and memory."""
    most = max(each.megabytes for each in runs)
    per_row = (runs[-1].seconds - runs[0].seconds) / (runs[-1].rows - runs[0].rows)
    decades = log10(runs[-1].rows / runs[0].rows)

    def across(rows: float) -> float:
        return WIDTH * log10(rows / runs[0].rows) / decades

    longest = ceil(log10(max(each.seconds for each in runs)))

    def up(seconds: float) -> float:
        return HEIGHT - HEIGHT * log10(max(seconds, 1)) / longest  # from one second on

    time_of = [(across(each.rows), up(each.seconds), f"{each.seconds:,.1f}") for each in runs]
    memory = [(across(e.rows), HEIGHT * (1 - e.megabytes / (most * 1.25)), f"{e.megabytes:,.0f}") for e in runs]
    start = runs[0].seconds - per_row * runs[0].rows
    between = [runs[0].rows * 10 ** (decades * step / 30) for step in range(31)]
    steady = [(across(rows), up(start + per_row * rows)) for rows in between]
    names = [(across(each.rows), f"10^{round(log10(each.rows))}") for each in runs]
    says = "; ".join(f"{each.rows:,} rows {each.seconds:.1f} s and {each.megabytes:.0f} MB" for each in runs)
    width, height = 2 * (LEFT + WIDTH) + LEFT, TOP + HEIGHT + TOP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
            '  font-family="sans-serif" font-size="12">',
            f"<title>Time and memory by rows: {says}</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *_chart(
                LEFT, f"seconds by rows; dashed: {start:.1f} s + {per_row * 1e6:.1f} µs a row", time_of, names, steady
            ),
            *_chart(2 * LEFT + WIDTH, "megabytes at most by rows", memory, names, []),
            "</svg>\n",
        ]
    )


def _chart(
    left: int,
    title: str,
    points: Sequence[tuple[float, float, str]],
    names: Sequence[tuple[float, str]],
    steady: Sequence[tuple[float, float]],
) -> list[str]:
    lines = [f'<g transform="translate({left} {TOP})">', f'<text y="-18">{title}</text>']
    lines.append(f'<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="#888"/>')
    lines += [f'<text x="{x:.0f}" y="{HEIGHT + 18}" text-anchor="middle">{name}</text>' for x, name in names]
    if steady:
        lines.append(f'<polyline points="{_joined(steady)}" fill="none" stroke="#888" stroke-dasharray="4 4"/>')
    line = _joined([(x, y) for x, y, _ in points])
    lines.append(f'<polyline points="{line}" fill="none" stroke="#2a7f62" stroke-width="2"/>')
    for x, y, says in points:
        lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#2a7f62"/>')
        lines.append(f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{says}</text>')
    return [*lines, "</g>"]


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _one() -> None:
    pa.set_cpu_count(1)
    screen_file(sys.argv[1], sys.argv[2], how())
    most = next(line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if line.startswith("VmHWM"))
    print(time.process_time(), int(most.split()[1]) / 1000)


if __name__ == "__main__":
    _one() if len(sys.argv) > 1 else run()
