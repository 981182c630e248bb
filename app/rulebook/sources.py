"""Everything that entries of the rule book may cite."""

from collections.abc import Iterator
from typing import Any

from app.core.rules import Source
from app.rulebook import schema_book
from app.rulebook.book import Book
from app.rulebook.words import cited_entries

SILENCES = "Conflicts and silences of the documents"
"""The name under which the project cites what the documents leave open."""


def sources(book: Book, language: str | None = None) -> dict[str, Source]:
    """Return statements, evidence and silences by id."""
    titles = {name: document.title for name, document in book.entries["ledger.yaml"].documents.items()}
    if language:
        titles |= book.languages[language].documents
    found: dict[str, Source] = {}
    statement: schema_book.Statement
    for statement in _entries(book, language, "ledger.yaml"):
        title = titles.get(statement.id.split("-")[0])
        if title:  # a statement of no document is an error of `checks`
            found[statement.id] = Source(statement.id, title, statement.section, "document", statement.says)
    e: schema_book.Evidence
    for e in _entries(book, language, "evidence.yaml"):
        found[e.id] = Source(e.id, e.title, e.citation, e.status, e.says, e.public_url)
    s: schema_book.Silence
    name = book.languages[language].silences if language else SILENCES
    for s in _entries(book, language, "silences.yaml"):
        found[s.id] = Source(s.id, name, s.title, "project", f"{s.says} {s.answered_by}")
    return found


def _entries(book: Book, language: str | None, file: str) -> Iterator[Any]:
    """Yield the entries of a file with their words in a language."""
    words = book.words.get((language, file), {}) if language else {}
    for entry in cited_entries(book, file):
        yield entry.model_copy(update=words[entry.id]) if entry.id in words else entry
