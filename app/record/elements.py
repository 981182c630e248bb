"""Elements of FHIR R4 resources; one of another shape is absent."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from app.core.languages import Sentence

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
NAME = re.compile(rf"{ID.pattern}(?:#{ID.pattern})?")
"""The id of a resource, or of one with `#` and of what it contains."""
Resource = dict[str, Any]
"""One FHIR resource as JSON."""


class RecordError(Exception):
    """A resource that cannot be used, and what would be right.

    `says` is a sentence in English with places for `values`.
    """

    def __init__(self, says: str, expression: str = "", code: str = "invalid", **values: object) -> None:
        self.sentence = Sentence(says, values)
        super().__init__(str(self.sentence))
        self.says = str(self.sentence)
        self.expression = expression
        self.code = code


def items(value: Any) -> list[Resource]:
    """Return the objects of a list, or the one object."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def first_items(value: Any, most: int) -> list[Resource]:
    """Return the objects among the first of a list."""
    return items(value[:most] if isinstance(value, list) else value)


def text(value: Any) -> str:
    """Return a string, or an empty one."""
    return value if isinstance(value, str) else ""


def is_modified(resource: Resource) -> bool:
    """Return whether something unknown may change what a resource means."""
    if "modifierExtension" in resource or "implicitRules" in resource:
        return True
    for value in resource.values():
        if isinstance(value, dict):
            if "modifierExtension" in value:
                return True
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, dict) and "modifierExtension" in part:
                    return True
    return False


def codings(concept: Any) -> Iterator[tuple[str, str, str]]:
    """Yield system, code and display of every coding of a CodeableConcept."""
    for found in items(concept):
        for coding in items(found.get("coding")):
            yield text(coding.get("system")), text(coding.get("code")), text(coding.get("display"))


def moment(value: Any) -> datetime | None:
    """Return the start of a FHIR date, without its time zone."""
    found = re.match(r"^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?)?)?", text(value))
    if not found:
        return None
    year, *rest = (int(part) if part else None for part in found.groups())
    month, day, hour, minute, second = rest
    try:
        return datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59))
    except ValueError:
        return None


def day(value: Any) -> date | None:
    """Return the day of a FHIR date or dateTime that names one."""
    found = moment(value)
    return found.date() if found and len(text(value)) >= 10 else None


def reference_of(resource: Resource) -> str:
    """Return a resource's type and id, or its type."""
    kind, name = text(resource.get("resourceType")), resource.get("id")
    return f"{kind}/{name}" if isinstance(name, str) and NAME.fullmatch(name) else kind


def about(resource: Resource) -> str:
    """Return the reference to a resource's patient, or an empty string."""
    named = (resource.get(element) for element in ("subject", "patient"))
    return next((text(value.get("reference")) for value in named if isinstance(value, dict)), "")


def entries(bundle: Any) -> Iterator[Resource]:
    """Yield the resources of a Bundle, nested ones too."""
    todo: list[tuple[Any, int]] = [(bundle, 0)]
    while todo:
        found, depth = todo.pop()
        if not isinstance(found, dict):
            continue
        if found.get("resourceType") != "Bundle":
            yield found
            continue
        if depth > 2:
            raise RecordError(
                "a Bundle inside a Bundle inside a Bundle is not read", "Bundle.entry.resource", "too-costly"
            )
        inside = [entry.get("resource") for entry in items(found.get("entry"))]
        todo += [(resource, depth + 1) for resource in reversed(inside)]
