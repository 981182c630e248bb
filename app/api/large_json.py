"""Strict JSON of a record: plain at once, else in parts.

Nobody else gets a turn while msgspec reads: 23 ms at most, for an object of nothing but keys. What it cannot vouch for,
such as a repeated key, is looked at more closely and ten times as slowly, part by part.
"""

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import Raw

from app.api.messages import Message
from app.api.problems import ProblemError
from app.api.strict_json import (
    MAX_DIGITS,
    TOO_DEEP,
    UNSURE,
    Steps,
    as_text,
    check_values,
    decoded,
    has_long_number,
    json_object,
    repeated_keys,
    strictly_decoded,
)

PART_BYTES = 65_536
"""How much is read at once: some 5 ms if it is an object of nothing but short keys, most often a tenth of that."""
MOST_MEMBERS = 1_000
"""How many members an object has that is read in parts: twenty times as many as any resource of FHIR."""
MEMBER_BYTES = 500
"""A member of more bytes is read by itself."""
MOST_LEVELS = 12
"""How deeply a value may lie that is read in parts, each level of which is looked through once more: as deep as what is
attached to a resource that another one of a record contains."""
MOST_DEEPER = 500_000
"""How many bytes an array or object may have that lies more deeply than that."""
FAULT = re.compile(r"JSON is malformed: (?P<says>.*) \(byte (?P<byte>\d+)\)")
"""What msgspec says of a fault."""
NEWLINE = b"\n"
SPACES = b" \t\r\n"


class _Key(str):
    """A key of an object that is read in parts."""

    __slots__ = ()


class _TooManyError(Exception):
    """More members than an object may have."""


_ITEMS = msgspec.json.Decoder(list[Raw])


def read_without_repeats(body: bytes) -> Any:
    """Return the JSON of a body; repeated keys are refused."""
    check_values(body)
    data = decoded(body)
    if data is UNSURE and len(body) > PART_BYTES and has_long_number(body):
        template = "the body is too large: a number in it has more than {most} digits"
        raise ProblemError("too-large", Message(template, most=MAX_DIGITS))
    return read_in_parts(body) if data is UNSURE else data


def read_in_parts(body: bytes) -> Any:
    """Return the JSON of a body, looked at more closely."""
    if len(body) <= PART_BYTES:
        return _closely(body, None, 0)
    as_text(body)  # whose fault is named by its place in the whole
    try:
        return _read(memoryview(body.strip(SPACES)), None, 0)
    except msgspec.DecodeError as error:
        raise _not_json(body, str(error)) from None
    except RecursionError:
        raise ProblemError("not-json", TOO_DEEP) from None


def _read(part: memoryview, steps: Steps | None, depth: int) -> Any:
    """Return the JSON of a part that lies there."""
    if len(part) <= PART_BYTES:
        return _at_once(bytes(part), steps, depth)
    match part[:1]:
        case b"[" | b"{" if depth == MOST_LEVELS:
            if len(part) > MOST_DEEPER:
                template = "the body is nested too deeply: more than {most} bytes lie below {levels} arrays and objects"
                raise ProblemError("too-large", Message(template, most=MOST_DEEPER, levels=MOST_LEVELS))
            return _at_once(bytes(part), steps, depth)
        case b"[":
            return _array(part, steps, depth)
        case b"{":
            return _object(part, steps, depth)
    return msgspec.json.decode(part)


def _at_once(part: bytes, steps: Steps | None, depth: int, first: int = 0) -> Any:
    """Return the JSON of a part; of a list, from `first` on."""
    data = decoded(part, depth)
    return _closely(part, steps, depth, first) if data is UNSURE else data


def _closely(part: bytes, steps: Steps | None, depth: int, first: int = 0) -> Any:
    """Return the JSON of a part, or raise its repeated keys."""
    data = strictly_decoded(part, depth=depth)
    _check_keys(data, steps, first)
    return data


def _array(part: memoryview, steps: Steps | None, depth: int) -> list[Any]:
    items = _ITEMS.decode(part)
    sizes = list(map(len, map(memoryview, items)))  # type: ignore[arg-type] # a third less than a loop takes
    ends = list(accumulate(sizes))
    found: list[Any] = []
    while (start := len(found)) < len(items):
        end = bisect_right(ends, ends[start] - sizes[start] + PART_BYTES)
        if end <= start:
            found.append(_read(memoryview(items[start]), (steps, start), depth + 1))
        else:
            found += _at_once(b"[%b]" % b",".join(items[start:end]), steps, depth, start)
    return found


def _object(part: memoryview, steps: Steps | None, depth: int) -> dict[str, Any]:
    keys: list[str] = []

    def key(_: type, written: str) -> _Key:
        if len(keys) == MOST_MEMBERS:
            raise _TooManyError
        keys.append(written)
        return _Key(written)

    try:
        members = msgspec.json.decode(part, type=dict[_Key, Raw], dec_hook=key)
    except _TooManyError:
        template = "the body is too large: an object of more than {size} bytes has more than {most} members"
        raise ProblemError("too-large", Message(template, size=PART_BYTES, most=MOST_MEMBERS)) from None
    _check_keys(json_object([(key, None) for key in keys]), steps)
    inside = {str(key): memoryview(member) for key, member in members.items()}
    small = {key: Raw(member) for key, member in inside.items() if len(member) <= MEMBER_BYTES}
    together = _at_once(msgspec.json.encode(small), steps, depth)
    return {
        key: together[key] if key in together else _read(member, (steps, key), depth + 1)
        for key, member in inside.items()
    }


def _check_keys(data: Any, steps: Steps | None, first: int = 0) -> None:
    repeated, more = repeated_keys(data, steps, first)
    if repeated:
        says = Message("an object of the body holds a key more than once")
        raise ProblemError("not-json", says, errors=repeated, more=more)


def _not_json(body: bytes, says: str) -> ProblemError:
    """Return the problem of what msgspec cannot read."""
    if body.startswith(BOM_UTF8):
        return ProblemError("not-json", Message("the body begins with a byte order mark; send it without"))
    if (found := FAULT.fullmatch(says)) is None:
        cut = Message("the body is not JSON: it ends in the middle, or holds half of a surrogate pair")
        return ProblemError("not-json", cut)
    before = body[: int(found["byte"])]
    line, column = before.count(NEWLINE) + 1, len(before) - before.rfind(NEWLINE)
    template = "the body is not JSON: {reason} at line {line}, column {column}"
    return ProblemError("not-json", Message(template, reason=found["says"], line=line, column=column))
