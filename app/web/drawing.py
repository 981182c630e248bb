"""What our drawings are made of: boxes, lines, texts that fit.

A drawing is made twice, wide and narrow, so that its letters have the size of the page on a phone as well. The style
sheet shows one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

WIDE, NARROW = 880, 312
"""The widths in pixels: of a page on a desk, and of one on a phone of 360 pixels less its margins."""
SIZE = 14
LEADING = 18
"""The height of a line of text, in pixels."""
THIN = "iljtf.,:;'|!()[]·- "
BROAD = "mwMW%@—"


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    kind: str


class Line(NamedTuple):
    """A line."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str


class Dot(NamedTuple):
    """A point in time."""

    x: float
    y: float
    kind: str


class Text(NamedTuple):
    """One line of text; `y` is its baseline."""

    x: float
    y: float
    says: str
    kind: str = ""
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True)
class Cell:
    """A box with the lines of text that stand in it."""

    box: Box
    texts: Sequence[Text]


@dataclass
class Drawing:
    """One drawing at one width."""

    width: int
    narrow: bool
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)

    def write(self, x: float, y: float, width: float, says: str, kind: str = "") -> float:
        """Write a text in lines below `y`, and return where it ends."""
        for line in wrapped(says, width, bold=kind == "name"):
            y += LEADING
            self.texts.append(Text(x, y - 4, line, kind))
        return y


@dataclass(frozen=True)
class Figure:
    """A drawing at both widths, and the same in words."""

    title: str
    words: str
    drawings: Sequence[Drawing]


def width_of(says: str, *, bold: bool = False) -> float:
    """Return how wide a text is at most, in any system font."""
    wide = sum(
        1.02
        if ord(letter) > 0x1100
        else 0.36
        if letter in THIN
        else 1.0
        if letter in BROAD
        else 0.74
        if letter.isupper()
        else 0.635
        for letter in says
    )
    return wide * SIZE * (1.1 if bold else 1)


def wrapped(says: str, width: float, *, bold: bool = False) -> list[str]:
    """Return a text in lines; too long a word is cut."""
    lines = [""]
    for word in says.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, bold=bold) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and width_of(lines[-1] + letter, bold=bold) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def both() -> tuple[Drawing, Drawing]:
    """Return an empty drawing for a desk, and one for a phone."""
    return Drawing(WIDE, narrow=False), Drawing(NARROW, narrow=True)
