"""Rules: condition, effect, statement, sources and our reading of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from app.core.conditions import Condition
from app.core.documented import Part, documented
from app.core.facts import Fact, Value
from app.core.intake import PatientWords, Section

Pathway = Literal["conservative_care", "exosome_microchanneling", "combination_therapy"]
Disposition = Literal["referred", "excluded", "clinician_review", "recommended", "needs_information"]
Kind = Literal["exclusion", "scope", "concern", "phase", "label_exclusion", "label_review", "gap"]
Effect = Literal["excludes", "refers", "reviews", "indicates"]
Urgency = Literal["emergency", "today", "urgent", "days", "soon", "routine"]
Status = Literal["A", "B", "document", "project", "inference"]
Fits = Literal["yes", "no", "unknown"]

EFFECT_OF: Mapping[Kind, Effect] = {
    "exclusion": "excludes",
    "scope": "refers",
    "concern": "reviews",
    "phase": "indicates",
    "label_exclusion": "excludes",
    "label_review": "reviews",
    "gap": "reviews",
}


@documented
class Source:
    """One statement, publication or documented silence that a rule rests on."""

    id: str
    """The id that rules cite, such as `S3-31`, `M5` or `C-01`."""
    document: str
    """The document or publication it stands in."""
    section: str
    """Where in the document, or its citation."""
    status: Status
    """`document`: one of the four source documents. `A`: primary source seen. `B`: reported by a secondary source.
    `inference`: drawn from other sources. `project`: a conflict or silence of the documents, settled by us."""
    says: str
    """What it says, in our words."""
    public_url: str | None = None
    """Where the public can read it; null where no address is known."""


@dataclass(frozen=True)
class Example:
    """A worked example of an entry; `ask` names what is then open."""

    facts: Mapping[str, Value]
    expect: str
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An entry of the rule book, with its condition `when`."""

    id: str
    when: Condition
    says: str
    sources: tuple[str, ...]
    reading: str | None = None
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DecisionRule(Rule):
    """A rule that takes part in the decision (see `precedence`).

    `pathways` are those that a label-safety rule stands against; `lifted_by` gives the values that would lift it, and
    `lifted_when` says when; `refer_to` and `urgency` belong to a scope rule, and to an exclusion that needs care.
    """

    kind: Kind
    pathways: tuple[Pathway, ...] = ()
    lifted_by: Mapping[str, Value] = field(default_factory=dict)
    lifted_when: str | None = None
    refer_to: str = ""
    urgency: Urgency = "routine"

    @cached_property
    def effect(self) -> Effect:
        """What the rule does to the decision."""
        return EFFECT_OF[self.kind]


@dataclass(frozen=True, kw_only=True)
class Phase(DecisionRule):
    """A documented phase: its number and the pathway it indicates."""

    kind: Kind = "phase"
    pathway: Pathway
    phase: int
    discuss: str


@dataclass(frozen=True, kw_only=True)
class Caution(Rule):
    """What a clinician should weigh; it never changes the decision."""

    concerns: tuple[Pathway, ...] = ()
    without_phase: bool = False
    topic: str = ""


@dataclass(frozen=True, kw_only=True)
class Precondition(Rule):
    """What must be in place first.

    `when` says it is met, `unmet` that it is not; neither: somebody confirms it.

    `needs` are facts without which it is never met, whatever they are; `outside` marks what the service can never see,
    such as an examination in person.
    """

    unmet: Condition | None = None
    needs: tuple[str, ...] = ()
    concerns: tuple[Pathway, ...] = ()
    outside: bool = False


@dataclass(frozen=True, kw_only=True)
class Notice(Rule):
    """A sentence that goes with an answer.

    `group` and `otherwise` make one notice stand in where no other of its group holds; `by_engine` marks the notices
    that the answer adds by itself.
    """

    order: int = 0
    group: str | None = None
    otherwise: bool = False
    by_engine: bool = False
    concerns: tuple[Pathway, ...] = ()


@documented
class Aspect:
    """One column of the comparison of alternatives, in `unit` if given."""

    says: str
    sources: tuple[str, ...]
    min: int | None = None
    max: int | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Fitting:
    """When an alternative fits or not, and what is said."""

    yes: Condition
    no: Condition
    because: Mapping[Fits, str]


@dataclass(frozen=True)
class Row:
    """The ids of the rules that stand against an alternative.

    `asks` leaves it open where it holds, as `because` says, or is unknown.
    """

    rules: frozenset[str]
    asks: Condition
    because: str | None = None


@dataclass(frozen=True, kw_only=True)
class Alternative(Rule):
    """Something else to discuss, listed where `when` holds."""

    kind: Literal["modality", "consultation"] = "modality"
    title: str = ""
    concerns: tuple[Pathway, ...] = ()
    without_phase: bool = False
    compares: Mapping[str, Aspect] = field(default_factory=dict)
    fits: Fitting | None = None
    row: Row | None = None


@documented
class Figure:
    """One figure of a source; `max` is null where it is open."""

    min: float
    max: float | None
    unit: str
    says: str
    source: str


@documented
class Range:
    """The range that satisfies every figure."""

    min: float
    max: float
    unit: str


@documented
class PlanPart(Part):
    """What the documents say of one aspect of a plan."""

    name: str
    says: str
    sources: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    differs: str | None = None
    agreed: Range | None = None
    silent: bool = False


@dataclass(frozen=True, kw_only=True)
class Component(Rule):
    """One component of a plan, given where `when` is known to hold."""

    otherwise: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan(Rule):
    """The plan of one pathway."""

    pathway: Pathway
    components: tuple[Component, ...] = ()
    parts: tuple[PlanPart, ...] = ()


@dataclass(frozen=True)
class Scale:
    """A validated scale, and our grade for each of its readings."""

    name: str
    title: str
    measures: Mapping[str, str]
    grades: Mapping[str, str]
    says: str
    reading: str
    sources: tuple[str, ...]

    @property
    def crosswalk(self) -> str:
        """How a reading becomes a grade, in words."""
        return f"{self.says} {self.reading}"


LawOfDecision = Literal["one_decision", "named_gap", "never", "at_least", "never_lowers", "never_recommends"]
LawOfParts = Literal["never_fits", "never_included", "never_met", "never_ready"]
LawKind = Literal[LawOfDecision, LawOfParts]


@dataclass(frozen=True)
class Law:
    """What must hold of every release, as data.

    `one_decision`: every candidate gets one, and it is settled. `named_gap`: whom no phase fits, a gap rule names.
    `never`: where `when` holds, none of `dispositions` (of `pathways`, where some are named) is the decision.
    `at_least`: where `when` holds, the decision is one of `dispositions`.
    `never_lowers`: raising `fact` lowers neither what is indicated nor the phase where both are recommended.
    `never_recommends`: giving a fact of `changes` its value there turns nothing into a recommendation.

    Of what goes with a decision, while `when` holds or is unknown: `never_fits`, no alternative or lower phase named in
    `of` fits; `never_included`, no component in `of` is included; `never_met`, no precondition in `of` is met;
    `never_ready`, no recommendation is ready (for `pathways`, where some are named).
    """

    name: str
    kind: LawKind
    says: str
    when: Condition | None = None
    dispositions: tuple[Disposition, ...] = ()
    pathways: tuple[Pathway, ...] = ()
    fact: str = ""
    changes: Mapping[str, Value] = field(default_factory=dict)
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """Names and sentences of one language; a summary is chosen whole."""

    pathways: Mapping[str, str]
    dispositions: Mapping[str, str]
    grades: Mapping[str, str]
    yes: str
    no: str
    unknown: str
    next_question: Mapping[str, str]
    lower_phase: Mapping[str, str]
    row: Mapping[str, str]
    consultation: str
    assumption: str
    summary: Mapping[str, str]


@documented
class Review:
    """The signature of a release: who, when, and a digest."""

    reviewer: str
    """The clinician who read and signed it."""
    date: str
    """When, as an ISO date."""
    signature: str
    """A digest over the release's digest, the reviewer and the date; it proves no identity."""


@documented
class Withdrawn:
    """When a release was withdrawn, and why."""

    date: str
    """The day, as an ISO date."""
    reason: str
    """Why, as a sentence."""


@dataclass(frozen=True)
class Release:
    """One immutable version of the rule book.

    `digest` covers what decides, what goes with it and its English sentences; `digests` covers apart the `sources`,
    `population`, `countries`, `languages`, `intake` and `notices` (`withdrawn`, `limits`), which may change under it.
    """

    id: str
    digest: str
    reviewed: Review | None
    facts: Mapping[str, Fact]
    rules: tuple[DecisionRule, ...]
    cautions: tuple[Caution, ...]
    preconditions: tuple[Precondition, ...]
    plans: tuple[Plan, ...]
    alternatives: tuple[Alternative, ...]
    notices: tuple[Notice, ...]
    scales: Mapping[str, Scale]
    sources: Mapping[str, Source]
    wording: Wording
    weights: Mapping[str, Mapping[Value, float]]
    laws: tuple[Law, ...]
    order: tuple[str, ...]
    budget: int
    stages: tuple[tuple[str, ...], ...] = ()
    """The facts that questions ask, in stages; without any, all together."""
    intake: tuple[Section, ...] = ()
    """How a patient is asked."""
    patient: Mapping[str, PatientWords] = field(default_factory=dict)
    """What a patient reads, by outcome and by rule."""
    released: str = ""
    changes: str = ""
    withdrawn: Withdrawn | None = None
    limits: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """The notices of withdrawal and of limits, said first."""
        withdrawn = self.withdrawn
        said = f"Release {self.id} was withdrawn on {withdrawn.date}. {withdrawn.reason}" if withdrawn else None
        return [text for text in (said, self.limits) if text]
