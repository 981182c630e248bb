"""The documented logic as a drawing, with one candidate's path."""

from collections.abc import Mapping, Sequence

from app.core.engine import Engine, Question
from app.core.precedence import steps_of
from app.core.rules import DecisionRule
from app.web.drawing import LEADING, SIZE, Box, Cell, Drawing, Figure, Line, Text, both, wrapped
from app.web.names import Names, inside

KINDS = ("exclusion", "scope", "concern", "phase", "label_exclusion", "label_review", "gap")
"""The steps of the precedence, by the kind of their rules."""
STEP, PAD, INSIDE, GAP, BETWEEN = 150, 8, 12, 8, 16


def picture(engine: Engine, texts: Mapping[str, str], asked: Question | None = None) -> Figure:
    """Return the drawing of a release, or of one candidate in it."""
    outcome = engine.decide(asked) if asked else None
    names = Names(engine.release, texts)
    states = _states(engine, asked) if asked else {}
    steps = []
    for kind in KINDS:
        rules = [rule for rule in engine.release.rules if rule.kind == kind]
        if rules:
            lit = outcome is not None and any(not outcome.steps.isdisjoint(steps_of(rule)) for rule in rules)
            steps.append((texts[f"step_{kind}"], rules, lit))
    drawings = both()
    for drawing in drawings:
        for title, rules, lit in steps:
            _step(drawing, title, [(names.rule(rule), states.get(rule.id, "none")) for rule in rules], lit=lit)
        drawing.lines.pop()  # nothing follows the last step
        drawing.height -= BETWEEN
    words = f"{texts['steps_in_order']} {'; '.join(title for title, _, _ in steps)}."
    if outcome is not None:
        by = inside(names.rule(rule) for _, rules, _ in steps for rule in rules if states.get(rule.id) == "decides")
        words += f" {texts['decided_by']} {by or texts['nothing_yet']}."
    return Figure(texts["picture" if asked else "picture_of_all"], words, drawings)


def _states(engine: Engine, asked: Question) -> dict[str, str]:
    """Return where each rule stands that is not known not to hold."""
    outcome = engine.decide(asked)

    def state(rule: DecisionRule, held: bool | None, part: bool | None) -> str:
        return ("decides" if part else "held") if held else "open"

    return {
        each.rule.id: state(each.rule, each.state, engine.rationale.takes_part(each, outcome))
        for each in engine.standings(asked)
    }


def _step(drawing: Drawing, title: str, rules: Sequence[tuple[str, str]], *, lit: bool) -> None:
    """Draw one step below the others, with its rules."""
    left = PAD if drawing.narrow else STEP
    across = 2 if drawing.narrow else 4
    width = (drawing.width - left - PAD - (across - 1) * GAP) / across
    top = drawing.height
    named = drawing.write(
        PAD, top + PAD, STEP - 2 * PAD if not drawing.narrow else drawing.width - 2 * PAD, title, "name"
    )
    y = named + PAD if drawing.narrow else top + PAD
    for first in range(0, len(rules), across):
        row = [(wrapped(says, width - INSIDE), state) for says, state in rules[first : first + across]]
        height = max(len(lines) for lines, _ in row) * LEADING + PAD
        for place, (lines, state) in enumerate(row):
            x = left + place * (width + GAP)
            begin = y + (height - len(lines) * LEADING) / 2 + SIZE
            texts = [Text(x + width / 2, begin + n * LEADING, line, state, "middle") for n, line in enumerate(lines)]
            drawing.cells.append(Cell(Box(x, y, width, height, f"rule {state}"), texts))
        y += height + GAP
    bottom = max(y - GAP, named) + PAD
    drawing.boxes.append(Box(1, top + 1, drawing.width - 2, bottom - top - 2, "step lit" if lit else "step"))
    drawing.lines.append(Line(drawing.width / 2, bottom, drawing.width / 2, bottom + BETWEEN, "way"))
    drawing.height = bottom + BETWEEN
