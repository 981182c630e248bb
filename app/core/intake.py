"""How a patient is asked: sections, topics, facts in their words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from app.core.facts import Value


@dataclass(frozen=True)
class AnswerWords:
    """One answer as a patient gives it, and what to look for."""

    says: str
    hint: str | None = None


@dataclass(frozen=True)
class FactWords:
    """A fact in a patient's words; `asks` where asked alone."""

    name: str
    says: str
    hint: str | None = None
    asks: str | None = None
    answers: Mapping[Value, AnswerWords] = field(default_factory=dict)


@dataclass(frozen=True)
class Topic:
    """The facts of one page; `nothing` names the answer that none applies."""

    id: str
    title: str
    asks: str
    hint: str | None
    nothing: str | None
    facts: tuple[FactWords, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its facts."""
        return tuple(fact.name for fact in self.facts)


@dataclass(frozen=True)
class Section:
    """The topics of some stages; without one, of practical things."""

    id: str
    title: str
    asked_of: Literal["patient", "clinic"]
    stages: tuple[str, ...]
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class PatientWords:
    """What a patient reads of an outcome, of care, or beside them."""

    title: str
    says: str = ""
    listed: tuple[str, ...] = ()
