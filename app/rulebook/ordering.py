"""A good order of facts for the compiled decision, by sifting."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path

from app.core.logic import Logic
from app.core.rules import Release
from app.rulebook.files import write_whole

BUDGET_FACTOR = 2
"""A build may make this many times the nodes that it makes now, intermediate ones included, before it fails."""


Progress = Callable[[Sequence[str], str], Iterable[str]]
"""Yields names under a label, showing how many are done."""


def quiet(names: Sequence[str], _: str) -> Iterable[str]:
    """Return names without showing anything."""
    return names


def sift(release: Release, progress: Progress = quiet) -> tuple[list[str], int]:
    """Return a good order of facts, and the nodes it needs."""
    order = [v.fact.name for v in Logic(release.facts, release.rules).diagram.variables]
    best = _size(release, order)
    for turn in count(1):
        before = best
        for name in progress(list(order), f"{release.id}, pass {turn}, {best} nodes"):
            rest = [other for other in order if other != name]
            for place in range(len(order)):
                tried = [*rest[:place], name, *rest[place:]]
                size = _size(release, tried)
                if size < best:
                    order, best = tried, size
        if best == before:
            break
    return order, best


def _size(release: Release, order: Sequence[str]) -> int:
    return Logic(release.facts, release.rules, order).size


def write_orders(path: Path, releases: Mapping[str, Release], progress: Progress = quiet) -> dict[str, int]:
    """Write the orders of all releases; return the nodes each needs."""
    lines = [
        "# Made by `triage order`: the order in which the compiled decision looks at facts, its size in nodes, and how",
        "# many nodes its build may make before it fails.",
    ]
    sizes = {}
    for name, release in releases.items():
        order, sizes[name] = sift(release, progress)
        made = len(Logic(release.facts, release.rules, order).diagram.levels)
        lines += [f'"{name}":', f"  nodes: {sizes[name]}", f"  budget: {made * BUDGET_FACTOR}", "  facts:"]
        lines += [f"    - {fact}" for fact in order]
    write_whole(path, "\n".join(lines) + "\n")
    return sizes
