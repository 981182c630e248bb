"""What tests share: the rule book as shipped, compiled once, and the list of wrong implementations at the end."""

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the deliberately wrong implementations, and whether each was noticed."""
    for outcome, word in (("passed", "noticed"), ("failed", "NOT NOTICED")):
        ids = [report.nodeid for report in terminalreporter.getreports(outcome) if "::test_a_wrong_" in report.nodeid]
        names = sorted(node.rpartition("[")[2].rstrip("]") for node in ids)
        if names:
            terminalreporter.write_line(f"wrong implementations {word}: {len(names)}: {', '.join(names)}")
