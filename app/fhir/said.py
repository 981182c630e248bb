"""What a record says, in words: reasons, questions, what was not understood."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest

from app.core.facts import Value
from app.core.languages import Sentence
from app.fhir.localization import Localization
from app.record.places import Entry, PatientFacts, Unread

MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>#|~&!"})
"""What Markdown or HTML would read as more than text; a pattern took ten times as long."""
MOST_NAMED = 200
"""How many entries that are not understood are named."""
LONGEST_PART = 100
"""How much of a system, a code or a date is shown."""
MOST_OF_A_FACT = 3
"""How many entries about one fact are named; a record may say the same for twenty years."""


def said_of(entry: Entry, locale: Localization, fact: str | None = None) -> str:
    """Return an entry with text, code, date and reason."""
    coding = entry.coding
    code = _short(coding.code) if coding else entry.link_id if entry.link_id and entry.link_id != fact else ""
    if coding and entry.place == "not_understood":  # its system may be what is not known
        code = " ".join(_short(part) for part in (coding.system, coding.code) if part)
    inside = ", ".join(plain(part) for part in (code, _short(entry.date or "")) if part)
    text = f": {plain(entry.text)}" if entry.text else ""
    reasons = (said.reason for said in entry.statements if said.fact == fact)
    reason = locale.reasons.get(next(reasons, entry.reason), "")
    return f"{entry.resource}{text}{f' ({inside})' if inside else ''}{f'. {reason}' if reason else ''}"


def used(record: PatientFacts, locale: Localization) -> Iterator[str]:
    """Yield each fact with its entries; answers of the intake aside."""
    for fact, entries in record.reasons.items():
        if recorded := [entry for entry in entries if entry.link_id is None]:
            among = record.ranges.get(fact)
            answer = f"{among['min']}-{among['max']}" if among else _answer(fact, record.facts[fact], locale)
            yield f"{_question(fact, locale)} {answer}. {_listed(fact, recorded, locale)}"


def asked(record: PatientFacts, locale: Localization) -> Iterator[str]:
    """Yield each question that the record leaves, and its entries."""
    contradicted = {contradiction.fact for contradiction in record.contradictions}
    for fact, entries in record.questions.items():
        if fact not in contradicted:
            yield f"{_question(fact, locale)} {_listed(fact, entries, locale)}"


def contradictions(record: PatientFacts, locale: Localization) -> Iterator[str]:
    """Yield each fact of which the record says two things."""
    for fact, entries, _ in record.contradictions:
        by_answer: dict[str, list[Entry]] = {}
        for entry in entries:
            value = next((said.value for said in entry.statements if said.fact == fact), None)
            by_answer.setdefault("?" if value is None else _answer(fact, value, locale), []).append(entry)
        sides = (f"{answer}: {_listed(fact, listed, locale)}" for answer, listed in by_answer.items())
        yield f"{_question(fact, locale)} {' '.join(sides)}"


def _question(fact: str, locale: Localization) -> str:
    return locale.engine.release.facts[fact].question


def _answer(fact: str, value: Value, locale: Localization) -> str:
    words = locale.engine.release.wording
    plain = str(value) if not isinstance(value, bool) else words.yes if value else words.no
    return locale.engine.release.facts[fact].labels.get(value, plain)


def _listed(fact: str, entries: Sequence[Entry], locale: Localization) -> str:
    """Return the newest entries about a fact, and how many more."""
    newest = nlargest(MOST_OF_A_FACT, entries, key=lambda entry: entry.date or "")
    said = [said_of(entry, locale, fact) for entry in newest]
    if len(entries) > MOST_OF_A_FACT:
        said.append(locale.phrases.of("and {count} more", count=len(entries) - MOST_OF_A_FACT))
    return "; ".join(each.removesuffix(".") for each in said) + "."


def not_understood(entries: Sequence[Entry], locale: Localization) -> Iterator[str]:
    """Yield each entry by its name, and how many more there are."""
    for entry in entries[:MOST_NAMED]:
        yield said_of(entry, locale)
    if len(entries) > MOST_NAMED:
        yield locale.phrases.of("and {count} more", count=len(entries) - MOST_NAMED)


def counted(record: PatientFacts, locale: Localization, not_named: int = 0) -> Iterator[str]:
    """Yield how many entries have no effect, by place."""
    others = sum(entry.reason == "somebody_elses" for entry in record.set_aside)
    for says, count in (
        ("{count} entries of the record were not understood and concern nothing that decides here", not_named),
        ("{count} entries of the record were understood and have no effect", len(record.set_aside) - others),
        ("{count} entries of the record are about another patient, or nobody says whose they are", others),
        ("{count} entries of the record concern none of the facts", len(record.irrelevant)),
    ):
        if count:
            yield locale.phrases.of(says, count=count)


def unread(record: PatientFacts, locale: Localization) -> list[str]:
    """Return what was not read because there is too much."""
    return _left((left for left in record.unread if not left.was_lost), locale)


def lost(record: PatientFacts, locale: Localization) -> list[str]:
    """Return what was not read because it never came."""
    return _left((left for left in record.unread if left.was_lost), locale)


def _left(listed: Iterable[Unread], locale: Localization) -> list[str]:
    return [
        locale.reasons.get(left.reason, "{count} > {most}").format(count=left.count, most=left.most) for left in listed
    ]


def sentences(said: Iterable[Sentence], locale: Localization) -> list[str]:
    """Return sentences of the program in the language."""
    return [locale.phrases.of(sentence) for sentence in said]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PART else text[:LONGEST_PART] + "…"


def plain(text: str) -> str:
    """Return text of a record as text in Markdown too."""
    return " ".join(text.split()).translate(MARKUP)
