"""The plan as a timeline to scale, one bar a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.answer import PlanShown

DAYS = {"hours": 1 / 24, "days": 1.0, "weeks": 7.0, "months": 30.4}
"""How long a unit is on the drawing; a month is drawn as 30.4 days."""
FIRST_WEEKS = ("recovery", "first_effects")
FIRST_YEAR = ("interval", "structural_change", "maintenance")
WIDTH, LEFT, ROW, TOP = 640, 150, 26, 30


@dataclass(frozen=True)
class Bar:
    """The bar of one figure, in pixels, with its words."""

    x: float
    y: float
    width: float
    words: str
    part: str


@dataclass(frozen=True)
class Timeline:
    """One drawing: title key, height, ticks as (x, days), bars."""

    title: str
    height: int
    ticks: Sequence[tuple[float, int]]
    bars: Sequence[Bar]


def timelines(plan: PlanShown, texts: Mapping[str, str]) -> list[Timeline]:
    """Return the drawings of a plan: first weeks and first year."""
    drawn = [
        _draw(plan, texts, "first_weeks", FIRST_WEEKS, 14, 2),
        _draw(plan, texts, "first_year", FIRST_YEAR, 365, 30),
    ]
    return [timeline for timeline in drawn if timeline.bars]


def _draw(
    plan: PlanShown, texts: Mapping[str, str], title: str, names: Sequence[str], days: int, step: int
) -> Timeline:
    scale = (WIDTH - LEFT - 20) / days
    bars: list[Bar] = []
    for part in plan.parts:
        for figure in part.figures if part.name in names else ():
            most = figure.min if figure.max is None else figure.max
            start, end = (min(value * DAYS[figure.unit], days) for value in (figure.min, most))
            amount = f"{figure.min:g}" if most == figure.min else f"{figure.min:g}-{most:g}"
            words = f"{amount} {texts[f'unit_{figure.unit}']}: {figure.says} ({figure.source})"
            begin = 0.0 if part.name == "recovery" else start
            width = max((end - begin) * scale, 4.0)
            bars.append(Bar(LEFT + begin * scale, TOP + len(bars) * ROW, width, words, part.name))
    ticks = [(LEFT + day * scale, day) for day in range(0, days + 1, step)]
    return Timeline(title, TOP + len(bars) * ROW + 30, ticks, bars)
