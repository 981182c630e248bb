"""Odd values, and the ways to put them where something else was expected."""

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

MARKER = "zq-jane-doe-1985"
"""Stands for what a caller wrote and nobody may write down."""
TOKENS = {
    "token:1e400": "1e400",
    "token:-1e400": "-1e400",
    "token:huge": "1" + "0" * 400,
    "token:longer": "9" * 5_000,
    "token:nan": "NaN",
    "token:infinity": "-Infinity",
    "token:minus-zero": "-0",
    "token:tiny": "1e-400",
    "token:leading": "007",
    "token:deep": "[" * 2_000 + "]" * 2_000,
    "token:deeper": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "token:lone": '"\\ud800"',
    "token:pair": '"\\udc00\\ud800"',
    "token:nul": '"\\u0000"',
    "token:escape": '"\\x"',
    "token:hex": "0x10",
    "token:word": "undefined",
}
"""What JSON libraries do not write, by the string that stands for it until the text is made."""
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 34, 1.5, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, float("nan"), float("inf")),
    *(
        "",
        " ",
        "true",
        "null",
        "34",
        "none",
        "mild",
        "severe",
        MARKER,
        MARKER * 300,
        "\ud800",
        "\x00",
        "\u202e",
        "한국어",
    ),
    *("e\u0301", "\ufeff", "2026-13-45", "9999-99-99", "0000-00-00T25:61:61Z", "2026-11-20T10:00:00+99:99", "2026"),
    *("http://[", "urn:uuid:x", "Patient/../1", "#", "|", "http://loinc.org", "../../etc/passwd", "{{7*7}}", "%s%n"),
    *([], {}, [[]], [None], {"": ""}, {"scale": MARKER, "grade": 1}, {"scale": "glogau", "grade": "II"}),
    *({"scale": "glogau", "grade": ["II"]}, {"coding": {}}, {"coding": [None]}, {"coding": [{"code": 1}]}),
    *({"resource": None}, {"reference": 7}, {"valueBoolean": "yes"}, {"valueQuantity": {"value": "x"}}),
)
KEYS = (
    "",
    MARKER,
    "pregnant",
    "age_years",
    "unavailable",
    "reference",
    "jurisdiction",
    "resourceType",
    "item",
    "answer",
)


def odd(random: Random) -> Any:
    """Return an odd value."""
    return random.choice(list(TOKENS)) if random.random() < 0.15 else deepcopy(random.choice(VALUES))


def changed(random: Random, value: Any) -> Any:
    """Return a JSON value with one thing in it changed; containers are changed in place."""
    spots = list(_spots(value))
    if not spots or random.random() < 0.03:
        return odd(random)
    holder, key = random.choice(spots)
    match random.randrange(8):
        case 0 | 1 | 2:
            holder[key] = odd(random)
        case 3:
            del holder[key]
        case 4:
            holder[key] = [deepcopy(holder[key]) for _ in range(random.choice((1, 2, 10)))]
        case 5:
            holder[key] = {random.choice(KEYS): holder[key]}
        case 6 if isinstance(holder, dict):
            holder[random.choice((*KEYS, str(key).upper(), f"{key} ", f"{key}_"))] = holder.pop(key)
        case 6:
            holder.append(odd(random))
        case _ if isinstance(holder, dict):
            holder[random.choice(KEYS)] = odd(random)
        case _:
            other, place = random.choice(spots)
            holder[key] = other[place] if not isinstance(other[place], dict | list) else MARKER
    return value


def corrupted(random: Random, data: bytes) -> bytes:
    """Return bytes with some of them changed, taken away, doubled or added."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3, 10))):
        start = random.randrange(len(found) + 1)
        length = random.choice((1, 1, 2, 5, 40))
        match random.randrange(7):
            case 0:
                found[start : start + length] = random.randbytes(length)
            case 1:
                del found[start : start + length]
            case 2:
                found[start:start] = found[start : start + length] * 2
            case 3:
                found[start:start] = random.choice((b"\r\n", b"\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n\r\n"))
            case 4:
                found[start:start] = random.choice((b"}", b"]", b'"', b"{", b"\\", b":", b"\r\nx: y", b" HTTP/1.0"))
            case 5:
                extra = (b"\r\ncontent-length: 7", b"\r\ntransfer-encoding: chunked", b"\r\nupgrade: websocket")
                found[start:start] = random.choice((*extra, b"\r\nconnection: upgrade", b"\r\nexpect: 100-continue"))
            case _:
                del found[start:]
    return bytes(found)


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a JSON value that can be written to."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _spots(inner)
