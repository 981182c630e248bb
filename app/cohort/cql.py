"""A release's decision as a CQL library, with the exact possible set.

CQL takes null for false wherever it branches: a plain `case` over the rules would tell an open candidate a decision. So
every fact first becomes a region, a whole number that is never null, and every node of the diagram one definition: the
decisions that can still be reached below it. Each expression is written twice from one tree, as text and as ELM.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

from app.cohort import elm
from app.cohort.elm import Expression
from app.cohort.nodes import UNUSABLE, Nodes, runs_of, word_of
from app.core.facts import Fact, Value
from app.core.logic import Logic
from app.core.precedence import Decision
from app.core.rules import Release

NAME = "CandidateTriageDecision"
STRICT = "Strict"
ENDS = (
    ("Disposition", "String", False),
    ("Pathway", "String", False),
    ("Phase", "Integer", False),
    ("Possible", "String", True),
    ("Unusable", "String", False),
)
"""The definitions that others read: name, type, and whether it is a list."""
KINDS = {"boolean": "Boolean", "integer": "Integer"}
"""The types of parameters; all others are texts."""


class Definition(NamedTuple):
    """A named expression, with what it is for."""

    name: str
    expression: Expression
    comment: str = ""


class Library:
    """A release as a CQL library: parameters and definitions."""

    def __init__(self, release: Release, logic: Logic | None = None) -> None:
        self._nodes = nodes = Nodes(release, logic)
        self.version = release.id
        self.facts: Sequence[Fact] = [nodes.variables[level].fact for level in nodes.asked]
        self._definitions = list(self._defined())

    def text(self) -> str:
        """Return the library as CQL."""
        facts = [f'parameter "{fact.name}" {kind_of(fact)}' for fact in self.facts]
        head = [f"library {NAME} version '{self.version}'", *facts, f'parameter "{STRICT}" Boolean default false']
        lines = ["\n".join(head), "context Unfiltered"]
        for name, expression, comment in self._definitions:
            note = f"// {comment}\n" if comment else ""
            lines.append(f'{note}define "{name}":\n  {expression.text}')
        return "\n\n".join(lines) + "\n"

    def as_elm(self) -> dict[str, Any]:
        """Return the library as ELM, for JSON."""
        strict = _given(STRICT, "Boolean") | {"default": elm.boolean(False).elm}
        facts = [_given(fact.name, kind_of(fact)) for fact in self.facts]
        return {
            "library": {
                "identifier": {"id": NAME, "version": self.version},
                "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
                "usings": {"def": [{"localIdentifier": "System", "uri": elm.TYPES}]},
                "parameters": {"def": [*facts, strict]},
                "statements": {
                    "def": [
                        {"name": name, "context": "Unfiltered", "accessLevel": "Public", "expression": expression.elm}
                        for name, expression, _ in self._definitions
                    ]
                },
            }
        }

    def _defined(self) -> Iterator[Definition]:
        nodes = self._nodes
        for level in nodes.asked:
            about = f"{nodes.variables[level].fact.name}: {UNUSABLE} is no answer, -1 is unknown"
            yield Definition(self._region_name(level), self._region(level), about)
        for level, listed in nodes.levels.items():
            for node in listed:
                yield Definition(f"Node {node}", self._reached(level, node))
        yield Definition("Reached", self._below(nodes.root))
        yield Definition("Unusable", self._unusable(), "the first fact whose value is no answer to it, or null")
        usable, one = (
            elm.is_null(elm.definition("Unusable")),
            elm.equal(elm.count(elm.definition("Reached")), elm.integer(1)),
        )
        reached = elm.definition("Reached")
        settled = elm.both(usable, one)
        disposition = self._of_decision(lambda decision: elm.string(decision.disposition))
        open_ = elm.if_else(usable, elm.string("needs_information"), elm.null("String"))
        yield Definition("Disposition", elm.if_else(settled, disposition, open_))
        pathway = self._of_decision(lambda d: elm.string(d.pathway) if d.pathway else elm.null("String"))
        yield Definition("Pathway", elm.if_else(settled, pathway, elm.null("String")))
        phase = self._of_decision(lambda d: elm.integer(d.phase) if d.phase else elm.null("Integer"))
        yield Definition("Phase", elm.if_else(settled, phase, elm.null("Integer")))
        about = "while it is open, every decision that the unknown facts can still lead to; null beside Unusable"
        possible = elm.if_else(
            elm.both(usable, elm.negated(one)), reached, elm.if_else(usable, elm.strings(()), elm.no_strings())
        )
        yield Definition("Possible", possible, about)

    def _region_name(self, level: int) -> str:
        return f"Region of {self._nodes.variables[level].fact.name}"

    def _region(self, level: int) -> Expression:
        variable = self._nodes.variables[level]
        given = elm.parameter(variable.fact.name)
        found = elm.integer(UNUSABLE)
        for region, values in reversed(list(enumerate(variable.regions))):
            found = elm.if_else(_one_of(given, values), elm.integer(region), found)
        strict, assumed = (elm.integer(self._nodes.unknown(level, strict=strict)) for strict in (True, False))
        unknown = strict if strict == assumed else elm.if_else(elm.parameter(STRICT), strict, assumed)
        return elm.if_else(elm.is_null(given), unknown, found)

    def _reached(self, level: int, node: int) -> Expression:
        children = self._nodes.children[node]
        below = [self._below(child) for child in dict.fromkeys(children)]
        found = reduce(elm.union, below)
        region = elm.definition(self._region_name(level))
        for number, child in reversed(list(enumerate(children))):
            found = elm.if_else(elm.equal(region, elm.integer(number)), self._below(child), found)
        return found

    def _below(self, node: int) -> Expression:
        if node >= 0:
            return elm.definition(f"Node {node}")
        return elm.strings([elm.string(word_of(self._nodes.ends[node]))])

    def _unusable(self) -> Expression:
        found = elm.null("String")
        for level in reversed(self._nodes.asked):
            wrong = elm.equal(elm.definition(self._region_name(level)), elm.integer(UNUSABLE))
            found = elm.if_else(wrong, elm.string(self._nodes.variables[level].fact.name), found)
        return found

    def _of_decision(self, said: Callable[[Decision], Expression]) -> Expression:
        """Return what is said of the one decision that is reached."""
        decisions = list(self._nodes.ends.values())
        found = said(decisions[-1])
        for decision in reversed(decisions[:-1]):
            found = elm.if_else(
                elm.contains(elm.definition("Reached"), elm.string(word_of(decision))), said(decision), found
            )
        return found


def kind_of(fact: Fact) -> str:
    """Return the CQL type of a fact."""
    return KINDS.get(fact.kind, "String")


def _given(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "accessLevel": "Public", "parameterTypeSpecifier": elm.named(kind)}


def _one_of(given: Expression, values: Sequence[Value]) -> Expression:
    """Return whether a value that is not null is one of these."""
    whole = sorted(value for value in values if type(value) is int)
    if whole:
        return reduce(elm.either, [elm.between(given, first, last) for first, last in runs_of(whole)])
    each = [elm.boolean(value) if isinstance(value, bool) else elm.string(str(value)) for value in values]
    return (
        reduce(elm.either, [elm.equal(given, value) for value in each])
        if len(each) < 3
        else elm.contains(elm.strings(each), given)
    )
