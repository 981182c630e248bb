"""What is measured, as curves, and a picture of them."""

from importlib import import_module
from pathlib import Path
from typing import Any

from tools.serving import ROOT

Points = list[tuple[float, float]]
"""What grows, and what it takes."""
Curves = dict[str, Points]
"""By names such as `facts known: full answer`; those with the same beginning are drawn together."""
PICTURE = Path(ROOT) / "docs" / "performance.svg"


def draw(curves: Curves, title: str) -> None:
    """Draw curves into the picture of the documentation; `ImportError` without matplotlib, of the extra `bench`."""
    pyplot: Any = import_module("matplotlib.pyplot")
    groups: dict[str, dict[str, Points]] = {}
    for name, points in curves.items():
        group, _, label = name.partition(": ")
        groups.setdefault(group, {})[label] = points
    pyplot.rcParams["svg.hashsalt"] = "performance"
    figure, axes = pyplot.subplots(len(groups), figsize=(9, 3.6 * len(groups)), layout="constrained", squeeze=False)
    for plot, (group, labelled) in zip(axes[:, 0], groups.items(), strict=True):
        for label, points in labelled.items():
            plot.plot([x for x, _ in points], [y for _, y in points], marker="o", label=label)
        if any(points[-1][0] > 100 * max(1, points[0][0]) for points in labelled.values()):
            plot.set_xscale("symlog")
        plot.set_xlabel(group)
        plot.set_ylabel("candidates a second" if "batch" in group else "microseconds")
        plot.set_ylim(bottom=0)
        plot.grid(alpha=0.3)
        plot.legend()
    figure.suptitle(title)
    figure.savefig(PICTURE, metadata={"Date": None})
