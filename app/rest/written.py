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

from app.core.answer import Answer, DecisionView, IfResolved, ScaleGrade
from app.core.traits import Profile
from app.core.triage import Asked, Told, Triage

ASSEMBLED = (Answer, DecisionView, IfResolved, ScaleGrade)
"""Written field by field: no two of them are alike. Everything else that is a record is a part."""
UNIQUE = frozenset({"facts", "id", "reference"})
"""Fields whose text is another in nearly every answer."""
NOTHING: Mapping[str, bytes] = {}
NAMELESS = b'"","reference":null}'
"""How a view ends that has neither id nor reference."""
OUTLINES = 5_000
"""How many views without id and reference are kept."""
MOST = 50_000
"""How many texts are kept; beyond it the store is begun anew, as it is for parts of more bytes than `MOST_BYTES`."""
MOST_BYTES = 10_000_000
BESIDES = 200
"""About how many bytes it takes to keep a part besides its text."""


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
            tuple: self._tuple,
            dict: self._mapping,
        }
        self._whole = self._assembling(Answer)
        self._by_type |= {of: self._assembling(of) for of in ASSEMBLED}
        self._parts: dict[int, bytes] = {}
        self._kept: list[object] = []
        self._kept_bytes = 0
        self._texts: dict[str, bytes] = {}
        self._members: dict[tuple[str, Any], bytes] = {}
        self._outlines: dict[int, tuple[DecisionView, bytes]] = {}  # with each itself, for the reason given at `_part`
        self._adapters: dict[type, TypeAdapter[Any]] = {}

    def written(self, answer: Answer | DecisionView) -> bytes:
        """Return an answer as JSON in UTF-8."""
        return self._by_type[type(answer)](answer)

    def answer(self, engine: Triage, asked: Asked, *, full: bool) -> tuple[bytes, Told]:
        """Return an answer as JSON in UTF-8, the whole one or the machine contract alone, and what is told of it."""
        if full:
            answer, told = engine.answered(asked)
            known = asked.facts
            if not isinstance(known, Profile) or asked.graded:
                return self.written(answer), told
            return self._whole(answer, {"facts": b"{%b}" % known.written()}), told
        outline, told = engine.outlined(asked)
        return self._outlined(outline, told.id, asked.reference), told

    def _outlined(self, outline: DecisionView, name: str, reference: str | None) -> bytes:
        kept = self._outlines.get(id(outline))
        if kept is None:
            if len(self._outlines) >= OUTLINES:
                self._outlines.clear()
            kept = self._outlines[id(outline)] = outline, self.written(outline).removesuffix(NAMELESS)
        return b'%b"%b","reference":%b}' % (
            kept[1],
            name.encode(),
            b"null" if reference is None else to_json(reference),
        )

    def _value(self, value: Any) -> bytes:
        return self._by_type.get(type(value), self._part)(value)

    def _assembling(self, of: type) -> Callable[..., bytes]:
        """Return what writes such records; it may be told how unique fields are written."""
        names = [field.name for field in fields(of)]
        frame: list[bytes] = []
        for name in names:
            frame += [b'%b"%b":' % (b"," if frame else b"{", name.encode()), b""]
        frame.append(b"}")
        first = next((place for place, name in enumerate(names) if name in UNIQUE), len(names))
        writers: dict[str, Callable[[Any], bytes]] = {"facts": self._mapping, "id": to_json, "reference": to_json}
        last = [(2 * names.index(name) + 1, name, writers.get(name, self._value)) for name in names[first:]]
        values_of = attrgetter(*names[:first])
        by_type, part = self._by_type, self._part

        def assembled(value: Any, written: Mapping[str, bytes] = NOTHING) -> bytes:
            pieces = frame.copy()
            pieces[1 : 2 * first : 2] = [by_type.get(type(each), part)(each) for each in values_of(value)]
            for place, name, write in last:
                pieces[place] = written.get(name) or write(getattr(value, name))
            return b"".join(pieces)

        return assembled

    def _list(self, items: Sequence[Any]) -> bytes:
        if not items:
            return b"[]"
        if type(items[0]) is str:
            return b"[%b]" % b",".join([self._text(item) for item in items])
        try:
            return b"[%b]" % b",".join([self._parts[id(item)] for item in items])
        except KeyError:
            return b"[%b]" % b",".join([self._value(item) for item in items])

    def _tuple(self, items: Sequence[Any]) -> bytes:
        """Return what is kept of a tuple: the engine makes equal ones once, as it does parts."""
        written = self._parts.get(id(items))
        return self._keep(items, self._list(items)) if written is None else written

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
        written = self._parts.get(id(part))
        if written is not None:
            return written
        of = type(part)
        adapter = self._adapters.get(of) or self._adapters.setdefault(of, TypeAdapter(of))
        return self._keep(part, adapter.dump_json(part))

    def _keep(self, part: object, written: bytes) -> bytes:
        self._kept_bytes += len(written) + BESIDES
        if self._kept_bytes > MOST_BYTES:
            self._parts, self._kept, self._kept_bytes = {}, [], 0
        # the part itself is kept as well, so that no other object can get its id
        self._kept.append(part)
        self._parts[id(part)] = written
        return written
