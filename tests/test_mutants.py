"""Every rule made wrong is noticed: by its own examples, or by a golden patient."""

from functools import cache

import pytest

from app.core.engine import Engine
from app.core.rules import Release
from app.engines import rules_folder
from app.rulebook.book import Book, read_book
from app.rulebook.checks import check_examples
from app.rulebook.load import RuleBook
from tests.mutants import mutants
from tests.patients import Patient, differences, patients

BLOCKS = 8


@cache
def book_as_read() -> Book:
    return read_book(rules_folder())


@cache
def patients_of(release: str) -> tuple[Patient, ...]:
    return tuple(patient for patient in patients() if release in patient.rulesets)


def test_no_patient_complains_of_the_rules_as_they_are(book: RuleBook) -> None:
    for release in book.releases.values():
        assert list(check_examples(book_as_read(), release)) == []
        engine = Engine(release)
        assert [d for patient in patients_of(release.id) for d in differences(patient, engine)] == []


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("release", ["2026.1", "2026.2", "2026.3"])
def test_every_mutant_is_noticed(release: str, block: int, book: RuleBook) -> None:
    survivors = []
    for place, (name, mutant) in enumerate(mutants(book.releases[release])):
        if place % BLOCKS == block and not _noticed(name, mutant):
            survivors.append(name)
    assert survivors == []


def _noticed(name: str, mutant: Release) -> bool:
    if any(check_examples(book_as_read(), mutant, only=name.split(":")[0])):
        return True
    engine = Engine(mutant)
    return any(differences(patient, engine) for patient in patients_of(mutant.id))
