"""All fully known candidates: counted, weighed and searched exactly, on a diagram.

A candidate gives every fact of the release a value, so counts are products of whole domains: they pass 2^53 and are
Python integers here, strings in JSON. Nothing is sampled.

What a search has seen is cleared when it ends: a function that calls itself waits for the garbage collection with all
that it holds, which was 2 MB of each start.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from math import prod
from typing import TypeVar

from app.core.diagram import Diagram
from app.core.facts import Fact, Value

OfPair = Callable[[Hashable, Hashable], bool]
"""Whether two answers, each from a root of its own, are the ones that are looked for."""
Pair = tuple[int, int]
N = TypeVar("N", int, float)


class Space:
    """All fully known candidates over some facts, as one diagram sees them."""

    def __init__(
        self, diagram: Diagram, facts: Mapping[str, Fact], weights: Mapping[str, Mapping[Value, float]]
    ) -> None:
        self.diagram = diagram
        self.sizes = [[len(region) for region in v.regions] for v in diagram.variables]
        self.shares = [_shares(weights.get(v.fact.name), v.regions) for v in diagram.variables]
        self._facts = facts
        elsewhere = [fact for name, fact in facts.items() if name not in diagram.level_of]
        self._outside = prod(len(fact.domain) for fact in elsewhere)
        self._spans = [1]
        for sizes in reversed(self.sizes):
            self._spans.insert(0, self._spans[0] * sum(sizes))

    @property
    def total(self) -> int:
        """How many candidates there are."""
        return self._spans[0] * self._outside

    def counts(self, root: int) -> dict[Hashable, int]:
        """Return how many candidates get each answer."""
        return {answer: count for (answer, _), count in self.pair_counts(root, root).items()}

    def share_of(self, root: int) -> dict[Hashable, float]:
        """Return which share of the reference population gets each answer."""
        return {answer: share for (answer, _), share in self.pair_shares(root, root).items()}

    def pair_counts(self, one: int, other: int) -> dict[tuple[Hashable, Hashable], int]:
        """Return how many candidates get each pair of answers from two roots."""
        scale = self._outside * (self._spans[0] // self._spans[self._level((one, other))])
        return {pair: scale * count for pair, count in self._summed(one, other, self.sizes, self._spans, 1).items()}

    def pair_shares(self, one: int, other: int) -> dict[tuple[Hashable, Hashable], float]:
        """Return the share of the population for each pair of answers."""
        return self._summed(one, other, self.shares, [1] * len(self._spans), 1.0)

    def _summed(
        self, one: int, other: int, parts: Sequence[Sequence[N]], spans: Sequence[int], whole: N
    ) -> dict[tuple[Hashable, Hashable], N]:
        """Return the sum of the parts that lead to each pair.

        `spans` says how much the levels from each one on come to: those that a pair skips count in full.
        """
        known: dict[Pair, dict[Pair, N]] = {}

        def below(pair: Pair) -> dict[Pair, N]:
            if pair[0] < 0 and pair[1] < 0:
                return {pair: whole}
            if pair not in known:
                level = self._level(pair)
                found: dict[Pair, N] = {}
                for part, child in zip(parts[level], self._children(pair, level), strict=True):
                    skipped = spans[level + 1] // spans[self._level(child)]
                    for leaf, rest in below(child).items():
                        found[leaf] = found.get(leaf, 0) + part * skipped * rest
                known[pair] = found
            return known[pair]

        try:
            return {self._answers(leaf): total for leaf, total in below((one, other)).items()}
        finally:
            known.clear()

    def find(self, one: int, other: int, wanted: OfPair) -> dict[str, Value] | None:
        """Return facts that force a wanted pair of answers, or `None`."""
        dead: set[Pair] = set()

        def search(pair: Pair) -> dict[str, Value] | None:
            if pair[0] < 0 and pair[1] < 0:
                return {} if wanted(*self._answers(pair)) else None
            if pair in dead:
                return None
            level = self._level(pair)
            variable = self.diagram.variables[level]
            for values, child in zip(variable.regions, self._children(pair, level), strict=True):
                found = search(child)
                if found is not None:
                    return {variable.fact.name: values[0], **found}
            dead.add(pair)
            return None

        try:
            return search((one, other))
        finally:
            dead.clear()

    def where(self, one: int, other: int, wanted: OfPair) -> int:
        """Return where two roots give a wanted pair of answers."""
        d = self.diagram
        known: dict[Pair, int] = {}

        def at(pair: Pair) -> int:
            if pair[0] < 0 and pair[1] < 0:
                return d.true if wanted(*self._answers(pair)) else d.false
            if pair not in known:
                level = self._level(pair)
                known[pair] = d.node(level, tuple(map(at, self._children(pair, level))))
            return known[pair]

        try:
            return at((one, other))
        finally:
            known.clear()

    def example(self, root: int, answer: Hashable) -> dict[str, Value] | None:
        """Return facts that force this answer, or `None`."""
        return self.find(root, root, lambda found, _: found == answer)

    def fixed(self, root: int, name: str) -> Iterator[tuple[tuple[Value, ...], int]]:
        """Yield each region of a fact with the root that remains."""
        d = self.diagram
        if name not in d.level_of:
            yield tuple(self._facts[name].domain), root
            return
        level = d.level_of[name]
        for region, values in enumerate(d.variables[level].regions):
            known: dict[int, int] = {}

            def left(node: int, region: int = region, known: dict[int, int] = known) -> int:
                if node < 0 or d.levels[node] > level:
                    return node
                if node not in known:
                    children = d.children[node]
                    if d.levels[node] == level:
                        known[node] = children[region]
                    else:
                        known[node] = d.node(d.levels[node], tuple(left(child, region, known) for child in children))
                return known[node]

            yield values, left(root)

    def _level(self, pair: Pair) -> int:
        levels = self.diagram.levels
        return min((levels[node] for node in pair if node >= 0), default=len(self.sizes))

    def _children(self, pair: Pair, level: int) -> Iterator[Pair]:
        d = self.diagram
        width = len(self.sizes[level])
        split = [d.children[node] if node >= 0 and d.levels[node] == level else (node,) * width for node in pair]
        return zip(*split, strict=True)

    def _answers(self, pair: Pair) -> tuple[Hashable, Hashable]:
        return self.diagram.terminals[~pair[0]], self.diagram.terminals[~pair[1]]


def _shares(weights: Mapping[Value, float] | None, regions: tuple[tuple[Value, ...], ...]) -> list[float]:
    sums = [sum(weights[value] if weights else 1.0 for value in region) for region in regions]
    total = sum(sums)
    return [part / total for part in sums]
