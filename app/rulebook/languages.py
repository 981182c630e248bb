"""Languages: checked for completeness, and read into core translations."""

from collections.abc import Iterator

from app.core.languages import FactWords, ReleaseWords, Translation
from app.core.rules import Release, Wording
from app.rulebook import schema_book
from app.rulebook.book import LANGUAGES, Book
from app.rulebook.build import made
from app.rulebook.files import File, RuleBookError


def translations(book: Book) -> dict[str, Translation]:
    """Return every language of a rule book by its code."""
    return {
        code: Translation(
            code,
            {name: made(FactWords, words) for name, words in entry.facts.items()},
            made(Wording, entry.wording, grades={}),
            {name: made(ReleaseWords, words) for name, words in entry.releases.items()},
        )
        for code, entry in book.languages.items()
    }


def check_languages(book: Book, release: Release) -> Iterator[RuleBookError]:
    """Yield what languages lack, or have too much, for one release."""
    for code, entry in book.languages.items():
        yield from _gaps(book.files[f"{LANGUAGES}/{code}.yaml"], entry, release)


def _gaps(file: File, entry: schema_book.Language, release: Release) -> Iterator[RuleBookError]:
    for name, fact in release.facts.items():
        words = entry.facts.get(name)
        if words is None:
            yield file.error(("facts",), f"`{name}` is not translated")
            continue
        spoken = set(map(str, fact.values)) if fact.kind in ("choice", "grade") else set()
        for answer in sorted(spoken ^ set(words.answers)):
            yield file.error(("facts", name), f"`{answer}` of `{name}` is not translated, or is no answer")
        if (fact.unit is not None) != (words.unit is not None):
            yield file.error(("facts", name), f"`unit` of `{name}` is missing, or there is none")
    for key in ("pathways", "dispositions", "next_question", "lower_phase", "row", "summary"):
        for name in sorted(set(getattr(release.wording, key)) ^ set(getattr(entry.wording, key))):
            yield file.error(("wording", key), f"`{name}` is not translated, or is not needed")
    notices = entry.releases.get(release.id, schema_book.NoticeWords())
    for name in ("withdrawn", "limits"):
        if (getattr(release, name) is None) != (getattr(notices, name) is None):
            yield file.error(("releases", release.id), f"`{name}` of {release.id} is not translated, or is not needed")
