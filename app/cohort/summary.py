"""What a cohort comes to: decisions, exclusions and questions, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from app.cohort.answers import word_of
from app.cohort.decider import Candidates, Decider, Decisions, Flags
from app.cohort.walk import Reach, regions_of
from app.core.conditions import facts_read
from app.core.engine import Engine
from app.core.precedence import steps_of

MOST_GROUPS = 20
"""How many values of a column are shown apart; the rest are together."""
OTHERS = "others"
UNKNOWN = "unknown"


@dataclass
class Summary:
    """Counts of candidates."""

    rows: int = 0
    refused: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    excluded_by: Counter[str] = field(default_factory=Counter)
    """By rule; a candidate may be excluded by several."""
    asked: Counter[str] = field(default_factory=Counter)
    """By the next question of whom it is asked."""
    settling: Counter[str] = field(default_factory=Counter)
    """The same for those whom one of its answers can settle."""
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    """Decisions by the value of a column."""

    def as_data(self) -> dict[str, Any]:
        """Return the counts as JSON has them."""
        return vars(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Summary":
        """Return the counts that `as_data` returned."""
        counters = {name: Counter(data[name]) for name in ("decisions", "excluded_by", "asked", "settling")}
        groups = {name: Counter(counts) for name, counts in data["groups"].items()}
        return cls(data["rows"], data["refused"], **counters, groups=groups)


class Summing:
    """Counts blocks of candidates of one release."""

    def __init__(self, engine: Engine, decider: Decider) -> None:
        self._decider = decider
        diagram = engine.logic.diagram
        regions = regions_of(diagram, {})
        self._rules = [
            (rule.id, frozenset(steps_of(rule)), Reach(diagram, engine.logic.rule_roots[rule.id], regions), levels)
            for rule in engine.release.rules
            if rule.effect == "excludes"
            for levels in [sorted((diagram.level_of[name] for name in facts_read(rule.when)), reverse=True)]
        ]
        self._true = 1 << ~diagram.true

    def add(
        self, summary: Summary, candidates: Candidates, decided: Decisions, by: pa.ChunkedArray | None = None
    ) -> None:
        """Count a block, by a column's values if one is named."""
        outcomes = decided.outcomes
        counts = np.bincount(decided.numbers, minlength=len(outcomes)).tolist()
        for outcome, count in zip(outcomes, counts, strict=True):
            if count:
                summary.decisions[word_of(outcome.decision)] += count
                if outcome.next_fact and not outcome.settled:
                    summary.asked[outcome.next_fact] += count
                    if outcome.settles:
                        summary.settling[outcome.next_fact] += count
        summary.rows += len(candidates)
        for rule, count in self._excluded(candidates, decided):
            summary.excluded_by[rule] += count
        if by is not None:
            words = by.cast(pa.string()).combine_chunks().dictionary_encode()
            places = np.asarray(words.indices.fill_null(len(words.dictionary))).astype(np.int64)
            keys, found = np.unique(places * max(1, len(outcomes)) + decided.numbers, return_counts=True)
            names = [*words.dictionary.to_pylist(), UNKNOWN]
            for key, count in zip(keys.tolist(), found.tolist(), strict=True):
                place, number = divmod(key, max(1, len(outcomes)))
                name = names[place] if names[place] in summary.groups or len(summary.groups) < MOST_GROUPS else OTHERS
                summary.groups.setdefault(name, Counter())[word_of(outcomes[number].decision)] += count

    def _excluded(self, candidates: Candidates, decided: Decisions) -> list[tuple[str, int]]:
        """Return how many each rule excludes, of those who are excluded."""
        excluded = [each.decision.disposition == "excluded" for each in decided.outcomes]
        rows = np.flatnonzero(np.array(excluded, np.bool_)[decided.numbers])
        given = [column[rows] for column in self._decider.levels(candidates)]
        numbers = decided.numbers[rows]
        found = []
        for rule, at, reach, levels in self._rules:
            states = np.full(len(rows), reach.begin, np.int32)
            for level in range(reach.depth - 1, -1, -1):
                if level in levels:
                    states = reach.step(level, states, given[level])
                else:  # nothing of the rule is here: any value will do
                    states = reach.step(level, states, np.zeros(len(rows), np.uint8))
            holds: Flags = np.array([reach.bits(n) == self._true for n in range(len(reach.states[0]))], np.bool_)
            part = np.array([bool(each.steps <= at) for each in decided.outcomes], np.bool_)
            found.append((rule, int((holds[states] & part[numbers]).sum())))
        return found
