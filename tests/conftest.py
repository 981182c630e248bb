"""What tests share: the rule book as shipped, compiled once, and the list of wrong implementations at the end."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings

from app.core.engine import Engines
from app.engines import build_engines, rules_folder
from app.fhir.localization import Localizations
from app.main import build_app
from app.rulebook.files import File, read
from app.rulebook.load import RuleBook, load
from app.settings import Settings
from tests import counted as counting
from tests.counted import counted
from tests.fhir.resources import NOW
from tests.serving import serving

# rule books are large and live long: to look through them for garbage took a quarter of the time
gc.set_threshold(50_000, 10, 10)
# no test depends on how fast the machine is
settings.register_profile("usual", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("usual"), max_examples=1_000)  # of `make test-long PART=fuzz`
settings.load_profile("usual")


def pytest_configure(config: pytest.Config) -> None:
    """Count the requests."""
    config.pluginmanager.register(counting)


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Each text of a rule book is read once: books differ in one file, and reading took a third of a load."""
    texts: dict[tuple[str, bytes], File] = {}

    def read_again(path: Path, name: str = "") -> File:
        key = name, path.read_bytes() if path.is_file() else b""
        if key not in texts:
            texts[key] = read(path, name)
        return texts[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.rulebook.book.read", read_again)
        yield


@pytest.fixture(scope="session")
def book() -> RuleBook:
    """The rule book as shipped."""
    return load(rules_folder())


@pytest.fixture(scope="session")
def engines(book: RuleBook) -> Engines:
    """Every release, compiled."""
    return Engines.of(book.releases.values(), book.current, spans=book.codes.spans)


@pytest.fixture
def compiled_once(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process answer by the shipped rule book as it is compiled already."""

    def compiled(settings: Settings, book: RuleBook | None = None) -> Engines:
        return engines if settings.rules in (None, rules_folder()) else build_engines(settings, book)

    for module in ("app.cli", "app.command_options", "app.author_commands", "app.screen"):
        monkeypatch.setattr(f"{module}.build_engines", compiled)


@pytest.fixture(scope="session")
def locales(book: RuleBook) -> Localizations:
    """The current release in every language."""
    engines = Engines.of(book.releases.values(), book.current, book.languages.values(), spans=book.codes.spans)
    return Localizations.of(engines, {code: each.phrases for code, each in book.languages.items()}, book.codes)


@pytest.fixture(scope="session")
def app(book: RuleBook) -> FastAPI:
    """The application."""
    return build_app(Settings(), book, clock=lambda: NOW)


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client that gets a 500 as a response instead of an exception."""
    with TestClient(counted(app), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def address(book: RuleBook) -> Iterator[str]:
    """The address of a running service."""
    with serving(lambda base: build_app(Settings(public_url=base), book, clock=lambda: NOW)) as base:
        yield base


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the deliberately wrong implementations, and whether each was noticed."""
    for outcome, word in (("passed", "noticed"), ("failed", "NOT NOTICED")):
        ids = [report.nodeid for report in terminalreporter.getreports(outcome) if "::test_a_wrong_" in report.nodeid]
        names = sorted(node.rpartition("[")[2].rstrip("]") for node in ids)
        if names:
            terminalreporter.write_line(f"wrong implementations {word}: {len(names)}: {', '.join(names)}")
