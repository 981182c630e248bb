"""The plan as figures, a lane a part, a bar a figure.

Every label keeps the unit of its document; the axis below is in days or weeks.
"""

from collections.abc import Mapping, Sequence
from math import ceil

from app.core.answer import PlanShown
from app.core.rules import Figure as Stated
from app.core.rules import PlanPart
from app.web.drawing import LEADING, SIZE, Box, Dot, Drawing, Figure, Line, Text, both

DAYS = {"hours": 1 / 24, "days": 1.0, "weeks": 7.0, "months": 30.4}
"""How long a unit is on the drawing; a month is drawn as 30.4 days."""
CHARTS = {
    "after_session": ("recovery", "first_effects"),
    "whole_course": ("interval", "structural_change", "maintenance"),
}
AXES = {"after_session": ("days", (1, 2, 7)), "whole_course": ("weeks", (2, 4, 8, 13))}
"""The unit of each axis, and how far apart its marks may be."""
FROM_THE_START = ("recovery",)
"""What begins with the session and lasts."""
LANE, BAR, GAP, EDGE = 170, 12, 10, 12


def timelines(plan: PlanShown, texts: Mapping[str, str]) -> list[Figure]:
    """Return the drawings of a plan."""
    parts = {part.name: part for part in plan.parts}
    made = []
    for title, names in CHARTS.items():
        lanes = [parts[name] for name in names if name in parts and _timed(parts[name])]
        if lanes:
            sessions = parts.get("sessions") if title == "whole_course" else None
            made.append(_figure(title, lanes, sessions, texts))
    return made


def amount(figure: Stated, texts: Mapping[str, str]) -> str:
    """Return the amount of a figure, in the unit of its document."""
    most = figure.min if figure.max is None else figure.max
    number = (
        f"{figure.min:g}" if most == figure.min else texts["from_to"].format(least=f"{figure.min:g}", most=f"{most:g}")
    )
    single = number == "1" and f"unit_{figure.unit}_1" in texts
    return texts["amount"].format(number=number, unit=texts[f"unit_{figure.unit}" + ("_1" if single else "")])


def label(figure: Stated, texts: Mapping[str, str]) -> str:
    """Return a figure with what it says and its source."""
    return f"{amount(figure, texts)}: {figure.says} · {figure.source}"


def _timed(part: PlanPart) -> list[Stated]:
    return [figure for figure in part.figures if figure.unit in DAYS]


def _figure(title: str, lanes: Sequence[PlanPart], sessions: PlanPart | None, texts: Mapping[str, str]) -> Figure:
    drawings = both()
    for drawing in drawings:
        _draw(drawing, title, lanes, sessions, texts)
    told = [*([sessions] if sessions and sessions.figures else []), *lanes]
    words = "; ".join(f"{texts[part.name]}, {label(figure, texts)}" for part in told for figure in part.figures)
    return Figure(texts[title], words, drawings)


def _draw(
    drawing: Drawing, title: str, lanes: Sequence[PlanPart], sessions: PlanPart | None, texts: Mapping[str, str]
) -> None:
    left = 0.0 if drawing.narrow else float(LANE)
    right = float(drawing.width - EDGE)
    unit, steps = AXES[title]
    marks = _marks(sessions, lanes)
    longest = max(*(_end(figure) for part in lanes for figure in _timed(part)), *(day for day, _ in marks), 0)
    step = next((s for s in steps if longest / DAYS[unit] / s <= (6 if drawing.narrow else 14)), steps[-1])
    last = ceil(longest / DAYS[unit] / step) * step
    start = left + EDGE

    def place(days: float) -> float:
        return start + days / DAYS[unit] / last * (right - start)

    y = 0.0
    if sessions and sessions.figures and marks:
        every = f"{texts['drawn_every'].format(amount=_agreed(lanes, texts))}"
        y = _lane(drawing, texts["sessions"], y, left)
        for figure in sessions.figures:
            y = drawing.write(left, y, right - left, f"{label(figure, texts)}{every}")
        y = _track(drawing, y, left, right)
        drawing.dots += [Dot(place(day), y - BAR / 2 - 2, kind) for day, kind in marks]
        y += GAP
    for part in lanes:
        y = _lane(drawing, texts[part.name], y, left)
        for figure in _timed(part):
            y = drawing.write(left, y, right - left, label(figure, texts))
            y = _track(drawing, y, left, right)
            begin, end = figure.min * DAYS[figure.unit], _end(figure)
            top = y - BAR - 2
            if part.name in FROM_THE_START:
                drawing.boxes.append(Box(start, top, place(begin) - start, BAR, "bar"))
            if end > begin:
                drawing.boxes.append(
                    Box(
                        place(begin),
                        top,
                        place(end) - place(begin),
                        BAR,
                        "bar soft" if part.name in FROM_THE_START else "bar",
                    )
                )
            elif part.name not in FROM_THE_START:
                drawing.dots.append(Dot(place(begin), top + BAR / 2, "point"))
        y += GAP
    y -= GAP - 4
    for number in range(0, last + 1, step):
        at = place(number * DAYS[unit])
        drawing.lines.append(Line(at, y, at, y + 6, "tick"))
        drawing.texts.append(Text(at, y + 6 + SIZE, str(number), "axis", "middle"))
    drawing.lines.append(Line(start, y, right, y, "tick"))
    drawing.height = y + LEADING + 8


def _lane(drawing: Drawing, title: str, y: float, left: float) -> float:
    """Write the name of a lane, and return where its figures begin."""
    below = drawing.write(0, y, LANE - 16 if left else drawing.width, title, "name")
    return y if left else below


def _track(drawing: Drawing, y: float, left: float, right: float) -> float:
    drawing.boxes.append(Box(left + EDGE, y + 2, right - left - EDGE, BAR, "track"))
    return y + BAR + 4


def _end(figure: Stated) -> float:
    return (figure.min if figure.max is None else figure.max) * DAYS[figure.unit]


def _interval(lanes: Sequence[PlanPart]) -> tuple[float, str] | None:
    """Return the interval on which the documents agree, and its unit."""
    part = next((each for each in lanes if each.name == "interval"), None)
    if part is None or part.agreed is None or part.agreed.min != part.agreed.max:
        return None
    return part.agreed.min, part.agreed.unit


def _agreed(lanes: Sequence[PlanPart], texts: Mapping[str, str]) -> str:
    found = _interval(lanes)
    return texts["amount"].format(number=f"{found[0]:g}", unit=texts[f"unit_{found[1]}"]) if found else ""


def _marks(sessions: PlanPart | None, lanes: Sequence[PlanPart]) -> list[tuple[float, str]]:
    """Return a mark for each session.

    Those that not every figure has are open.
    """
    found = _interval(lanes)
    counts = [figure for figure in sessions.figures if figure.unit == "sessions"] if sessions else []
    if found is None or not counts:
        return []
    least = int(min(figure.min for figure in counts))
    most = int(max(figure.min if figure.max is None else figure.max for figure in counts))
    every = found[0] * DAYS[found[1]]
    return [(number * every, "session" if number < least else "session open") for number in range(most)]
