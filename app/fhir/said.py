"""What a record says, in words: reasons, questions, what was not understood."""

import re
from collections.abc import Iterable, Iterator

from app.core.languages import Sentence
from app.fhir.localization import Localization
from app.record.places import Entry, PatientFacts

MARKUP = re.compile(r"([\\`*_\[\]<>#|~&!])")
"""What Markdown or HTML would read as more than text."""


def said_of(entry: Entry, locale: Localization) -> str:
    """Return an entry with its text, code, date and reason."""
    coding = entry.coding
    code = coding.code if coding else entry.link_id or ""
    if coding and entry.place == "not_understood":  # its system may be what is not known
        code = " ".join(part for part in (coding.system, coding.code) if part)
    inside = ", ".join(plain(part) for part in (code, entry.date or "") if part)
    text = f": {plain(entry.text)}" if entry.text else ""
    reason = locale.reasons.get(entry.reason, "")
    return f"{entry.resource}{text}{f' ({inside})' if inside else ''}{f'. {reason}' if reason else ''}"


def used(record: PatientFacts, locale: Localization) -> Iterator[str]:
    """Yield each fact with its entries; answers of the intake aside."""
    for fact, entries in record.reasons.items():
        for entry in entries:
            if entry.link_id is None:
                yield f"{fact}: {said_of(entry, locale)}"


def used_count(record: PatientFacts) -> int:
    """Return how many lines `used` has."""
    return sum(entry.link_id is None for entries in record.reasons.values() for entry in entries)


def asked(record: PatientFacts, locale: Localization) -> Iterator[str]:
    """Yield each question that the record leaves, with what it says."""
    contradicted = {contradiction.fact for contradiction in record.contradictions}
    for fact, entries in record.questions.items():
        if fact not in contradicted:
            said = "; ".join(said_of(entry, locale) for entry in entries)
            yield f"{locale.engine.release.facts[fact].question} {fact}: {said}"


def contradictions(record: PatientFacts, locale: Localization) -> Iterator[str]:
    """Yield each fact of which the record says two things."""
    for contradiction in record.contradictions:
        said = "; ".join(said_of(entry, locale) for entry in contradiction.entries)
        yield f"{locale.engine.release.facts[contradiction.fact].question} {contradiction.fact}: {said}"


def not_understood(entries: Iterable[Entry], locale: Localization) -> Iterator[str]:
    """Yield each entry by its name."""
    for entry in entries:
        yield said_of(entry, locale)


def counted(record: PatientFacts, locale: Localization, not_named: int = 0) -> Iterator[str]:
    """Yield how many entries have no effect, by place."""
    for says, count in (
        ("{count} entries of the record were not understood and concern nothing that decides here", not_named),
        ("{count} entries of the record were understood and have no effect", len(record.set_aside)),
        ("{count} entries of the record concern none of the facts", len(record.irrelevant)),
    ):
        if count:
            yield locale.phrases.of(says, count=count)


def unread(record: PatientFacts, locale: Localization) -> list[str]:
    """Return what was not read because there is too much."""
    return [
        locale.reasons.get(left.reason, "{count} > {most}").format(count=left.count, most=left.most)
        for left in record.unread
    ]


def sentences(said: Iterable[Sentence], locale: Localization) -> list[str]:
    """Return sentences of the program in the language."""
    return [locale.phrases.of(sentence) for sentence in said]


def plain(text: str) -> str:
    """Return text of a record as text in Markdown too."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))
