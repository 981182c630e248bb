"""The compiled decision against an independent solver (Z3), for every condition of both releases.

The solver reads the rule book's lines with a reader of its own, so neither grammar nor diagram judges itself.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import z3

from app.core.facts import GRADES, Fact
from app.core.logic import Logic
from app.core.precedence import Decision
from app.core.rules import Release
from app.engines import rules_folder
from app.rulebook.files import read
from app.rulebook.load import RuleBook

FILES = ("exclusions", "scope", "reviews", "phases", "label_safety")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Solver:
    """One release as formulas over integers: a fact is the place of its value among its answers, or its number."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.facts = {name: z3.Int(name) for name in release.facts}
        self.solver = z3.Solver()
        for name, fact in release.facts.items():
            least, most = (fact.minimum, fact.maximum) if fact.kind == "integer" else (0, len(fact.values) - 1)
            self.solver.add(self.facts[name] >= least, self.facts[name] <= most)
        alive = {rule.id for rule in release.rules}
        entries = [entry for file in FILES for entry in read(rules_folder() / f"{file}.yaml").data]
        self.entries = {entry["id"]: entry for entry in entries if entry["id"] in alive}
        self.holds = {name: self.condition(entry["when"]) for name, entry in self.entries.items()}

    def condition(self, data: Any) -> Any:
        """A condition of the rule book as a formula."""
        if isinstance(data, dict):
            ((word, parts),) = data.items()
            if word == "not":
                return z3.Not(self.condition(parts))
            return (z3.And if word == "all" else z3.Or)([self.condition(part) for part in parts])
        name, comparison, operand = data.split(" ", 2)
        fact, variable = self.release.facts[name], self.facts[name]
        if comparison in OPERATORS:
            return OPERATORS[comparison](variable, place(fact, operand))
        if ".." in operand:
            low, high = operand.split("..")
            return z3.And(variable >= place(fact, low), variable <= place(fact, high))
        return z3.Or([variable == place(fact, word) for word in re.findall(r"\w+", operand)])

    def diagram(self, logic: Logic, root: int, leaf: Callable[[object], Any]) -> Any:
        """A root of the diagram as a formula."""
        d = logic.diagram
        known: dict[int, Any] = {}

        def below(node: int) -> Any:
            if node < 0:
                return leaf(d.terminals[~node])
            if node not in known:
                variable = d.variables[d.levels[node]]
                at = self.facts[variable.fact.name]
                children = [below(child) for child in d.children[node]]
                formula = children[-1]
                for values, child in zip(variable.regions[:-1], children[:-1], strict=True):
                    inside = z3.Or([at == place(variable.fact, str(value)) for value in values])
                    formula = z3.If(inside, child, formula)
                known[node] = formula
            return known[node]

        return below(root)

    def decision(self) -> Any:
        """The precedence of decision.md as one formula over codes of decisions."""

        def some(kind: str, effect: str = "", pathway: str = "") -> Any:
            chosen = []
            for name, entry in self.entries.items():
                listed = entry.get(effect, ()) if effect else ()
                if entry_kind(entry) == kind and (not pathway or pathway in listed):
                    chosen.append(self.holds[name])
            return z3.Or(chosen)

        result: Any = z3.IntVal(code(Decision("clinician_review")))
        named = sorted((e for e in self.entries.values() if "phase" in e), key=lambda entry: entry["phase"])
        for entry in named:
            pathway = entry["indicates"]
            recommended = code(Decision("recommended", pathway, entry["phase"]))
            label = z3.If(some("label", "reviews", pathway), code(Decision("clinician_review")), recommended)
            label = z3.If(some("label", "excludes", pathway), code(Decision("excluded")), label)
            result = z3.If(self.holds[entry["id"]], label, result)
        result = z3.If(some("concern"), code(Decision("clinician_review")), result)
        result = z3.If(some("scope"), code(Decision("referred")), result)
        return z3.If(some("exclusion"), code(Decision("excluded")), result)

    def equivalent(self, one: Any, other: Any) -> bool:
        """Whether two formulas agree for every candidate."""
        self.solver.push()
        self.solver.add(one != other)
        answer = self.solver.check()
        self.solver.pop()
        assert answer in (z3.sat, z3.unsat)
        return bool(answer == z3.unsat)


def entry_kind(entry: Mapping[str, Any]) -> str:
    """Which step of the precedence an entry of the rule book belongs to."""
    if "refers" in entry:
        return "scope"
    if entry.get("excludes") == "all":
        return "exclusion"
    if entry.get("reviews") in ("concern", "gap"):
        return str(entry["reviews"])
    return "phase" if "phase" in entry else "label"


def code(decision: object) -> int:
    """A number for each decision."""
    assert isinstance(decision, Decision)
    return {"excluded": 0, "referred": 1, "clinician_review": 2, "recommended": 3}[decision.disposition] + (
        decision.phase or 0
    )


def place(fact: Fact, word: str) -> int:
    """The number that stands for an answer."""
    if fact.kind == "integer":
        return int(word)
    if fact.kind == "boolean":
        return ["false", "true"].index(word.lower())
    return (list(GRADES) if fact.kind == "grade" else [str(value) for value in fact.values]).index(word)


@pytest.mark.parametrize("name", ["2026.1", "2026.2"])
def test_a_solver_agrees_with_every_condition_and_with_the_decision(name: str, book: RuleBook) -> None:
    release = book.releases[name]
    solver = Solver(release)
    logic = Logic(release.facts, release.rules, release.order, release.budget)
    assert set(solver.holds) == {rule.id for rule in release.rules}
    for rule in release.rules:
        compiled = solver.diagram(logic, logic.rule_roots[rule.id], lambda answer: z3.BoolVal(answer is True))
        assert solver.equivalent(solver.holds[rule.id], compiled), rule.id
    decided = solver.diagram(logic, logic.decision_root, lambda answer: z3.IntVal(code(answer)))
    assert solver.equivalent(solver.decision(), decided)


def test_the_solver_notices_a_condition_that_is_a_little_off(book: RuleBook) -> None:
    release = book.releases["2026.2"]
    solver = Solver(release)
    for line, off in (
        ("age_years < 18", "age_years <= 18"),
        ("sagging >= advanced", "sagging > advanced"),
        ("fitzpatrick_type in [IV, V, VI]", "fitzpatrick_type in [IV, V]"),
    ):
        assert not solver.equivalent(solver.condition(line), solver.condition(off))
