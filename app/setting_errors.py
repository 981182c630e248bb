"""What is wrong with a setting, and what would be right.

What would be right is read from the schema of the settings. A value within JSON may be secret, as may a long one that
stands where another belongs, and is not repeated.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
KINDS = {dict: "an object", list: "a list", bool: "a truth value", int: "a number", float: "a number", str: "a text"}
OWN = ("value_error", "assertion_error")
"""Errors whose text is ours already."""
LONGEST_SHOWN = 20
"""A longer value may be a key; no setting that is a word or a number needs more."""


def reason(error: Mapping[str, Any], settings: Schema) -> str:
    """Return what is wrong with a setting, and where in it."""
    says = str(error["msg"]).removeprefix("Value error, ")
    inside = error["loc"][1:]
    where = f" at `/{'/'.join(map(str, inside))}`" if inside else ""
    given = error["input"]
    if error["type"] in OWN:
        if isinstance(given, str) and '"' in given:  # JSON, as keys are, in place of an address or a name
            says = says.replace(f"`{given}`", "it")
    else:
        node, parent = _schema_at(settings, error["loc"])
        is_word = not inside and isinstance(given, str) and len(given) <= LONGEST_SHOWN and node.get("type") != "array"
        says = _wrong(error["type"], given, node, parent, is_shown=is_word)
    return f"{where}: {says[0].lower()}{says[1:]}"


def _wrong(kind: str, value: Any, node: Schema, parent: Schema, *, is_shown: bool) -> str:
    if kind == "extra_forbidden":
        return f"no such member; there are {_listed(parent['properties'], 'and')}"
    if kind == "missing":
        return f"it is missing; write {_right(node)}"
    if is_shown and value.strip():
        close = [word for word in node.get("enum", ()) if word == value.strip().lower()]
        return f"`{value}` is not accepted; write {f'`{close[0]}`' if close else _right(node)}"
    is_empty = value == "" or (value == [] and node.get("type") == "array")
    return f"it is {'empty' if is_empty else KINDS.get(type(value), 'nothing')}; write {_right(node)}"


def _schema_at(settings: Schema, path: Sequence[str | int]) -> tuple[Schema, Schema]:
    """Return the schema of a value, and of what holds it."""
    node: Schema = settings
    parent = node
    for step in path:
        parent = node
        found = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
        node = found or node.get("additionalProperties") or {}
        node = next((one for one in node.get("anyOf", ()) if one.get("type") != "null"), node)
        if "$ref" in node:
            node = settings["$defs"][node["$ref"].rpartition("/")[2]]
    return node, parent


def _right(node: Schema) -> str:
    if "examples" in node:
        return str(node["examples"][0])
    if "enum" in node or "const" in node:
        return _listed(node.get("enum") or [node["const"]], "or")
    match node.get("type"):
        case "integer":
            return f"a whole number from {node['minimum']} to {node['maximum']}"
        case "number":
            return f"a number above {node['exclusiveMinimum']}, at most {node['maximum']}"
        case "boolean":
            return "`true` or `false`"
        case "array":
            return (
                "a list of objects, `[{...}]`" if "enum" not in node["items"] else f"a list of {_right(node['items'])}"
            )
        case "object" if "required" in node:
            return f"an object with {_listed(node['required'], 'and')}"
        case "object":
            return "an object"
    return "a text"


def _listed(words: Sequence[str] | Mapping[str, Any], last: str) -> str:
    *first, end = (f"`{word}`" for word in words)
    return f"{', '.join(first)} {last} {end}" if first else end
