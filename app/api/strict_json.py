"""Strict JSON: UTF-8, no repeated keys, no `NaN`, bounded depth."""

import codecs
import json
import re
import sys
from itertools import accumulate
from math import copysign
from typing import Any

import msgspec

from app.api.messages import Message
from app.api.problems import MOST_ERRORS, FieldError, ProblemError

MAX_DEPTH = 100
"""How deeply arrays and objects may lie in one another: several times what a record needs, and far less than Python's
own limits, which differ from version to version."""
MOST_VALUES = 160_000
"""How many commas and opening brackets a body holds at most: a little more than the densest records of 3.5 MB."""
LONGEST_POINTER = 256
LARGEST = sys.float_info.max
MAX_DIGITS = 300
"""Longer whole numbers are read as floats: no fact is that large, and converting takes time with the square."""

TOO_DEEP = Message(
    "the body is nested too deeply: at most {most} arrays and objects may lie in one another", most=MAX_DEPTH
)
SURROGATE = re.compile("[\ud800-\udfff]")
STRING = re.compile(rb'"[^"]*"')
AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
LONG_NUMBER = b"0" * (MAX_DIGITS + 1)
"""A long number once its digits are zeros; an expression that looks for one took 40 µs of 300 for a request, this 2."""
BUT_STRUCTURE = bytes(set(range(256)) - set(b":[{"))
BUT_VALUES = bytes(set(range(256)) - set(b",[{"))
AS_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
BUT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
HOLDS = (dict, list)
UNSURE = object()
Steps = tuple[Any, str | int]
"""Where something stands: the steps to what holds it, and the last step."""


class JsonObject(dict[str, Any]):
    """A JSON object with keys that were written more than once.

    The object of a whole body is one as well where it may hold such objects.
    """

    repeated: tuple[str, ...] = ()


def json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object with these pairs of key and value."""
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    made = JsonObject(plain)
    seen: set[str] = set()
    twice: set[str] = set()
    for key, _ in pairs:
        (twice if key in seen else seen).add(key)
    made.repeated = tuple([key for key in made if key in twice])
    return made


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS or len(digits.lstrip("-")) <= MAX_DIGITS else _float(digits)


def _float(digits: str) -> float:
    """Return a number; infinity is not JSON, so the largest instead."""
    number = float(digits)
    return number if -LARGEST <= number <= LARGEST else copysign(LARGEST, number)


def _constant(name: str) -> Any:
    raise ProblemError("not-json", Message("the body is not JSON: `{name}` is no value of it", name=name))


_STRICT = json.JSONDecoder(
    object_pairs_hook=json_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
_QUICK = msgspec.json.Decoder(float_hook=_float)


def read_json(body: bytes, line: int | None = None) -> Any:
    """Return the JSON of a body or line, or raise a problem."""
    try:
        return _read(body, line or 1)
    except ProblemError as error:
        if line is None:
            raise
        template = error.detail.template.replace("the body", "the line", 1)
        raise ProblemError(error.kind, Message(template, **error.detail.values)) from None


def _read(body: bytes, first_line: int) -> Any:
    check_values(body)
    data = decoded(body)
    return strictly_decoded(body, first_line) if data is UNSURE else data


def check_values(body: bytes) -> None:
    """Refuse a body of very many values."""
    if len(body) > MOST_VALUES and values_of(body) > MOST_VALUES:
        raise ProblemError("too-large", Message("the body holds more than {most} values and members", most=MOST_VALUES))


def values_of(body: bytes) -> int:
    """Return how many commas and opening brackets a body holds."""
    return len(body.translate(None, BUT_VALUES))


def as_text(body: bytes) -> str:
    """Return the text of a body, or raise a problem."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProblemError("not-json", Message("the body is not UTF-8: see byte {byte}", byte=error.start)) from None


def strictly_decoded(body: bytes, first_line: int = 1, depth: int = 0) -> Any:
    """Return JSON with its repeated keys, or raise what is wrong where."""
    try:
        data = _STRICT.decode(as_text(body))
    except json.JSONDecodeError as error:
        if body.startswith(codecs.BOM_UTF8):
            says = Message("the body begins with a byte order mark; send it without")
            raise ProblemError("not-json", says) from None
        reason, line = error.msg[0].lower() + error.msg[1:], first_line + error.lineno - 1
        template = "the body is not JSON: {reason} at line {line}, column {column}"
        says = Message(template, reason=reason, line=line, column=error.colno)
        raise ProblemError("not-json", says) from None
    except RecursionError:
        raise ProblemError("not-json", TOO_DEEP) from None
    except ValueError as error:
        raise ProblemError("not-json", Message("the body is not JSON: {reason}", reason=str(error))) from None
    _check(data, depth)
    return JsonObject(data) if type(data) is dict else data


def decoded(body: bytes, depth: int = 0) -> Any:
    """Return the JSON of what lies so deep, or `UNSURE`: look closer.

    msgspec keeps the last of equal keys. Written anew, an object then has fewer colons than the body, since a colon is
    never escaped in what is written.
    """
    if has_long_number(body):
        return UNSURE
    try:
        data = _QUICK.decode(body)
        if type(data) is dict and len(data) == body.count(b":") and body.count(b"[") + 2 <= MAX_DEPTH - depth:
            return data  # a colon for each member: none is repeated, and no object in it has members
        written = msgspec.json.encode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return UNSURE
    structure = body.translate(None, BUT_STRUCTURE)
    colons = structure.count(b":")
    brackets = len(structure) - colons
    if b"\\u003" in body:
        plain = body.replace(b"\\\\", b"")  # of what is left, a backslash begins an escape
        colons += plain.count(b"\\u003a") + plain.count(b"\\u003A")
    if colons != written.count(b":"):
        return UNSURE
    most = MAX_DEPTH - depth
    if brackets > most and _is_too_deep(written, most):
        raise ProblemError("not-json", TOO_DEEP)
    return data


def has_long_number(body: bytes) -> bool:
    """Return whether a number has very many digits."""
    zeros = body.translate(AS_ZEROS)
    return LONG_NUMBER in zeros and LONG_NUMBER in STRING.sub(b"", _without_escapes(zeros))


def _is_too_deep(written: bytes, most: int) -> bool:
    """Say whether JSON without spaces is nested more deeply than this.

    Strings are taken out; what is left are steps in and out.
    """
    plain = _without_escapes(written).translate(None, BUT_BRACKETS).replace(b'""', b"")
    steps = STRING.sub(b"", plain).translate(AS_STEPS)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > most


def _without_escapes(body: bytes) -> bytes:
    """Return JSON in which a quotation mark begins or ends a string."""
    return body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body


def _check(data: Any, depth: int) -> None:
    """Refuse what the parser lets pass: deep nesting, half surrogate pairs."""
    level = [data]
    while level:
        inside: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if not item.isascii() and SURROGATE.search(item):
                    says = Message("the body holds half of a surrogate pair, which is no character")
                    raise ProblemError("not-json", says)
            elif isinstance(item, dict):
                inside += item
                inside += item.values()
            elif isinstance(item, list):
                inside += item
        if depth == MAX_DEPTH and any(isinstance(item, dict | list) for item in level):
            raise ProblemError("not-json", TOO_DEEP)
        level, depth = inside, depth + 1


def repeated_keys(data: Any, steps: Steps | None = None, first: int = 0) -> tuple[list[FieldError], int]:
    """Return errors for the first repeated keys, and how many more.

    `steps` lead to the data; if it is a list, that of items from the `first` one on.
    """
    errors: list[FieldError] = []
    more = 0
    says = Message("is written more than once; send it once")
    todo: list[tuple[Any, Steps | None]] = [(data, steps)] if isinstance(data, HOLDS) else []
    while todo:
        found, steps = todo.pop()
        if isinstance(found, JsonObject) and found.repeated:
            if room := MOST_ERRORS - len(errors):
                errors += [FieldError(_pointer((steps, key)), "duplicate_key", says) for key in found.repeated[:room]]
            more += max(0, len(found.repeated) - room)
        begin = first if found is data else 0
        members = found.items() if isinstance(found, dict) else enumerate(found, begin)
        inside: list[tuple[Any, Steps | None]] = [
            (item, (steps, step)) for step, item in members if item and isinstance(item, HOLDS)
        ]
        if inside:
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
