"""The rule book as read, with the way back to every line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.rulebook import schema, schema_book, schema_codes, schema_intake, schema_safety, schema_wording
from app.rulebook.files import BrokenRuleBookError, File, RuleBookError, Where, like, read
from app.rulebook.forms import FORMS, RIGHT

FILES: dict[str, Any] = {
    "facts.yaml": list[schema.FactEntry],
    "countries.yaml": dict[str, str],
    "scales.yaml": list[schema.ScaleEntry],
    "population.yaml": schema.Population,
    "exclusions.yaml": list[schema.Exclusion],
    "scope.yaml": list[schema.Scope],
    "reviews.yaml": list[schema.Review],
    "phases.yaml": list[schema.Phase],
    "label_safety.yaml": list[schema.LabelSafety],
    "cautions.yaml": list[schema.Caution],
    "preconditions.yaml": list[schema.Precondition],
    "notices.yaml": list[schema.Notice],
    "stages.yaml": list[schema.QuestionStage],
    "alternatives.yaml": list[schema.Alternative],
    "plans.yaml": list[schema.Plan],
    "laws.yaml": list[schema.Law],
    "wording.yaml": schema_wording.Wording,
    "intake.yaml": list[schema_intake.Section],
    "patient.yaml": list[schema_intake.PatientWords],
    "ledger.yaml": schema_book.Ledger,
    "evidence.yaml": list[schema_book.Evidence],
    "silences.yaml": list[schema_book.Silence],
    "codes/systems.yaml": list[schema_codes.CodeSystem],
    "codes/material.yaml": list[schema_codes.Material],
    "codes/spans.yaml": list[schema_codes.Span],
    "codes/conditions.yaml": list[schema_codes.Set],
    "codes/procedures.yaml": list[schema_codes.Set],
    "codes/devices.yaml": list[schema_codes.Set],
    "codes/observations.yaml": list[schema_codes.Set],
    "codes/allergies.yaml": list[schema_codes.Set],
    "codes/medicines.yaml": list[schema_codes.Medicine],
    "codes/words.yaml": schema_codes.Vocabulary,
    "codes/sentences.yaml": list[schema_codes.Sentence],
    "safety/matrix.yaml": schema_safety.Matrix,
    "safety/hazards.yaml": list[schema_safety.Hazard],
    "safety/attributes.yaml": list[schema_safety.Attribute],
    "releases.yaml": schema_book.Releases,
    "signatures.yaml": list[schema_book.Signature],
    "variable_order.yaml": dict[str, schema_book.Order],
}
"""Every file of a rule book and what it holds."""
ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(shape) for name, shape in FILES.items()}
LANGUAGE = TypeAdapter(schema_book.Language)
WORDS = TypeAdapter(schema_book.EntryWords)
README = "README.md"
"""What is for people alone."""
RULE_FILES = tuple(name for name, shape in FILES.items() if issubclass((*get_args(shape), str)[0], schema.Entry))
"""The files whose entries have an id, a sentence and sources."""
SOURCES = ("ledger.yaml", "evidence.yaml", "silences.yaml")
"""The files of what entries cite, which every release shares."""
INTAKE = ("intake.yaml", "patient.yaml")
"""The files of what a patient is asked and reads."""
SAFETY = tuple(name for name in FILES if name.startswith("safety/"))
"""The safety case and the source attributes, which every release shares."""
TRANSLATED = (*RULE_FILES, "scales.yaml", "laws.yaml", *INTAKE, *SOURCES, *SAFETY)
"""The files whose sentences a language has in a file of the same name."""
COUNTRIES = "countries.yaml"
WORDING = "wording.yaml"
LANGUAGES = "languages"
"""The folder of the languages."""
PHRASES = "ehr.yaml"
"""In the folder of a language: what cards and FHIR resources say, by face and by the English of it."""
CODES = "codes"
"""The folder of the codes of health records."""
SETS = ("conditions", "procedures", "devices", "observations", "allergies")
"""The files of codes that are lists of sets."""


@dataclass(frozen=True)
class Book:
    """A rule book whose files all have their shape."""

    files: Mapping[str, File]
    entries: Mapping[str, Any]
    languages: Mapping[str, schema_book.Language]
    words: Mapping[tuple[str, str], schema_book.EntryWords]
    """By language and file, the sentences of its entries."""
    countries: Mapping[str, Mapping[str, str]]
    """By language, the names of countries."""

    @property
    def releases(self) -> Sequence[schema_book.ReleaseEntry]:
        """The releases, oldest first."""
        found: schema_book.Releases = self.entries["releases.yaml"]
        return found.releases

    @property
    def current(self) -> str:
        """The release that answers by default."""
        found: schema_book.Releases = self.entries["releases.yaml"]
        return found.current

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of the entries of all releases."""
        return frozenset(entry.id for file in RULE_FILES for entry in self.entries[file])

    def living(self, file: str, release: str) -> Iterator[tuple[int, Any]]:
        """Yield a release's entries of a file, with their places in it."""
        for place, entry in enumerate(self.entries[file]):
            if self.lives(entry.since, entry.until, release):
                yield place, as_of(entry, [name for name in entry.changed if self.lives(name, None, release)])

    def wording(self, release: str) -> schema_wording.Wording:
        """Return the names and sentences of a release."""
        entry: schema_wording.Wording = self.entries[WORDING]
        given = entry.model_dump(exclude={"changed"})
        for each in self.releases:
            given = _within(given, entry.changed.get(each.id, {}))
            if each.id == release:
                break
        return schema_wording.Wording.model_validate(given)

    def where(self, file: str, place: int, key: str, release: str) -> Where:
        """Return the way to a key of an entry in a release."""
        changed = self.entries[file][place].changed
        last = max((name for name in changed if key in changed[name] and self.lives(name, None, release)), default=None)
        return (place, key) if last is None else (place, "from", last, key)

    def lives(self, since: str | None, until: str | None, release: str) -> bool:
        """Return whether a release lies from `since` to before `until`."""
        names = [r.id for r in self.releases]
        at = names.index(release)
        return (since is None or names.index(since) <= at) and (until is None or at < names.index(until))

    def error(self, file: str, where: Where, says: str) -> RuleBookError:
        """Return an error about a value."""
        return self.files[file].error(where, says)


def as_of(entry: schema.Versioned, releases: Sequence[str]) -> schema.Versioned:
    """Return an entry with what these releases changed of it."""
    if not releases:
        return entry
    given = entry.model_dump(exclude_unset=True, exclude={"changed"})
    for release in sorted(releases):
        given |= entry.changed[release]
    return type(entry).model_validate(given)


def _within(given: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given with single sentences changed in it."""
    inside = {key: _within(given[key], new) for key, new in changed.items() if isinstance(new, dict) and key in given}
    return {**given, **changed, **inside}


def _visible(folder: Path) -> set[str]:
    """Return the files in a folder without hidden ones and copies."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if not name.endswith("~") and not any(p.startswith(".") for p in name.split("/"))}


def read_book(folder: Path) -> Book:
    """Read every file of a rule book, or raise `BrokenRuleBookError`."""
    errors: list[RuleBookError] = []
    files: dict[str, File] = {}
    entries: dict[str, Any] = {}
    spoken = {path.stem: f"{LANGUAGES}/{path.name}" for path in sorted((folder / LANGUAGES).glob("*.yaml"))}
    words = {(code, file): f"{LANGUAGES}/{code}/{file}" for code in spoken for file in (*TRANSLATED, PHRASES)}
    words = {key: name for key, name in words.items() if (folder / name).is_file()}
    countries = {code: f"{LANGUAGES}/{code}/{COUNTRIES}" for code in spoken}
    countries = {code: name for code, name in countries.items() if (folder / name).is_file()}
    shapes = dict.fromkeys(words.values(), WORDS) | dict.fromkeys(countries.values(), ADAPTERS[COUNTRIES])
    for name in (*FILES, *spoken.values(), *shapes):
        adapter = shapes.get(name) or ADAPTERS.get(name, LANGUAGE)
        try:
            files[name] = read(folder / name, name)
            entries[name] = adapter.validate_python(files[name].data)
        except BrokenRuleBookError as error:
            errors += error.errors
        except ValidationError as error:
            errors += explain(files[name], error)
    stray = sorted(_visible(folder) - {README, *FILES, *spoken.values(), *shapes})
    errors += [RuleBookError(name, 1, "", "no file of a rule book has this name") for name in stray]
    if errors:
        raise BrokenRuleBookError(errors)
    languages = {code: entries[name] for code, name in spoken.items()}
    book = Book(
        files,
        entries,
        languages,
        {key: entries[name] for key, name in words.items()},
        {code: entries[name] for code, name in countries.items()},
    )
    errors = list(_wrong_releases(book))
    if errors:
        raise BrokenRuleBookError(errors)
    return book


def explain(file: File, refused: ValidationError, at: Where = ()) -> list[RuleBookError]:
    """Return what pydantic says of values, with their lines.

    Of a value that may be this or that, and is neither, it says one error.
    """
    by_place: dict[Where, list[ErrorDetails]] = {}
    for details in refused.errors(include_url=False):
        by_place.setdefault(_written(file, (*at, *details["loc"]), details["type"]), []).append(details)
    tagged = {place for place, found in by_place.items() for each in found if len(place) - len(at) < len(each["loc"])}
    deeper = {
        place for place in tagged if any(len(each) > len(place) and each[: len(place)] == place for each in by_place)
    }
    missing = {place for place, found in by_place.items() if found[0]["type"] == "missing"}
    errors = []
    for where, found in by_place.items():
        if where not in deeper:
            due = [str(place[-1]) for place in missing if place[:-1] == where[:-1]]
            first, *others = dict.fromkeys(_says(where, each, due) for each in found)
            says = " or ".join([first, *(each.rpartition("write ")[2] for each in others)])
            errors.append(file.error(where, says))
    return errors


def _written(file: File, where: Where, kind: str) -> Where:
    """Return the way to a value without steps of its shape alone."""
    *steps, last = where or ("",)
    value = file.data
    found: list[str | int] = []
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            continue
        found.append(step)
    is_there = last in value if isinstance(value, dict) else isinstance(value, list) and isinstance(last, int)
    return (*found, last) if where and (is_there or kind == "missing") else tuple(found)


def _says(where: Where, details: ErrorDetails, due: Sequence[str]) -> str:
    """Return what is wrong with a value.

    `due` are the keys that are missing beside it.
    """
    name = next((step for step in reversed(where) if isinstance(step, str)), "")
    match details["type"]:
        case "missing":
            return f"`{name}` is missing"
        case "extra_forbidden":
            return f"`{name}` is no key of this entry{like(name, due) or like(name, KEYS)}"
        case kind:
            message, given = details["msg"], details["input"]
            context = {name: str(value).replace("'", "`") for name, value in details.get("ctx", {}).items()}
            template = FORMS.get(context.get("pattern", ""), RIGHT.get(kind, ""))
            if kind == "string_type" and isinstance(given, bool | int | float):
                is_now = "`true` or `false`" if isinstance(given, bool) else "a number"
                template = f"it in quotes: without them it is {is_now}"
            instead = f"instead of `{given}` " if kind == "literal_error" and isinstance(given, str) else ""
            says = f"{instead}write {template.format(**context)}" if template else f"{message[0].lower()}{message[1:]}"
            return f"`{name}`: {says}" if name else says


def _keys() -> frozenset[str]:
    """Return every key that an entry of some file may have."""
    found, shapes = set[str](), [schema.Model]
    for shape in shapes:
        shapes += shape.__subclasses__()
        found |= {field.alias or name for name, field in shape.model_fields.items()}
    return frozenset(found)


KEYS = _keys()


def _wrong_releases(book: Book) -> Iterator[RuleBookError]:
    names = [release.id for release in book.releases]
    known = ", ".join(f"`{name}`" for name in names)
    if book.current not in names:
        says = f"`{book.current}` is no release; the releases are {known}"
        yield book.error("releases.yaml", ("current",), says)
    if any(entry.id == book.current and entry.withdrawn for entry in book.releases):
        says = f"`{book.current}` is withdrawn; the current release is one that is not"
        yield book.error("releases.yaml", ("current",), says)
    if sorted(names) != names or len(set(names)) != len(names):
        yield book.error("releases.yaml", ("releases",), "releases stand oldest first, each once")
    yield from _wrong_wording(book, names)
    for file, entries in book.entries.items():
        for place, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, schema.Versioned):
                yield from _unknown_release(book, file, (place,), entry, names)
                yield from _wrong_changes(book, file, place, entry, names)
            for at, component in enumerate(entry.components if isinstance(entry, schema.Plan) else ()):
                yield from _unknown_release(book, file, (place, "components", at), component, names)


def _wrong_wording(book: Book, names: list[str]) -> Iterator[RuleBookError]:
    for release in sorted(book.entries[WORDING].changed):
        if release not in names:
            yield book.error(WORDING, ("from", release), f"`{release}` is no release")
        try:
            book.wording(release)
        except ValidationError as error:
            yield from explain(book.files[WORDING], error, ("from", release))


def _wrong_changes(
    book: Book, file: str, place: int, entry: schema.Versioned, names: list[str]
) -> Iterator[RuleBookError]:
    changed = entry.changed
    for release in sorted(changed):
        where: Where = (place, "from", release)
        if release not in names or release <= entry.since or release >= (entry.until or "~"):
            yield book.error(file, where, f"`{release}` is no release between `since` and `until`")
        for key in {"id", "name", "since", "until", "from"} & set(changed[release]):
            yield book.error(file, (*where, key), f"`{key}` is the same in every release")
        try:
            as_of(entry, [name for name in changed if name <= release])
        except ValidationError as error:
            yield from explain(book.files[file], error, where)


def _unknown_release(
    book: Book, file: str, where: Where, entry: schema.Versioned | schema.Component, names: list[str]
) -> Iterator[RuleBookError]:
    for key, release in (("since", entry.since), ("until", entry.until)):
        if release is not None and release not in names:
            known = ", ".join(f"`{name}`" for name in names)
            yield book.error(file, (*where, key), f"`{release}` is no release; the releases are {known}")
    since, until = entry.since, entry.until
    if since in names and until in names and names.index(until) <= names.index(since):
        yield book.error(file, (*where, "until"), "`until` comes after `since`")
