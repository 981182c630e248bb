"""The decisions of one release for many candidates at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.cohort.walk import LOST, MOST, Numbers, Reach, Rests, regions_of
from app.core.diagram import UNKNOWN
from app.core.engine import Engine, Question
from app.core.logic import Logic
from app.core.outcome import Outcome
from app.core.precedence import Decision, DecisionAtStep
from app.core.remaining import Ways, reached

Flags = npt.NDArray[np.bool_]
NONE: tuple[str, ...] = ()
MOST_PAIRS = 1 << 22
"""How many pairs of what is left before a fact and what follows it have a table; beyond it candidates go one by one."""


@dataclass(frozen=True)
class Lists:
    """A column of lists of facts: which of `lists` each candidate has."""

    numbers: Numbers
    lists: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Candidates:
    """Candidates as columns, one a fact of the release in asking order.

    A number says which of the fact's values it is, from 1, or 0 where it is unknown. `unavailable` and `doubted` are
    those of a `Question`, checked as they are.
    """

    columns: Sequence[npt.NDArray[np.integer]]
    unavailable: Lists | None = None
    doubted: Lists | None = None

    def __len__(self) -> int:
        """Return how many candidates there are."""
        return len(self.columns[0])


class Decisions(NamedTuple):
    """The outcomes of many candidates."""

    numbers: Numbers
    """For each candidate its place in `outcomes`."""
    outcomes: Sequence[Outcome]
    """Those met so far, each without its open assumptions."""
    open: Flags
    """For each fact of `assumable` (row) and candidate (column) whether it is an open assumption."""


class Known(NamedTuple):
    """What an outcome follows from, open assumptions aside."""

    reached: int
    rest: int
    unavailable: tuple[str, ...]
    referring: int


class Decider:
    """One release in one mode, for columns."""

    def __init__(self, engine: Engine, *, strict: bool, most: int = MOST) -> None:
        self._engine, self._strict, self._most = engine, strict, most
        names, variables = list(engine.release.facts), engine.logic.diagram.variables
        unknown = bytes([UNKNOWN]) * len(variables)
        assumed = unknown if strict else engine.logic.assumed(unknown)
        self._assumed = {level: region for level, region in enumerate(assumed) if region != UNKNOWN}
        diagram, root = engine.logic.diagram, engine.logic.case_root
        regions = regions_of(diagram, self._assumed)
        self._rests, self._reach = Rests(diagram, root, regions, most), Reach(diagram, root, regions, most)
        self._sets = _Sets(engine.logic)
        self._names = names
        self._values = [tuple(fact.domain) for fact in engine.release.facts.values()]
        self._places = [names.index(v.fact.name) for v in variables]
        levels = sorted(self._assumed, key=self._places.__getitem__)
        self.assumable = [names[self._places[level]] for level in levels]
        """The facts of which something is assumed, in asking order."""
        self._row = {level: row for row, level in enumerate(levels)}
        referring = engine.referring if strict and engine.release.stages else set()
        self._referring = [
            (self._places[level], len(v.regions), np.minimum(np.array(regions[level], np.int64), len(v.regions)))
            for level, v in enumerate(variables)
            if v.fact.name in referring
        ]
        """Of each fact on which a referral may rest its place, its number of regions, and the region of each number."""
        self._changes: dict[int, npt.NDArray[np.int8]] = {}
        self.digest = engine.release.digest
        """The digest of the release."""
        self._forget()

    def _forget(self) -> None:
        self._outcomes: list[Outcome] = []
        self._place_of: dict[Outcome, int] = {}
        self._by_known: dict[Known, int] = {}

    def decide(self, candidates: Candidates) -> Decisions:
        """Return the outcome of every candidate."""
        if len(self._outcomes) > self._most:  # in strict mode nearly every candidate may leave a rest of its own
            self._forget()
        count = len(candidates)
        columns = self.levels(candidates)
        assuming = {level: rows for level in self._assumed for rows in [columns[level] == 0] if rows.any()}
        later = self._later(columns, count)
        settled = self._sets.settled(self._reach)[later[0]]
        lost = later[0] == LOST
        rests = np.zeros(count, np.int32)
        opened = np.zeros((len(self.assumable), count), np.bool_)
        if assuming:
            earlier = self._earlier(columns, count)
            lost |= self._open(assuming, earlier, later, opened)
            rests = earlier[-1]
            lost |= (rests == LOST) & ~settled
        elif not settled.all():
            rows = np.flatnonzero(~settled)
            rests[rows] = self._earlier([column[rows] for column in columns], len(rows))[-1]
            lost |= (rests == LOST) & ~settled
        rests[settled] = LOST
        numbers = self._numbers(candidates, later[0], rests, settled, lost)
        for row in np.flatnonzero(lost).tolist():
            outcome = self._engine.decide(self.question(candidates, row))
            numbers[row] = self._place(outcome)
            opened[:, row] = [name in outcome.open_assumptions for name in self.assumable]
        return Decisions(numbers, self._outcomes, opened)

    def possible(self, candidates: Candidates) -> tuple[Numbers, list[tuple[Decision, ...]]]:
        """Return the set of decisions that completions reach, by number."""
        last = self._later(self.levels(candidates), len(candidates))[0]
        return last, [self._sets.decisions(self._reach.bits(number)) for number in range(len(self._reach.states[0]))]

    def levels(self, candidates: Candidates) -> list[npt.NDArray[np.integer]]:
        """Return candidates as numbers of `regions_of`, a column a level."""
        columns = [candidates.columns[place] for place in self._places]
        doubted = candidates.doubted
        if doubted is None:
            return columns
        for level in self._assumed:
            name, unknown = self._names[self._places[level]], len(self._values[self._places[level]]) + 1
            named = np.array([name in each for each in doubted.lists], np.bool_)[doubted.numbers]
            columns[level] = np.where(named & (columns[level] == 0), np.uint16(unknown), columns[level])
        return columns

    def question(self, candidates: Candidates, row: int) -> Question:
        """Return the question about one of the candidates."""
        numbers = [int(column[row]) for column in candidates.columns]
        named = zip(self._names, self._values, numbers, strict=True)
        facts = {name: values[number - 1] for name, values, number in named if number}
        listed = [
            lists.lists[lists.numbers[row]] if lists else NONE for lists in (candidates.unavailable, candidates.doubted)
        ]
        return Question(facts, self._strict, listed[0], doubted=listed[1])

    def _later(self, columns: Sequence[npt.NDArray[np.integer]], count: int) -> list[Numbers]:
        """Return by level what the later facts make of nodes."""
        states = [np.full(count, self._reach.begin, np.int32)]
        for level in reversed(range(len(columns))):
            states.append(self._reach.step(level, states[-1], columns[level]))
        return states[::-1]

    def _earlier(self, columns: Sequence[npt.NDArray[np.integer]], count: int) -> list[Numbers]:
        """Return by level what the facts before it leave."""
        states = [np.full(count, self._rests.begin, np.int32)]
        for level, column in enumerate(columns):
            states.append(self._rests.step(level, states[-1], column))
        return states

    def _open(
        self, assuming: dict[int, Flags], earlier: Sequence[Numbers], later: Sequence[Numbers], opened: Flags
    ) -> Flags:
        """Mark assumptions that matter; return the candidates left over.

        It follows from what the earlier facts leave and what the later facts make of that.
        """
        lost = np.zeros(len(later[0]), np.bool_)
        for level, rows in assuming.items():
            shape = len(self._rests.states[level]), len(self._reach.states[level + 1])
            if shape[0] * shape[1] > MOST_PAIRS:
                lost |= rows
                continue
            table = self._changes.get(level)
            if table is None or table.shape[0] < shape[0] or table.shape[1] < shape[1]:
                table = self._changes[level] = _larger(table, shape)
            keys = earlier[level] * table.shape[1] + later[level + 1]
            flat = table.reshape(-1)
            found = np.where(rows, flat[keys], np.int8(0))
            if found.min() < 0:
                new = [divmod(key, table.shape[1]) for key in np.unique(keys[found < 0]).tolist()]
                for rest, pairs in groupby(new, itemgetter(0)):
                    ways = self._reach.of.ways(self._rests.leaves(level, rest), level)
                    for _, number in pairs:
                        table[rest, number] = self._changed(level, rest, ways, number)
                found = np.where(rows, flat[keys], np.int8(0))
            opened[self._row[level]] = found == 1
            if found.max() > 1:
                lost |= found > 1
        return lost

    def _changed(self, level: int, rest: int, ways: Ways, later: int) -> int:
        """Return whether an assumed fact's other values change what is possible.

        It is 1 where they do, 0 where they do not, and 2 where a state is lost.
        """
        reachable = self._reach.states[level + 1][later]
        if reachable is None or rest == LOST:
            return 2
        return int(len(ways) > 1 and len(set(map(self._sets.decisions, reached(ways, reachable)))) > 1)

    def _numbers(
        self,
        candidates: Candidates,
        reached: Numbers,
        rests: Numbers,
        settled: Flags,
        lost: Flags,
    ) -> Numbers:
        """Return the place of every outcome, each found once."""
        keys = reached.astype(np.int64) * len(self._rests.states[-1]) + rests
        lists: Sequence[tuple[str, ...]] = [NONE]
        if candidates.unavailable is not None:
            lists = candidates.unavailable.lists
            keys = keys * len(lists) + candidates.unavailable.numbers
        asked = np.zeros(len(keys), np.int64)
        if self._referring:  # somebody settled may be sent on too: that depends on what is known of these facts
            given = [(unknown, regions[candidates.columns[place]]) for place, unknown, regions in self._referring]
            open_to = np.logical_or.reduce([column == unknown for unknown, column in given])
            for unknown, column in given:
                asked = asked * (unknown + 1) + column
            asked = np.where(open_to & settled, asked + 1, 0)
        distinct, asked = np.unique(asked, return_inverse=True) if self._referring else (asked[:1], asked)
        keys = keys * max(1, len(distinct)) + asked
        keys[lost] = -1
        found, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        places = np.zeros(len(found), np.int32)
        for place, row in enumerate(first.tolist()):
            if found[place] < 0:
                continue
            listed = lists[candidates.unavailable.numbers[row]] if candidates.unavailable is not None else NONE
            known = Known(int(reached[row]), int(rests[row]), listed, int(distinct[asked[row]]))
            if known not in self._by_known:
                rest = self._rests.states[-1][known.rest]
                self._by_known[known] = self._place(
                    self._engine.decide(self.question(candidates, row))
                    if rest is None
                    else self._engine.outcome(rest, listed, strict=self._strict)
                )
            places[place] = self._by_known[known]
        return places[inverse]

    def _place(self, outcome: Outcome) -> int:
        plain = outcome._replace(
            possible=tuple(outcome.possible), missing=tuple(outcome.missing), open_assumptions=NONE
        )
        place = self._place_of.setdefault(plain, len(self._outcomes))
        if place == len(self._outcomes):
            self._outcomes.append(plain)
        return place


def _larger(table: npt.NDArray[np.int8] | None, shape: tuple[int, int]) -> npt.NDArray[np.int8]:
    larger = np.full((2 * shape[0], 2 * shape[1]), -1, np.int8)
    if table is not None:
        rows, columns = min(table.shape[0], 2 * shape[0]), min(table.shape[1], 2 * shape[1])
        larger[:rows, :columns] = table[:rows, :columns]
    return larger


class _Sets:
    """The decisions behind the terminals of the staged diagram."""

    def __init__(self, logic: Logic) -> None:
        self._terminals = logic.diagram.terminals
        self._of: dict[int, tuple[Decision, ...]] = {}
        self._settled = np.zeros(0, np.bool_)

    def decisions(self, bits: int) -> tuple[Decision, ...]:
        """Return the decisions of terminals given as bits, each once."""
        if bits not in self._of:
            staged = [each for place, each in enumerate(self._terminals) if bits >> place & 1]
            found = {each.decision: None for each in staged if isinstance(each, DecisionAtStep)}
            self._of[bits] = tuple(sorted(found, key=lambda d: (d.disposition, d.pathway or "")))
        return self._of[bits]

    def settled(self, reach: Reach) -> Flags:
        """Return for every state before all facts whether it leaves one decision."""
        for number in range(len(self._settled), len(reach.states[0])):
            self._settled = np.append(self._settled, len(self.decisions(reach.bits(number))) == 1)
        return self._settled
