"""Strict JSON: UTF-8, no repeated keys, no `NaN`, bounded depth."""

import codecs
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.api.problems import FieldError, ProblemError

MAX_DEPTH = 100
"""How deeply arrays and objects may lie in one another: several times what a record needs, and far less than Python's
own limits, which differ from version to version."""
LARGEST = sys.float_info.max
MAX_DIGITS = 30
"""Longer whole numbers are read as floats: no fact is that large, and converting them costs time."""

TOO_DEEP = f"the body is nested too deeply: at most {MAX_DEPTH} arrays and objects may lie in one another"
SURROGATE = re.compile("[\ud800-\udfff]")


class JsonObject(dict[str, Any]):
    """A JSON object with keys that were written more than once."""

    repeated: tuple[str, ...] = ()


def json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object with these pairs of key and value."""
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    made = JsonObject(plain)
    times = Counter(key for key, _ in pairs)
    made.repeated = tuple(key for key in made if times[key] > 1)
    return made


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else _float(digits)


def _float(digits: str) -> float:
    """Return a number; infinity is not JSON, so the largest instead."""
    return max(-LARGEST, min(LARGEST, float(digits)))


def _constant(name: str) -> Any:
    raise ValueError(f"`{name}` is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=json_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def read_json(body: bytes, line: int | None = None) -> Any:
    """Return the JSON of a body or line, or raise a problem."""
    try:
        return _read(body, line or 1)
    except ProblemError as error:
        if line is None:
            raise
        raise ProblemError(error.kind, error.detail.replace("the body", "the line", 1)) from None


def _read(body: bytes, first_line: int) -> Any:
    try:
        data = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ProblemError("not-json", f"the body is not UTF-8: see byte {error.start}") from None
    except json.JSONDecodeError as error:
        if body.startswith(codecs.BOM_UTF8):
            raise ProblemError("not-json", "the body begins with a byte order mark; send it without") from None
        where = f"line {first_line + error.lineno - 1}, column {error.colno}"
        raise ProblemError(
            "not-json", f"the body is not JSON: {error.msg[0].lower()}{error.msg[1:]} at {where}"
        ) from None
    except RecursionError:
        raise ProblemError("not-json", TOO_DEEP) from None
    except ValueError as error:
        raise ProblemError("not-json", f"the body is not JSON: {error}") from None
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH or b"\\u" in body:
        _check(data)
    return data


def _check(data: Any) -> None:
    """Refuse what the parser lets pass: deep nesting, half surrogate pairs."""
    level, depth = [data], 0
    while level:
        inside: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if not item.isascii() and SURROGATE.search(item):
                    raise ProblemError("not-json", "the body holds half of a surrogate pair, which is no character")
            elif isinstance(item, dict):
                inside += item
                inside += item.values()
            elif isinstance(item, list):
                inside += item
        if depth == MAX_DEPTH and any(isinstance(item, dict | list) for item in level):
            raise ProblemError("not-json", TOO_DEEP)
        level, depth = inside, depth + 1


def repeated_keys(data: Any, pointer: str = "") -> Iterator[FieldError]:
    """Yield an error for each repeated key of an object."""
    if isinstance(data, dict):
        for key in data.repeated if isinstance(data, JsonObject) else ():
            yield FieldError(pointer_to(pointer, key), "duplicate_key", "is written more than once; send it once")
        for key, value in data.items():
            if isinstance(value, dict | list):
                yield from repeated_keys(value, pointer_to(pointer, key))
    elif isinstance(data, list):
        for place, item in enumerate(data):
            if isinstance(item, dict | list):
                yield from repeated_keys(item, pointer_to(pointer, place))


def pointer_to(pointer: str, step: str | int) -> str:
    """Return a JSON pointer (RFC 6901) one step down; keys are cut."""
    text = str(step)
    if len(text) > 64 or not text.isprintable():
        text = "".join(c if c.isprintable() else "?" for c in text[:64])
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"
