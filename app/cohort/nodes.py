"""The nodes of a decision, for the languages of other engines."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from app.core.diagram import UNKNOWN, Variable
from app.core.logic import Logic
from app.core.precedence import Decision
from app.core.rules import Release

NOTHING, UNUSABLE = -1, -2
"""The regions of a value that is unknown, and of one that is no answer to its fact."""


class Nodes:
    """A decision without its engine: facts, regions, nodes and ends.

    Nothing of it reads an unknown value as an answer: a node whose fact is unknown reaches what any of its children
    reaches, save where the decision itself assumes a value.
    """

    def __init__(self, release: Release, logic: Logic | None = None) -> None:
        """`logic` is that of the release, where it is compiled already."""
        logic = logic or Logic(release.facts, release.rules, release.order, release.budget)
        diagram = logic.diagram
        seen: set[int] = set()
        todo = [logic.decision_root]
        while todo:
            node = todo.pop()
            if node >= 0 and node not in seen:
                seen.add(node)
                todo += diagram.children[node]
        last_first = sorted(seen, key=lambda node: (-diagram.levels[node], node))
        self.levels: Mapping[int, Sequence[int]] = {
            level: list(nodes) for level, nodes in groupby(last_first, diagram.levels.__getitem__)
        }
        """The nodes by level, the last level first: children stand before parents."""
        self.children: Mapping[int, Sequence[int]] = {node: diagram.children[node] for node in seen}
        """By node, a child for each region; one below 0 is an end."""
        self.variables: Mapping[int, Variable] = {level: diagram.variables[level] for level in self.levels}
        self.root = logic.decision_root
        decisions = logic.possible(logic.regions({}, strict=True))
        self.ends: Mapping[int, Decision] = {diagram.terminal(decision): decision for decision in decisions}
        """The decisions by their end, in the order in which an answer lists them."""
        self._assumed = logic.regions({}, strict=False)
        order = list(release.facts)
        self.asked = sorted(self.levels, key=lambda level: order.index(self.variables[level].fact.name))
        """The levels in asking order."""

    def unknown(self, level: int, *, strict: bool) -> int:
        """Return the region that an unknown fact is taken for, or `NOTHING`."""
        region = UNKNOWN if strict else self._assumed[level]
        return NOTHING if region == UNKNOWN else region


def facts_read(release: Release) -> list[str]:
    """Return the facts that the decision reads, in asking order."""
    nodes = Nodes(release)
    return [nodes.variables[level].fact.name for level in nodes.asked]


def runs_of(whole: Sequence[int]) -> list[tuple[int, int]]:
    """Return ascending whole numbers as ranges, first to last."""
    runs = [list(run) for _, run in groupby(enumerate(whole), lambda each: each[1] - each[0])]
    return [(run[0][1], run[-1][1]) for run in runs]


def word_of(decision: Decision) -> str:
    """Return a decision as one word: its pathway, else its disposition."""
    return decision.pathway or decision.disposition
