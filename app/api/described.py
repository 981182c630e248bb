"""Pydantic models whose attribute docstrings are public descriptions.

Pydantic has a setting for this, which reads the source anew for each class and took a sixth of the start.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from app.core.documented import docstrings


class Described(BaseModel):
    """A model that is built once it is described, and not before."""

    model_config = ConfigDict(defer_build=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Give each field its docstring, and build the model."""
        for name, text in docstrings[cls.__module__].get(cls.__name__, {}).items():
            cls.model_fields[name].description = text
        cls.model_config["defer_build"] = False
        cls.model_rebuild(force=True)
