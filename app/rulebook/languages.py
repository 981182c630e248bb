"""Languages: checked for completeness, and read into core translations."""

import re
from collections.abc import Iterator, Mapping

from app.core.facts import Fact, Value
from app.core.languages import FactWords, Phrases, ReleaseWords, Translation
from app.core.rules import Release, Wording
from app.rulebook import schema_book
from app.rulebook.book import COUNTRIES, LANGUAGES, PHRASES, TRANSLATED, Book
from app.rulebook.build import Builder, made
from app.rulebook.files import RuleBookError, Where, like
from app.rulebook.sources import sources
from app.rulebook.words import PARTLY_OURS, Translator, current_entries, sentences_of

YES_NO = {"yes": True, "no": False}
"""The answers to a question of yes or no, as rule files write them."""


def translations(book: Book, releases: Mapping[str, Release]) -> dict[str, Translation]:
    """Return every language of a checked rule book, of these releases."""
    found = {}
    for code, entry in book.languages.items():
        translator, cited = Translator(book, code), sources(book, code)
        builders = [Builder(book, release.id, cited, translator, release) for release in releases.values()]
        built = [release for builder in builders if (release := builder.build())]
        entries = {release.id: release for release in built}
        found[code] = Translation(
            code,
            {name: made(FactWords, words, answers=_answers(book, code, name)) for name, words in entry.facts.items()},
            made(Wording, entry.wording, grades={}),
            {name: made(ReleaseWords, words) for name, words in entry.releases.items()},
            entries,
            entries[book.current].facts if book.current in entries else {},
            Phrases({k: v for part in book.words.get((code, PHRASES), {}).values() for k, v in part.items()}),
        )
    return found


def _answers(book: Book, code: str, fact: str) -> dict[Value, str]:
    """Return the labels of a fact's answers by their values."""
    if any(entry.type == "country" for entry in book.entries["facts.yaml"] if entry.name == fact):
        return {country: name for country, name in book.countries.get(code, {}).items()}  # noqa: C416
    return {YES_NO.get(name, name): text for name, text in book.languages[code].facts[fact].answers.items()}


def check_languages(book: Book, release: Release) -> Iterator[RuleBookError]:
    """Yield what languages lack, or have too much, for one release."""
    for code, entry in book.languages.items():
        yield from _gaps(book, code, entry, release)


def _gaps_of_entries(book: Book, code: str) -> Iterator[RuleBookError]:
    """Yield what a language lacks, or has too much."""
    for name in TRANSLATED:
        words = book.words.get((code, name), {})
        english = {entry: sentences_of(each) for entry, each in current_entries(book, name).items()}
        needed = {entry: set(texts) for entry, texts in english.items()}
        for entry in sorted({*words, *needed}):
            for way, text in words.get(entry, {}).items():
                if lost := figures(english.get(entry, {}).get(way, "")) - figures(text):
                    says = f"`{way}` of {entry} lacks {in_backticks(lost)} of the English: translate it anew"
                    yield _error(book, f"{LANGUAGES}/{code}/{name}", (entry, way), says)
            given = set(words.get(entry, {}))
            if entry in needed:
                given -= PARTLY_OURS.get(name, set())
            due = needed.get(entry, set())
            for way in sorted(due - given):
                says = f"`{way}` of {entry} is missing: translate that of {name}"
                yield _error(book, f"{LANGUAGES}/{code}/{name}", (entry,), says)
            for way in sorted(given - due):
                says = f"`{way}` of {entry} is no sentence of {book.current} in {name}{like(way, due - given)}"
                says += "" if entry in needed else like(entry, needed.keys() - words.keys())
                yield _error(book, f"{LANGUAGES}/{code}/{name}", (entry, way), says)
    given, due = set(book.countries.get(code, {})), set(book.entries[COUNTRIES])
    for country in sorted(due - given):
        yield _error(book, f"{LANGUAGES}/{code}/{COUNTRIES}", (), f"`{country}` is missing: translate its name")
    for country in sorted(given - due):
        yield _error(book, f"{LANGUAGES}/{code}/{COUNTRIES}", (country,), f"`{country}` is no country of {COUNTRIES}")


def figures(text: str) -> set[str]:
    """Return the numbers of a sentence, as digits."""
    return set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text)))


def in_backticks(words: set[str]) -> str:
    """Return words as a list for a sentence."""
    return ", ".join(f"`{word}`" for word in sorted(words))


def _error(book: Book, file: str, where: Where, says: str) -> RuleBookError:
    known = book.files.get(file)
    return known.error(where, says) if known else RuleBookError(file, 1, "", says)


def _other_places(book: Book, code: str) -> Iterator[RuleBookError]:
    """Yield the phrases that have other places for values than the English."""
    for face, phrases in book.words.get((code, PHRASES), {}).items():
        for english, text in phrases.items():
            if _places(english) != _places(text):
                file = book.files[f"{LANGUAGES}/{code}/{PHRASES}"]
                yield file.error((face, english), f"`{text}` has other places for values than `{english}`")


def _places(text: str) -> set[str]:
    return set(re.findall(r"{(\w*)}", text))


def _gaps(book: Book, code: str, entry: schema_book.Language, release: Release) -> Iterator[RuleBookError]:
    file = book.files[f"{LANGUAGES}/{code}.yaml"]
    is_current = release.id == book.current
    for name, fact in release.facts.items():
        words = entry.facts.get(name)
        if words is None:
            yield file.error(("facts",), f"`{name}` is not translated")
            continue
        for key, text in (("question", fact.question), ("help", fact.help)) if is_current else ():
            if lost := figures(text or "") - figures(getattr(words, key) or ""):
                says = f"`{key}` of `{name}` lacks {in_backticks(lost)} of the English: translate it anew"
                yield file.error(("facts", name, key), says)
        for answer in sorted(_answers_of(fact) ^ set(words.answers) if fact.kind != "boolean" or is_current else ()):
            yield file.error(("facts", name), f"`{answer}` of `{name}` is not translated, or is no answer")
        if (fact.unit is not None) != (words.unit is not None):
            yield file.error(("facts", name), f"`unit` of `{name}` is missing, or there is none")
    if is_current:
        yield from _gaps_of_entries(book, code)
        yield from _other_places(book, code)
    for document in sorted(set(entry.documents) - set(book.entries["ledger.yaml"].documents)):
        yield file.error(("documents",), f"`{document}` is no document")
    for key in ("pathways", "dispositions", "next_question", "lower_phase", "row", "summary"):
        for name in sorted(set(getattr(release.wording, key)) ^ set(getattr(entry.wording, key))):
            yield file.error(("wording", key), f"`{name}` is not translated, or is not needed")
    notices = entry.releases.get(release.id, schema_book.NoticeWords())
    for name in ("withdrawn", "limits", "changes"):
        if (getattr(release, name) is None) != (getattr(notices, name) is None):
            wrong = "is not translated" if getattr(notices, name) is None else "is translated, and the release has none"
            yield file.error(("releases", release.id), f"`{name}` of {release.id} {wrong}")


def _answers_of(fact: Fact) -> set[str]:
    """Return the answers of a fact that have words of their own."""
    if fact.kind == "boolean":
        return {name for name, value in YES_NO.items() if value in fact.labels}
    return set(map(str, fact.values)) if fact.kind in ("choice", "grade") else set()
