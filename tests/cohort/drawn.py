"""Columns of random candidates, and the engine's outcomes of them one by one."""

from collections.abc import Iterator
from random import Random

import numpy as np

from app.cohort.decider import Candidates, Decider, Lists
from app.core.engine import Engine
from app.core.outcome import Outcome
from app.core.rules import Release


def drawn(release: Release, count: int, known: float, seed: int) -> Candidates:
    """Return candidates of whom each fact is known with this probability, some doubted or hidden."""
    random = Random(seed)
    facts = list(release.facts.values())
    rows = [[random.randint(1, len(f.domain)) if random.random() < known else 0 for f in facts] for _ in range(count)]
    lists: dict[str, Lists] = {}
    for name in ("unavailable", "doubted"):
        places: dict[tuple[str, ...], int] = {(): 0}
        numbers = []
        for row in rows:
            may = [f.name for f, n in zip(facts, row, strict=True) if not n and (name[0] == "u" or f.policy != "ask")]
            listed = set(random.sample(may, min(len(may), random.choice((0, 0, 1, 3, len(may))))))
            ordered = tuple(fact.name for fact in facts if fact.name in listed)
            numbers.append(places.setdefault(ordered, len(places)))
        lists[name] = Lists(np.array(numbers, np.int32), list(places))
    return Candidates([np.array(column, np.uint16) for column in zip(*rows, strict=True)], **lists)


def by_columns(decider: Decider, candidates: Candidates) -> Iterator[Outcome]:
    """Yield the outcomes that columns come to, each as a whole."""
    numbers, outcomes, opened = decider.decide(candidates)
    for row, number in enumerate(numbers.tolist()):
        names = zip(decider.assumable, opened[:, row].tolist(), strict=True)
        yield outcomes[number]._replace(open_assumptions=tuple(name for name, is_open in names if is_open))


def by_rows(engine: Engine, decider: Decider, candidates: Candidates) -> Iterator[Outcome]:
    """Yield the outcomes that the engine gives, one by one."""
    for row in range(len(candidates)):
        outcome = engine.decide(decider.question(candidates, row))
        yield outcome._replace(possible=tuple(outcome.possible), missing=tuple(outcome.missing))
