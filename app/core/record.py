"""Records: frozen dataclasses whose attribute docstrings are public descriptions.

The HTTP face reads those docstrings for its OpenAPI document; the core itself needs no library for that.
"""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


def _public_name(name: str) -> str:
    """Return the name without the underscore that a Python keyword needs, such as `from`."""
    return name.rstrip("_")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass with slots whose attribute docstrings are published."""
    cls.__pydantic_config__ = {  # type: ignore[attr-defined]
        "use_attribute_docstrings": True,
        "alias_generator": _public_name,
        "serialize_by_alias": True,
    }
    return dataclass(frozen=True, slots=True)(cls)
