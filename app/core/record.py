"""Records: frozen dataclasses whose attribute docstrings are public descriptions.

The HTTP face reads those docstrings for its OpenAPI document; the core itself needs no library for that.
"""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass with slots whose attribute docstrings are published."""
    cls.__pydantic_config__ = {"use_attribute_docstrings": True}  # type: ignore[attr-defined]
    return dataclass(frozen=True, slots=True)(cls)
