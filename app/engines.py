"""The engines of the rule book that the settings name."""

from importlib.resources import files
from pathlib import Path

from app.core.decided import OnDecision
from app.core.engine import Engines
from app.rulebook.load import RuleBook, load
from app.settings import BadSettingError, Settings


def rules_folder() -> Path:
    """Return the folder of rules that comes with the program."""
    packaged = Path(str(files("app"))) / "_rules"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parent.parent / "rules"


def folder_of_tests() -> Path | None:
    """Return the tests of a checkout; an installed program has none."""
    folder = rules_folder().parent / "tests"
    return folder if rules_folder().name == "rules" and folder.is_dir() else None


def build_engines(settings: Settings, book: RuleBook | None = None, on_decision: OnDecision | None = None) -> Engines:
    """Return the engines of the rule book, or raise."""
    book = book or load(settings.rules or rules_folder())
    current = settings.ruleset or book.current
    if current not in book.releases:
        raise BadSettingError(f"`TRIAGE_RULESET`: no such release; the releases are {', '.join(book.releases)}")
    if book.releases[current].withdrawn:
        raise BadSettingError(f"`TRIAGE_RULESET`: {current} is withdrawn; it answers where it is asked for by name")
    return Engines.of(book.releases.values(), current, book.languages.values(), on_decision, book.codes.spans)
