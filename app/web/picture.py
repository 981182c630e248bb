"""The documented logic as a drawing, with one candidate's path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.engine import Engine, Question
from app.core.precedence import steps_of

KINDS = ("exclusion", "scope", "concern", "phase", "label_exclusion", "label_review", "gap")
"""The steps of the precedence, by the kind of their rules."""
WIDTH, LEFT, BOX_W, BOX_H, GAP_X, GAP_Y, PAD = 720, 190, 168, 26, 8, 6, 14


@dataclass(frozen=True)
class Box:
    """One rule: its place, and whether it is `held` or `decides`."""

    rule: str
    x: float
    y: float
    state: str


@dataclass(frozen=True)
class Step:
    """One step of the precedence, and whether it decides."""

    name: str
    y: float
    height: float
    boxes: Sequence[Box]
    lit: bool


@dataclass(frozen=True)
class Picture:
    """The drawing, and the same in words."""

    width: int
    height: float
    steps: Sequence[Step]
    words: str


def picture(engine: Engine, texts: Mapping[str, str], asked: Question | None = None) -> Picture:
    """Return the drawing of a release, or of one candidate in it."""
    outcome = engine.decide(asked) if asked else None
    standings = {each.rule.id: each for each in engine.standings(asked)} if asked else {}
    steps: list[Step] = []
    y = 8.0
    across = (WIDTH - LEFT) // (BOX_W + GAP_X)
    deciding: list[str] = []
    for kind in KINDS:
        rules = [rule for rule in engine.release.rules if rule.kind == kind]
        if not rules:
            continue
        boxes = []
        for place, rule in enumerate(rules):
            state = "none"
            if outcome is not None and rule.id in standings:
                standing = standings[rule.id]
                if engine.rationale.takes_part(standing, outcome):
                    state = "decides"
                    deciding.append(rule.id)
                elif standing.state:
                    state = "held"
            x = LEFT + (place % across) * (BOX_W + GAP_X)
            boxes.append(Box(rule.id, x, y + PAD / 2 + (place // across) * (BOX_H + GAP_Y), state))
        height = -(-len(rules) // across) * (BOX_H + GAP_Y) - GAP_Y + PAD
        lit = outcome is not None and any(not outcome.steps.isdisjoint(steps_of(rule)) for rule in rules)
        steps.append(Step(texts[f"step_{kind}"], y, height, boxes, lit))
        y += height + 10
    words = f"{texts['steps_in_order']} {'; '.join(step.name for step in steps)}."
    if outcome is not None:
        words += f" {texts['decided_by']} {', '.join(deciding) or texts['nothing_yet']}."
    return Picture(WIDTH, y, steps, words)
