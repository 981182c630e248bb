"""The rule book as read: every file's entries in their shape, with the way back to file and line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.rulebook import schema
from app.rulebook.files import BrokenRuleBookError, File, RuleBookError, Where, read

V = TypeVar("V", bound=schema.Versioned)


@dataclass(frozen=True)
class Book:
    """A rule book whose files all have their shape; what they mean together is not checked yet."""

    files: Mapping[str, File]
    entries: Mapping[str, Any]

    @property
    def releases(self) -> Sequence[schema.ReleaseEntry]:
        """The releases, oldest first."""
        found: schema.Releases = self.entries["releases.yaml"]
        return found.releases

    @property
    def current(self) -> str:
        """The release that answers by default."""
        found: schema.Releases = self.entries["releases.yaml"]
        return found.current

    def living(self, file: str, release: str) -> Iterator[tuple[int, Any]]:
        """Yield the entries of a file that a release has, with their places in the file."""
        for place, entry in enumerate(self.entries[file]):
            if self.lives(entry.since, entry.until, release):
                yield place, entry

    def lives(self, since: str | None, until: str | None, release: str) -> bool:
        """Return whether something that came with `since` and went with `until` belongs to a release."""
        names = [r.id for r in self.releases]
        at = names.index(release)
        return (since is None or names.index(since) <= at) and (until is None or at < names.index(until))

    def complaint(self, file: str, where: Where, says: str) -> RuleBookError:
        """Return a complaint about a value."""
        return self.files[file].complaint(where, says)


def read_book(folder: Path) -> Book:
    """Read every file of a rule book.

    Raises `BrokenRuleBookError` with all complaints where a file is missing, is not YAML, has keys it may not have, or
    names a release that does not exist.
    """
    complaints: list[RuleBookError] = []
    files: dict[str, File] = {}
    entries: dict[str, Any] = {}
    for name in schema.FILES:
        try:
            files[name] = read(folder / name)
            entries[name] = _adapter(name).validate_python(files[name].data)
        except BrokenRuleBookError as error:
            complaints += error.complaints
        except ValidationError as error:
            complaints += [explain(files[name], details) for details in error.errors(include_url=False)]
    stray = sorted(path.name for path in folder.glob("*.yaml") if path.name not in schema.FILES)
    complaints += [RuleBookError(name, 1, "", "no file of a rule book has this name") for name in stray]
    if complaints:
        raise BrokenRuleBookError(complaints)
    book = Book(files, entries)
    complaints = list(_unknown_releases(book))
    if complaints:
        raise BrokenRuleBookError(complaints)
    return book


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(schema.FILES[name])


def explain(file: File, details: ErrorDetails) -> RuleBookError:
    """Return what pydantic says of a value as a complaint with its line."""
    where = details["loc"]
    match details["type"]:
        case "missing":
            says = f"`{where[-1]}` is missing"
        case "extra_forbidden":
            says = f"`{where[-1]}` is no key of this entry"
        case _:
            message = details["msg"]
            says = f"`{where[-1]}`: {message[0].lower()}{message[1:]}" if where else message
    return file.complaint(where, says)


def _unknown_releases(book: Book) -> Iterator[RuleBookError]:
    names = [release.id for release in book.releases]
    known = ", ".join(f"`{name}`" for name in names)
    if book.current not in names:
        says = f"`{book.current}` is no release; the releases are {known}"
        yield book.complaint("releases.yaml", ("current",), says)
    if sorted(names) != names or len(set(names)) != len(names):
        yield book.complaint("releases.yaml", ("releases",), "releases stand oldest first, each once")
    for file, entries in book.entries.items():
        for place, entry in enumerate(entries if isinstance(entries, list) else []):
            yield from _unknown_release(book, file, (place,), entry, names)
            for at, component in enumerate(getattr(entry, "components", ())):
                yield from _unknown_release(book, file, (place, "components", at), component, names)


def _unknown_release(book: Book, file: str, where: Where, entry: Any, names: list[str]) -> Iterator[RuleBookError]:
    for key in ("since", "until"):
        release = getattr(entry, key, None)
        if release is not None and release not in names:
            known = ", ".join(f"`{name}`" for name in names)
            yield book.complaint(file, (*where, key), f"`{release}` is no release; the releases are {known}")
    since, until = getattr(entry, "since", None), getattr(entry, "until", None)
    if since in names and until in names and names.index(until) <= names.index(since):
        yield book.complaint(file, (*where, "until"), "`until` comes after `since`")
