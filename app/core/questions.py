"""Which unknown fact to ask next.

Sets of decisions, never weights, say whether an answer settles the decision. Weights only rank: the question most
likely to settle it comes first, ties go to the one that is expected to leave least uncertainty, then to the earlier in
asking order, safety first.
"""

from collections.abc import Collection, Mapping, Sequence
from math import log2

from app.core.diagram import Rest
from app.core.facts import Value
from app.core.logic import Logic

NEARLY = 1e-9
"""Scores closer than this are equal: they differ by rounding alone."""

Distribution = list[float]
"""The probability of each terminal, by its place in the diagram's terminals."""


class Questions:
    """The ranking of one release's questions.

    `weights` gives for each fact the weight of every value; facts without weights count every value once. Facts of an
    earlier of the `stages` are asked first.
    """

    def __init__(
        self, logic: Logic, weights: Mapping[str, Mapping[Value, float]], stages: Sequence[Sequence[str]] = ()
    ) -> None:
        self._logic = logic
        self._stage = {name: place for place, stage in enumerate(stages) for name in stage}
        self._asking = {name: place for place, name in enumerate(logic.facts)}
        self.shares: list[list[float]] = []
        for v in logic.diagram.variables:
            given = weights.get(v.fact.name, {})
            regions = [sum(given.get(value, 0.0 if given else 1.0) for value in region) for region in v.regions]
            total = sum(regions)
            self.shares.append([region / total for region in regions])

    def next(self, rest: Rest, unavailable: Collection[str] = ()) -> tuple[str, bool] | None:
        """Return the fact to ask next, and whether it may settle."""
        variables = self._logic.diagram.variables
        levels = self.askable(rest, unavailable)
        if not levels:
            return None
        if len(levels) == 1:
            only = levels[0]
            return variables[only].fact.name, self.settling(rest, levels)[only] > 0
        settling = self.settling(rest, levels)
        best = max(settling.values())
        tied = [level for level in levels if best - settling[level] < NEARLY]
        if len(tied) > 1:
            left = self.uncertainty(rest, tied)
            least = min(left.values())
            tied = [level for level in tied if left[level] - least < NEARLY]
        chosen = min(tied, key=lambda level: self._asking[variables[level].fact.name])
        return variables[chosen].fact.name, best > 0

    def askable(self, rest: Rest, unavailable: Collection[str] = ()) -> list[int]:
        """Return the levels of the earliest open stage."""
        variables = self._logic.diagram.variables
        levels = [n for n in rest.levels() if variables[n].fact.name not in unavailable]
        stages = [self._stage.get(variables[level].fact.name, 0) for level in levels]
        return [level for level, stage in zip(levels, stages, strict=True) if stage == min(stages)]

    def settling(self, rest: Rest, levels: Sequence[int]) -> dict[int, float]:
        """Return for each level the probability that its answer settles the decision."""
        passing, answers = self._decisions_by_answer(rest, levels)
        return {
            level: sum(
                share
                for share, bits in zip(self.shares[level], answers[level], strict=True)
                if (bits | passing[level]).bit_count() == 1
            )
            for level in levels
        }

    def _decisions_by_answer(self, rest: Rest, levels: Sequence[int]) -> tuple[dict[int, int], dict[int, list[int]]]:
        """Return by level the decisions past it and through its regions."""
        below: list[int] = []  # decisions reachable from each node, as bits
        depth = len(self.shares)
        asked = set(levels)
        passing = dict.fromkeys(levels, 0)
        answers = {level: [0] * len(self.shares[level]) for level in levels}
        for level, children in rest.nodes:
            through = 0
            for region, child in enumerate(children):
                bits = 1 << ~child if child < 0 else below[child]
                through |= bits
                if level in asked:
                    answers[level][region] |= bits
                for passed in range(level + 1, depth if child < 0 else rest.nodes[child][0]):
                    if passed in asked:
                        passing[passed] |= bits
            below.append(through)
        return passing, answers

    def uncertainty(self, rest: Rest, levels: Sequence[int]) -> dict[int, float]:
        """Return by level the expected entropy after its answer, in bits."""
        terminals = range(len(self._logic.diagram.terminals))
        certain = [[1.0 if place == t else 0.0 for place in terminals] for t in terminals]
        below: list[Distribution] = []
        for level, children in rest.nodes:
            mixed = [0.0] * len(terminals)
            for share, child in zip(self.shares[level], children, strict=True):
                for place, p in enumerate(certain[~child] if child < 0 else below[child]):
                    if p:
                        mixed[place] += share * p
            below.append(mixed)
        arriving = [0.0] * len(rest.nodes)
        arriving[rest.root] = 1.0
        asked = set(levels)
        through = {n: [[0.0] * len(terminals) for _ in self.shares[n]] for n in levels}
        for node in range(len(rest.nodes) - 1, -1, -1):
            level, children = rest.nodes[node]
            for region, (share, child) in enumerate(zip(self.shares[level], children, strict=True)):
                if child >= 0:
                    arriving[child] += arriving[node] * share
                if level in asked:
                    row = through[level][region]
                    for place, p in enumerate(certain[~child] if child < 0 else below[child]):
                        if p:
                            row[place] += arriving[node] * p
        whole = below[rest.root]
        result = {}
        for level in levels:
            shares, rows = self.shares[level], through[level]
            met = [sum(s * row[place] for s, row in zip(shares, rows, strict=True)) for place in terminals]
            past = [max(0.0, whole[place] - met[place]) for place in terminals]
            result[level] = sum(
                share * _entropy([p + q for p, q in zip(row, past, strict=True)])
                for share, row in zip(shares, rows, strict=True)
            )
        return result


def _entropy(distribution: Distribution) -> float:
    return -sum(p * log2(p) for p in distribution if p > 0.0)
