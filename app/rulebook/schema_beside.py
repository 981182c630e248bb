"""What each file of what goes with a decision may hold."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.rules import Pathway
from app.rulebook.schema import Condition, Conditional, Entry, Ids, Model, PathwaysOrAll, ReleaseId, Text

Unit = Literal["sessions", "hours", "days", "weeks", "months", "USD"]


class Caution(Conditional):
    """What a clinician should weigh."""

    concerns: PathwaysOrAll
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
    sources: Ids
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


class Alternative(Entry):
    """Something else that may be discussed."""

    kind: Literal["modality", "consultation"]
    title: Text
    offered: Condition
    concerns: PathwaysOrAll
    without_phase: bool = False
    compares: dict[Literal["pigment", "elasticity", "downtime", "limitation"], Aspect] = Field(default_factory=dict)
    fits: Fits | None = None


class Figure(Model):
    """One figure as it stands in its source."""

    min: float | int
    max: float | int | None = None
    unit: Unit
    says: Text
    source: Text


class Range(Model):
    """The range that satisfies every figure."""

    min: float | int
    max: float | int
    unit: Unit


class Part(Model):
    """What the documents say of one aspect of a plan."""

    says: Text
    sources: list[Text] = Field(default_factory=list)
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

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    says: Text
    sources: Ids
    when: Condition | None = None
    otherwise: Text | None = None
    since: ReleaseId | None = None
    until: ReleaseId | None = None


class Plan(Entry):
    """The plan of one pathway."""

    pathway: Pathway
    components: Annotated[list[Component], Field(min_length=1)]
    parts: dict[PartName, Part]


class Named(Model):
    """A name, and a shorter one."""

    name: Text
    short: Text | None = None


class Reasons(Model):
    """Why a question is asked."""

    settles: Text
    narrows: Text


class LowerPhase(Model):
    """Whether a lower phase fits a blocked candidate."""

    yes: Text
    no: Text
    unknown: Text


class WordingReasons(Model):
    """Sentences that explain."""

    next_question: Reasons
    lower_phase: LowerPhase
    consultation: Text


class Summary(Model):
    """One sentence for every outcome."""

    referral_first: Text
    not_ready: Text
    recommended: dict[Pathway, Text]
    excluded: dict[str, Text]
    referred: Text
    clinician_review: dict[str, Text]
    needs_information: dict[Literal["ask", "stuck"], Text]


class Wording(Model):
    """Names and sentences."""

    pathways: dict[Pathway, Named]
    dispositions: dict[str, Named]
    grades: dict[str, Text]
    yes: Text
    no: Text
    unknown: Text
    reasons: WordingReasons
    preconditions: dict[Literal["met", "unmet", "to_confirm"], Text]
    assumption: Text
    summary: Summary
