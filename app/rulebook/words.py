"""The sentences of entries, and entries with their sentences in another language."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from app.rulebook.book import SOURCES, Book
from app.rulebook.schema import Model
from app.rulebook.schema_book import Ledger

SENTENCES = frozenset({"says", "reading", "otherwise", "title", "discuss", "lifted_when", "to", "answered_by"})
"""The keys whose text people read."""
PARTLY_OURS = {"ledger.yaml": {"section"}, "evidence.yaml": {"citation"}}
"""Keys that hold headings and names, and here and there words of ours: a language may translate them."""
ENDED = "ended"
M = TypeVar("M", bound=Model)


def name_of(entry: Any) -> str:
    """Return the id of an entry, else its name."""
    name: str = entry.name if "name" in type(entry).model_fields else entry.id
    return name


def sentences_of(entry: Model) -> dict[str, str]:
    """Return the sentences of an entry by the way to each.

    A step is a key, the id of a member of a list, or its place. What has ended (`until`) is left out.
    """
    return dict(_sentences(entry.model_dump(exclude={"examples", "changed"}), ""))


def _sentences(data: Any, way: str) -> Iterator[tuple[str, str]]:
    for step, value in _steps(data):
        if step in SENTENCES and isinstance(value, str):
            yield way + step, value
        elif step != ENDED:
            yield from _sentences(value, f"{way}{step}.")


def _steps(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        for place, item in enumerate(data):
            named = isinstance(item, dict) and "id" in item
            yield (ENDED if named and item.get("until") else item["id"] if named else str(place)), item


def current_entries(book: Book, file: str) -> dict[str, Model]:
    """Return the entries of a file as the current release has them."""
    if file in SOURCES:
        return {entry.id: entry for entry in cited_entries(book, file)}
    return {name_of(entry): entry for _, entry in book.living(file, book.current)}


def cited_entries(book: Book, file: str) -> Sequence[Any]:
    """Return the entries of a file of sources."""
    found: Any = book.entries[file]
    entries: Sequence[Any] = found.statements if isinstance(found, Ledger) else found
    return entries


def in_language(entry: M, words: Mapping[str, str], now: Model | None) -> M:
    """Return an entry with its sentences in another language.

    Sentences are those of `now`, the entry in the current release; what an older release says otherwise stays as it is.
    """
    if not words or now is None:
        return entry
    current = sentences_of(now)
    same = {way: words[way] for way, text in sentences_of(entry).items() if way in words and current.get(way) == text}
    return type(entry).model_validate(_put(entry.model_dump(exclude_unset=True, exclude={"changed"}), same, ""))


def _put(data: Any, words: Mapping[str, str], way: str) -> Any:
    """Return data with other words at these ways."""
    steps = list(_steps(data))
    put = [words.get(way + step) or _put(value, words, f"{way}{step}.") for step, value in steps]
    if isinstance(data, dict):
        return {key: value for (key, _), value in zip(steps, put, strict=True)}
    return put if isinstance(data, list) else data
