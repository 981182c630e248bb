"""Strict JSON: UTF-8, no repeated keys, no `NaN`, bounded depth."""

import codecs
import json
import re
import sys
from collections import Counter
from typing import Any

import msgspec

from app.api.problems import MOST_ERRORS, FieldError, ProblemError

MAX_DEPTH = 100
"""How deeply arrays and objects may lie in one another: several times what a record needs, and far less than Python's
own limits, which differ from version to version."""
MOST_VALUES = 400_000
"""How many commas and opening brackets a body holds at most: twice as many as the densest records of 5 MB."""
LONGEST_POINTER = 256
LARGEST = sys.float_info.max
MAX_DIGITS = 30
"""Longer whole numbers are read as floats: no fact is that large, and converting them costs time."""

TOO_DEEP = f"the body is nested too deeply: at most {MAX_DEPTH} arrays and objects may lie in one another"
SURROGATE = re.compile("[\ud800-\udfff]")
AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
LONG_NUMBER = b"0" * (MAX_DIGITS + 1)
"""A long number once its digits are zeros; an expression that looks for one took 40 µs of 300 for a request, this 2."""
STRING = re.compile(rb'"[^"]*"')
AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
BUT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
UNSURE = object()
Steps = tuple[Any, str | int]
"""Where something stands: the steps to what holds it, and the last step."""


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


def read_without_repeats(body: bytes) -> Any:
    """Return the JSON of a body; repeated keys are refused."""
    data = _decoded(body)
    if data is not UNSURE:
        return data
    data = read_json(body)
    repeated, more = repeated_keys(data)
    if repeated:
        raise ProblemError("not-json", "an object of the body holds a key more than once", errors=repeated, more=more)
    return data


def _read(body: bytes, first_line: int) -> Any:
    data = _decoded(body)
    if data is not UNSURE:
        return data
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
    _check(data)
    return data


def _decoded(body: bytes) -> Any:
    """Return the JSON of a body, or `UNSURE`: look closer.

    msgspec keeps the last of equal keys. Written anew, an object then has fewer colons than the body, since a colon is
    never escaped in what is written; a body that escapes one itself is looked at more closely.
    """
    if len(body) > MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ProblemError("too-large", f"the body holds more than {MOST_VALUES} values and members")
    try:
        data = msgspec.json.decode(body)
        written = msgspec.json.encode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):  # of numbers beyond 64 bits, too
        return UNSURE
    if body.count(b":") != written.count(b":") or b"\\u003" in body or LONG_NUMBER in body.translate(AS_ZEROS):
        return UNSURE
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_too_deep(written):
        raise ProblemError("not-json", TOO_DEEP)
    return data


def _is_too_deep(written: bytes) -> bool:
    """Say whether JSON without spaces is nested too deeply.

    Strings are taken out, then the innermost brackets, level by level.
    """
    if b"\\" in written:
        written = written.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = STRING.sub(b"", written.translate(AS_BRACKETS, BUT_BRACKETS).replace(b'""', b""))
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


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


def repeated_keys(data: Any) -> tuple[list[FieldError], int]:
    """Return errors for the first repeated keys, and how many more."""
    errors: list[FieldError] = []
    more = 0
    todo: list[tuple[Any, Steps | None]] = [(data, None)]
    while todo:
        found, steps = todo.pop()
        if isinstance(found, JsonObject):
            listed = found.repeated[: MOST_ERRORS - len(errors)]
            says = "is written more than once; send it once"
            errors += [FieldError(_pointer((steps, key)), "duplicate_key", says) for key in listed]
            more += len(found.repeated) - len(listed)
        members = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
        inside: list[tuple[Any, Steps | None]] = [
            (item, (steps, step)) for step, item in members if isinstance(item, dict | list)
        ]
        todo += reversed(inside)
    return errors, more


def _pointer(steps: Steps | None) -> str:
    """Return the JSON pointer of some steps; a long one is cut."""
    listed: list[str | int] = []
    while steps is not None:
        steps, step = steps
        listed.append(step)
    pointer = ""
    for step in reversed(listed):
        pointer = pointer_to(pointer, step)
        if len(pointer) > LONGEST_POINTER:
            return pointer[:LONGEST_POINTER] + "…"
    return pointer


def pointer_to(pointer: str, step: str | int) -> str:
    """Return a JSON pointer (RFC 6901) one step down; keys are cut."""
    text = str(step)
    if len(text) > 64 or not text.isprintable():
        text = "".join(c if c.isprintable() else "?" for c in text[:64])
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"
