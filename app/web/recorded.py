"""Answers that come from a record, with what they come from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from app.core.facts import Fact, Value
from app.core.rules import Release
from app.record.places import Entry, PatientFacts
from app.web.names import label_of

KINDS = (
    *("Patient", "Condition", "AllergyIntolerance", "MedicationRequest", "MedicationStatement"),
    *("MedicationAdministration", "MedicationDispense", "Observation", "Procedure", "Device", "DeviceUseStatement"),
    "QuestionnaireResponse",
)
"""Types of resources that answers come from."""
BETWEEN = "|"
DAY = re.compile(r"\d{4}(?:-\d\d){0,2}|")


class Recorded(NamedTuple):
    """What a record says of one fact, by its newest resource.

    `value` is absent where the record speaks of it and it must be asked. The date is never that of a birth.
    """

    value: Value | None
    kind: str
    date: str


def recorded_of(record: PatientFacts) -> dict[str, Recorded]:
    """Return what a record says, by fact.

    A fact known as a range is left out: no answer stands for it.
    """
    found: dict[str, Recorded] = {}
    for name, entries in record.questions.items():
        if name not in record.facts:
            found[name] = _newest(None, entries)
    for name, value in record.facts.items():
        if name not in record.ranges and name in record.reasons:
            found[name] = _newest(value, record.reasons[name])
    return found


def _newest(value: Value | None, entries: Iterable[Entry]) -> Recorded:
    newest = max(entries, key=lambda each: each.day)
    kind = "QuestionnaireResponse" if newest.link_id else newest.resource.partition("/")[0]
    return Recorded(value, kind, newest.day if DAY.fullmatch(newest.day) else "")


def doubted(recorded: Mapping[str, Recorded], facts: Mapping[str, Value], release: Release) -> tuple[str, ...]:
    """Return the facts of which a record speaks, and nothing is assumed."""
    return tuple(
        name
        for name, each in recorded.items()
        if each.value is None and name not in facts and release.facts[name].policy == "confirm"
    )


def notes_of(recorded: Mapping[str, Recorded], facts: Mapping[str, Fact], texts: Mapping[str, str]) -> dict[str, str]:
    """Return where answers come from, in a sentence each."""
    return {name: _note(facts[name], each, texts) for name, each in recorded.items()}


def _note(fact: Fact, recorded: Recorded, texts: Mapping[str, str]) -> str:
    source = texts[f"record_{recorded.kind}"]
    if recorded.date:
        source = texts["record_dated"].format(kind=source, date=recorded.date)
    if recorded.value is None:
        return texts["record_asks"].format(source=source)
    value = recorded.value
    return texts["record_says"].format(answer=label_of(fact, value, texts), source=source)


def written(recorded: Mapping[str, Recorded]) -> Iterator[str]:
    """Yield what a record says as texts of a form."""
    for name, (value, kind, date) in recorded.items():
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        yield BETWEEN.join((name, text, kind, date))


def parts_of(text: str) -> tuple[str, str, str, str] | None:
    """Return fact, value, type and date of such a text, or `None`."""
    parts = text.split(BETWEEN)
    if len(parts) != 4 or parts[2] not in KINDS or not DAY.fullmatch(parts[3]):
        return None
    return parts[0], parts[1], parts[2], parts[3]
