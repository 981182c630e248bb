"""What may be known about a candidate.

A `Fact` has a closed domain of values; a candidate is a mapping of fact names to values in which every absent name is
unknown. Unknown is never a value of a domain and never stands for "no".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Value = bool | int | str
"""A boolean, an integer or a word such as a grade, an answer or a country code."""

Candidate = Mapping[str, Value]
"""The facts known about one treatment area; an absent name is unknown."""

FactKind = Literal["boolean", "grade", "choice", "country", "integer"]
Policy = Literal["ask", "confirm"]

GRADES: tuple[str, ...] = ("none", "mild", "moderate", "advanced", "severe")
"""The ordinal scale of every finding, least first."""


@dataclass(frozen=True)
class Fact:
    """One thing that may be asked about a candidate.

    `policy` says what happens while it is unknown: `ask` (no decision may depend on it) or `confirm` (the decision is
    given under `assumed`, and somebody confirms it in person). `assumed` is a set of values that no rule objects to, or
    `None` where no decision rule reads the fact. `attainable` are the values a patient can come to without harm.
    """

    name: str
    kind: FactKind
    policy: Policy
    values: tuple[Value, ...] = ()
    minimum: int = 0
    maximum: int = 0
    unit: str | None = None
    assumed: frozenset[Value] | None = None
    assumed_as: Value | Mapping[str, int] | None = None
    group: str = ""
    question: str = ""
    help: str = ""
    labels: Mapping[Value, str] = field(default_factory=dict)
    sets: Mapping[str, frozenset[Value]] = field(default_factory=dict)
    attainable: frozenset[Value] = frozenset()
    sources: tuple[str, ...] = ()

    @cached_property
    def domain(self) -> Sequence[Value]:
        """Every value the fact can have, in order."""
        return range(self.minimum, self.maximum + 1) if self.kind == "integer" else self.values

    def accepts(self, value: object) -> bool:
        """Return whether a value is of the domain, by type too."""
        right = {"boolean": bool, "integer": int}.get(self.kind, str)
        return type(value) is right and value in self.domain

    @property
    def ordered(self) -> bool:
        """Whether `<` and `>=` mean something for this fact."""
        return self.kind in ("grade", "integer")
