"""The sentences of entries, and entries with their sentences in another language."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from app.rulebook.book import SAFETY, SOURCES, TRANSLATED, Book
from app.rulebook.schema import Model
from app.rulebook.schema_book import Ledger
from app.rulebook.schema_safety import Matrix

SENTENCES = frozenset(
    {"says", "reading", "otherwise", "title", "discuss", "lifted_when", "to", "answered_by", "asks", "hint", "nothing"}
    | {"cause", "harm", "left"}
)
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
    if file in (*SOURCES, *SAFETY):
        return {entry.id: entry for entry in cited_entries(book, file)}
    return {name_of(entry): entry for _, entry in book.living(file, book.current)}


def cited_entries(book: Book, file: str) -> Sequence[Any]:
    """Return the entries of a file that every release shares."""
    found: Any = book.entries[file]
    if isinstance(found, Matrix):
        return [*found.severities, *found.likelihoods, *found.risks]
    entries: Sequence[Any] = found.statements if isinstance(found, Ledger) else found
    return entries


class Translator:
    """Gives entries of a rule book their sentences in another language."""

    def __init__(self, book: Book, code: str) -> None:
        self.code = code
        self._words = {file: words for (language, file), words in book.words.items() if language == code}
        files = [file for file in self._words if file in TRANSLATED and file not in SOURCES]
        now = {(file, name): entry for file in files for name, entry in current_entries(book, file).items()}
        self._current = {key: sentences_of(entry) for key, entry in now.items()}
        self._last: dict[tuple[str, str], tuple[Model, Model]] = {}

    def entry(self, file: str, entry: M) -> M:
        """Return an entry with its sentences in the language.

        Sentences are those of the current release; what an older release says otherwise stays as it is.
        """
        key = file, name_of(entry)
        before, done = self._last.get(key, (None, None))
        if before is not entry:  # most entries are the same in every release
            before, done = self._last[key] = entry, self._translated(key, entry)
        return cast(M, done)

    def _translated(self, key: tuple[str, str], entry: M) -> M:
        file, name = key
        words, current = self._words.get(file, {}).get(name), self._current.get(key)
        if not words or not current:
            return entry
        given = sentences_of(entry)
        same = {way: text for way, text in words.items() if way in given and current.get(way) == given[way]}
        return type(entry).model_validate(_put(entry.model_dump(exclude_unset=True, exclude={"changed"}), same, ""))


def _put(data: Any, words: Mapping[str, str], way: str) -> Any:
    """Return data with other words at these ways."""
    steps = list(_steps(data))
    put = [words.get(way + step) or _put(value, words, f"{way}{step}.") for step, value in steps]
    if isinstance(data, dict):
        return {key: value for (key, _), value in zip(steps, put, strict=True)}
    return put if isinstance(data, list) else data
