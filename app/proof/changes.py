"""The smallest changes of given facts that lead to another decision.

Minimal over the values: no proper part of the new values leads to another settled decision by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.core.diagram import UNKNOWN, Regions
from app.core.facts import Candidate, Value
from app.core.logic import Logic, Visited
from app.core.precedence import Decision


@dataclass(frozen=True)
class Change:
    """New values for given facts, and the decision that follows."""

    to: dict[str, Value]
    decision: Decision


def changes(
    logic: Logic, regions: Regions, candidate: Candidate, wanted: Callable[[Decision], bool] = lambda _: True
) -> list[Change]:
    """Return the minimal changes of at most two facts to `wanted` decisions.

    `regions` is the candidate in its mode. For an integer there is one change a region, with its nearest value.
    """
    d = logic.diagram
    known = [level for level, v in enumerate(d.variables) if v.fact.name in candidate and regions[level] != UNKNOWN]
    bits = d.reachability(regions)
    now = bits(logic.decision_root)
    found: list[tuple[dict[int, int], int]] = []
    singles: set[tuple[int, int]] = set()
    here = logic.visited(regions, bits)
    for level in known:
        for region, reached in _after(logic, regions, level, here, bits):
            if reached != now and reached.bit_count() == 1:
                singles.add((level, region))
                found.append(({level: region}, reached))
    # where the decision does not look at the upper of two facts, changing it as well changes nothing
    for first in (level for level in known if level in here[0]):
        for region, changed in _others(logic, regions, first):
            if (first, region) in singles:
                continue
            # below the changed fact completions reach what they did before
            then = logic.visited(changed, bits)
            for second in (level for level in known if level > first):
                for other, reached in _after(logic, regions, second, then, bits):
                    if reached != now and reached.bit_count() == 1 and (second, other) not in singles:
                        found.append(({first: region, second: other}, reached))
    return [
        change
        for new, reached in found
        for decision in logic.decisions(reached)
        if wanted(decision)
        for change in _values(logic, new, candidate, decision)
    ]


def _after(
    logic: Logic, regions: Regions, level: int, visited: Visited, bits: Callable[[int], int]
) -> Iterator[tuple[int, int]]:
    """Yield every other region of a fact with the decisions then reachable."""
    nodes, crossing = visited[0].get(level, ()), visited[1][level]
    for region in range(len(logic.diagram.variables[level].regions)) if nodes else ():
        if region != regions[level]:
            reached = crossing
            for node in nodes:
                reached |= bits(logic.diagram.children[node][region])
            yield region, reached


def _others(logic: Logic, regions: Regions, level: int) -> Iterator[tuple[int, Regions]]:
    for region in range(len(logic.diagram.variables[level].regions)):
        if region != regions[level]:
            yield region, [*regions[:level], region, *regions[level + 1 :]]


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
