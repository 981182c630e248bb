"""Answers as JSON, put together from parts that are written once.

The engine makes equal parts of answers (a reason, a caution, what all who are read alike have in common) once and
returns the same object again; so each is serialised once and its bytes are kept. What this writes is byte for byte what
pydantic writes for the whole answer: the tests compare them. It is several times faster, since most of an answer is
text of the rule book.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from types import NoneType
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

from app.core.answer import Answer, DecisionView, IfResolved, ScaleGrade
from app.core.engine import Decided, Engine, Own, Question
from app.core.traits import Profile

Made = TypeVar("Made")

ASSEMBLED = (DecisionView, IfResolved, ScaleGrade)
"""Written field by field: no two of them are alike. Everything else that is a record is a part."""
OWN = frozenset(Own._fields)
NAMELESS = b'"","reference":null}'
"""How a view ends that has neither id nor reference."""
MOST = 10_000
"""How many texts are kept; beyond it the store is begun anew."""
PARTS_BYTES = 2_000_000
OUTLINES_BYTES = FRAMES_BYTES = 800_000
BESIDES = 400
"""About how many bytes it takes to keep a thing besides its text."""


class Store(Generic[Made]):
    """What was made of objects, by which object it was made of; beyond so many bytes it is begun anew."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        # with each object itself, so that no other can get its id
        self.made: dict[int, tuple[Any, Made]] = {}
        """By the id of an object: the object, and what was made of it."""

    def keep(self, of: Any, made: Made, size: int) -> tuple[Any, Made]:
        """Keep what was made of an object, of so many bytes."""
        self._bytes += size + BESIDES
        if self._bytes > self._most:
            self.made.clear()
            self._bytes = size + BESIDES
        kept = self.made[id(of)] = of, made
        return kept


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
            Profile: lambda profile: b"{%b}" % profile.written(),
        }
        self._by_type |= {of: self._assembling(of) for of in ASSEMBLED}
        self._parts = Store[bytes](PARTS_BYTES)
        self._outlines = Store[bytes](OUTLINES_BYTES)
        self._frames = Store[list[bytes]](FRAMES_BYTES)
        self._texts: dict[str, bytes] = {}
        self._members: dict[tuple[str, Any], bytes] = {}
        self._adapters: dict[type, TypeAdapter[Any]] = {}

    def answer(self, engine: Engine, asked: Question, *, full: bool) -> tuple[bytes, Decided]:
        """Return an answer as JSON in UTF-8, the whole one or the machine contract alone, and what is told of it."""
        if full:
            shell, own, told = engine.answered(asked)
            return self._filled(shell, own), told
        outline, told = engine.outlined(asked)
        return self._named(outline, told.id, asked.reference), told

    def _filled(self, shell: Answer, own: Own) -> bytes:
        kept = self._frames.made.get(id(shell)) or self._frame(shell)
        by_type, part = self._by_type, self._part
        pieces = kept[1].copy()
        written = [by_type.get(type(each), part)(each) for each in own[:-2]]
        pieces[1::2] = [*written, b'"%b"' % own.id.encode(), _spelt(own.reference)]
        return b"".join(pieces)

    def _frame(self, shell: Answer) -> tuple[Answer, list[bytes]]:
        """Return what is written of all answers with this shell, in pieces with room for what is own between them."""
        frame = [b"{"]
        for field in fields(shell):
            frame[-1] += b'"%b":' % field.name.encode()
            if field.name in OWN:
                frame += [b"", b","]
            else:
                frame[-1] += self._value(getattr(shell, field.name)) + b","
        frame[-1] = frame[-1][:-1] + b"}"
        return self._frames.keep(shell, frame, sum(map(len, frame)))

    def _named(self, outline: DecisionView, name: str, reference: str | None) -> bytes:
        kept = self._outlines.made.get(id(outline))
        if kept is None:
            written = self._value(outline).removesuffix(NAMELESS)
            kept = self._outlines.keep(outline, written, len(written))
        return b'%b"%b","reference":%b}' % (kept[1], name.encode(), _spelt(reference))

    def _value(self, value: Any) -> bytes:
        return self._by_type.get(type(value), self._part)(value)

    def _assembling(self, of: type) -> Callable[[Any], bytes]:
        names = [field.name for field in fields(of)]
        values_of = attrgetter(*names)
        heads = [b'%b"%b":' % (b"," if place else b"{", name.encode()) for place, name in enumerate(names)]

        def assembled(value: Any) -> bytes:
            listed = zip(heads, values_of(value), strict=True)
            return b"".join([head + self._value(each) for head, each in listed]) + b"}"

        return assembled

    def _list(self, items: Sequence[Any]) -> bytes:
        if not items:
            return b"[]"
        if type(items[0]) is str:
            return b"[%b]" % b",".join([self._text(item) for item in items])
        made = self._parts.made
        try:
            return b"[%b]" % b",".join([made[id(item)][1] for item in items])
        except KeyError:
            return b"[%b]" % b",".join([self._value(item) for item in items])

    def _mapping(self, mapping: Mapping[str, Any]) -> bytes:
        try:
            return b"{%b}" % b",".join([self._members[member] for member in mapping.items()])
        except (KeyError, TypeError):  # one that is new, or that cannot be looked up
            return b"{%b}" % b",".join([self._member(name, item) for name, item in mapping.items()])

    def _member(self, name: str, item: Any) -> bytes:
        written = b"%b:%b" % (self._text(name), self._value(item))
        if type(item) in (bool, int, str):  # one name has values of one type, so that `True` is never taken for 1
            if len(self._members) >= MOST:
                self._members.clear()
            self._members[name, item] = written
        return written

    def _text(self, text: str) -> bytes:
        written = self._texts.get(text)
        if written is None:
            if len(self._texts) >= MOST:
                self._texts.clear()
            written = self._texts[text] = to_json(text)
        return written

    def _part(self, part: object) -> bytes:
        kept = self._parts.made.get(id(part))
        if kept is not None:
            return kept[1]
        of = type(part)
        adapter = self._adapters.get(of) or self._adapters.setdefault(of, TypeAdapter(of))
        written = adapter.dump_json(part)
        return self._parts.keep(part, written, len(written))[1]


def _spelt(reference: str | None) -> bytes:
    return b"null" if reference is None else to_json(reference)
