"""What each file of rules may hold; `checks` compares entries."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.rules import Disposition, LawKind, Pathway, Urgency
from app.rulebook import forms

STANDS_FOR = "x-stands-for"
"""In the JSON Schema of a shape: what of the rule book a value stands for."""


def stands_for(what: str) -> Any:
    """Mark what of the rule book a value stands for."""
    return Field(json_schema_extra={STANDS_FOR: what})


Text = Annotated[str, Field(min_length=1)]
FactName = Annotated[str, Field(min_length=1), stands_for("fact")]
SourceId = Annotated[str, Field(min_length=1), stands_for("source")]
Sources = Annotated[list[SourceId], Field(min_length=1)]
Ids = Annotated[list[Text], Field(min_length=1)]
RuleId = Annotated[str, Field(pattern=forms.RULE_ID)]
ReleaseId = Annotated[str, Field(pattern=forms.RELEASE_ID)]
KnownRelease = Annotated[ReleaseId, stands_for("release")]
KnownRule = Annotated[RuleId, stands_for("rule")]
Condition = Annotated[str | dict[str, Any], stands_for("condition")]
Answer = bool | int | str
Known = Annotated[dict[str, Answer], stands_for("known")]
"""Answers by fact."""
Pathways = Annotated[list[Pathway], Field(min_length=1)]
PathwaysOrAll = Pathways | Literal["all"]
Example = Annotated[dict[str, Any], stands_for("example")]
Unit = Literal["sessions", "hours", "days", "weeks", "months", "USD"]


class Model(BaseModel):
    """Refuses unknown keys and converts nothing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Versioned(Model):
    """Has a first release, and perhaps a first release without it.

    `from` gives what another release changed: its keys replace those of the entry from that release on.
    """

    since: KnownRelease
    until: KnownRelease | None = None
    changed: dict[ReleaseId, dict[str, Any]] = Field(default_factory=dict, alias="from")


class Entry(Versioned):
    """What every rule-like entry has."""

    id: RuleId
    says: Text
    sources: Sources
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

    name: Annotated[str, Field(pattern=forms.NAME)]
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
    sources: Sources
    sets: dict[str, list[str]] = {}


class ScaleEntry(Versioned):
    """A validated scale."""

    name: Text
    title: Text
    measures: dict[FactName, Text]
    grades: dict[str, str]
    says: Text
    reading: Text
    sources: Sources


class Band(Model):
    """How many of the population have an integer from `min` to `max`."""

    min: int
    max: int
    weight: Annotated[int, Field(gt=0)]


class Population(Model):
    """How common each answer is taken to be."""

    says: Text
    facts: dict[FactName, dict[str, Annotated[int, Field(gt=0)]] | list[Band]]


class Refers(Model):
    """Who sees the person next, and how soon."""

    to: Text
    urgency: Urgency


class Lifted(Conditional):
    """A rule that time or treatment may lift; `lifted_when` says when."""

    lifted_by: Known = {}
    lifted_when: Text | None = None


class Exclusion(Lifted):
    """A documented exclusion, and who cares for what excludes."""

    excludes: Literal["all"]
    refers: Refers | None = None


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


class LabelSafety(Lifted):
    """What labels and published evidence set against phases."""

    excludes: Pathways | None = None
    reviews: Pathways | None = None


class QuestionStage(Versioned):
    """Facts that are asked before those of later stages."""

    name: Annotated[str, Field(pattern=forms.WORD)]
    says: Text
    facts: Annotated[list[FactName], Field(min_length=1)]


class Law(Versioned):
    """What must hold of a release."""

    name: Annotated[str, Field(pattern=forms.SCALE)]
    kind: LawKind
    says: Text
    when: Condition | None = None
    dispositions: list[Disposition] = []
    pathways: list[Pathway] = []
    fact: FactName | None = None
    changes: Known = {}
    of: list[Text] = []


class Caution(Conditional):
    """What a clinician should weigh."""

    concerns: PathwaysOrAll
    without_phase: bool = False
    topic: Literal[
        "age",
        "skin_type",
        "medical",
        "medicine",
        "lifestyle",
        "expectation",
        "recovery",
        "product",
        "device",
        "evidence",
        "regulatory",
        "provider",
    ]


class Precondition(Entry):
    """What must be in place first."""

    met: Condition | None = None
    unmet: Condition | None = None
    needs: list[FactName] = []
    concerns: PathwaysOrAll
    outside: bool = False


class Notice(Conditional):
    """A sentence that goes with answers."""

    order: int
    group: Text | None = None
    otherwise: bool = False
    shown_by: Literal["engine"] | None = None
    concerns: PathwaysOrAll


class Aspect(Model):
    """One column of the comparison."""

    says: Text
    sources: Sources
    min: int | None = None
    max: int | None = None
    unit: Unit | None = None


class Fit(Model):
    """When an alternative fits or not, and why."""

    when: Condition
    says: Text


class Said(Model):
    """A sentence."""

    says: Text


class Fits(Model):
    """Whether an alternative fits."""

    yes: Fit
    no: Fit
    unknown: Said


class Row(Model):
    """The rules that stand against a modality.

    Documented exclusions, scope rules and what stands against every phase are in every row; `pathways` adds the rules
    of phases, `without` takes some out. `asks` is what leaves it open, whoever decides.
    """

    pathways: Pathways
    without: list[KnownRule] = []
    asks: Fit | None = None


class Alternative(Entry):
    """Something else that may be discussed."""

    kind: Literal["modality", "consultation"]
    title: Text
    offered: Condition
    concerns: PathwaysOrAll
    without_phase: bool = False
    compares: dict[Literal["pigment", "elasticity", "downtime", "limitation"], Aspect] = Field(default_factory=dict)
    fits: Fits | None = None
    row: Row | None = None


class Figure(Model):
    """One figure as it stands in its source."""

    min: float | int
    max: float | int | None = None
    unit: Unit
    says: Text
    source: SourceId


class Range(Model):
    """The range that satisfies every figure."""

    min: float | int
    max: float | int
    unit: Unit


class Part(Model):
    """What the documents say of one aspect of a plan."""

    says: Text
    sources: list[SourceId] = Field(default_factory=list)
    figures: list[Figure] = Field(default_factory=list)
    differs: Text | None = None
    agreed: Range | None = None
    silent: bool = False


PartName = Literal[
    "sessions",
    "interval",
    "maintenance",
    "recovery",
    "aftercare",
    "first_effects",
    "structural_change",
    "cost",
    "follow_up",
]


class Component(Model):
    """One thing a plan consists of."""

    id: Annotated[str, Field(pattern=forms.LABEL)]
    says: Text
    sources: Sources
    when: Condition | None = None
    against: Condition | None = None
    otherwise: Text | None = None
    since: KnownRelease | None = None
    until: KnownRelease | None = None


class Plan(Entry):
    """The plan of one pathway."""

    pathway: Pathway
    components: Annotated[list[Component], Field(min_length=1)]
    parts: dict[PartName, Part]
