"""What would change a decision: new values for at most two given facts after which every completion has another one.

Minimal over the values: no proper part of the new values leads to another settled decision by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.core.diagram import UNKNOWN, Regions
from app.core.facts import Candidate, Value
from app.core.logic import Logic
from app.core.precedence import UNDECIDED, Decision


@dataclass(frozen=True)
class Change:
    """New values for given facts, by name, and the decision that they lead to."""

    to: dict[str, Value]
    decision: Decision


def changes(
    logic: Logic, regions: Regions, candidate: Candidate, wanted: Callable[[Decision], bool] = lambda _: True
) -> list[Change]:
    """Return every minimal change of at most two given facts to a settled decision that is `wanted`.

    `regions` is the candidate in its mode. For an integer there is one change a region, with its nearest value.
    """
    now = _settled(logic, regions)
    levels = [
        level
        for level, v in enumerate(logic.diagram.variables)
        if v.fact.name in candidate and regions[level] != UNKNOWN
    ]
    found: list[tuple[dict[int, int], Decision]] = []
    singles: set[tuple[int, int]] = set()
    after: dict[tuple[int, int], set[int]] = {}
    here = _visited(logic, regions)
    for level in levels:
        for region, changed in _others(logic, regions, level):
            decision = _settled(logic, changed) if level in here else now
            after[level, region] = _visited(logic, changed)
            if decision not in (now, UNDECIDED):
                singles.add((level, region))
                found.append(({level: region}, decision))
    for first in levels:
        for region, changed in _others(logic, regions, first):
            if (first, region) in singles:
                continue
            for second in levels:
                # the second fact matters after the first change only where the diagram then looks at it
                if second <= first or second not in after[first, region]:
                    continue
                for other, both in _others(logic, changed, second):
                    if (second, other) in singles:
                        continue
                    decision = _settled(logic, both)
                    if decision not in (now, UNDECIDED):
                        found.append(({first: region, second: other}, decision))
    return [
        change for new, decision in found if wanted(decision) for change in _values(logic, new, candidate, decision)
    ]


def _settled(logic: Logic, regions: Regions) -> Decision:
    possible = logic.possible(regions)
    return possible[0] if len(possible) == 1 else UNDECIDED


def _others(logic: Logic, regions: Regions, level: int) -> Iterator[tuple[int, Regions]]:
    for region in range(len(logic.diagram.variables[level].regions)):
        if region != regions[level]:
            yield region, [*regions[:level], region, *regions[level + 1 :]]


def _visited(logic: Logic, regions: Regions) -> set[int]:
    """Return the levels that the decision looks at for these regions."""
    d = logic.diagram
    seen: set[int] = set()
    todo = [logic.decision_root]
    while todo:
        node = todo.pop()
        if node >= 0 and node not in seen:
            seen.add(node)
            region = regions[d.levels[node]]
            todo.extend(d.distinct[node] if region == UNKNOWN else (d.children[node][region],))
    return {d.levels[node] for node in seen}


def _values(logic: Logic, new: dict[int, int], candidate: Candidate, decision: Decision) -> Iterator[Change]:
    choices: list[dict[str, Value]] = [{}]
    for level, region in new.items():
        variable = logic.diagram.variables[level]
        name = variable.fact.name
        values = variable.regions[region]
        if variable.fact.kind == "integer":
            at = candidate[name]
            values = (min(values, key=lambda value: (abs(int(value) - int(at)), value)),)
        choices = [{**choice, name: value} for choice in choices for value in values]
    for choice in choices:
        yield Change(choice, decision)
