"""YAML text with its lines, and errors that point at them.

YAML is read by its 1.2 core rules: `true` and `false` are booleans, `no`, `NO` and `on` are words (a country code and
an answer here), and a key written twice is an error instead of a silent overwrite.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
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


class BrokenRuleBookError(Exception):
    """The rule book is refused; `errors` are all its faults."""

    def __init__(self, errors: Iterable[RuleBookError]) -> None:
        self.errors = sorted(set(errors))
        super().__init__("\n".join(map(str, self.errors)))


@dataclass(frozen=True)
class File:
    """One file: its data, and the line of every value."""

    name: str
    data: Any
    lines: Mapping[Where, int]

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
    """Composes nodes by the YAML 1.2 core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the library's own shape


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789"))


def read(path: Path, name: str = "") -> File:
    """Return one YAML file; `BrokenRuleBookError` where it cannot be read."""
    name = name or path.name
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        missing = RuleBookError(name, 1, "", "the file is missing or is not UTF-8 text")
        raise BrokenRuleBookError([missing]) from None
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise BrokenRuleBookError([RuleBookError(name, 1, "", "the file is empty")])
        lines: dict[Where, int] = {}
        data = _plain(loader, root, (), lines, name)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BrokenRuleBookError([RuleBookError(name, line, "", f"not YAML: {error.problem}")]) from None
    finally:
        loader.dispose()
    return File(name, data, lines)


def _plain(loader: _Loader, node: yaml.Node, where: Where, lines: dict[Where, int], file: str) -> Any:
    lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*where, i), lines, file) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            if key in found:
                line = key_node.start_mark.line + 1
                raise BrokenRuleBookError([RuleBookError(file, line, "", f"`{key}` is written twice")])
            found[key] = _plain(loader, value_node, (*where, key), lines, file)
            lines[*where, key] = key_node.start_mark.line + 1
        return found
    return loader.construct_object(node)
