"""The shape of an answer, the same for every interface."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, get_args

from app.core.documented import Part, documented
from app.core.facts import Fact, Value
from app.core.precedence import Decision, Indicated
from app.core.rules import Aspect, Effect, Fits, Pathway, PlanPart, Status, Urgency, Wording
from app.core.ruleset import CONTRACT as CONTRACT
from app.core.ruleset import RuleSet as RuleSet
from app.core.ruleset import ruleset_of as ruleset_of


@documented
class KnownFact:
    """A fact and its value."""

    fact: str
    """The name of the fact."""
    value: Value
    """Its value."""


@documented
class ScaleGrade:
    """A grade that was read on a validated scale."""

    grade: str
    """The grade the rules use."""
    scale: str
    """The scale it was read on."""
    reading: str | float
    """The reading as given."""
    crosswalk: str
    """How the reading became the grade: the crosswalk is this project's, not the scale's."""


@documented
class CitedSource(Part):
    """What a source is, given once in an answer."""

    document: str
    """The document or publication it stands in."""
    section: str
    """Where in the document, or its citation."""
    status: Status
    """`document`: one of the four source documents. `A`: primary source seen. `B`: reported by a secondary source.
    `inference`: drawn from other sources. `project`: a conflict or silence of the documents, settled by us."""
    says: str
    """What it says, in our words."""
    url: str
    """Its path from the root of this service."""
    public_url: str | None
    """A public address of it, where there is one."""


@documented
class Reason(Part):
    """A rule that takes part in the decision."""

    rule: str
    """Its id."""
    effect: Effect
    """What it does: `indicates`, `excludes`, `refers` or `reviews`."""
    statement: str
    """What it says, in plain words."""
    reading: str | None
    """How the project reads what the source leaves open."""
    because: Sequence[KnownFact]
    """The facts and values that made it hold."""
    state: Literal["held", "undecided"]
    """The state of its own condition, the same as under `/explain`: `undecided` while facts it reads are unknown."""
    decides: bool | None
    """Whether the decision is what this rule makes it; null while that, or the decision, is open."""
    sources: Sequence[str]
    """The ids of what it rests on."""


@documented
class Referral:
    """Another kind of care that comes first, or is needed as well."""

    rule: str
    """The rule that refers."""
    kind: Literal["scope", "exclusion"]
    """`scope`: it comes before aesthetic care. `exclusion`: what excludes needs care of its own."""
    to: str
    """Who sees the person next."""
    urgency: Urgency
    """How soon."""
    statement: str
    """Why, in plain words."""
    because: Sequence[KnownFact]
    sources: Sequence[str]


def most_urgent_first(referral: Sequence[Referral]) -> list[Referral]:
    """Return referrals by urgency; of one urgency, those of scope rules first."""
    return sorted(referral, key=lambda each: get_args(Urgency).index(each.urgency))


@documented
class Option:
    """One answer to a question."""

    value: Value
    """The value to send."""
    label: str
    """What to show."""


def options_of(fact: Fact, wording: Wording) -> list[Option]:
    """Return what a fact may be answered with, as people are asked."""
    values: Sequence[Value] = (True, False) if fact.kind == "boolean" else fact.values
    yes_no: dict[Value, str] = {True: wording.yes, False: wording.no}
    return [Option(value, fact.labels.get(value) or yes_no.get(value) or str(value)) for value in values]


@documented
class NextQuestion(Part):
    """The question to ask next."""

    fact: str
    """The fact it asks for."""
    question: str
    """The question, for a patient."""
    help: str
    """What counts and what does not."""
    answers: Sequence[Option]
    """The answers to choose from; empty for an integer."""
    minimum: int | None
    """The least integer, in `unit`."""
    maximum: int | None
    """The greatest integer, in `unit`."""
    unit: str | None
    """The unit of an integer, such as `years` or `days`."""
    why: str
    """Why it is asked now."""
    for_: Literal["decision", "referral"]
    """`decision`: the decision still depends on it. `referral`: the decision stands, and it tells whether another kind
    of care is needed as well."""


@documented
class Assumption(Part):
    """An unknown fact assumed at its no-objection value, to be confirmed."""

    fact: str
    """The fact."""
    assumed: Value | Mapping[str, int] | None
    """The value, or `{"min": n}` for an integer of at least n."""
    because: Sequence[str]
    """The rules that another value could make hold."""
    question: str
    """The question that confirms it."""


@documented
class AlsoMatched:
    """A lower phase whose condition holds without changing the decision."""

    rule: str
    """The rule of that phase."""
    pathway: Pathway
    """Its pathway."""
    phase: int
    """Its number."""


@documented
class NearMiss(Part):
    """A higher phase whose condition holds in part."""

    rule: str
    pathway: Pathway
    phase: int
    unmet: Sequence[str]
    """The parts of its condition that do not hold."""


@documented
class CautionShown(Part):
    """What a clinician should weigh without changing the decision."""

    rule: str
    """Its id."""
    topic: str
    """What it is about."""
    concerns: Sequence[Pathway]
    """The pathways it concerns."""
    statement: str
    """What it says."""
    because: Sequence[KnownFact]
    """The facts and values that made it hold; empty where it goes with the pathway whatever the facts."""
    sources: Sequence[str]


@documented
class Unresolved(Part):
    """A caution that may hold: its facts are unknown."""

    rule: str
    topic: str
    ask: Sequence[str]
    """The unknown facts it depends on."""


@documented
class PreconditionShown(Part):
    """What must be in place first."""

    rule: str
    status: Literal["met", "unmet", "to_confirm"]
    """Whether it is in place."""
    statement: str
    """What must be in place."""
    ask: Sequence[str]
    sources: Sequence[str]


@documented
class ComponentShown(Part):
    """One thing a plan consists of."""

    id: str
    """Its id."""
    status: Literal["included", "left_out", "to_confirm"]
    """`left_out`: something known speaks against it. `to_confirm`: it is given only once the facts under `ask` are
    known."""
    statement: str
    """What it is, or why it is left out."""
    ask: Sequence[str]
    sources: Sequence[str]


@documented
class PlanShown:
    """The documented plan of the recommended pathway."""

    rule: str
    pathway: Pathway
    """The pathway it belongs to."""
    statement: str
    """The plan in one sentence."""
    components: Sequence[ComponentShown]
    """What is done, in order."""
    parts: Sequence[PlanPart]
    """Sessions, interval, maintenance, recovery and the rest, every figure with its source."""
    sources: Sequence[str]
    """The ids of every source that the plan and its figures name."""


@documented
class AlternativeShown(Part):
    """Something else that may be discussed."""

    rule: str
    """Its id; for a lower phase, the rule of that phase."""
    kind: Literal["modality", "consultation", "lower_phase"]
    """A modality of the documented comparison, a consultation, or a lower phase a clinician may discuss instead."""
    title: str
    """Its name."""
    statement: str
    """What it is."""
    compares: Mapping[str, Aspect]
    """Pigment, elasticity, downtime, limitation, as documented."""
    fits: Fits
    """Whether it fits this candidate, as far as the facts say."""
    why: str
    """Why it fits, does not, or what would have to be known."""
    blocked_by: Sequence[str]
    """The rules that hold and stand against it, or ask for a clinician's decision first; empty where it fits."""
    sources: Sequence[str]
    """The ids of what it rests on."""


@documented
class IfResolved:
    """The decision once what stands against the candidate is lifted."""

    lifted: Sequence[KnownFact]
    """The values that lift what stands against the candidate."""
    when: Sequence[str]
    """When each of them is lifted: times, never acts."""
    decision: Decision
    """The decision then."""
    possible: Sequence[Decision]
    """What is still possible then, while undecided."""
    missing: Sequence[str]
    """The facts still missing then."""
    assumptions: Sequence[Assumption]
    """The assumptions it then stands on."""


@documented
class Answer:
    """The whole answer to one triage request."""

    decision: Decision
    """The decision."""
    indicated: Indicated | None
    """The pathway whose criteria hold, whatever stands against it; null where an earlier step decides, none holds, or
    it is not yet determined."""
    ready: bool
    """True for a recommendation without assumptions all of whose preconditions are met, save the examination in
    person, which the service cannot see."""
    referral: Sequence[Referral]
    """Every kind of care that comes first, whatever the decision."""
    summary: str
    """The answer in one or two plain sentences."""
    possible: Sequence[Decision]
    """While undecided: exactly the decisions that the unknown facts can still lead to."""
    missing: Sequence[str]
    """While undecided: exactly the unknown facts on which the decision still depends, in asking order."""
    next_question: NextQuestion | None
    """The question to ask next; null where the decision is settled or nothing askable is left."""
    assumptions: Sequence[Assumption]
    """The unknown facts of which another value would change the decision, or what is possible."""
    rationale: Sequence[Reason]
    """Every rule that takes part in the decision."""
    also_matched: Sequence[AlsoMatched]
    """Lower phases whose condition holds too."""
    near_misses: Sequence[NearMiss]
    """Higher phases whose condition holds in part."""
    cautions: Sequence[CautionShown]
    """What a clinician should weigh."""
    unresolved: Sequence[Unresolved]
    """Cautions that may hold: their facts are unknown."""
    preconditions: Sequence[PreconditionShown]
    """What must be in place first."""
    plan: PlanShown | Mapping[str, str]
    """The documented plan of the recommended pathway; empty otherwise."""
    alternatives: Sequence[AlternativeShown]
    """What else may be discussed."""
    if_resolved: IfResolved | None
    """For `excluded` and `clinician_review`: what would follow once time or treatment lifts every exclusion or review
    that holds; null where one of them cannot be lifted."""
    notices: Sequence[str]
    """What must be said with every answer of this kind."""
    sources: Mapping[str, CitedSource]
    """By id, what the parts of this answer cite; which parts says the query parameter `sources`."""
    facts: Mapping[str, Value | ScaleGrade]
    """The facts as understood, grades normalised."""
    ruleset: RuleSet
    """The release that answered."""
    id: str
    """A digest of release, options and facts: equal questions have equal ids."""
    reference: str | None
    """The caller's reference, echoed."""
    asked_on: date | None
    """The day on which the oldest of the facts was asked, echoed."""
    valid_until: date | None
    """The last day on which facts asked on `asked_on` still lead to the same decision, readiness, referral and
    assumptions: on the day after, one of them is too old to be relied on. Null where none ages, or without
    `asked_on`."""
    ask_again: Sequence[str]
    """The facts that are too old then and would change the answer, in asking order. Others may be as old as they: under
    a new `asked_on` every fact is asked again that is older."""


@documented
class DecisionView:
    """The short answer: the machine contract alone."""

    decision: Decision
    indicated: Indicated | None
    ready: bool
    referral: Sequence[Referral]
    possible: Sequence[Decision]
    missing: Sequence[str]
    next_question: NextQuestion | None
    assumptions: Sequence[Assumption]
    rules: Sequence[str]
    """The ids of the rules that take part in the decision, also undecided ones: the whole answer says which."""
    ruleset: RuleSet
    id: str
    reference: str | None
    asked_on: date | None
    valid_until: date | None
    ask_again: Sequence[str]
