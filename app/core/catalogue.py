"""A release as plain records: its facts, rules and sources."""

from collections.abc import Mapping, Sequence
from typing import Literal

from app.core import rules as book
from app.core.answer import CONTRACT, Option, options_of
from app.core.conditions import facts_read, in_words
from app.core.documented import documented
from app.core.facts import FactKind, Policy, Value

RecordKind = book.Kind | Literal["caution", "precondition", "notice", "alternative", "plan"]


@documented
class RuleSetRecord:
    """One release."""

    id: str
    """Its name."""
    digest: str
    """The digest over its facts, rules, laws, plans and their English sentences."""
    contract: int
    """The version of the shape of its answers."""
    released: str
    """The date of its release."""
    changes: str
    """What changed, and for whom."""
    reviewed: book.Review | None
    """Who signed it and when; null until a clinician has."""
    withdrawn: book.Withdrawn | None
    """When and why it was withdrawn; null while it is good."""
    limits: str | None
    """What it does not know, where that must be said; null otherwise."""
    digests: Mapping[str, str]
    """The digests of its `sources`, `population`, `countries`, `languages` and `notices`, which `digest` leaves out."""
    facts: int
    """How many facts it has."""
    rules: int
    """How many rules and other entries it has."""


@documented
class FactRecord:
    """One fact that may be asked."""

    name: str
    """Its name in a request."""
    group: str
    """What it belongs to."""
    type: FactKind
    """What values it takes."""
    answers: Sequence[Option]
    """Its answers, as `next_question` offers them; empty for an integer."""
    minimum: int | None
    """The least integer, in `unit`."""
    maximum: int | None
    """The greatest integer, in `unit`."""
    unit: str | None
    """The unit of an integer."""
    unknown: Policy
    """`ask`: no decision depends on it while it is unknown. `confirm`: the decision stands on `assumed` until somebody
    confirms it."""
    assumed: Value | Mapping[str, int] | None
    """The value no rule objects to; null where no decision rule reads the fact."""
    question: str
    """The question, for a patient."""
    help: str
    """What counts and what does not."""
    scales: Sequence[str]
    """The validated scales it may be given on."""
    used_by: Sequence[str]
    """The rules that read it."""
    sources: Sequence[str]
    """Why it is asked."""


@documented
class ExampleRecord:
    """A rule's outcome for some facts, checked whenever rules are loaded."""

    facts: Mapping[str, Value]
    """The facts."""
    expect: str
    """`holds`, `does not hold` or `undecided`; of a precondition `met`, `unmet` or `to_confirm`; of an alternative
    whether it fits."""
    ask: Sequence[str]
    """What it then depends on."""


@documented
class RuleRecord:
    """One rule, or another entry that goes with a decision."""

    id: str
    """Its id."""
    kind: RecordKind
    """What it is."""
    effect: book.Effect | None
    """What it does to the decision; null where it does nothing to it."""
    pathways: Sequence[book.Pathway]
    """The pathways it indicates, stands against or concerns."""
    condition: str
    """When it holds."""
    facts: Sequence[str]
    """The facts its condition reads."""
    statement: str
    """What it says."""
    reading: str | None
    """How the project reads what the source leaves open."""
    sources: Sequence[book.Source]
    """What it rests on."""
    examples: Sequence[ExampleRecord]
    """At, below and above each edge."""


def rule_set_record(release: book.Release) -> RuleSetRecord:
    """Return what a release is."""
    return RuleSetRecord(
        id=release.id,
        digest=release.digest,
        contract=CONTRACT,
        released=release.released,
        changes=release.changes,
        reviewed=release.reviewed,
        withdrawn=release.withdrawn,
        limits=release.limits,
        digests=release.digests,
        facts=len(release.facts),
        rules=len(entries(release)),
    )


def entries(release: book.Release) -> Sequence[book.Rule]:
    """Return every entry with an id, in rule book order."""
    return (
        *release.rules,
        *release.cautions,
        *release.preconditions,
        *release.notices,
        *release.alternatives,
        *release.plans,
    )


def rule_record(rule: book.Rule, release: book.Release) -> RuleRecord:
    """Return one entry as a record."""
    pathways: Sequence[book.Pathway] = ()
    match rule:
        case book.Phase() | book.Plan():
            pathways = (rule.pathway,)
        case book.DecisionRule():
            pathways = rule.pathways
        case book.Caution() | book.Precondition() | book.Notice() | book.Alternative():
            pathways = rule.concerns
    return RuleRecord(
        id=rule.id,
        kind=kind_of(rule),
        effect=rule.effect if isinstance(rule, book.DecisionRule) else None,
        pathways=pathways,
        condition=in_words(rule.when),
        facts=facts_read(rule.when),
        statement=rule.says,
        reading=rule.reading,
        sources=[release.sources[source] for source in rule.sources],
        examples=[ExampleRecord(example.facts, example.expect, example.ask) for example in rule.examples],
    )


def kind_of(rule: book.Rule) -> RecordKind:
    """Return what an entry is."""
    match rule:
        case book.DecisionRule():
            return rule.kind
        case book.Caution():
            return "caution"
        case book.Precondition():
            return "precondition"
        case book.Notice():
            return "notice"
        case book.Alternative():
            return "alternative"
        case book.Plan():
            return "plan"
    raise TypeError(f"{rule.id} is of no known kind")


def fact_records(release: book.Release) -> list[FactRecord]:
    """Return every fact of a release as a record, in asking order."""
    readers: dict[str, list[str]] = {name: [] for name in release.facts}
    for rule in entries(release):
        for name in facts_read(rule.when):
            readers[name].append(rule.id)
    return [
        FactRecord(
            name=name,
            group=fact.group,
            type=fact.kind,
            answers=options_of(fact, release.wording),
            minimum=fact.minimum if fact.kind == "integer" else None,
            maximum=fact.maximum if fact.kind == "integer" else None,
            unit=fact.unit,
            unknown=fact.policy,
            assumed=fact.assumed_as,
            question=fact.question,
            help=fact.help,
            scales=[scale.name for scale in release.scales.values() if name in scale.measures],
            used_by=readers[name],
            sources=fact.sources,
        )
        for name, fact in release.facts.items()
    ]
