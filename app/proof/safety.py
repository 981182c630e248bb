"""The safety case: hazards, their risks, and what controls them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.core.documented import documented

ControlKind = Literal["law", "rule", "test", "setting"]


@dataclass(frozen=True)
class Level:
    """One step of severity, of likelihood or of risk."""

    id: str
    title: str
    says: str


@dataclass(frozen=True)
class Matrix:
    """The risk of each severity and likelihood, from 1 to 5."""

    severities: tuple[Level, ...]
    likelihoods: tuple[Level, ...]
    risks: tuple[Level, ...]
    cells: Mapping[str, Sequence[int]]
    """By likelihood, the risk of each severity."""

    def risk(self, severity: str, likelihood: str) -> int | None:
        """Return the risk, or `None` where the matrix lacks a step."""
        row = self.cells.get(likelihood, ())
        places = [place for place, level in enumerate(self.severities) if level.id == severity]
        return row[places[0]] if places and places[0] < len(row) else None


@dataclass(frozen=True)
class Rating:
    """How bad a hazard is, and how likely."""

    severity: str
    likelihood: str
    risk: int


@dataclass(frozen=True)
class Control:
    """What stands against a hazard, by the id of what does it."""

    kind: ControlKind
    name: str
    says: str = ""
    """What a test or a setting does; laws and rules say so themselves."""


@dataclass(frozen=True)
class Hazard:
    """One entry of the hazard log (DCB0129, ISO 14971)."""

    id: str
    title: str
    cause: str
    harm: str
    initial: Rating
    controls: tuple[Control, ...]
    residual: Rating
    left: str


@documented
class Attribute:
    """One source attribute of 45 CFR 170.315(b)(11)(iv)(A)."""

    id: str
    """Its name."""
    title: str
    """What the regulation asks."""
    used: bool | None
    """Whether a decision uses it; null where it is no kind of data."""
    says: str
    """The answer, as a sentence."""
    facts: Sequence[str]
    """The facts through which a decision uses it."""


@dataclass(frozen=True)
class SafetyCase:
    """The hazard log in one language, with the matrix that rates it."""

    matrix: Matrix
    hazards: tuple[Hazard, ...]
    attributes: tuple[Attribute, ...]

    def hazards_of(self, names: Collection[str]) -> tuple[Hazard, ...]:
        """Return the hazards that laws, rules or tests of these names control."""
        return tuple(hazard for hazard in self.hazards if any(each.name in names for each in hazard.controls))
