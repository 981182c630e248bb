"""The code sets of a rule book, with their own digest."""

from collections.abc import Iterator, Mapping

from app.core.codes import Codes, CodeSet
from app.core.rules import Release
from app.rulebook import schema_book
from app.rulebook.book import Book
from app.rulebook.build import made
from app.rulebook.digests import digest_of
from app.rulebook.files import RuleBookError
from app.rulebook.sources import sources

FILE = "codes.yaml"


def codes_of(book: Book) -> Codes:
    """Return the code sets of a book."""
    entries: list[schema_book.CodeSet] = book.entries[FILE]
    sets = [made(CodeSet, entry, codes=frozenset(entry.codes)) for entry in entries]
    return Codes(sets, digest_of([entry.model_dump() for entry in entries]))


def check_codes(book: Book, releases: Mapping[str, Release]) -> Iterator[RuleBookError]:
    """Yield what is wrong with the code sets of the current release."""
    known = sources(book)
    release = releases.get(book.current)
    entries: list[schema_book.CodeSet] = book.entries[FILE]
    for place, entry in enumerate(entries):
        where = (place,)
        if not entry.codes and not entry.prefixes:
            yield book.error(FILE, where, "`codes` or `prefixes` name at least one code")
        for prefix in entry.but:
            if not prefix.startswith(tuple(entry.prefixes)):
                yield book.error(FILE, (*where, "but"), f"`{prefix}` is below none of the `prefixes`")
        if entry.timing == "recent" and entry.within_days is None:
            yield book.error(FILE, where, "`recent` needs `within_days`")
        for name in sorted(set(entry.sources) - set(known)):
            yield book.error(FILE, where, f"`{name}` is cited and is in none of ledger, evidence, silences")
        if release is None:
            continue
        fact = release.facts.get(entry.fact)
        if fact is None:
            yield book.error(FILE, (*where, "fact"), f"`{entry.fact}` is not a fact of {release.id}")
            continue
        for value in (entry.value, entry.value_if_systemic, *entry.answers.values()):
            if value is not None and not fact.accepts(value):
                yield book.error(FILE, where, f"`{value}` is no answer of `{entry.fact}`")
