"""Everything that entries of the rule book may cite."""

from typing import Any

from app.core.rules import Source
from app.rulebook import schema_book
from app.rulebook.book import Book


def sources(book: Book) -> dict[str, Source]:
    """Return statements, evidence and silences by id."""
    ledger: schema_book.Ledger = book.entries["ledger.yaml"]
    found: dict[str, Source] = {}
    for statement in ledger.statements:
        document = ledger.documents.get(statement.id.split("-")[0])
        if document:  # a statement of no document is an error of `checks`
            found[statement.id] = Source(statement.id, document.title, statement.section, "document", statement.says)
    evidence: list[schema_book.Evidence] = book.entries["evidence.yaml"]
    for e in evidence:
        found[e.id] = Source(e.id, e.title, e.citation, e.status, e.says, e.public_url)
    silences: list[schema_book.Silence] = book.entries["silences.yaml"]
    for s in silences:
        said = f"{s.says} {s.answered_by}"
        found[s.id] = Source(s.id, "Conflicts and silences of the documents", s.title, "project", said)
    return found


def cited(entries: Any) -> set[str]:
    """Return every id under `sources`, `source` or `differs`, at any depth."""
    found: set[str] = set()
    if isinstance(entries, dict):
        for key, value in entries.items():
            if key == "sources" and isinstance(value, list):
                found |= set(value)
            elif key in ("source", "differs") and isinstance(value, str):
                found.add(value)
            else:
                found |= cited(value)
    elif isinstance(entries, list):
        for item in entries:
            found |= cited(item)
    return found
