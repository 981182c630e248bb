"""How the cost of one decision grows: with the facts that are known, with the rules, with the size of the body."""

import json
from functools import partial
from random import Random

from app.api.quick import QuickReader
from app.api.written import Writer

from app.api.decode import CandidateReader
from app.api.strict_json import read_json
from app.core.engine import Engine, Question
from tools.bench.curves import Curves, Points
from tools.bench.decisions import candidate, grown, median_microseconds

CANDIDATES = 300
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TIMES = (1, 2, 3, 5, 7, 10)
SPACES = (0, 1_000, 10_000, 60_000)
"""Bytes of blanks in a body: what is not spelt as usual is parsed."""


def run(engine: Engine) -> Curves:
    """Measure, print and return."""
    found = measured(engine)
    for name, points in found.items():
        print(name)
        print("   " + "  ".join(f"{x:g}: {y:.1f} us" for x, y in points))
    return found


def measured(engine: Engine) -> Curves:
    """Return by name the points of each curve: what grows, and microseconds."""
    found: Curves = {}
    writer = Writer()
    number = len(engine.release.facts)
    for strict in (False, True):
        for full in (False, True):
            write = partial(_written, writer, engine, full)
            drawn = [(round(share * number), _drawn(engine, share, strict=strict)) for share in SHARES]
            name = f"{'full answer' if full else 'view=decision'}, {'strict' if strict else 'default mode'}"
            found[f"facts known of {number}: {name}"] = [
                (x, median_microseconds(write, asked, engine.forget)) for x, asked in drawn
            ]
    half, complete = _drawn(engine, 0.5), _drawn(engine, 1.0)
    curves: Curves = {"half of the facts": [], "all facts": []}
    for times in TIMES:
        large = Engine(grown(engine.release, times, Random(2026))) if times > 1 else engine
        for name, asked in (("half of the facts", half), ("all facts", complete)):
            curves[name].append((len(large.release.rules), median_microseconds(large.finding, asked, large.forget)))
    found |= {f"rules: bare decision, {name}": points for name, points in curves.items()}
    found["bytes of a body with all facts: read"] = bodies(engine, complete[0])
    return found


def bodies(engine: Engine, asked: Question) -> Points:
    """Return what reading a body costs by its size."""
    quick = QuickReader(engine.traits)
    plain = CandidateReader(engine.release, {})
    text = json.dumps(dict(asked.facts))

    def read(body: bytes, _: Question) -> None:
        if quick.asked(body, strict=False) is None:
            plain.asked(read_json(body), strict=False)

    sized = [(text[:-1] + " " * spaces + "}").encode() for spaces in SPACES]
    return [(len(body), median_microseconds(partial(read, body), [asked] * 50)) for body in sized]


def _drawn(engine: Engine, share: float, *, strict: bool = False) -> list[Question]:
    random = Random(2026)
    facts = engine.release.facts
    return [Question(candidate(random, facts, engine, share), strict) for _ in range(CANDIDATES)]


def _written(writer: Writer, engine: Engine, full: bool, asked: Question) -> bytes:
    return writer.answer(engine, asked, full=full)[0]
