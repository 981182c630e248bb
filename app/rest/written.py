"""Answers as JSON, put together from parts that are written once.

The engine makes equal parts of answers (a reason, a caution, a question) once and returns the same object again; so
each is serialised once and its bytes are kept. What this writes is byte for byte what pydantic writes for the whole
answer: the tests compare them. It is several times faster, since most of an answer is text of the rule book.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from types import NoneType
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json

from app.core.answer import Answer, DecisionView, IfResolved, PlanShown, ScaleGrade

ASSEMBLED = (Answer, DecisionView, IfResolved, PlanShown, ScaleGrade)
"""Written field by field: no two of them are alike. Everything else that is a record is a part."""
UNIQUE = frozenset({"id", "reference"})
"""Fields whose text is another in every answer."""
MOST = 50_000
"""How many parts and texts are kept; beyond it the store is begun anew."""


class Writer:
    """Writes answers as JSON; for one thread."""

    def __init__(self) -> None:
        self._by_type: dict[type, Callable[[Any], bytes]] = {
            NoneType: to_json,
            bool: {True: b"true", False: b"false"}.__getitem__,
            int: to_json,
            float: to_json,
            str: self._text,
            list: self._list,
            tuple: self._list,
            dict: self._mapping,
        }
        self._by_type |= {of: self._assembling(of) for of in ASSEMBLED}
        self._parts: dict[int, bytes] = {}
        self._kept: list[object] = []
        self._texts: dict[str, bytes] = {}
        self._adapters: dict[type, TypeAdapter[Any]] = {}

    def written(self, answer: Answer | DecisionView) -> bytes:
        """Return an answer as JSON in UTF-8."""
        return self._by_type[type(answer)](answer)

    def _value(self, value: Any) -> bytes:
        return self._by_type.get(type(value), self._part)(value)

    def _assembling(self, of: type) -> Callable[[Any], bytes]:
        names = [field.name for field in fields(of)]
        values_of = attrgetter(*names)
        heads = [b'%b"%b":' % (b"," if place else b"{", name.encode()) for place, name in enumerate(names)]
        writers = [to_json if name in UNIQUE else self._value for name in names]

        def assembled(value: Any) -> bytes:
            listed = zip(heads, writers, values_of(value), strict=True)
            return b"".join([head + write(each) for head, write, each in listed]) + b"}"

        return assembled

    def _list(self, items: Sequence[Any]) -> bytes:
        if not items:
            return b"[]"
        try:
            return b"[%b]" % b",".join([self._parts[id(item)] for item in items])
        except KeyError:
            return b"[%b]" % b",".join([self._value(item) for item in items])

    def _mapping(self, mapping: Mapping[str, Any]) -> bytes:
        by_type, text = self._by_type, self._text
        return b"{%b}" % b",".join(
            [b"%b:%b" % (text(name), by_type.get(type(item), self._part)(item)) for name, item in mapping.items()]
        )

    def _text(self, text: str) -> bytes:
        written = self._texts.get(text)
        if written is None:
            if len(self._texts) >= MOST:
                self._texts.clear()
            written = self._texts[text] = to_json(text)
        return written

    def _part(self, part: object) -> bytes:
        written = self._parts.get(id(part))
        if written is None:
            if len(self._kept) >= MOST:
                self._parts, self._kept = {}, []
            # the part itself is kept as well, so that no other object can get its id
            self._kept.append(part)
            of = type(part)
            adapter = self._adapters.get(of) or self._adapters.setdefault(of, TypeAdapter(of))
            written = self._parts[id(part)] = adapter.dump_json(part)
        return written
