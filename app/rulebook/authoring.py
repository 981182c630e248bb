"""JSON Schemas of the rule files, for the editors of authors.

They are the shapes that the loader checks, and where those say what a value stands for, the facts, answers, comparisons
and ids of the rule book. What follows from several files or from proof is said by `triage check` alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.core.facts import Fact, Value
from app.core.rules import Release
from app.rulebook.book import ADAPTERS, Book
from app.rulebook.grammar import GrammarError, read_condition
from app.rulebook.safety import MATRIX
from app.rulebook.schema import STANDS_FOR

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FEW = 12
"""Comparisons of facts with so many answers are completed one by one."""
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
EXPECTED = ("expect", "ask")
"""What an example holds beside facts."""


def schemas_of(book: Book, releases: Mapping[str, Release]) -> dict[str, Schema]:
    """Return by file the schema of what it may hold.

    Facts and answers are those of any release.
    """
    facts = _facts_of(releases.values())
    named = {
        "fact": {"type": "string", "enum": sorted(facts)},
        "known": _known(facts),
        "example": _example(facts),
        "condition": _condition(facts, releases.values()),
        "source": {"type": "string", "enum": sorted({name for each in releases.values() for name in each.sources})},
        "rule": {"type": "string", "enum": sorted(book.ids)},
        "release": {"type": "string", "enum": list(releases)},
        "law": {"type": "string", "enum": [law.name for law in releases[book.current].laws]},
        "severity": {"enum": [level.id for level in book.entries[MATRIX].severities]},
        "likelihood": {"enum": [level.id for level in book.entries[MATRIX].likelihoods]},
    }
    return {name: _schema(adapter.json_schema(), named) for name, adapter in ADAPTERS.items()}


def _schema(found: Schema, named: Mapping[str, Schema]) -> Schema:
    used: set[str] = set()
    put = _put(found, used)
    places = {name: named[name] for name in sorted(used)}
    definitions = {name: _with_changes(each) for name, each in put.pop("$defs", {}).items()}
    return {"$schema": DIALECT, **put, "$defs": {**definitions, **places}}


def _put(node: Any, used: set[str]) -> Any:
    """Return a schema with references in place of what values stand for."""
    if isinstance(node, list):
        return [_put(each, used) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(name := node.get(STANDS_FOR), str):
        used.add(name)
        kept = {key: node[key] for key in ("title", "description", "default") if key in node}
        return {**kept, "$ref": f"#/$defs/{name}"}
    return {key: _put(each, used) for key, each in node.items()}


def _with_changes(entry: Schema) -> Schema:
    """Return an entry whose `from` holds keys of the entry by release."""
    keys = dict(entry.get("properties", {}))
    if "from" not in keys or "since" not in keys:
        return entry
    changed = {name: shape for name, shape in keys.items() if name not in ("since", "until", "from")}
    partly = {"type": "object", "properties": changed, "additionalProperties": False}
    keys["from"] = {"type": "object", "propertyNames": keys["since"], "additionalProperties": partly}
    return {**entry, "properties": keys}


def _facts_of(releases: Iterable[Release]) -> dict[str, list[Fact]]:
    """Return by name the facts as each release has them."""
    found: dict[str, list[Fact]] = {}
    for release in releases:
        for name, fact in release.facts.items():
            found.setdefault(name, []).append(fact)
    return found


def _answers(facts: Iterable[Fact]) -> list[Value]:
    return list(dict.fromkeys(value for fact in facts for value in fact.domain))


def _known(facts: Mapping[str, list[Fact]], more: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of answers by fact."""
    members: dict[str, Schema] = {}
    for name, each in facts.items():
        said = {"description": each[-1].question}
        if each[-1].kind == "integer":
            answers = _answers(each)
            members[name] = {"type": "integer", "minimum": answers[0], "maximum": answers[-1], **said}
        else:
            members[name] = {"enum": _answers(each), **said}
    return {"type": "object", "properties": {**members, **(more or {})}, "additionalProperties": False}


def _example(facts: Mapping[str, list[Fact]]) -> Schema:
    asked = {"type": "array", "items": {"enum": sorted(facts)}}
    return _known(facts, dict(zip(EXPECTED, ({"type": "string"}, asked), strict=True)))


def _condition(facts: Mapping[str, list[Fact]], releases: Iterable[Release]) -> Schema:
    """Return the schema of a condition: comparisons alone or joined."""
    here = {"$ref": "#/$defs/condition"}
    parts = {"type": "array", "items": here, "minItems": 2}
    joined = {"all": parts, "any": parts, "not": here}
    several = {"type": "object", "properties": joined, "additionalProperties": False}
    patterns = [pattern for name, each in facts.items() for pattern in _patterns(name, each)]
    return {
        "anyOf": [
            {"enum": ["always", *_comparisons(facts, releases)]},
            {"type": "string", "pattern": f"^(?:{'|'.join(patterns)})$"},
            several | {"minProperties": 1, "maxProperties": 1},
        ]
    }


def _comparisons(facts: Mapping[str, list[Fact]], releases: Iterable[Release]) -> Iterator[str]:
    """Yield the comparisons that the grammar takes, of few answers."""
    books = [release.facts for release in releases]
    for name, each in facts.items():
        answers = _answers(each)
        for word in map(_word, answers if len(answers) <= FEW else ()):
            texts = [f"{name} {operator} {word}" for operator in OPERATORS]
            yield from (text for text in texts if any(_is_read(text, known) for known in books if name in known))


def _is_read(text: str, facts: Mapping[str, Fact]) -> bool:
    try:
        read_condition(text, facts)
    except GrammarError:
        return False
    return True


def _patterns(name: str, facts: list[Fact]) -> Iterator[str]:
    """Yield patterns of the other comparisons of a fact."""
    answers = _answers(facts)
    value = f"(?:{'|'.join(map(_word, answers))})"
    sets = "".join(f"|{each}" for each in dict.fromkeys(name for fact in facts for name in fact.sets))
    between = rf"|{value}\.\.{value}" if facts[-1].ordered else ""
    yield rf"{name} (?:not )?in (?:\[ *{value}(?: *, *{value})* *\]{between}{sets})"
    if len(answers) > FEW:
        operators = OPERATORS if facts[-1].ordered else OPERATORS[:2]
        yield rf"{name} (?:{'|'.join(operators)}) {value}"


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
