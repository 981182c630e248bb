"""The safety case: each kind of fault is refused, and what it names is there."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from app.cli import cli
from app.engines import folder_of_tests, rules_folder
from app.rulebook.book import Book, read_book
from app.rulebook.checks import check_book
from app.rulebook.load import RuleBook
from app.rulebook.safety import ATTRIBUTES, HAZARDS, MATRIX, Proofs, check_safety, existing_tests
from app.rulebook.schema_safety import Control
from app.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PROOFS = Proofs(SETTINGS, ROOT)
LAW = "an_active_skin_infection_is_always_excluded"


@pytest.fixture(scope="module")
def shipped() -> Book:
    """The files of the rule book as shipped."""
    return read_book(rules_folder())


def faults(files: Book, book: RuleBook, proofs: Proofs | None = PROOFS) -> list[str]:
    return [error.says for error in check_safety(files, book.releases[book.current], proofs)]


def edited(files: Book, file: str, change: Callable[[Any], object]) -> Book:
    return replace(files, entries={**files.entries, file: change(files.entries[file])})


def first(**values: Any) -> Callable[[Sequence[Any]], object]:
    """Change keys of the first entry."""
    return lambda entries: [entries[0].model_copy(update=values), *entries[1:]]


def controlled_by(*controls: dict[str, str]) -> Callable[[Sequence[Any]], object]:
    """Put controls beside those of the first hazard."""
    return lambda entries: first(controls=[*entries[0].controls, *map(Control.model_validate, controls)])(entries)


def rated(key: str, severity: str, likelihood: str, risk: int) -> Callable[[Sequence[Any]], object]:
    given = {"severity": severity, "likelihood": likelihood, "risk": risk}
    return lambda entries: first(**{key: getattr(entries[0], key).model_copy(update=given)})(entries)


def without_law(entries: Sequence[Any]) -> object:
    return [each.model_copy(update={"controls": [c for c in each.controls if c.law != LAW]}) for each in entries]


HERE = "tests/rulebook/test_safety.py"
FAULTS: dict[str, tuple[str, Callable[[Any], object], str]] = {
    "a law that is gone": (HAZARDS, controlled_by({"law": "nobody_wrote_it"}), "`nobody_wrote_it` is no law"),
    "a rule that is gone": (HAZARDS, controlled_by({"rule": "EXC-GONE"}), "`EXC-GONE` is no rule"),
    "a test that is gone": (HAZARDS, controlled_by({"test": f"{HERE}::test_gone", "says": "It."}), "is no test"),
    "a file of tests that is gone": (
        HAZARDS,
        controlled_by({"test": "tests/test_gone.py::test_gone", "says": "It."}),
        "is no test",
    ),
    "a setting that is gone": (HAZARDS, controlled_by({"setting": "TRIAGE_GONE", "says": "It."}), "is no setting"),
    "no control": (HAZARDS, first(controls=[]), "no law, rule or test controls this hazard"),
    "a setting alone": (
        HAZARDS,
        first(controls=[Control(setting="TRIAGE_PORT", says="It.")]),
        "no law, rule or test controls this hazard",
    ),
    "a law that no hazard needs": (HAZARDS, without_law, "no hazard needs this law"),
    "a residual risk that is not by the matrix": (
        HAZARDS,
        rated("residual", "considerable", "very_low", 1),
        "the risk is 2 by the matrix",
    ),
    "an initial risk that is not by the matrix": (
        HAZARDS,
        rated("initial", "considerable", "high", 5),
        "the risk is 3 by the matrix",
    ),
    "a residual risk above the initial one": (
        HAZARDS,
        rated("initial", "minor", "low", 1),
        "the residual risk is above the initial one",
    ),
    "a residual risk that nobody may bear": (
        HAZARDS,
        rated("residual", "major", "high", 4),
        "a residual risk above 3 is not bearable",
    ),
    "a step that the matrix lacks": (HAZARDS, rated("residual", "dreadful", "low", 2), "no steps of the matrix"),
    "a row that is missing": (
        MATRIX,
        lambda given: given.model_copy(update={"matrix": {"low": [1, 2, 2, 3, 4]}}),
        "the rows are",
    ),
    "a row that is short": (
        MATRIX,
        lambda given: given.model_copy(update={"matrix": {**given.matrix, "low": [1]}}),
        "one risk for each severity",
    ),
    "a risk that falls with the severity": (
        MATRIX,
        lambda given: given.model_copy(update={"matrix": {**given.matrix, "low": [1, 2, 1, 3, 4]}}),
        "a greater severity has no lower risk",
    ),
    "a risk that rises as it gets less likely": (
        MATRIX,
        lambda given: given.model_copy(update={"matrix": {**given.matrix, "low": [3, 3, 3, 3, 4]}}),
        "a lower likelihood has no greater risk",
    ),
    "a residual likelihood above the initial one": (
        HAZARDS,
        rated("residual", "minor", "very_high", 3),
        "no control makes a likelihood greater",
    ),
    "a residual severity above the initial one": (
        HAZARDS,
        rated("residual", "catastrophic", "very_low", 3),
        "no control makes a severity greater",
    ),
    "a control that stands twice": (HAZARDS, controlled_by({"law": LAW}), f"`{LAW}` stands twice"),
    "an attribute that names no fact": (ATTRIBUTES, first(used=True, facts=["race"]), "`race` is no fact"),
    "an attribute that is used by nothing": (ATTRIBUTES, first(used=True), "name the facts that use it"),
}


def test_the_shipped_safety_case_has_no_fault(shipped: Book, book: RuleBook) -> None:
    assert faults(shipped, book) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused(name: str, shipped: Book, book: RuleBook) -> None:
    file, change, says = FAULTS[name]
    found = faults(edited(shipped, file, change), book)
    assert any(says in each for each in found), found


def test_an_id_that_stands_twice_is_refused(shipped: Book) -> None:
    twice = edited(shipped, HAZARDS, lambda entries: [entries[0], *entries])
    assert "`HAZ-INFECTION` is written twice" in [error.says for error in check_book(twice)]


@pytest.mark.parametrize(
    "control",
    [{}, {"law": LAW, "rule": "EXC-MINOR"}, {"law": LAW, "says": "It."}, {"setting": "TRIAGE_PORT"}, {"test": "x"}],
)
def test_a_control_names_one_thing_and_says_what_that_does(control: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Control.model_validate(control)


def test_where_the_tests_are_not_there_they_are_not_looked_for(shipped: Book, book: RuleBook) -> None:
    gone = edited(shipped, HAZARDS, controlled_by({"test": "tests/test_gone.py::test_gone", "says": "It."}))
    assert faults(gone, book, Proofs(SETTINGS, None)) == []
    assert folder_of_tests() == ROOT / "tests"


@pytest.mark.parametrize(
    ("file", "text", "is_there"),
    [
        ("test_it", "def test_a(): ...", True),
        ("test_it", "@pytest.mark.skipif(is_old, reason='r')\ndef test_a(): ...", True),
        ("test_it", "@parametrize('x', [pytest.param(1, marks=pytest.mark.skip)])\ndef test_a(): ...", True),
        ("test_it", "@pytest.mark.skip(reason='later')\ndef test_a(): ...", False),
        ("test_it", "@pytest.mark.xfail\ndef test_a(): ...", False),
        ("test_it", "pytestmark = pytest.mark.skip\ndef test_a(): ...", False),
        ("test_it", "def a():\n    def test_a(): ...", False),
        ("helpers", "def test_a(): ...", False),
    ],
)
def test_a_test_that_never_runs_is_no_control(tmp_path: Path, file: str, text: str, *, is_there: bool) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / f"{file}.py").write_text(text, "utf-8")
    name = f"tests/{file}.py::test_a"
    assert (name in existing_tests(tmp_path, {name})) == is_there


def test_the_command_refuses_a_control_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.author_commands.SETTINGS", SETTINGS - {"TRIAGE_SIGNING_KEYS"})
    done = CliRunner().invoke(cli, ["check"])
    assert done.exit_code == 1
    assert "HAZ-ALTERED: `TRIAGE_SIGNING_KEYS` is no setting that exists" in done.output
