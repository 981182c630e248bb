"""JSON as people send it, read strictly: UTF-8, no repeated keys, no `NaN`, not nested without end."""

import json
from collections.abc import Iterator
from typing import Any

from app.rest.problems import FieldError, ProblemError

MAX_DIGITS = 30
"""Longer whole numbers are read as floats: no fact is that large, and converting them costs time."""


class _Object(dict[str, Any]):
    """A JSON object that remembers which keys were written more than once."""

    repeated: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        made.repeated = tuple(key for key in made if keys.count(key) > 1)
    return made


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


def _constant(name: str) -> Any:
    raise ValueError(f"`{name}` is not JSON")


def read_json(body: bytes) -> Any:
    """Return what a request body says; `repeated_keys` tells which keys it says more than once.

    Raises a 400 problem where it is not JSON.
    """
    try:
        text = body.decode("utf-8")
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise ProblemError("not-json", f"the body is not UTF-8: see byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ProblemError(
            "not-json", f"the body is not JSON: {error.msg[0].lower()}{error.msg[1:]} at {where}"
        ) from None
    except RecursionError:
        raise ProblemError("not-json", "the body is nested too deeply") from None
    except ValueError as error:
        raise ProblemError("not-json", f"the body is not JSON: {error}") from None


def repeated_keys(data: Any, pointer: str = "") -> Iterator[FieldError]:
    """Yield an error for each key that an object of a read body holds more than once."""
    if isinstance(data, _Object):
        for key in data.repeated:
            yield FieldError(pointer_to(pointer, key), "duplicate_key", "is written more than once; send it once")
        for key, value in data.items():
            yield from repeated_keys(value, pointer_to(pointer, key))
    elif isinstance(data, list):
        for place, item in enumerate(data):
            yield from repeated_keys(item, pointer_to(pointer, place))


def pointer_to(pointer: str, step: str | int) -> str:
    """Return a JSON pointer (RFC 6901) one step further down; an overlong or unprintable key is cut."""
    text = str(step)
    if len(text) > 64 or not text.isprintable():
        text = "".join(c if c.isprintable() else "?" for c in text[:64])
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"
