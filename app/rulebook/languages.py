"""Languages: checked for completeness, and read into core translations."""

from collections.abc import Iterator

from app.core.languages import FactWords, ReleaseWords, Translation
from app.core.rules import Release, Wording
from app.rulebook import schema_book
from app.rulebook.book import LANGUAGES, RULE_FILES, Book
from app.rulebook.build import Builder, made
from app.rulebook.files import RuleBookError
from app.rulebook.words import sentences_of


def translations(book: Book) -> dict[str, Translation]:
    """Return every language of a checked rule book by its code."""
    built = {code: [Builder(book, entry.id, code).build() for entry in book.releases] for code in book.languages}
    return {
        code: Translation(
            code,
            {name: made(FactWords, words) for name, words in entry.facts.items()},
            made(Wording, entry.wording, grades={}),
            {name: made(ReleaseWords, words) for name, words in entry.releases.items()},
            {release.id: release for release in built[code] if release},
        )
        for code, entry in book.languages.items()
    }


def check_languages(book: Book, release: Release) -> Iterator[RuleBookError]:
    """Yield what languages lack, or have too much, for one release."""
    for code, entry in book.languages.items():
        yield from _gaps(book, code, entry, release)


def _gaps_of_entries(book: Book, code: str) -> Iterator[RuleBookError]:
    """Yield what a language lacks, or has too much."""
    for name in RULE_FILES:
        words = book.words.get((code, name), {})
        where = f"{LANGUAGES}/{code}/{name}"
        needed = {entry.id: sentences_of(entry) for _, entry in book.living(name, book.current)}
        for entry in sorted({*words, *needed}):
            for way in sorted(set(words.get(entry, {})) ^ set(needed.get(entry, {}))):
                says = f"`{way}` of {entry} is not translated, or is no sentence of {book.current}"
                known = book.files.get(where)
                yield known.error((entry,), says) if known else RuleBookError(where, 1, entry, says)


def _gaps(book: Book, code: str, entry: schema_book.Language, release: Release) -> Iterator[RuleBookError]:
    file = book.files[f"{LANGUAGES}/{code}.yaml"]
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
    if release.id == book.current:
        yield from _gaps_of_entries(book, code)
    for key in ("pathways", "dispositions", "next_question", "lower_phase", "row", "summary"):
        for name in sorted(set(getattr(release.wording, key)) ^ set(getattr(entry.wording, key))):
            yield file.error(("wording", key), f"`{name}` is not translated, or is not needed")
    notices = entry.releases.get(release.id, schema_book.NoticeWords())
    for name in ("withdrawn", "limits"):
        if (getattr(release, name) is None) != (getattr(notices, name) is None):
            yield file.error(("releases", release.id), f"`{name}` of {release.id} is not translated, or is not needed")
