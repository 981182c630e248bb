"""A large record that is not plain is read in parts, as it would be at once, and its limits are exact."""

import json
from random import Random
from typing import Any

import pytest

from app.api import large_json
from app.api.large_json import (
    MOST_DEEPER,
    MOST_LEVELS,
    MOST_MEMBERS,
    PART_BYTES,
    read_in_parts,
    read_without_repeats,
)
from app.api.problems import ProblemError
from app.api.strict_json import MAX_DEPTH, MAX_DIGITS

LONG = "x" * (PART_BYTES + 1)


def refusal(body: str | bytes) -> ProblemError:
    with pytest.raises(ProblemError) as refused:
        read_without_repeats(body.encode() if isinstance(body, str) else body)
    return refused.value


def drawn(random: Random, depth: int = 0) -> Any:
    """Return a value of any kind."""
    kinds = "nbifs" if depth > 3 else "nbifsaaoo"
    match random.choice(kinds):
        case "n":
            return None
        case "b":
            return random.random() < 0.5
        case "i":
            return random.choice([0, -1, 2**63, 10**40])
        case "f":
            return random.choice([0.5, -0.0, 1e300])
        case "s":
            return random.choice(['a"\\', ":é\u2028😀", "[{,:", ""]) * random.randrange(40)
        case "a":
            return [drawn(random, depth + 1) for _ in range(random.choice([0, 1, 3, 30]))]
        case _:
            return {f"{n}:é": drawn(random, depth + 1) for n in range(random.choice([0, 1, 3, 30]))}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_read_in_parts_is_what_is_read_at_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    monkeypatch.setattr(large_json, "PART_BYTES", random.choice([1, 8, 100]))
    monkeypatch.setattr(large_json, "MEMBER_BYTES", random.choice([1, 8, 100]))
    value = {"entry": [drawn(random, 1) for _ in range(40)], "note": "n" * 200}
    text = json.dumps(value, ensure_ascii=random.random() < 0.5, indent=random.choice([None, 1]))
    assert repr(read_in_parts(text.encode())) == repr(read_without_repeats(text.encode())) == repr(value)


@pytest.mark.parametrize(
    ("inside", "pointer"),
    [
        ('{"a":1,"a":2}', "/entry/2/a"),
        ('{"a":1,"\\u0061":2}', "/entry/2/a"),
        ('{"b":[0,{"a":1,"a":2}]}', "/entry/2/b/1/a"),
        (f'{{"a":"{LONG}","a":2}}', "/entry/2/a"),
        (f'{{"a":"{LONG}","b":{{"c":1,"c":1}}}}', "/entry/2/b/c"),
        ("1,{},{}," * 30_000 + '{"a":1,"a":2}', "/entry/90002/a"),
        (f'{{"b":[0,"{LONG}",1,{{"a":"\\u003a","a":2}}]}}', "/entry/2/b/3/a"),
    ],
)
def test_a_repeated_key_of_a_large_body_is_named_with_its_place(inside: str, pointer: str) -> None:
    refused = refusal(f'{{"note":"{LONG}","entry":[1,2,{inside}]}}')
    assert refused.kind == "not-json"
    assert [error.pointer for error in refused.errors] == [pointer]


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ("\n  tru]", "invalid character at line 2, column"),
        ('\n {"a" 1}]', "expected ':' at line 2, column 7"),
        ("\n\n1,]", "trailing comma in array at line 3, column 3"),
        ("1", "it ends in the middle"),
        ('"\\ud800"]', "half of a surrogate pair"),
    ],
)
def test_what_is_wrong_with_a_large_body_is_said_with_its_place(end: str, says: str) -> None:
    refused = refusal(f'["{LONG}",{end}')
    assert refused.kind == "not-json"
    assert says in refused.detail


def test_a_byte_that_is_no_text_is_named_by_its_place_in_the_whole() -> None:
    body = f'["{LONG}","'.encode()
    assert refusal(body + b'\xff"]').detail == f"the body is not UTF-8: see byte {len(body)}"


def test_a_large_body_with_a_byte_order_mark_is_refused_for_it() -> None:
    assert "byte order mark" in refusal(f'\ufeff["{LONG}"]').detail


def test_an_object_with_a_repeated_key_has_so_many_members_at_most() -> None:
    def members(count: int) -> str:
        return json.dumps({"note": LONG} | {f"k{n}": n for n in range(count - 2)}).replace('"k0"', '"k0": 0, "k0"')

    assert [error.pointer for error in refusal(members(MOST_MEMBERS)).errors] == ["/k0"]
    refused = refusal(members(MOST_MEMBERS + 1))
    assert refused.kind == "too-large"
    assert f"more than {MOST_MEMBERS} members" in refused.detail


def test_what_lies_deep_beside_a_repeated_key_has_so_many_bytes_at_most() -> None:
    def deep(size: int) -> bytes:
        twice = b'{"a":1,"a":1}'
        return b"[" * MOST_LEVELS + b'["%b",%b]' % (b"x" * (size - 5 - len(twice)), twice) + b"]" * MOST_LEVELS

    assert len(refusal(deep(MOST_DEEPER)).errors) == 1
    refused = refusal(deep(MOST_DEEPER + 1))
    assert refused.kind == "too-large"
    assert f"more than {MOST_DEEPER} bytes lie below {MOST_LEVELS}" in refused.detail


def test_a_large_body_is_nested_as_deeply_as_any_other() -> None:
    def nested(depth: int) -> str:
        return f'["{LONG}",' + "[" * (depth - 1) + "]" * (depth - 1) + "]"

    assert read_without_repeats(nested(MAX_DEPTH).encode())
    assert "nested too deeply" in refusal(nested(MAX_DEPTH + 1)).detail
    assert "nested too deeply" in refusal(nested(5000)).detail


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_long_number_is_the_same_beside_a_longer_one(sign: str) -> None:
    """A sign is no digit, whichever way a number is read."""
    number = sign + "9" * MAX_DIGITS
    alone = read_without_repeats(f"[{number}]".encode())
    beside = read_without_repeats(f"[{number},{number}0]".encode())
    assert alone == beside[:1] == [int(number)]
    assert [type(read) for read in beside] == [int, float]


@pytest.mark.parametrize("seed", range(20))
def test_depth_is_that_of_brackets_outside_strings(seed: int) -> None:
    random = Random(seed)

    def nested(depth: int) -> str:
        inner = random.choice(["[]", "{}"])
        for _ in range(depth - 1):
            beside = random.choice(['"[["', '"]}\\\\"', '"\\"["', "[]", "{}", '"a"'])
            inner = random.choice([f"[{beside},{inner}]", f"[{inner},{beside}]", f'{{"{{":{beside},"a":{inner}}}'])
        return inner

    assert read_without_repeats(nested(MAX_DEPTH).encode())
    assert "nested too deeply" in refusal(nested(MAX_DEPTH + 1)).detail


def test_numbers_that_no_machine_holds_are_the_largest_that_one_does() -> None:
    body = f'["{LONG}",1e400,-1e400,{{"a":1,"a":2}}'
    assert read_without_repeats(f"{body[:-14]}]".encode())[1:] == [1.7976931348623157e308, -1.7976931348623157e308]
    assert [error.pointer for error in refusal(f"{body}]").errors] == ["/3/a"]


@pytest.mark.parametrize("before", ["", '"\\\\",', '"\\"",'])
def test_a_large_body_has_no_number_of_very_many_digits(before: str) -> None:
    digits = "9" * (MAX_DIGITS + 1)
    text = f'["{LONG}",{before}"\\"{digits}",{digits[1:]}]'
    assert read_without_repeats(text.encode()) == json.loads(text)
    refused = refusal(f'["{LONG}",{before}"",{digits}]')
    assert refused.kind == "too-large"
    assert f"more than {MAX_DIGITS} digits" in refused.detail


def test_a_plain_body_has_no_such_limits() -> None:
    value = {"note": LONG, "deep": [[[[[[[[[[[[[["x" * MOST_DEEPER]]]]]]]]]]]]]]} | {
        f"k{n}": n for n in range(MOST_MEMBERS)
    }
    assert read_without_repeats(json.dumps(value).encode()) == value
