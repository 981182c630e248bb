"""The second reading by itself: it is apart from the service, and its short ways are exact."""

import ast
from collections.abc import Collection
from itertools import product
from math import prod
from pathlib import Path
from random import Random

import pytest

from tests.independent.beside import (
    CAUTIONS,
    CONSULTATIONS,
    MODALITIES,
    PRECONDITIONS,
)
from tests.independent.candidates import draws
from tests.independent.completions import (
    DECISIONS,
    LABEL_FACTS,
    LEADING,
    Completions,
    Decision,
    Objection,
    decision_of,
    objection_of,
    step_of,
)
from tests.independent.decision_rules import RULES
from tests.independent.facts import VALUES, Candidate, State, Test, Value, assuming

HERE = Path(__file__).parent
READING = sorted({*HERE.glob("*.py")} - {*HERE.glob("test_*.py"), HERE / "wrong.py"})
MOST = 500
"""How many completions are gone through one by one."""


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or ".")
    return found


@pytest.mark.parametrize("path", READING, ids=lambda path: path.name)
def test_it_shares_no_code_with_the_service(path: Path) -> None:
    ours = {name for name in imported(path) if name.split(".")[0] in ("app", "tests", "tools", ".")}
    assert all(f"{name}.".startswith("tests.independent.") for name in ours)


def decided(candidate: Candidate) -> Decision:
    """Return the decision where all facts are known: the steps of decision.md, one by one."""
    each = [objection_of(name, candidate[name]) for name in LABEL_FACTS]
    strongest: Objection = (max(o[0] for o in each), max(o[1] for o in each), max(o[2] for o in each))
    return decision_of(step_of(candidate), strongest)


def one_by_one(known: Candidate, unknown: Collection[str]) -> tuple[list[Decision], set[str]]:
    """Return what is possible and missing, from all completions by their values."""
    decisions: dict[tuple[Value, ...], Decision] = {}
    for values in product(*(VALUES[name] for name in unknown)):
        decisions[values] = decided({**known, **dict(zip(unknown, values, strict=True))})
    missing = set()
    for place, name in enumerate(unknown):
        groups: dict[tuple[Value, ...], set[Decision]] = {}
        for values, decision in decisions.items():
            groups.setdefault((*values[:place], *values[place + 1 :]), set()).add(decision)
        if any(len(group) > 1 for group in groups.values()):
            missing.add(name)
    return [each for each in DECISIONS if each in decisions.values()], missing


def test_all_completions_one_by_one_come_to_the_same() -> None:
    random, several = Random(5), 0
    for asked in draws(5, 80):
        known = {name: random.choice(values) for name, values in VALUES.items()}
        known |= assuming(asked.facts, strict=False)
        unknown = list[str]()
        for name in random.sample([*LEADING, *LABEL_FACTS], 5):
            if prod(len(VALUES[each]) for each in (*unknown, name)) <= MOST:
                unknown.append(name)
        left = {name: value for name, value in known.items() if name not in unknown}
        found, (possible, missing) = Completions(left, strict=True), one_by_one(left, unknown)
        assert (found.possible, set(found.missing)) == (possible, missing)
        several += len(possible) > 1
    assert several > 10


def test_no_rule_tells_the_values_of_a_class_apart() -> None:
    classes = LEADING | LABEL_FACTS
    for name, groups in classes.items():
        assert sorted(map(str, (value for group in groups for value in group))) == sorted(map(str, VALUES[name]))
    nobody: dict[str, Value] = {name: groups[0][0] for name, groups in classes.items()}
    random = Random(3)
    for _ in range(50):
        others = nobody | {name: random.choice(VALUES[name]) for name in classes}
        for name, groups in classes.items():
            for group in groups:
                states = {tuple(rule.test({**others, name: value}) for rule in RULES) for value in group}
                assert len(states) == 1


def exactly(test: Test, known: Candidate, unknown: Collection[str]) -> State:
    """Return the state of a test from all completions."""
    every = product(*(VALUES[name] for name in unknown))
    states = {test({**known, **dict(zip(unknown, values, strict=True))}) for values in every}
    return states.pop() if len(states) == 1 else None


JOINED: dict[str, tuple[tuple[str, ...], Test]] = {
    "REVIEW-PARTIAL-PHASE-3": (
        ("sagging", "photodamage"),
        next(rule.test for rule in RULES if rule.id == "REVIEW-PARTIAL-PHASE-3"),
    ),
    **{
        f"{name} {word}": (("jurisdiction", "product_source", "product_status", "lawful_here_checked"), test)
        for name in ("PRE-LEGAL-STATUS", "PRE-LEGAL-STATUS-INJECTION")
        for word, test in zip(("met", "unmet"), PRECONDITIONS[name][1], strict=True)
    },
    "ALT-MONOPOLAR-RF-2": (("elasticity_loss", "sagging", "photodamage"), MODALITIES["ALT-MONOPOLAR-RF-2"].unfit),
    "ALT-DERMATOLOGY": (("photodamage", "hyperpigmentation"), CONSULTATIONS["ALT-DERMATOLOGY"]),
    "CAUTION-PREGNANT-PHASE-1": (
        ("pregnant", "breastfeeding", "planning_pregnancy"),
        CAUTIONS["CAUTION-PREGNANT-PHASE-1"][1],
    ),
}
"""Conditions of several facts, some of which they test in two parts."""


@pytest.mark.parametrize("name", JOINED)
def test_a_condition_is_open_just_where_completions_differ(name: str) -> None:
    facts, test = JOINED[name]
    random = Random(7)
    for _ in range(60):
        known = {fact: random.choice(VALUES[fact]) for fact in facts if random.random() < 0.5}
        if "met" in name.split() and not {"jurisdiction", "product_source", "product_status"} <= set(known):
            assert test(known) is not True  # what it needs is not known
        else:
            assert test(known) is exactly(test, known, [fact for fact in facts if fact not in known])
