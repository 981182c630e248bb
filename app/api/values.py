"""One fact's value as people send it: checked, normalised, and documented for OpenAPI, from the fact itself.

Errors say what would be right and never repeat what was sent.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import PydanticCustomError

from app.core.answer import ScaleGrade
from app.core.facts import Fact, Value
from app.core.rules import Scale

COMMONLY_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB", "USA": "US", "KOR": "KR", "JPN": "JP"}
"""Country codes that are often written and are not ISO 3166-1 alpha-2."""


def refuse(code: str, detail: str, suggestion: str | None = None) -> PydanticCustomError:
    """Return an error for one value: a stable code, what would be right, and the closest right value."""
    return PydanticCustomError(code, "{detail}", {"detail": detail, "suggestion": suggestion})


def closest(word: Any, known: Mapping[str, object] | tuple[str, ...]) -> str | None:
    """Return the known word that a word most likely means, or `None`."""
    if not isinstance(word, str) or len(word) > 64:
        return None
    folded = {k.casefold().replace("_", " "): k for k in known}
    found = get_close_matches(word.casefold().replace("_", " ").replace("-", " ").strip(), folded, 1)
    return folded[found[0]] if found else None


def reader(fact: Fact, scales: Mapping[str, Scale]) -> Callable[[Any], Value | ScaleGrade | None]:
    """Return a function that checks and normalises a value sent for this fact; it raises pydantic errors."""
    measured = {name: scale for name, scale in scales.items() if fact.name in scale.measures}

    def read(value: Any) -> Value | ScaleGrade | None:
        if value is None:
            return None
        if fact.kind == "boolean":
            return _boolean(value)
        if fact.kind == "integer":
            return _integer(fact, value)
        if isinstance(value, dict) and fact.kind == "grade":
            return _grade(fact, measured, scales, value)
        return _word(fact, value)

    return read


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise refuse("not_a_boolean", "write `true` or `false`; leave it out, or send `null`, where it is unknown")


def _integer(fact: Fact, value: Any) -> int:
    right = f"write a whole number from {fact.minimum} to {fact.maximum}, in {fact.unit}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse("not_an_integer", right)
    if isinstance(value, float):
        if not value.is_integer():
            raise refuse("not_an_integer", right)
        value = int(value) if abs(value) < 1e15 else fact.maximum + 1
    if not fact.minimum <= value <= fact.maximum:
        raise refuse("out_of_range", right)
    return int(value)


def _word(fact: Fact, value: Any) -> str:
    words = tuple(str(v) for v in fact.values)
    if isinstance(value, str) and value in fact.values:
        return value
    if fact.kind == "country":
        meant = value.strip().upper() if isinstance(value, str) and len(value) < 8 else ""
        suggestion = COMMONLY_MEANT.get(meant) or (meant if meant in fact.values else None)
        raise refuse("not_an_answer", "write an ISO 3166-1 alpha-2 country code, such as `KR`", suggestion)
    listed = ", ".join(f"`{word}`" for word in words)
    raise refuse("not_an_answer", f"its answers are {listed}; leave it out where it is unknown", closest(value, words))


def _grade(fact: Fact, measured: Mapping[str, Scale], scales: Mapping[str, Scale], value: dict[str, Any]) -> ScaleGrade:
    named = value.get("scale")
    listed = ", ".join(f"`{name}`" for name in measured)
    if not measured:
        raise refuse("no_scale", f"no scale measures this finding; write a grade: {', '.join(map(str, fact.values))}")
    if set(value) != {"scale", "grade"}:
        raise refuse("not_a_reading", f"a reading has just `scale` and `grade`; the scale is one of {listed}")
    if not isinstance(named, str) or named not in scales:
        raise refuse("unknown_scale", f"the scales for this finding are {listed}", closest(named, tuple(measured)))
    if named not in measured:
        raise refuse(
            "scale_does_not_measure", f"this scale does not measure this finding; use {listed}", *list(measured)[:1]
        )
    scale = measured[named]
    reading = value["grade"]
    if isinstance(reading, int | float) and not isinstance(reading, bool):
        key = f"{reading:g}"
    else:
        key = reading if isinstance(reading, str) and not reading.replace(".", "").isdigit() else ""
    if key not in scale.grades:
        grades = ", ".join(f"`{grade}`" for grade in scale.grades)
        raise refuse("not_on_scale", f"the grades of {scale.title} are {grades}")
    shown: str | float = key if isinstance(reading, str) else reading
    return ScaleGrade(scale.grades[key], named, shown, f"{scale.says} {scale.reading}")


def schema_of(fact: Fact, scales: Mapping[str, Scale]) -> dict[str, Any]:
    """Return the JSON schema of a fact: its type, answers, question, help and sources."""
    words = {str(v): label for v, label in fact.labels.items() if isinstance(v, str)}
    described = f"{fact.question}\n\n{fact.help}\n\nUnknown: {fact.policy}. Sources: {', '.join(fact.sources)}."
    value: dict[str, Any]
    match fact.kind:
        case "boolean":
            value = {"type": "boolean"}
        case "integer":
            value = {"type": "integer", "minimum": fact.minimum, "maximum": fact.maximum}
        case "country":
            value = {"type": "string", "enum": list(fact.values)}
        case _:
            value = {"type": "string", "enum": list(fact.values)}
            described += "\n\n" + "\n".join(f"- `{word}`: {label}" for word, label in words.items())
    readings = [_reading_schema(scale) for scale in scales.values() if fact.name in scale.measures]
    return {"anyOf": [value, *readings, {"type": "null"}], "title": fact.name, "description": described}


def _reading_schema(scale: Scale) -> dict[str, Any]:
    numeric = all(grade.replace(".", "").isdigit() for grade in scale.grades)
    grades = [float(g) if "." in g else int(g) for g in scale.grades] if numeric else list(scale.grades)
    return {
        "type": "object",
        "title": scale.title,
        "description": scale.says,
        "properties": {"scale": {"const": scale.name}, "grade": {"enum": grades}},
        "required": ["scale", "grade"],
        "additionalProperties": False,
    }
