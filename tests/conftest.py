"""What tests share: the rule book as shipped, compiled once."""

import pytest

from app.core.triage import Engines
from app.main import rules_folder
from app.rulebook.load import RuleBook, load


@pytest.fixture(scope="session")
def book() -> RuleBook:
    """The rule book as shipped."""
    return load(rules_folder())


@pytest.fixture(scope="session")
def engines(book: RuleBook) -> Engines:
    """Every release, compiled."""
    return Engines.of(book.releases.values(), book.current)
