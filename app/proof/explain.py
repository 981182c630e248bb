"""The explanation of a decision: sufficient reasons, changes, rules."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from app.core.answer import RuleSet
from app.core.conditions import facts_read
from app.core.diagram import Regions
from app.core.documented import documented
from app.core.engine import Engine, Question
from app.core.facts import Value
from app.core.logic import Logic
from app.core.outcome import Outcome
from app.core.precedence import Decision
from app.core.rules import DecisionRule, Effect, Pathway, Phase
from app.proof.changes import changes
from app.proof.sufficient import Sufficient, sufficient_reasons

REASONS_SHOWN = 20
"""How many sufficient reasons an explanation lists."""
RuleState = Literal["held", "did_not_hold", "undecided"]
Target = Literal["referred", "excluded", "clinician_review", "recommended", Pathway]
"""Where a change may lead: a disposition or a pathway."""
Role = Literal["indicates", "excludes", "refers", "reviews", "no_objection"]


@documented
class FactRange:
    """The range that does as well; the domain's own ends are null."""

    min: Value | None = None
    """The least value."""
    max: Value | None = None
    """The greatest value."""


@documented
class RoleGroup:
    """Facts of a reason that play the same part."""

    role: Role
    """`indicates`: they say which pathway applies, or that none does. `excludes`, `refers`, `reviews`: they make such a
    rule hold. `no_objection`: they say that no rule stands against it."""
    facts: Sequence[str]
    """The facts."""


@documented
class SufficientReason:
    """Given facts that force the decision, whatever all others are."""

    facts: Sequence[str]
    """The facts, in asking order; none of them can be left out."""
    ranges: Mapping[str, FactRange]
    """For ordered facts: the widest range that does as well."""
    groups: Sequence[RoleGroup]
    """The same facts by the part they play."""


@documented
class FactChange:
    """Another value of one given fact."""

    fact: str
    """The fact."""
    from_: Value
    """Its value now."""
    to: Value
    """The other value."""


@documented
class DecisionChange:
    """New values for one or two facts that lead to another decision."""

    facts: Sequence[FactChange]
    """The new values."""
    decision: Decision
    """The decision after them."""
    actionable: bool
    """Whether a patient can bring this about without harm."""


@documented
class RuleStanding:
    """Where one rule stands."""

    rule: str
    """Its id."""
    effect: Effect
    """What it would do."""
    state: RuleState
    """`held`, `did_not_hold`, or `undecided` while facts are unknown."""
    facts: Sequence[str]
    """The known facts that made it so, or the unknown ones it depends on."""


@documented
class Explanation:
    """Why a decision is what it is, and what would change it."""

    decision: Decision
    """The decision."""
    sufficient: Sequence[SufficientReason]
    """Sufficient reasons, a smallest first; empty while undecided."""
    sufficient_complete: bool
    """Whether these are all of them."""
    changes: Sequence[DecisionChange]
    """Every minimal change of at most two given facts to another decision."""
    rules: Sequence[RuleStanding]
    """Every decision rule, and where it stands."""
    ruleset: RuleSet
    """The release that answered."""
    id: str
    """A digest of release, options and facts."""
    reference: str | None
    """The caller's reference, echoed."""
    asked_on: date | None
    """The day on which the oldest of the facts was asked, echoed."""
    valid_until: date | None
    """The last day on which those facts still lead to the same decision, readiness, referral and assumptions. Null
    where none ages, or without `asked_on`."""
    ask_again: Sequence[str]
    """The facts that are too old then and would change the answer, in asking order."""


def explain(engine: Engine, asked: Question, target: str | None = None) -> Explanation:
    """Return why a decision is; `target` filters the changes by result."""
    outcome, logic, holds = engine.decide(asked), engine.logic, engine.validity(asked)
    given = logic.regions(asked.facts, strict=True)
    regions = logic.regions(asked.facts, asked.doubted, strict=asked.strict)
    reasons: list[Sufficient] = []
    complete = True
    if outcome.settled:
        reasons, complete = sufficient_reasons(logic, regions, asked.facts)
    roles = _roles(engine, asked, outcome)
    found = changes(
        logic,
        regions,
        asked.facts,
        lambda decision: target is None or target in (decision.disposition, decision.pathway),
    )
    facts = engine.release.facts
    shown = [
        DecisionChange(
            [FactChange(name, asked.facts[name], change.to[name]) for name in facts if name in change.to],
            change.decision,
            all(value in facts[name].attainable for name, value in change.to.items()),
        )
        for change in found
    ]
    shown.sort(key=lambda change: (len(change.facts), not change.actionable))
    return Explanation(
        decision=outcome.decision,
        sufficient=[_reason(engine, reason, roles) for reason in reasons[:REASONS_SHOWN]],
        sufficient_complete=complete and len(reasons) <= REASONS_SHOWN,
        changes=shown,
        rules=[_standing(logic, rule, given) for rule in engine.release.rules],
        ruleset=engine.ruleset,
        id=engine.identity(asked),
        reference=asked.reference,
        asked_on=asked.asked_on,
        valid_until=holds.until,
        ask_again=holds.ask_again,
    )


def _roles(engine: Engine, asked: Question, outcome: Outcome) -> dict[str, Role]:
    """Return the role of each fact, by the rules that read it."""
    roles: dict[str, Role] = {}
    for rule in engine.release.rules:
        if isinstance(rule, Phase) or rule.kind == "gap":
            roles |= dict.fromkeys(facts_read(rule.when), "indicates")
    for standing in engine.standings(asked):
        rule = standing.rule
        if rule.effect != "indicates" and rule.kind != "gap" and engine.rationale.takes_part(standing, outcome):
            roles |= dict.fromkeys(facts_read(rule.when), rule.effect)
    return roles


def _reason(engine: Engine, reason: Sufficient, roles: Mapping[str, Role]) -> SufficientReason:
    ranges: dict[str, FactRange] = {}
    for name, (low, high) in reason.ranges.items():
        domain = engine.release.facts[name].domain
        ranges[name] = FactRange(low if low != domain[0] else None, high if high != domain[-1] else None)
    grouped: dict[Role, list[str]] = {}
    for name in reason.facts:
        grouped.setdefault(roles.get(name, "no_objection"), []).append(name)
    return SufficientReason(reason.facts, ranges, [RoleGroup(role, facts) for role, facts in grouped.items()])


def _standing(logic: Logic, rule: DecisionRule, given: Regions) -> RuleStanding:
    state = logic.state(rule, given)
    if state is None:
        return RuleStanding(rule.id, rule.effect, "undecided", logic.depends_on(rule, given))
    names = logic.pinned_by(rule, given)
    return RuleStanding(rule.id, rule.effect, "held" if state else "did_not_hold", names)
