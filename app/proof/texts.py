"""What two releases say otherwise: entries, facts, laws and sentences."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any as AnyValue
from typing import Literal, NamedTuple

from app.core.catalogue import RecordKind, entries, kind_of
from app.core.conditions import All, Any, Comparison, Not, in_words
from app.core.documented import documented
from app.core.engine import Engines
from app.core.languages import DEFAULT
from app.core.rules import Release

SILENT = {"examples", "id", "name", "assumed"}
"""Examples are run, names stand above, and `assumed_as` says what is assumed."""
CODES = {"kind", "topic", "unit", "urgency", "pathway", "group", "policy", "fact", "source", "assumed_as", "lifted_by"}
CODES |= {"changes", "grades", "measures", "differs"}
"""Fields whose words are names and not sentences."""
SENTENCES = "listed"
"""The field whose list is one of sentences."""
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
    language_before: str | None
    """The language of `before`: `en` where the first release has no translation of it; null where it is no sentence,
    such as a condition or an id."""
    language_after: str | None
    """The language of `after`, in the same way."""


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
    """What of it differs: texts of the current release, and what an older one says alike, in the language asked for."""


class Code(str):
    """A condition, id, name or number: no sentence."""

    __slots__ = ()


class Translated(NamedTuple):
    """The current release in English and in another language."""

    language: str
    english: Release
    translated: Release


def current_in(engines: Engines, language: str) -> Translated | None:
    """Return the current release in another language than English."""
    there = engines.in_language("", language)
    if there is engines:
        return None
    return Translated(language, *(each.by_id[each.current].release for each in (engines, there)))


def different_entries(before: Release, after: Release, current: Translated | None = None) -> list[EntryDifference]:
    """Return what differs between two releases in English, in rule book order.

    A text that the current release has as well is given in its language. What an older one says otherwise is
    translated nowhere.
    """
    one, other = dict(_texts(before)), dict(_texts(after))
    known, spoken = (dict(_texts(each)) for each in current[1:]) if current else ({}, {})
    found = []
    for key in {**other, **one}:
        was, becomes = one.get(key, {}), other.get(key, {})
        parts = [part for part in {**becomes, **was} if was.get(part) != becomes.get(part)]
        texts = []
        for part in parts:
            there = {known[key][part]: spoken[key][part]} if part in known.get(key, {}) else {}
            said = [_said(text, there, current) for text in (was.get(part), becomes.get(part))]
            texts.append(TextDifference(part, said[0][0], said[1][0], said[0][1], said[1][1]))
        if texts:
            change = "changed" if was and becomes else CHANGE[bool(was)]
            found.append(EntryDifference(key[1], key[0], change, texts))
    return found


def _said(text: str | None, there: Mapping[str, str], current: Translated | None) -> tuple[str | None, str | None]:
    """Return a text as it is given, and its language."""
    if text is None:
        return None, None
    said = there.get(text, text)
    if current and said != text:
        return said, current.language
    return str(text), None if isinstance(text, Code) else DEFAULT


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


def leaves(value: object, place: str = "", *, names: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each text and condition with its place; `names`: no sentences."""
    if value is None or value == "" or (isinstance(value, Collection) and not value):
        return
    if isinstance(value, All | Any | Not | Comparison):
        yield place, Code(in_words(value))
    elif is_dataclass(value):
        for each in fields(value):
            found = getattr(value, each.name)
            if each.name not in SILENT and found is not False:  # such a mark is written only where it is set
                yield from leaves(found, _below(place, each.name), names=names or each.name in CODES)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, _below(place, str(key)), names=names)
    elif isinstance(value, tuple) and any(is_dataclass(each) for each in value):
        for number, each in enumerate(value, 1):
            below = _below(place, getattr(each, "id", getattr(each, "name", str(number))))
            yield from leaves(each, below, names=names)
    elif isinstance(value, frozenset):
        yield place, Code(", ".join(sorted(map(_word, value))))
    elif isinstance(value, tuple):
        joined = ", ".join(map(_word, value))
        yield place, joined if place.endswith(SENTENCES) else Code(joined)
    elif isinstance(value, str) and not names:
        yield place, value
    else:
        yield place, Code(_word(value))


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
