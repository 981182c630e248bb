"""The JSON schemas of a candidate: facts, readings on scales, options."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from app.api.validation import REFERENCE, is_number
from app.core.facts import Fact
from app.core.rules import Release, Scale

Schema = dict[str, Any]
NULL = {"type": "null"}


def ref(name: str) -> Schema:
    """Return a reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def in_pascal(name: str) -> str:
    """Return a name such as `primary_concern` as `PrimaryConcern`."""
    return "".join(word[:1].upper() + word[1:] for word in name.replace("-", "_").split("_"))


def schemas_of(release: Release) -> dict[str, Schema]:
    """Return the schema `Candidate` and those that it names."""
    facts = {name: _schema_of(fact, release.scales) for name, fact in release.facts.items()}
    named: dict[str, Schema] = {
        in_pascal(name): {"type": "string", "enum": list(fact.values), "description": fact.question}
        for name, fact in release.facts.items()
        if fact.kind not in ("boolean", "integer")
    }
    readings = {reading_name(scale): _reading(scale) for scale in release.scales.values()}
    candidate = {
        "type": "object",
        "description": "What is known of one treatment area. Every fact may be left out or null: unknown, never `no`.",
        "additionalProperties": False,
        "properties": facts
        | {
            "unavailable": {
                "anyOf": [{"type": "array", "items": ref("FactName")}, NULL],
                "description": "Facts that cannot be answered: they stay unknown and are not asked again.",
            },
            "doubted": {
                "anyOf": [{"type": "array", "items": ref("FactName")}, NULL],
                "description": (
                    "Unknown facts of `unknown: confirm` that something speaks of, such as a record: nothing is "
                    "assumed of them, they are asked."
                ),
            },
            "reference": {
                "anyOf": [{"type": "string", "pattern": REFERENCE}, NULL],
                "description": "Echoed in the answer; no part of the decision.",
            },
            "asked_on": {
                "anyOf": [{"type": "string", "format": "date"}, NULL],
                "description": (
                    "The day on which the oldest of the facts was asked, from 2000-01-01 to 2999-12-31: the answer "
                    "then has `valid_until` and `ask_again`. No part of the decision or of `id`."
                ),
            },
        },
    }
    names = {"type": "string", "enum": list(release.facts), "description": "The name of a fact."}
    return {"Candidate": candidate, "FactName": names, **named, **readings}


def reading_name(scale: Scale) -> str:
    """Return the name of the schema of readings on a scale."""
    return f"{in_pascal(scale.name)}Reading"


def _schema_of(fact: Fact, scales: Mapping[str, Scale]) -> Schema:
    """Return the JSON schema of a fact, with question and help."""
    words = {str(v): label for v, label in fact.labels.items() if isinstance(v, str)}
    described = f"{fact.question}\n\n{fact.help}\n\nUnknown: {fact.policy}. Sources: {', '.join(fact.sources)}."
    value = ref(in_pascal(fact.name))
    match fact.kind:
        case "boolean":
            value = {"type": "boolean"}
        case "integer":
            value = {"type": "integer", "minimum": fact.minimum, "maximum": fact.maximum}
        case "grade" | "choice":
            described += "\n\n" + "\n".join(f"- `{word}`: {label}" for word, label in words.items())
    readings = [ref(reading_name(scale)) for scale in scales.values() if fact.name in scale.measures]
    return {"anyOf": [value, *readings, NULL], "description": described}


def _reading(scale: Scale) -> Schema:
    numbers = sorted(float(grade) for grade in scale.grades if is_number(grade))
    grade: Schema = {"type": "string", "enum": list(scale.grades)}
    if len(numbers) == len(scale.grades):  # generators do not know enumerations of numbers
        step = min(after - before for before, after in pairwise(numbers))
        between = [numbers[0] + step * n for n in range(round((numbers[-1] - numbers[0]) / step))]
        missing = [number for number in between if number not in numbers]
        grade = {"type": "number", "minimum": numbers[0], "maximum": numbers[-1], "multipleOf": step}
        grade |= {"not": {"enum": missing}} if missing else {}
    return {
        "type": "object",
        "description": f"A reading on a scale: {scale.title}. {scale.says}",
        "properties": {"scale": {"type": "string", "const": scale.name}, "grade": grade},
        "required": ["scale", "grade"],
        "additionalProperties": False,
    }
