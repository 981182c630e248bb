"""Values of facts: readings on scales, and errors.

Errors say what would be right and never repeat what was sent.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from app.api.messages import Message
from app.api.problems import FieldError
from app.core.answer import ScaleGrade
from app.core.facts import Fact, Value
from app.core.rules import Scale

REFERENCE = r"^[A-Za-z0-9._:-]{1,64}$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
"""Between which days facts are asked; no span reaches from there to the end of the calendar."""
COMMONLY_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB", "USA": "US", "KOR": "KR", "JPN": "JP"}
"""Country codes that are often written and are not ISO 3166-1 alpha-2."""
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
OTHERS = ("unavailable", "doubted", "reference", "asked_on")
"""Members of a request that are no facts."""


def day_of(text: object) -> date | None:
    """Return the day that a text names, or `None`."""
    try:
        day = date.fromisoformat(text) if isinstance(text, str) and re.fullmatch(DAY, text) else None
    except ValueError:
        return None
    return day if day is not None and FIRST_DAY <= day <= LAST_DAY else None


class RefusedError(Exception):
    """A value that is no answer: code, correction, suggestion."""

    def __init__(self, code: str, detail: Message, suggestion: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.suggestion = code, detail, suggestion

    def at(self, pointer: str) -> FieldError:
        """Return the error with the place of the value."""
        return FieldError(pointer, self.code, self.detail, self.suggestion)


def closest(word: Any, known: Collection[str]) -> str | None:
    """Return the known word that a word most likely means, or `None`."""
    if not isinstance(word, str) or len(word) > 64:
        return None
    folded = {k.casefold().replace("_", " "): k for k in known}
    meant = CAMEL.sub(" ", word).casefold().replace("_", " ").replace("-", " ").strip()
    found = get_close_matches(meant, folded, 1)
    if not found:  # such as `age` for `age_years`
        words = set(meant.split())
        found = [name for name in folded if words and (words <= set(name.split()) or words >= set(name.split()))]
    return folded[found[0]] if len(found) == 1 else None


def reading_of(fact: Fact, scales: Mapping[str, Scale]) -> Callable[[Any], tuple[Value, ScaleGrade | None]]:
    """Return a reader of scale readings, which refuses other values."""
    measured = {name: scale for name, scale in scales.items() if fact.name in scale.measures}

    def read(value: Any) -> tuple[Value, ScaleGrade | None]:
        match fact.kind:
            case "boolean":
                says = Message("write `true` or `false`; leave it out, or send `null`, where it is unknown")
                raise RefusedError("not_a_boolean", says)
            case "integer" if isinstance(value, float) and value in fact.domain:
                return int(value), None
            case "integer":
                whole = not isinstance(value, bool) and isinstance(value, int | float) and value == value // 1
                template = "write a whole number from {minimum} to {maximum}, in {unit}"
                says = Message(template, minimum=fact.minimum, maximum=fact.maximum, unit=fact.unit)
                raise RefusedError("out_of_range" if whole else "not_an_integer", says)
            case "country":
                meant = value.strip().upper() if isinstance(value, str) and len(value) < 8 else ""
                suggestion = COMMONLY_MEANT.get(meant) or (meant if meant in fact.values else None)
                says = Message("write an ISO 3166-1 alpha-2 country code, such as `KR`")
                raise RefusedError("not_an_answer", says, suggestion)
            case "grade" if isinstance(value, dict):
                reading = _grade(fact, measured, scales, value)
                return reading.grade, reading
        words = [str(word) for word in fact.values]
        listed = ", ".join(f"`{word}`" for word in words)
        says = Message("its answers are {listed}; leave it out where it is unknown", listed=listed)
        raise RefusedError("not_an_answer", says, closest(value, words))

    return read


def _grade(fact: Fact, measured: Mapping[str, Scale], scales: Mapping[str, Scale], value: dict[str, Any]) -> ScaleGrade:
    named = value.get("scale")
    listed = ", ".join(f"`{name}`" for name in measured)
    if not measured:
        grades = ", ".join(map(str, fact.values))
        raise RefusedError(
            "no_scale", Message("no scale measures this finding; write a grade: {grades}", grades=grades)
        )
    if set(value) != {"scale", "grade"}:
        says = Message("a reading has just `scale` and `grade`; the scale is one of {listed}", listed=listed)
        raise RefusedError("not_a_reading", says)
    if not isinstance(named, str) or named not in scales:
        says = Message("the scales for this finding are {listed}", listed=listed)
        raise RefusedError("unknown_scale", says, closest(named, measured))
    if named not in measured:
        says = Message("this scale does not measure this finding; use {listed}", listed=listed)
        raise RefusedError("scale_does_not_measure", says, next(iter(measured)))
    scale = measured[named]
    reading = value["grade"]
    if isinstance(reading, int | float) and not isinstance(reading, bool):
        key = next((grade for grade in scale.grades if is_number(grade) and float(grade) == reading), "")
    else:
        key = reading if isinstance(reading, str) and not is_number(reading) else ""
    if key not in scale.grades:
        grades = ", ".join(f"`{grade}`" for grade in scale.grades)
        says = Message("the grades of `{scale}` are {grades}", scale=scale.name, grades=grades)
        raise RefusedError("not_on_scale", says)
    shown: str | float = key if isinstance(reading, str) else reading
    return ScaleGrade(scale.grades[key], named, shown, scale.crosswalk)


def is_number(grade: str) -> bool:
    """Say whether a grade of a scale is a number."""
    return grade.replace(".", "").isdigit()
