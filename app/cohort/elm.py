"""CQL expressions, each as text and as ELM."""

from collections.abc import Sequence
from typing import Any, NamedTuple

TYPES = "urn:hl7-org:elm-types:r1"


class Expression(NamedTuple):
    """An expression as CQL text and as ELM."""

    text: str
    elm: dict[str, Any]


def named(kind: str) -> dict[str, Any]:
    """Return a type of CQL by its name, as ELM."""
    return {"type": "NamedTypeSpecifier", "name": f"{{{TYPES}}}{kind}"}


STRINGS = {"type": "ListTypeSpecifier", "elementType": named("String")}


def parameter(name: str) -> Expression:
    """Return the value of a parameter."""
    return Expression(f'"{name}"', {"type": "ParameterRef", "name": name})


def definition(name: str) -> Expression:
    """Return the value of a definition."""
    return Expression(f'"{name}"', {"type": "ExpressionRef", "name": name})


def _literal(kind: str, text: str, value: str) -> Expression:
    return Expression(text, {"type": "Literal", "valueType": f"{{{TYPES}}}{kind}", "value": value})


def integer(number: int) -> Expression:
    """Return a whole number."""
    if number >= 0:
        return _literal("Integer", str(number), str(number))
    return Expression(str(number), {"type": "Negate", "operand": integer(-number).elm})


def boolean(value: bool) -> Expression:
    """Return `true` or `false`."""
    return _literal("Boolean", str(value).lower(), str(value).lower())


def string(text: str) -> Expression:
    """Return a text."""
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return _literal("String", f"'{quoted}'", text)


def null(kind: str) -> Expression:
    """Return null of a type."""
    return Expression(f"(null as {kind})", {"type": "As", "operand": {"type": "Null"}, "asTypeSpecifier": named(kind)})


def no_strings() -> Expression:
    """Return null in place of a list of texts."""
    return Expression("(null as List<String>)", {"type": "As", "operand": {"type": "Null"}, "asTypeSpecifier": STRINGS})


def strings(members: Sequence[Expression]) -> Expression:
    """Return a list of texts."""
    elm = {"type": "List", "typeSpecifier": STRINGS, "element": [each.elm for each in members]}
    return Expression("List<String>{ " + ", ".join(each.text for each in members) + " }", elm)


def _infix(kind: str, word: str, one: Expression, other: Expression) -> Expression:
    return Expression(f"({one.text} {word} {other.text})", {"type": kind, "operand": [one.elm, other.elm]})


def union(one: Expression, other: Expression) -> Expression:
    """Return two lists as one, each member once."""
    return _infix("Union", "union", one, other)


def equal(one: Expression, other: Expression) -> Expression:
    """Return whether two values are equal."""
    return _infix("Equal", "=", one, other)


def both(one: Expression, other: Expression) -> Expression:
    """Return whether both hold."""
    return _infix("And", "and", one, other)


def either(one: Expression, other: Expression) -> Expression:
    """Return whether one of two holds."""
    return _infix("Or", "or", one, other)


def contains(members: Expression, member: Expression) -> Expression:
    """Return whether a list has a member."""
    return _infix("Contains", "contains", members, member)


def between(value: Expression, first: int, last: int) -> Expression:
    """Return whether a number lies from `first` to `last`."""
    least = _infix("GreaterOrEqual", ">=", value, integer(first))
    return both(least, _infix("LessOrEqual", "<=", value, integer(last)))


def negated(value: Expression) -> Expression:
    """Return whether something does not hold."""
    return Expression(f"(not {value.text})", {"type": "Not", "operand": value.elm})


def is_null(value: Expression) -> Expression:
    """Return whether a value is null."""
    return Expression(f"({value.text} is null)", {"type": "IsNull", "operand": value.elm})


def count(members: Expression) -> Expression:
    """Return how many members a list has."""
    return Expression(f"Count({members.text})", {"type": "Count", "source": members.elm})


def if_else(test: Expression, then: Expression, otherwise: Expression) -> Expression:
    """Return one of two values by a condition."""
    inner = f"({then.text})" if then.text.startswith("if ") else then.text
    return Expression(
        f"if {test.text} then {inner}\n  else {otherwise.text}",
        {"type": "If", "condition": test.elm, "then": then.elm, "else": otherwise.elm},
    )
