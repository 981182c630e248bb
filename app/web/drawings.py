"""Drawings of our own for grades and skin tones, as SVG.

A face from the front, 96 by 96. They show what to look for, and imitate no published scale.
"""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from app.core.facts import GRADES
from app.core.memo import Memo

TONES = {"I": "#f7e3d4", "II": "#ecccb2", "III": "#d6a67e", "IV": "#b07a50", "V": "#784a2c", "VI": "#402616"}
EYES = "M30 42q6 -4 12 0M54 42q6 -4 12 0M48 44l-3 14h6M40 69q8 4 16 0"
LINES = (
    "M28 41l-4 -2M28 43l-5 0M68 41l4 -2M68 43l5 0",
    "M28 45l-4 2M68 45l4 2M31 48q5 3 10 0M55 48q5 3 10 0",
    "M30 51q6 3 11 0M55 51q6 3 11 0M36 60q-3 5 -2 9M60 60q3 5 2 9",
    "M27 54q-3 8 -1 16M69 54q3 8 1 16M31 58q-2 7 0 13M65 58q2 7 0 13M36 74l2 4M60 74l-2 4M44 75v4M52 75v4",
)
"""Fine lines, more with each grade above none: at the corner of the eyes, below them, on the cheeks."""
BROW = ("M34 27q14 -4 28 0", "M33 22q15 -4 30 0M46 34v5M50 34v5", "M36 17q12 -3 24 0M33 31q15 -4 30 0")
"""Lines of the forehead."""
VEINS = "M29 57l3 2l1 4l4 1M67 57l-3 2l-1 4l-4 1M44 54l2 3M53 54l-2 3"
SPOTS: tuple[tuple[int, int], ...] = (
    (32, 58),
    (63, 55),
    (40, 26),
    (58, 64),
    (28, 52),
    (67, 62),
    (53, 22),
    (36, 66),
    (61, 30),
    (45, 80),
)
SPOTS += ((69, 50), (30, 34), (56, 74), (40, 75), (34, 20), (63, 70), (25, 60), (48, 17))
"""Where spots lie, in the order in which they are added."""
PATCHES = ((64, 58, 9, 6), (31, 57, 10, 7), (48, 25, 15, 6))


def _face(droop: float = 0) -> str:
    """Return the outline; the cheeks hang `droop` lower over the jaw."""
    jaw = (
        f"C20 {66 + droop} {26 - droop / 2} {74 + droop} 32 {76 + droop}L38 {80 + droop / 3}Q48 88 58 {80 + droop / 3}"
    )
    jaw += f"L64 {76 + droop}C{70 + droop / 2} {74 + droop} 76 {66 + droop} 76 50"
    return f'<path class="skin" d="M20 50{jaw}C78 20 66 8 48 8C30 8 18 20 20 50Z"/><path class="line" d="{EYES}"/>'


def _lines(paths: Sequence[str]) -> str:
    return f'<path class="fine" d="{"".join(paths)}"/>' if paths else ""


def _spots(count: int, radius: float, kind: str) -> str:
    return "".join(f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>' for x, y in SPOTS[:count])


def _patches(count: int, kind: str) -> str:
    return "".join(f'<ellipse class="{kind}" cx="{x}" cy="{y}" rx="{w}" ry="{h}"/>' for x, y, w, h in PATCHES[:count])


def _elasticity(grade: int) -> str:
    return _face(grade / 2) + _lines(LINES[:grade])


def _pigment(grade: int) -> str:
    kind = ("", "light", "light", "dark", "dark")[grade]
    count, patches = ((0, 0), (4, 0), (7, 1), (13, 2), (18, 3))[grade]
    return _face() + _patches(patches, kind) + _spots(count, 1.4 + grade / 5, kind)


def _sun(grade: int) -> str:
    lines = ((), (), LINES[:1], (*LINES[:3], *BROW[:1]), (*LINES, *BROW))[grade]
    veins = f'<path class="vein" d="{VEINS}"/>' if grade > 2 else ""
    sallow = _patches(3, "sallow") if grade > 3 else ""
    return (
        _face()
        + sallow
        + _lines(lines)
        + _spots((0, 3, 5, 9, 13)[grade], 1.7, "dark" if grade > 2 else "light")
        + veins
    )


def _sagging(grade: int) -> str:
    long = 6 + 4 * grade
    folds = [f"M38 58q-5 {long / 2} -4 {long}M58 58q5 {long / 2} 4 {long}"] if grade else []
    folds += [f"M38 72q-2 4 -1 {4 + 2 * grade}M58 72q2 4 1 {4 + 2 * grade}"] if grade > 2 else []
    neck = f"M42 88v6M54 88v6{'M46 89v6M50 89v6' if grade > 3 else ''}"
    return _face(2.6 * grade) + f'<path class="line" d="{"".join(folds)}{neck}"/>'


def _tone(name: str) -> str:
    return f'<circle class="tone" cx="48" cy="48" r="40" fill="{TONES[name]}"/>'


GRADED: dict[str, Callable[[int], str]] = {
    "elasticity_loss": _elasticity,
    "hyperpigmentation": _pigment,
    "photodamage": _sun,
    "sagging": _sagging,
}


def _drawn(name: str) -> Markup:
    fact, _, value = name.partition("-")
    inside = GRADED[fact](GRADES.index(value)) if fact in GRADED else _tone(value)
    box = "14 28 68 68" if fact == "elasticity_loss" else "0 0 96 96"
    svg = f'<svg class="ct-drawing" viewBox="{box}" aria-hidden="true" focusable="false">{inside}</svg>'
    return Markup(svg)  # noqa: S704 - numbers and names of ours alone


DRAWN = Memo[str, Markup](_drawn)


def drawing(name: str) -> Markup:
    """Return a drawing by fact and answer, such as `sagging-mild`."""
    return DRAWN[name]
