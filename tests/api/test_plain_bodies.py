"""What msgspec takes as plainly right is read as it would be closely, and nothing else is taken."""

import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.decode import CandidateReader, readers_of
from app.api.problems import ProblemError
from app.api.strict_json import read_json
from app.core.engine import Engines, Question
from app.core.facts import Fact

RELEASES = ("2026.1", "2026.3")
Pair = tuple[str, str]
"""A name and a value as they are written in JSON."""


def pairs(reader: CandidateReader) -> st.SearchStrategy[list[Pair]]:
    """Return members: most are right, some are written oddly, some are wrong, and names repeat."""
    facts = list(reader.release.facts.values())
    odd = [
        "null",
        "true",
        "1",
        "0",
        "45.0",
        "4e1",
        "-1",
        "1" * 5_000,
        '"yes"',
        '"none"',
        "[]",
        "{}",
        '"a:b"',
        '"\\u003a"',
    ]
    odd += ['"\\u0061:"', '{"scale": "CGPS", "value": 1}', '["pregnant"]', '"\\ud800"', "1e999"]
    names = [*(fact.name for fact in facts), "reference", "reference", "unavailable", "asked_on", "weight"]

    def right(fact: Fact) -> st.SearchStrategy[Pair]:
        written = st.sampled_from(fact.domain).map(json.dumps)
        return st.tuples(st.just(json.dumps(fact.name)), written)

    plain = st.lists(st.sampled_from(facts).flatmap(right), max_size=6)
    others = st.lists(st.tuples(st.sampled_from(names).map(escaped), st.sampled_from(odd)), max_size=2)
    return st.tuples(plain, others).map(lambda both: [*both[1], *both[0]]).flatmap(st.permutations)


def escaped(name: str) -> str:
    """Return a name as JSON, its first letter as an escape."""
    return f'"\\u{ord(name[0]):04x}{name[1:]}"'


def agrees(reader: CandidateReader, body: bytes) -> bool:
    """Return whether a body is read alike both ways, where it is taken as plain."""
    plain = reader.plain(body, strict=False)
    if plain is None:
        return True
    try:
        closely = reader.question(read_json(body), strict=False)
    except ProblemError:
        return False
    # in order, and by type: True and 1 are equal
    return plain == closely and repr(plain.facts) == repr(closely.facts)


@pytest.mark.parametrize("release", RELEASES)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_what_is_plain_is_read_as_it_is_closely(engines: Engines, release: str, data: st.DataObject) -> None:
    reader = readers_of(engines)[release]
    members = data.draw(pairs(reader))
    body = "{" + ", ".join(f"{name}: {value}" for name, value in members) + "}"
    assert agrees(reader, body.encode())


@pytest.mark.parametrize("release", RELEASES)
def test_every_value_of_every_fact_is_plain(engines: Engines, release: str) -> None:
    reader = readers_of(engines)[release]
    for fact in reader.release.facts.values():
        for value in fact.domain:
            body = json.dumps({fact.name: value, "reference": "r-1"}).encode()
            assert reader.plain(body, strict=True) == Question({fact.name: value}, strict=True, reference="r-1")
            assert agrees(reader, body)


def test_an_unknown_fact_may_be_null(engines: Engines) -> None:
    reader = readers_of(engines)["2026.3"]
    body = json.dumps(dict.fromkeys(reader.release.facts) | {"pregnant": False, "reference": None}).encode()
    assert reader.plain(body, strict=False) == Question({"pregnant": False})


BODIES = {
    "a name that stands twice": b'{"pregnant": true, "pregnant": false}',
    "a name that is escaped the second time": b'{"pregnant": true, "\\u0070regnant": false}',
    "no fact": b'{"weight": 1}',
    "a number for a truth value": b'{"pregnant": 1}',
    "a word that is no answer": b'{"sagging": "some"}',
    "an age beyond every human one": b'{"age_years": 1000}',
    "a reference with a space": b'{"reference": "a b"}',
    "a list": b"[]",
    "cut": b'{"pregnant": true',
    "not UTF-8": b'{"reference": "\xff"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_wrong_is_not_plain(engines: Engines, name: str) -> None:
    assert readers_of(engines)["2026.3"].plain(BODIES[name], strict=False) is None


def wrong(reader: CandidateReader) -> dict[str, Callable[[bytes], Question]]:
    """Return wrong ways to read a body that is plain."""
    facts = dict.fromkeys(reader.release.facts, msgspec.UNSET)
    untyped = msgspec.json.Decoder(dict[str, bool | int | str])
    lax = msgspec.json.Decoder(msgspec.defstruct("Lax", [(name, object, value) for name, value in facts.items()]))
    return {
        "the last of two names counts": lambda body: Question(msgspec.to_builtins(reader._plain.decode(body))),
        "values are not checked": lambda body: Question(untyped.decode(body)),
        "what is no fact is dropped": lambda body: Question(msgspec.to_builtins(lax.decode(body))),
    }


@pytest.mark.parametrize(
    "name", ["the last of two names counts", "values are not checked", "what is no fact is dropped"]
)
def test_a_wrong_way_to_read_is_noticed(engines: Engines, name: str) -> None:
    reader = readers_of(engines)["2026.3"]
    read = wrong(reader)[name]
    taken = []
    for body in BODIES.values():
        try:
            read(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        taken.append(body)
    assert taken
