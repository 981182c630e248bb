"""The sentences of entries, and entries with their sentences in another language."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.rulebook.book import Book
from app.rulebook.schema import Entry

SENTENCES = frozenset({"says", "reading", "otherwise", "title", "discuss", "lifted_when", "to"})
"""The keys whose text people read."""
ENDED = "ended"


def sentences_of(entry: Entry) -> dict[str, str]:
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


def current_entry(book: Book, file: str, name: str) -> Entry | None:
    """Return an entry as the current release has it, if it does."""
    return next((entry for _, entry in book.living(file, book.current) if entry.id == name), None)


def in_language(book: Book, language: str, file: str, entry: Entry) -> Entry:
    """Return an entry with its sentences in another language.

    Sentences are those of the current release; one that an older release has otherwise stays as it is.
    """
    words = book.words.get((language, file), {}).get(entry.id, {})
    now = current_entry(book, file, entry.id)
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
