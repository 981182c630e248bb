"""The safety case: checked against what it names, and read into core."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from app.core.catalogue import entries
from app.core.languages import DEFAULT
from app.core.rules import Release
from app.proof import safety
from app.rulebook.book import Book
from app.rulebook.build import made
from app.rulebook.files import RuleBookError, Where
from app.rulebook.schema_safety import KINDS, Attribute, Control, Hazard, Level, Matrix, Rating
from app.rulebook.words import Translator

HAZARDS, MATRIX, ATTRIBUTES = "safety/hazards.yaml", "safety/matrix.yaml", "safety/attributes.yaml"
WORKING = ("law", "rule", "test")
"""A setting is no control until somebody sets it."""
NOT_RUN = re.compile(r"^(?!.*parametrize).*mark\.(?:skip|xfail)\b", re.S)
"""A mark of a whole test; a single case of a parametrised one may be skipped."""


@dataclass(frozen=True)
class Proofs:
    """What controls may name beside laws and rules."""

    settings: Collection[str]
    tests: Path | None
    """The root of a checkout; `None` where the program is installed without its tests."""


def check_safety(book: Book, release: Release, proofs: Proofs | None = None) -> Iterator[RuleBookError]:
    """Yield what is wrong with the safety case.

    Tests and settings are looked for where `proofs` says what there is.
    """
    yield from _matrix(book)
    known: dict[str, Collection[str]] = {
        "law": {law.name for law in release.laws},
        "rule": {entry.id for entry in entries(release)},
    }
    if proofs:
        known["setting"] = proofs.settings
        if proofs.tests:
            known["test"] = existing_tests(proofs.tests, {c.test for h in book.entries[HAZARDS] for c in h.controls})
    needed: set[str] = set()
    for place, hazard in enumerate(book.entries[HAZARDS]):
        working = False
        names = [named(control) for control in hazard.controls]
        for at, (kind, name) in enumerate(names):
            if (kind, name) in names[:at]:
                yield book.error(HAZARDS, (place, "controls", at, kind), f"`{name}` stands twice among the controls")
            is_there = kind not in known or name in known[kind]
            working = working or (is_there and kind in WORKING)
            if kind == "law":
                needed.add(name)
            if not is_there:
                yield book.error(HAZARDS, (place, "controls", at, kind), f"`{name}` is no {kind} that exists")
        if not working:
            says = "no law, rule or test controls this hazard; a setting alone does not until it is set"
            yield book.error(HAZARDS, (place, "controls"), says)
        yield from _ratings(book, place, hazard)
    for place, law in enumerate(book.entries["laws.yaml"]):
        if law.name in known["law"] and law.name not in needed:
            says = f"no hazard needs this law; name it as a control in {HAZARDS}, or remove it"
            yield book.error("laws.yaml", (place,), says)
    for place, attribute in enumerate(book.entries[ATTRIBUTES]):
        for name in attribute.facts:
            if name not in release.facts:
                yield book.error(ATTRIBUTES, (place, "facts"), f"`{name}` is no fact of {release.id}")
        if bool(attribute.facts) != bool(attribute.used):
            yield book.error(ATTRIBUTES, (place, "facts"), "name the facts that use it, and none where it is not used")


def _matrix(book: Book) -> Iterator[RuleBookError]:
    matrix: Matrix = book.entries[MATRIX]
    levels = [*matrix.severities, *matrix.likelihoods, *matrix.risks]
    for name, count in Counter(level.id for level in levels).items():
        if count > 1:
            yield book.error(MATRIX, (), f"`{name}` is written twice")
    likelihoods = [level.id for level in matrix.likelihoods]
    if sorted(matrix.matrix) != sorted(likelihoods):
        yield book.error(MATRIX, ("matrix",), f"the rows are {', '.join(likelihoods)}")
    for name, row in matrix.matrix.items():
        if len(row) != len(matrix.severities):
            yield book.error(MATRIX, ("matrix", name), "a row has one risk for each severity")
        elif any(less > more for less, more in pairwise(row)):
            yield book.error(MATRIX, ("matrix", name), "a greater severity has no lower risk")
    rows = [matrix.matrix.get(name, []) for name in likelihoods]
    for name, (likelier, row) in zip(likelihoods[1:], pairwise(rows), strict=True):
        if any(more < less for more, less in zip(likelier, row, strict=False)):
            yield book.error(MATRIX, ("matrix", name), "a lower likelihood has no greater risk")


def _ratings(book: Book, place: int, hazard: Hazard) -> Iterator[RuleBookError]:
    matrix = _matrix_of(book.entries[MATRIX])
    for key in ("initial", "residual"):
        given: Rating = getattr(hazard, key)
        where: Where = (place, key)
        risk = matrix.risk(given.severity, given.likelihood)
        if risk is None:
            yield book.error(HAZARDS, where, f"`{given.severity}` and `{given.likelihood}` are no steps of the matrix")
        elif risk != given.risk:
            yield book.error(HAZARDS, where, f"the risk is {risk} by the matrix")
    if hazard.residual.risk > hazard.initial.risk:
        yield book.error(HAZARDS, (place, "residual"), "the residual risk is above the initial one")
    for key, levels in (("severity", matrix.severities[::-1]), ("likelihood", matrix.likelihoods)):
        steps = [level.id for level in levels]  # the worst first
        before, after = (getattr(rating, key) for rating in (hazard.initial, hazard.residual))
        if {before, after} <= set(steps) and steps.index(after) < steps.index(before):
            yield book.error(
                HAZARDS, (place, "residual", key), f"no control makes a {key} greater than the initial one"
            )
    if hazard.residual.risk > book.entries[MATRIX].bearable:
        says = f"a residual risk above {book.entries[MATRIX].bearable} is not bearable"
        yield book.error(HAZARDS, (place, "residual"), says)


def named(control: Control) -> tuple[safety.ControlKind, str]:
    """Return the kind and the name of what a control names."""
    return next((kind, name) for kind in KINDS if (name := getattr(control, kind)))


def existing_tests(root: Path, names: Collection[str | None]) -> set[str]:
    """Return the tests there are in the files of these, unrun.

    Each is `path::name`. What pytest does not collect, always skips or expects to fail shows nothing.
    """
    found = set()
    for file in {name.partition("::")[0] for name in names if name}:
        if not Path(file).name.startswith("test_"):
            continue
        try:
            tree = ast.parse((root / file).read_text("utf-8"))
        except (OSError, SyntaxError):
            continue
        statements = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]
        if any(each.startswith("pytestmark =") and NOT_RUN.search(each) for each in statements):
            continue
        tests = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        found |= {f"{file}::{node.name}" for node in tests if not any(map(_is_not_run, node.decorator_list))}
    return found


def _is_not_run(decorator: ast.expr) -> bool:
    return bool(NOT_RUN.search(ast.unparse(decorator)))


def safety_cases(book: Book) -> dict[str, safety.SafetyCase]:
    """Return the safety case of a checked rule book in every language."""
    return {code: _case(book, code) for code in (DEFAULT, *book.languages)}


def _case(book: Book, code: str) -> safety.SafetyCase:
    translator = Translator(book, code)
    hazards: list[Hazard] = [translator.entry(HAZARDS, hazard) for hazard in book.entries[HAZARDS]]
    attributes: list[Attribute] = [translator.entry(ATTRIBUTES, each) for each in book.entries[ATTRIBUTES]]
    return safety.SafetyCase(
        _matrix_of(book.entries[MATRIX], translator),
        tuple(
            made(
                safety.Hazard,
                hazard,
                initial=made(safety.Rating, hazard.initial),
                controls=tuple(safety.Control(*named(each), each.says or "") for each in hazard.controls),
                residual=made(safety.Rating, hazard.residual),
            )
            for hazard in hazards
        ),
        tuple(made(safety.Attribute, each) for each in attributes),
    )


def _matrix_of(matrix: Matrix, translator: Translator | None = None) -> safety.Matrix:
    def levels(given: list[Level]) -> tuple[safety.Level, ...]:
        said = [translator.entry(MATRIX, each) if translator else each for each in given]
        return tuple(made(safety.Level, each) for each in said)

    return safety.Matrix(levels(matrix.severities), levels(matrix.likelihoods), levels(matrix.risks), matrix.matrix)
