"""The intake form as posted: answers by fact, `unknown` and `change`."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from app.core.facts import Fact, Value
from app.core.rules import Release

MOST_FIELDS = 200


@dataclass(frozen=True)
class Filled:
    """A posted form; `wrong` names facts whose answer cannot be used."""

    facts: dict[str, Value] = field(default_factory=dict)
    unavailable: tuple[str, ...] = ()
    change: str = ""
    wrong: tuple[str, ...] = ()
    everything: bool = False


def read_form(body: bytes, release: Release) -> Filled:
    """Read a posted form; fields of older pages are left aside."""
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        fields = []
    unavailable = [value for name, value in fields if name == "unknown" and value in release.facts]
    change = next((value for name, value in fields if name == "change" and value in release.facts), "")
    facts: dict[str, Value] = {}
    wrong: list[str] = []
    for name, text in fields:
        fact = release.facts.get(name)
        if fact is None or name == change or name in unavailable or not text.strip():
            continue
        value = value_of(fact, text.strip())
        if value is None:
            wrong.append(name)
        else:
            facts[name] = value
    return Filled(
        facts={name: facts[name] for name in release.facts if name in facts},
        unavailable=tuple(
            name for name in release.facts if name in unavailable and name not in facts and name != change
        ),
        change=change,
        wrong=tuple(wrong),
        everything=any(name == "everything" for name, _ in fields),
    )


def value_of(fact: Fact, text: str) -> Value | None:
    """Return the value that a field's text stands for, or `None`."""
    if fact.kind == "boolean":
        return {"true": True, "false": False}.get(text)
    if fact.kind == "integer":
        number = int(text) if text.isdecimal() and len(text) < 6 else -1
        return number if number in fact.domain else None
    return text if text in fact.domain else None
