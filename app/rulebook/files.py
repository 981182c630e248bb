"""YAML text with its lines, and errors that point at them.

YAML is read by its 1.2 core rules: `true` and `false` are booleans, `no`, `NO` and `on` are words (a country code and
an answer here), and a key written twice is an error instead of a silent overwrite. Aliases are refused: one may hold
itself, or stand for a billion others.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import yaml

Where = tuple[str | int, ...]
"""The way to a value inside a file: keys and positions."""


@dataclass(frozen=True, order=True)
class RuleBookError:
    """One fault of the rule book: where, and what would be right."""

    file: str
    line: int
    entry: str
    says: str

    def __str__(self) -> str:
        entry = f"{self.entry}: " if self.entry else ""
        return f"{self.file}:{self.line}: {entry}{self.says}"


def like(word: str, words: Iterable[str]) -> str:
    """Return the suggestion of a word that is written nearly so."""
    close = get_close_matches(word, sorted(words), 1, 0.75)
    return f"; did you mean `{close[0]}`?" if close else ""


class BrokenRuleBookError(Exception):
    """The rule book is refused; `errors` are all its faults."""

    def __init__(self, errors: Iterable[RuleBookError]) -> None:
        self.errors = sorted(set(errors))
        super().__init__("\n".join(map(str, self.errors)))


@dataclass(frozen=True)
class File:
    """One file: its data, and the text that it was read from."""

    name: str
    data: Any
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> Mapping[Where, int]:
        """The line of every value, read for a fault."""
        with _reading(self.text, self.name) as reader:
            return reader.lines()

    def line(self, where: Where) -> int:
        """Return the line of a value, or of what is around it."""
        while where not in self.lines and where:
            where = where[:-1]
        return self.lines.get(where, 1)

    def error(self, where: Where, says: str) -> RuleBookError:
        """Return an error about a value of this file."""
        return RuleBookError(self.name, self.line(where), self._entry(where), says)

    def _entry(self, where: Where) -> str:
        value, name = self.data, ""
        for step in where:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(value, dict):
                name = str(value.get("id") or value.get("name") or name)
        return name


class _Loader(yaml.CSafeLoader):
    """Parses YAML, with the scalars of the YAML 1.2 core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the library's own shape


TAG = "tag:yaml.org,2002:"
_Loader.add_implicit_resolver(TAG + "bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(TAG + "null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(TAG + "int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver(TAG + "float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789"))

UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML does not allow in a text (YAML 1.2, section 5.1)."""
UNCLOSED = "found unexpected end of stream"
MENDS = {
    "found character that cannot start any token": "indent by spaces, not tabs, and quote `@`, `%` and backticks",
    "found a tab character that violates indentation": "indent by spaces, not tabs",
    "mapping values are not allowed in this context": "indent as the lines above, and quote a text that holds `: `",
    "could not find expected ':'": "a line at or above this one needs `: ` after its key",
    "did not find expected ',' or ']'": "a list that begins at or above this line needs `,` or `]`",
    "did not find expected ',' or '}'": "a map that begins at or above this line needs `,` or `}`",
    "did not find expected key": "indent as the lines above, and close each quote",
    "did not find expected '-' indicator": "indent as the lines above, and begin each entry of a list with `- `",
    UNCLOSED: "a quote that begins here is not closed",
    "block sequence entries are not allowed in this context": "begin `- ` on a line of its own",
}
"""What would be right, by what libyaml finds."""
DEEPEST = 64
"""How deep lists and maps may be nested; libyaml's own composer ends the process at some 50,000."""
MOST_DIGITS = 18


def read(path: Path, name: str = "") -> File:
    """Return one YAML file; `BrokenRuleBookError` where it cannot be read."""
    name = name or path.name
    try:
        written = path.read_bytes()
        text = written.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except OSError:
        raise BrokenRuleBookError([RuleBookError(name, 1, "", "the file is missing or cannot be read")]) from None
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        raise BrokenRuleBookError([RuleBookError(name, line, "", "the text is not UTF-8; save it so")]) from None
    with _reading(text, name) as reader:
        return File(name, reader.data(), text)


@contextmanager
def _reading(text: str, name: str) -> Iterator["_Reader"]:
    """Yield a reader of a text; its faults are of the file."""
    loader = _Loader(text)
    try:
        yield _Reader(loader, name)
    except yaml.YAMLError as error:
        if strange := UNPRINTABLE.search(text):  # libyaml refuses it, and does not say which
            line = text.count("\n", 0, strange.start()) + 1
            raise BrokenRuleBookError([RuleBookError(name, line, "", _no_text(strange[0]))]) from None
        problem = getattr(error, "problem", None) or "it cannot be read"
        mark = getattr(error, "context_mark" if problem == UNCLOSED else "problem_mark", None)
        says = f"not YAML: {MENDS.get(problem, problem)}"
        raise BrokenRuleBookError([RuleBookError(name, mark.line + 1 if mark else 1, "", says)]) from None
    finally:
        loader.dispose()


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path = path.resolve()  # a link stays one
    beside = path.with_name(f".{path.name}.new")  # hidden: should it stay, the next start passes over it
    try:
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None  # of what cannot be written it has no name


def _no_text(character: str) -> str:
    return f"the character U+{ord(character):04X} is no text; take it out"


class _Reader:
    """Reads one file by its events."""

    def __init__(self, loader: _Loader, name: str) -> None:
        self._loader = loader
        self._next: Callable[[], Any] = loader.get_event
        self._name = name

    def data(self) -> Any:
        """Return the data of the file, or raise."""
        self._next()  # the start of the stream
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            raise self._refused(start, "the file is empty")
        data = self._value(self._next(), 0)
        self._next()  # the end of the document
        if not isinstance(after := self._next(), yaml.StreamEndEvent):
            raise self._refused(after, "a file holds one document")
        return data

    def lines(self) -> dict[Where, int]:
        """Return the line of every value, in a map of its key."""
        found: dict[Where, int] = {}
        self._next()
        self._next()
        self._note(self._next(), (), found)
        return found

    def _note(self, event: Any, where: Where, found: dict[Where, int]) -> None:
        found[where] = event.start_mark.line + 1
        if isinstance(event, yaml.SequenceStartEvent):
            places = count()
            while not isinstance(item := self._next(), yaml.SequenceEndEvent):
                self._note(item, (*where, next(places)), found)
        elif isinstance(event, yaml.MappingStartEvent):
            while not isinstance(key := self._next(), yaml.MappingEndEvent):
                way = (*where, self._scalar(key))
                self._note(self._next(), way, found)
                found[way] = key.start_mark.line + 1

    def _refused(self, event: Any, says: str) -> BrokenRuleBookError:
        return BrokenRuleBookError([RuleBookError(self._name, event.start_mark.line + 1, "", says)])

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.AliasEvent):
            raise self._refused(event, f"the alias `*{event.anchor}` is not read; write out what it stands for")
        if depth >= DEEPEST:
            raise self._refused(event, f"lists and maps are nested more than {DEEPEST} deep")
        is_list = isinstance(event, yaml.SequenceStartEvent)
        if event.tag not in (None, "!", TAG + ("seq" if is_list else "map")):
            raise self._refused(event, f"`{event.tag}` is no type of a rule book")
        return self._list(depth + 1) if is_list else self._map(depth + 1)

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._value(event, depth))
        return found

    def _map(self, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refused(event, "a key is one word; a list, a map and an alias are none")
            key = self._scalar(event)
            if key in found:
                raise self._refused(event, f"`{key}` is written twice")
            found[key] = self._value(self._next(), depth)
        return found

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        tag: str = event.tag
        if event.style == '"' and (strange := UNPRINTABLE.search(text)):  # an escape
            raise self._refused(event, _no_text(strange[0]))
        if tag in (None, "!"):
            if not event.implicit[0] or text[:1] not in self._loader.yaml_implicit_resolvers:
                return text  # quoted, or no first character of anything else
            tag = self._loader.resolve(yaml.ScalarNode, text, event.implicit)  # type: ignore[no-untyped-call]
        try:
            match tag.removeprefix(TAG):
                case "str":
                    return text
                case "bool":
                    return {"true": True, "false": False}[text]
                case "null":
                    return None
                case "int" if len(text) <= MOST_DIGITS:
                    return int(text)
                case "float" if len(text) <= MOST_DIGITS:
                    return float(text)
                case "int" | "float":
                    raise self._refused(event, f"a number has at most {MOST_DIGITS} digits")
        except (KeyError, ValueError):
            raise self._refused(event, f"`{text}` is no `{tag.removeprefix(TAG)}`") from None
        raise self._refused(event, f"`{tag}` is no type of a rule book")
