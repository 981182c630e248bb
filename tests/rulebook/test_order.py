"""The order of facts is an artefact, and it is current."""

import pytest

from app.core.diagram import BudgetExceededError
from app.core.logic import Logic
from app.rulebook.load import RuleBook
from app.rulebook.ordering import sift


@pytest.mark.parametrize(
    "name", ["2026.1", *(pytest.param(each, marks=pytest.mark.long) for each in ("2026.2", "2026.3"))]
)
def test_the_order_is_the_one_that_sifting_finds(name: str, book: RuleBook) -> None:
    release = book.releases[name]
    order, size = sift(release)
    assert (list(release.order), Logic(release.facts, release.rules, release.order).size) == (order, size), (
        "run `triage order`"
    )


def test_a_build_beyond_its_budget_fails(book: RuleBook) -> None:
    release = book.releases[book.current]
    with pytest.raises(BudgetExceededError):
        Logic(release.facts, release.rules, release.order, budget=100)
