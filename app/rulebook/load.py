"""A folder of rules in, checked releases out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.codes import Codes
from app.core.languages import Translation
from app.core.rules import Release
from app.proof.safety import SafetyCase
from app.rulebook.book import Book, read_book
from app.rulebook.build import Builder
from app.rulebook.check_codes import check_codes
from app.rulebook.checks import check_book, check_release
from app.rulebook.codes import codes_of
from app.rulebook.digests import digest
from app.rulebook.files import BrokenRuleBookError, RuleBookError
from app.rulebook.intake import check_intake
from app.rulebook.languages import check_languages, translations
from app.rulebook.safety import Proofs, check_safety, safety_cases
from app.rulebook.signing import check_signatures
from app.rulebook.sources import sources


@dataclass(frozen=True)
class RuleBook:
    """The releases of a rule book, oldest first, and the current one."""

    releases: Mapping[str, Release]
    current: str
    codes: Codes
    languages: Mapping[str, Translation]
    safety: Mapping[str, SafetyCase]
    """By language."""


def load(folder: Path, proofs: Proofs | None = None, signing: str = "") -> RuleBook:
    """Read and check a rule book, or raise `BrokenRuleBookError` with every fault.

    Where `proofs` are given, the tests and settings that control hazards are looked for as well. The release that
    somebody is `signing` may have a signature that has become void.
    """
    book = read_book(folder)
    releases, errors = build(book)
    errors += check_book(book)
    errors += check_codes(book, releases)
    digests = {e.id: releases[e.id].digest if e.id in releases else digest(book, e.id) for e in book.releases}
    errors += check_signatures(book, digests, signing)
    for release in releases.values():
        errors += check_release(book, release)
    if not errors:  # what is wrong is mended before it is asked in a patient's words, and then translated
        errors += [error for release in releases.values() for error in check_intake(book, release)]
    if not errors:
        errors += check_safety(book, releases[book.current], proofs)
    if not errors:
        errors += [error for release in releases.values() for error in check_languages(book, release)]
    if errors:
        raise BrokenRuleBookError(errors)
    return RuleBook(releases, book.current, codes_of(book), translations(book, releases), safety_cases(book))


def build(book: Book) -> tuple[dict[str, Release], list[RuleBookError]]:
    """Return the releases that can be built, and errors about the rest."""
    releases: dict[str, Release] = {}
    errors: list[RuleBookError] = []
    cited = sources(book)
    for entry in book.releases:
        builder = Builder(book, entry.id, cited)
        release = builder.build()
        errors += builder.errors
        if release:
            releases[release.id] = release
    return releases, errors
