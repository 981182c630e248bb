"""Records of core and proof as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from pydantic import TypeAdapter

from app.core.answer import Answer, DecisionView, NextQuestion, PlanShown
from app.proof.explain import Explanation

_ENCODER = msgspec.json.Encoder()
_EXPLANATION = TypeAdapter(Explanation)
"""It names a member `from`, which no attribute can be called; msgspec writes attributes by their own names."""
_WRITTEN = attrgetter("written")


class Shape(NamedTuple):
    """The members of a record, and which of them answers share."""

    names: Sequence[str]
    values: Callable[[Any], tuple[Any, ...]]
    lists: Sequence[int]
    parts: Sequence[int]


def _shape(of: type, lists: str, parts: str) -> Shape:
    names = [field.name for field in fields(of)]
    places = [[names.index(name) for name in listed.split()] for listed in (lists, parts)]
    return Shape(names, attrgetter(*names), *places)


LISTS = "assumptions rationale near_misses cautions unresolved preconditions alternatives"
SHAPES = {
    Answer: _shape(Answer, LISTS, "decision indicated next_question ruleset"),
    DecisionView: _shape(DecisionView, "assumptions", "decision indicated next_question ruleset"),
    PlanShown: _shape(PlanShown, "components parts", ""),
}


def encode(record: object) -> bytes:
    """Return a record as JSON in UTF-8, members in order.

    Parts that answers share are written once: nine tenths of an answer are text of the rule book.
    """
    if isinstance(record, Explanation):
        return _EXPLANATION.dump_json(record)
    shape = SHAPES.get(type(record))
    return _ENCODER.encode(record if shape is None else _members(record, shape))


def _members(record: Any, shape: Shape) -> dict[str, Any]:
    names, values_of, lists, parts = shape
    values: list[Any] = list(values_of(record))
    for place in lists:
        if listed := values[place]:
            try:
                values[place] = list(map(_WRITTEN, listed))
            except AttributeError:
                values[place] = list(map(_written, listed))
    for place in parts:
        if values[place] is not None:
            values[place] = _written(values[place])
    members = dict(zip(names, values, strict=True))
    if isinstance(record, Answer):
        members["sources"] = {name: _written(source) for name, source in record.sources.items()}
        if isinstance(record.plan, PlanShown):
            members["plan"] = _members(record.plan, SHAPES[PlanShown])
    return members


def _written(part: Any) -> object:
    try:
        return part.written
    except AttributeError:
        members = part
        if isinstance(part, NextQuestion):  # `for` can be no name of an attribute: it is `for_`
            members = {f.name.rstrip("_"): getattr(part, f.name) for f in fields(part)}
        part.written = msgspec.Raw(_ENCODER.encode(members))
        return part.written


def encode_indented(record: object) -> str:
    """Return a record as JSON for people to read."""
    return msgspec.json.format(encode(record), indent=2).decode()
