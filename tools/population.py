"""Candidates drawn by the reference population of a release, for what is measured and compared."""

from collections.abc import Iterator
from itertools import compress, islice
from random import Random
from typing import TYPE_CHECKING

from app.core.facts import Value
from app.core.rules import Release

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 500
"""How many are drawn at once, fact by fact, which is ten times faster than one by one."""


def candidates(release: Release, known: float = 1.0, seed: int = 2026) -> Iterator[dict[str, Value]]:
    """Yield candidates without end and none twice, each fact known with this probability.

    Facts that the reference population does not describe have each of their values equally often.
    """
    random, seen = Random(seed), set[tuple[tuple[str, Value], ...]]()
    while True:
        columns = []
        for name, fact in release.facts.items():
            values, weights = list(fact.domain), release.weights.get(name)
            column = random.choices(values, [weights[value] for value in values] if weights else None, k=BLOCK)
            columns.append([(name, value) for value in column])
        for drawn in zip(*columns, strict=True):
            kept = drawn if known == 1.0 else tuple(compress(drawn, (random.random() < known for _ in drawn)))
            if kept not in seen:
                seen.add(kept)
                yield dict(kept)


def drawn(release: Release, count: int, known: float = 1.0, seed: int = 2026) -> list[dict[str, Value]]:
    """Return so many candidates, none twice."""
    return list(islice(candidates(release, known, seed), count))


def table_of(release: Release, count: int, known: float = 1.0, seed: int = 2026) -> "pa.Table":
    """Return so many candidates as an Arrow table, with a reference; some may come twice."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(seed)
    columns = {"reference": pa.array([f"r{number}" for number in range(count)])}
    for name, fact in release.facts.items():
        values, weights = list(fact.domain), release.weights.get(name)
        shares = np.array([weights[value] for value in values]) if weights else np.ones(len(values))
        numbers = random.choice(len(values), count, p=shares / shares.sum())
        columns[name] = pa.array(values).take(pa.array(numbers, mask=random.random(count) >= known))
    return pa.table(columns)
