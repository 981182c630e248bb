"""Records: dataclasses whose attribute docstrings are public descriptions."""

import ast
import sys
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from inspect import cleandoc, getsource
from itertools import pairwise
from typing import TypeVar, dataclass_transform

from app.core.memo import Memo

T = TypeVar("T")


def _public_name(name: str) -> str:
    """Return the name without a trailing underscore, such as `from`."""
    return name.rstrip("_")


def _docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    above: dict[str, str] = {}
    for node in ast.parse(getsource(sys.modules[module])).body:
        if isinstance(node, ast.ClassDef):
            own = {
                line.target.id: cleandoc(text.value.value)
                for line, text in pairwise(node.body)
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
                if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
                if isinstance(text.value.value, str)
            }
            above |= own
            names = [
                line.target.id
                for line in node.body
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
            ]
            found[node.name] = {name: above[name] for name in names if name in above}
    return found


docstrings = Memo[str, Mapping[str, Mapping[str, str]]](_docstrings)
"""The docstrings of attributes, by module and class; pydantic would read a module anew for every class.

An attribute without one has that of the same attribute of a class above it: what is said alike is said once.
"""


class Part:
    """A part that answers share, and what it was written as."""

    __slots__ = ("written",)
    written: object


@dataclass_transform(frozen_default=True)
def documented(cls: type[T]) -> type[T]:
    """Make a class a dataclass with slots whose attribute docstrings are published.

    It is frozen for the type checker alone: `frozen=True` takes five times as long to make one.
    """
    cls.__pydantic_config__ = {  # type: ignore[attr-defined]
        "alias_generator": _public_name,
        "serialize_by_alias": True,
    }
    for name, text in docstrings[cls.__module__].get(cls.__name__, {}).items():
        default = cls.__dict__.get(name, MISSING)
        setattr(cls, name, field(default=default, metadata={"description": text}))
    return dataclass(slots=True, unsafe_hash=True)(cls)
