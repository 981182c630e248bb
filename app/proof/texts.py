"""What two releases say otherwise: entries, facts, laws and sentences."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any as AnyValue
from typing import Literal

from app.core.catalogue import RecordKind, entries, kind_of
from app.core.conditions import All, Any, Comparison, Not, in_words
from app.core.documented import documented
from app.core.rules import Release

SILENT = {"examples", "id", "name", "assumed"}
"""Examples are run, names stand above, and `assumed_as` says what is assumed."""
CHANGE: Mapping[bool, Literal["added", "removed"]] = {False: "added", True: "removed"}
"""By whether the first release has it."""


@documented
class TextDifference:
    """One text or condition of an entry that differs."""

    part: str
    """What of the entry, such as `says`, `when` or `components.LED.says`."""
    before: str | None
    """What the first release has there; null where it has nothing."""
    after: str | None
    """What the second release has there; null where it has nothing."""


@documented
class EntryDifference:
    """One entry, fact, scale or law that differs between two releases."""

    id: str
    """Its id."""
    kind: RecordKind | Literal["fact", "scale", "law", "patient", "wording"]
    """What it is; `patient` is what a patient reads of it, `wording` the names and sentences of answers."""
    change: Literal["added", "removed", "changed"]
    """Whether the second release alone has it, the first alone, or both."""
    texts: Sequence[TextDifference]
    """What of it differs, in English."""


def different_entries(before: Release, after: Release) -> list[EntryDifference]:
    """Return what differs between two releases, in rule book order."""
    one, other = dict(_texts(before)), dict(_texts(after))
    found = []
    for kind, name in {**other, **one}:
        was, becomes = one.get((kind, name), {}), other.get((kind, name), {})
        texts = [
            TextDifference(part, was.get(part), becomes.get(part))
            for part in {**becomes, **was}
            if was.get(part) != becomes.get(part)
        ]
        if texts:
            found.append(EntryDifference(name, kind, "changed" if was and becomes else CHANGE[bool(was)], texts))
    return found


def _texts(release: Release) -> Iterator[tuple[tuple[AnyValue, str], Mapping[str, str]]]:
    for entry in entries(release):
        yield (kind_of(entry), entry.id), dict(leaves(entry))
    for fact in release.facts.values():
        yield ("fact", fact.name), dict(leaves(fact))
    for scale in release.scales.values():
        yield ("scale", scale.name), dict(leaves(scale))
    for law in release.laws:
        yield ("law", law.name), dict(leaves(law))
    for name, words in release.patient.items():
        yield ("patient", name), dict(leaves(words))
    yield ("wording", "wording"), dict(leaves(release.wording))


def leaves(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text and condition of an entry with its place."""
    if value is None or value == "" or (isinstance(value, Collection) and not value):
        return
    if isinstance(value, All | Any | Not | Comparison):
        yield place, in_words(value)
    elif is_dataclass(value):
        for each in fields(value):
            found = getattr(value, each.name)
            if each.name not in SILENT and found is not False:  # such a mark is written only where it is set
                yield from leaves(found, _below(place, each.name))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, _below(place, str(key)))
    elif isinstance(value, tuple) and any(is_dataclass(each) for each in value):
        for number, each in enumerate(value, 1):
            yield from leaves(each, _below(place, getattr(each, "id", getattr(each, "name", str(number)))))
    elif isinstance(value, frozenset):
        yield place, ", ".join(sorted(map(_word, value)))
    elif isinstance(value, tuple):
        yield place, ", ".join(map(_word, value))
    else:
        yield place, _word(value)


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
