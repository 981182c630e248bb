"""What each file of what decides may hold; `checks` compares entries."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.rules import Disposition, LawKind, Pathway, Urgency

Text = Annotated[str, Field(min_length=1)]
Ids = Annotated[list[Text], Field(min_length=1)]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$")]
ReleaseId = Annotated[str, Field(pattern=r"^\d{4}\.\d+$")]
Condition = str | dict[str, Any]
Answer = bool | int | str
Pathways = Annotated[list[Pathway], Field(min_length=1)]
PathwaysOrAll = Pathways | Literal["all"]
Example = dict[str, Any]


class Model(BaseModel):
    """Refuses unknown keys and converts nothing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Versioned(Model):
    """Has a first release, and perhaps a first release without it."""

    since: ReleaseId
    until: ReleaseId | None = None


class Entry(Versioned):
    """What every rule-like entry has."""

    id: RuleId
    says: Text
    sources: Ids
    reading: Text | None = None
    examples: list[Example] = []


class Conditional(Entry):
    """An entry with a condition."""

    when: Condition


class AtLeast(Model):
    """An assumed integer: this or more."""

    min: int


class FactEntry(Versioned):
    """A fact."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    group: Literal["exclusions", "label_safety", "concern", "findings", "person", "preparation", "setting"]
    type: Literal["boolean", "grade", "choice", "country", "integer"]
    answers: dict[str, Text] = {}
    minimum: int | None = None
    maximum: int | None = None
    unit: Text | None = None
    unknown: Literal["ask", "confirm"]
    assumed: Answer | AtLeast | None = None
    attainable: list[Answer] = []
    question: Text
    help: Text
    sources: Ids
    sets: dict[str, list[str]] = {}


class ScaleEntry(Versioned):
    """A validated scale."""

    name: Text
    title: Text
    measures: dict[str, Text]
    grades: dict[str, str]
    says: Text
    reading: Text
    sources: Ids


class Band(Model):
    """How many of the population have an integer from `min` to `max`."""

    min: int
    max: int
    weight: Annotated[int, Field(gt=0)]


class Population(Model):
    """How common each answer is taken to be."""

    says: Text
    facts: dict[str, dict[str, Annotated[int, Field(gt=0)]] | list[Band]]


class Exclusion(Conditional):
    """A documented exclusion."""

    excludes: Literal["all"]
    lifted_by: dict[str, Answer] = {}


class Refers(Model):
    """Who sees the person next, and how soon."""

    to: Text
    urgency: Urgency


class Scope(Conditional):
    """Belongs to another kind of care."""

    refers: Refers


class Review(Conditional):
    """A concern without a phase, or a candidate whom no phase fits."""

    reviews: Literal["concern", "gap"]


class Phase(Conditional):
    """A documented phase."""

    indicates: Pathway
    phase: Annotated[int, Field(ge=1)]
    discuss: Text


class LabelSafety(Conditional):
    """What labels and published evidence set against phases."""

    excludes: Pathways | None = None
    reviews: Pathways | None = None
    lifted_by: dict[str, Answer] = {}


class Law(Versioned):
    """What must hold of a release."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]
    kind: LawKind
    says: Text
    when: Condition | None = None
    dispositions: list[Disposition] = []
    pathways: list[Pathway] = []
    fact: Text | None = None
    changes: dict[str, Answer] = {}
