"""How long a start takes until the service is ready, and what a worker holds in memory then.

What is installed is compiled; so is what is measured.
"""

import time
from compileall import compile_dir
from pathlib import Path
from statistics import median

from app.core.engine import Engine
from tools.serving import ROOT, serving

STARTS = 5


def run(engine: Engine) -> None:
    """Measure and print."""
    compile_dir(Path(ROOT) / "app", quiet=1)
    seconds, sizes = [], []
    for _ in range(STARTS):
        begun = time.perf_counter()
        with serving() as server:
            seconds.append(time.perf_counter() - begun)
            sizes.append(server.rss())
    print(f"ready after {median(seconds):.2f} s (median of {STARTS}), then {median(sizes) / 1e6:.0f} MB resident")
