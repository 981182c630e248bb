"""The specification by brute force: every completion, written straight from decision.md and independent of `app`.

A table holds the decision of every combination of the facts that are left open, one axis a fact. What is possible,
what is missing, what is assumed and what to ask follow from it by their definitions.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
import numpy.typing as npt

from app.core.conditions import All, Any, Comparison, Condition, Not
from app.core.facts import Candidate, Fact, Value
from app.core.precedence import Decision
from app.core.rules import DecisionRule, Phase

Flags = npt.NDArray[np.bool_]
DECISIONS = (
    Decision("excluded"),
    Decision("referred"),
    Decision("clinician_review"),
    Decision("recommended", "conservative_care", 1),
    Decision("recommended", "exosome_microchanneling", 2),
    Decision("recommended", "combination_therapy", 3),
)
EXCLUDED, REFERRED, REVIEW = range(3)
NEARLY = 1e-9


@dataclass(frozen=True)
class Contract:
    """What decision.md defines exactly for a candidate."""

    possible: frozenset[Decision]
    missing: tuple[str, ...]
    assumptions: tuple[str, ...]
    next_fact: str | None


class Oracle:
    """Answers by enumeration for one set of facts and rules."""

    def __init__(
        self,
        facts: Mapping[str, Fact],
        rules: Sequence[DecisionRule],
        weights: Mapping[str, Mapping[Value, float]],
    ) -> None:
        self.facts = facts
        self.rules = rules
        self.weights = weights
        compared = [c for rule in rules if rule.kind != "gap" for c in _comparisons(rule.when)]
        self.read = [name for name in facts if any(c.fact == name for c in compared)]
        self.groups: dict[str, list[list[Value]]] = {}
        for name in self.read:
            groups: dict[tuple[bool, ...], list[Value]] = {}
            for value in facts[name].domain:
                groups.setdefault(tuple(value in c.accepted for c in compared if c.fact == name), []).append(value)
            self.groups[name] = list(groups.values())

    def completions(self, candidate: Candidate, *, strict: bool) -> int:
        """Return how many cells the table of a candidate has."""
        known = self.known(candidate, strict=strict)
        return int(np.prod([len(self.groups[name]) for name in self.read if name not in known], dtype=np.int64))

    def known(self, candidate: Candidate, *, strict: bool) -> dict[str, Value]:
        """Return the facts that count as known: in the default mode also the assumed ones."""
        known = {name: value for name, value in candidate.items() if name in self.read}
        for name in self.read:
            assumed = self.facts[name].assumed
            if not strict and name not in known and assumed:
                known[name] = next(iter(assumed))
        return known

    def table(self, known: Mapping[str, Value]) -> tuple[npt.NDArray[np.int8], list[str]]:
        """Return the decision of every completion, one axis for each unknown fact, and the facts of the axes."""
        axes = [name for name in self.read if name not in known]
        shape = tuple(len(self.groups[name]) for name in axes)

        def holds(condition: Condition) -> Flags | bool:
            match condition:
                case Comparison(fact, accepted) if fact in known:
                    return known[fact] in accepted
                case Comparison(fact, accepted):
                    row = np.array([group[0] in accepted for group in self.groups[fact]])
                    spread = [1] * len(axes)
                    spread[axes.index(fact)] = len(row)
                    return row.reshape(spread)
                case Not(part):
                    return np.logical_not(holds(part))
                case All(parts):
                    found: Flags | bool = True
                    for part in parts:
                        found = np.logical_and(found, holds(part))
                    return found
                case Any(parts):
                    found = False
                    for part in parts:
                        found = np.logical_or(found, holds(part))
                    return found

        def some(kind: str, pathway: str | None = None) -> Flags | bool:
            found: Flags | bool = False
            for rule in self.rules:
                if rule.kind == kind and (pathway is None or pathway in rule.pathways):
                    found = np.logical_or(found, holds(rule.when))
            return found

        decided: npt.NDArray[np.int8] = np.full(shape, REVIEW, np.int8)
        for phase in sorted((r for r in self.rules if isinstance(r, Phase)), key=lambda r: r.phase):
            recommended = DECISIONS.index(Decision("recommended", phase.pathway, phase.phase))
            label = np.where(some("label_review", phase.pathway), REVIEW, recommended)
            label = np.where(some("label_exclusion", phase.pathway), EXCLUDED, label)
            decided = np.where(holds(phase.when), label, decided).astype(np.int8)
        decided = np.where(some("concern"), REVIEW, decided).astype(np.int8)
        decided = np.where(some("scope"), REFERRED, decided).astype(np.int8)
        decided = np.where(some("exclusion"), EXCLUDED, decided).astype(np.int8)
        return np.broadcast_to(decided, shape), axes

    @staticmethod
    def decisions(table: npt.NDArray[np.int8]) -> frozenset[Decision]:
        """Return the decisions that stand in a table."""
        return frozenset(DECISIONS[place] for place in np.unique(table))

    def contract(self, candidate: Candidate, *, strict: bool, unavailable: Collection[str] = ()) -> Contract:
        """Return possible, missing, assumptions and next question by their definitions."""
        known = self.known(candidate, strict=strict)
        table, axes = self.table(known)
        possible = self.decisions(table)
        missing = tuple(name for place, name in enumerate(axes) if (table != table.take([0], place)).any())
        return Contract(
            possible=possible,
            missing=missing,
            assumptions=() if strict else self._assumptions(candidate, known, possible),
            next_fact=self._next(table, axes, [name for name in missing if name not in unavailable]),
        )

    def _assumptions(
        self, candidate: Candidate, known: dict[str, Value], possible: frozenset[Decision]
    ) -> tuple[str, ...]:
        found = []
        for name in self.read:
            if name in candidate or name not in known:
                continue
            table, axes = self.table({other: value for other, value in known.items() if other != name})
            by_value = np.moveaxis(table, axes.index(name), 0)
            if any(self.decisions(cells) != possible for cells in by_value):
                found.append(name)
        return tuple(found)

    def _next(self, table: npt.NDArray[np.int8], axes: list[str], askable: list[str]) -> str | None:
        if not askable:
            return None
        shares = [self._shares(name) for name in axes]
        weight = np.ones(())
        for place, share in enumerate(shares):
            weight = weight[..., np.newaxis] * share.reshape([1] * place + [len(share)])
        scored = []
        for name in askable:
            place = axes.index(name)
            settles = left = 0.0
            for region, share in enumerate(shares[place]):
                cells = table.take(region, place)
                odds = weight.take(region, place) / share
                settles += share if (cells == cells.flat[0]).all() else 0.0
                left += share * _entropy([float(odds[cells == d].sum()) for d in range(len(DECISIONS))])
            scored.append((settles, -left, name))
        best = max(settles for settles, _, _ in scored)
        tied = [entry for entry in scored if best - entry[0] < NEARLY]
        least = max(left for _, left, _ in tied)
        order = list(self.facts)
        return min((name for _, left, name in tied if least - left < NEARLY), key=order.index)

    def _shares(self, name: str) -> npt.NDArray[np.float64]:
        given = self.weights.get(name, {})
        sums = [sum(given.get(value, 1.0) for value in group) for group in self.groups[name]]
        return np.array(sums) / sum(sums)


def _entropy(odds: list[float]) -> float:
    return -sum(p * log2(p) for p in odds if p > 0)


def _comparisons(condition: Condition) -> list[Comparison]:
    match condition:
        case Comparison():
            return [condition]
        case Not(part):
            return _comparisons(part)
        case All(parts) | Any(parts):
            return [c for part in parts for c in _comparisons(part)]
