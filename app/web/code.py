"""The answers as a short code, small enough for a QR code.

`2026.3~` and a letter for each fact of that release in its order: its place among the answers, `.` for one that was not
given, `_` for "not known". A fact of many answers (an integer, a country) has two letters. The last two letters are a
check sum, so that a damaged code is noticed.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from string import ascii_letters, digits
from zlib import crc32

from app.core.facts import Fact, Value
from app.core.rules import Release

LETTERS = digits + ascii_letters
BASE = len(LETTERS)
NOT_GIVEN, NOT_KNOWN, AFTER = ".", "_", "~"


def code_of(answers: Mapping[str, Value | None], release: Release) -> str:
    """Return the code of answers."""
    letters = "".join(_written(fact, answers) for fact in release.facts.values()).rstrip(NOT_GIVEN)
    text = f"{release.id}{AFTER}{letters}"
    return text + _check(text)


def release_of(code: str) -> str:
    """Return the release that a code was made with; empty if damaged."""
    text, check = code[:-2], code[-2:]
    return text.partition(AFTER)[0] if check == _check(text) and AFTER in text else ""


def answers_of(code: str, release: Release) -> dict[str, Value | None] | None:
    """Return the answers of a code.

    `None` where it is damaged, or of another release.
    """
    if release_of(code) != release.id:
        return None
    letters = code[:-2].partition(AFTER)[2]
    try:
        found = dict(_read(release.facts, iter(letters)))
    except (ValueError, IndexError):
        return None
    return found if code_of(found, release) == code else None  # half a number, or more than there is to read


def _width(fact: Fact) -> int:
    return 1 if len(fact.domain) <= BASE else 2


def _written(fact: Fact, answers: Mapping[str, Value | None]) -> str:
    if fact.name not in answers:
        return NOT_GIVEN * _width(fact)
    value = answers[fact.name]
    if value is None:
        return NOT_KNOWN * _width(fact)
    place = fact.domain.index(value)
    return "".join(LETTERS[place // BASE**at % BASE] for at in reversed(range(_width(fact))))


def _read(facts: Mapping[str, Fact], letters: Iterator[str]) -> Iterator[tuple[str, Value | None]]:
    for name, fact in facts.items():
        given = list(islice(letters, _width(fact)))
        if not given or given[0] == NOT_GIVEN:
            continue
        if given[0] == NOT_KNOWN:
            yield name, None
            continue
        place = 0
        for letter in given:
            place = place * BASE + LETTERS.index(letter)
        yield name, fact.domain[place]


def _check(text: str) -> str:
    checked = crc32(text.encode())
    return LETTERS[checked // BASE % BASE] + LETTERS[checked % BASE]
