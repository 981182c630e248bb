"""The parts of an answer beside the decision, in words.

Nothing here changes a decision, and nothing here ever sees an assumed value: an unknown fact leaves a caution
unresolved, a precondition to be confirmed, a component of a plan to be confirmed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from app.core.alternatives import NO_PATHWAY as NO_PATHWAY
from app.core.alternatives import Alternatives
from app.core.answer import (
    Assumption,
    CautionShown,
    ComponentShown,
    KnownFact,
    NextQuestion,
    PlanShown,
    PreconditionShown,
    Unresolved,
    options_of,
)
from app.core.conditions import ALWAYS, Any, Comparison, Condition, Not, facts_read
from app.core.facts import Candidate, Fact, Value
from app.core.logic import diagram_of
from app.core.memo import Memo
from app.core.outcome import Asks, Outcome
from app.core.precedence import Step
from app.core.rules import (
    Caution,
    Component,
    DecisionRule,
    Notice,
    Pathway,
    Plan,
    Precondition,
    Release,
    Wording,
)
from app.core.sections import Concerns, Entry, Points, Projection, Section, reads

Pathways = frozenset[Concerns]


def conditions_of(release: Release) -> Iterator[Condition]:
    """Yield every condition of a release that decides nothing."""
    for rule in (*release.cautions, *release.notices, *release.alternatives):
        yield rule.when
    for precondition in release.preconditions:
        yield precondition.when
        if precondition.unmet is not None:
            yield precondition.unmet
    for plan in release.plans:
        yield from (component.when for component in plan.components)
    for alternative in release.alternatives:
        if alternative.fits:
            yield alternative.fits.yes
            yield alternative.fits.no
        if alternative.row:
            yield alternative.row.asks


ASSUMED = 2048
"""How many assumptions are kept: 60,000 half-known candidates make 769, more than a memo keeps otherwise."""


class Parts:
    """Finds the parts of answers by one release."""

    def __init__(
        self, release: Release, points: Points, could_object: Callable[[DecisionRule, frozenset[Step]], bool]
    ) -> None:
        self._release = release
        self._could_object = could_object
        self._readers = {name: [r for r in release.rules if name in facts_read(r.when)] for name in release.facts}
        self._questions = {name: _question(fact, release.wording) for name, fact in release.facts.items()}
        self._next = Memo[tuple[str, Asks], NextQuestion](self._next_question)
        self._assumptions = Memo[tuple[str, frozenset[Step]], Assumption](self._assumption, ASSUMED)
        listed = [ALWAYS, *conditions_of(release)]
        self._diagram = diagram_of(release.facts.values(), listed)
        self._roots = {condition: self._diagram.condition(condition) for condition in dict.fromkeys(listed)}
        self._points = points
        self.projection = Projection(points, self._diagram)
        """How all lists but that of cautions see a candidate: they quote no values."""
        self.cautions = Section(points, [self._caution(rule) for rule in release.cautions])
        self.preconditions = Section(self.projection, [self._precondition(rule) for rule in release.preconditions])
        self.alternatives = Alternatives(release, self.projection, self._state)
        ordered = sorted((n for n in release.notices if not n.by_engine), key=lambda notice: notice.order)
        self.notices = Section(self.projection, [self._notice(notice) for notice in ordered])
        self._outside = frozenset(rule.id for rule in release.preconditions if rule.outside)
        self._plans = {plan.pathway: plan for plan in release.plans}
        self.components = {
            plan.pathway: Section(self.projection, [self._component(each) for each in plan.components])
            for plan in release.plans
        }
        self._plan_sources = {plan.pathway: _sources_of_plan(plan) for plan in release.plans}

    def all_met(self, preconditions: Iterable[PreconditionShown]) -> bool:
        """Return whether all are met that the service can see."""
        return all(each.status == "met" or each.rule in self._outside for each in preconditions)

    def plan(self, components: Sequence[ComponentShown], pathway: Pathway) -> PlanShown:
        """Return the plan of a pathway for the known facts."""
        plan = self._plans[pathway]
        return PlanShown(plan.id, pathway, plan.says, components, plan.parts, self._plan_sources[pathway])

    def next_question(self, outcome: Outcome) -> NextQuestion | None:
        """Return the question to ask next, or `None`."""
        return None if outcome.next_fact is None else self._next[outcome.next_fact, outcome.asks]

    def _next_question(self, asked: tuple[str, Asks]) -> NextQuestion:
        name, asks = asked
        for_: Literal["decision", "referral"] = "referral" if asks == "refers" else "decision"
        return replace(self._questions[name], why=self._release.wording.next_question[asks], for_=for_)

    def assumptions(self, outcome: Outcome) -> list[Assumption]:
        """Return the assumptions that a decision stands on."""
        made = []
        for name in outcome.open_assumptions:
            made.append(self._assumptions[name, outcome.steps])
        return made

    def _assumption(self, key: tuple[str, frozenset[Step]]) -> Assumption:
        name, steps = key
        fact = self._release.facts[name]
        because = [rule.id for rule in self._readers[name] if self._could_object(rule, steps)]
        return Assumption(name, fact.assumed_as, because, fact.question)

    def _caution(self, rule: Caution) -> Entry[CautionShown | Unresolved]:
        """Cautions quote values, so that they read the candidate as it is."""
        read = facts_read(rule.when)

        def make(known: Candidate) -> CautionShown | Unresolved | None:
            state = self._state(rule.when, known)
            if state is None:
                return Unresolved(rule.id, rule.topic, self._ask(known, rule.when))
            because = [KnownFact(name, known[name]) for name in read if name in known]
            shown = CautionShown(rule.id, rule.topic, rule.concerns, rule.says, because, rule.sources)
            return shown if state else None

        return Entry(read, make, (*rule.concerns, None) if rule.without_phase else rule.concerns)

    def _precondition(self, rule: Precondition) -> Entry[PreconditionShown]:
        def make(known: Candidate) -> PreconditionShown:
            status: Literal["met", "unmet", "to_confirm"]
            ask: tuple[str, ...] = ()
            open_needs = tuple(name for name in rule.needs if name not in known)
            if not rule.outside and not open_needs and self._state(rule.when, known):
                status = "met"
            elif rule.unmet is not None and self._state(rule.unmet, known):
                status = "unmet"
            else:
                status = "to_confirm"
                asked = () if rule.outside else self._ask(known, rule.when, rule.unmet)
                ask = tuple(dict.fromkeys((*asked, *open_needs)))
            return PreconditionShown(rule.id, status, rule.says, ask, rule.sources)

        read = tuple(dict.fromkeys((*reads(rule.when, rule.unmet), *rule.needs)))
        return Entry(() if rule.outside else read, make, rule.concerns)

    def _component(self, component: Component) -> Entry[ComponentShown]:
        # many facts stand against a component, each by itself: nearly every candidate is a new one here
        against = self._each_by_itself(component.when)

        def make(known: Candidate) -> ComponentShown | None:
            state: bool | None
            if against is None:
                state, ask = self._state(component.when, known), self._ask(known, component.when)
            else:
                ask = tuple(name for name in against if name not in known)
                held = any(known[name] in values for name, values in against.items() if name in known)
                state = False if held else None if ask else True
            sources = component.sources
            if state is None:
                return ComponentShown(component.id, "to_confirm", component.says, ask, sources)
            if state:
                return ComponentShown(component.id, "included", component.says, (), sources)
            if component.otherwise is None:
                return None
            return ComponentShown(component.id, "left_out", component.otherwise, (), sources)

        return Entry(facts_read(component.when), make)

    def _each_by_itself(self, condition: Condition) -> Mapping[str, frozenset[Value]] | None:
        """Return what rules a condition out by itself, by fact.

        `None` where it is not just that none of some comparisons of one fact each holds.
        """
        parts: Sequence[Condition] = ()
        if isinstance(condition, Not):
            parts = condition.part.parts if isinstance(condition.part, Any) else (condition.part,)
        found: dict[str, frozenset[Value]] = {}
        for part in parts:
            if not isinstance(part, Comparison):
                return None
            found[part.fact] = found.get(part.fact, frozenset()) | part.accepted
        facts = self._release.facts
        if not found or any(len(values) == len(facts[name].domain) for name, values in found.items()):
            return None
        return {name: found[name] for name in facts if name in found}

    def _notice(self, notice: Notice) -> Entry[Notice]:
        def make(known: Candidate) -> Notice | None:
            return notice if notice.otherwise or self._state(notice.when, known) else None

        return Entry(facts_read(notice.when), make, notice.concerns or NO_PATHWAY)

    def _state(self, condition: Condition, known: Candidate) -> bool | None:
        return self._diagram.state(self._roots[condition], self._diagram.regions(known))

    def _ask(self, known: Candidate, *conditions: Condition | None) -> tuple[str, ...]:
        """Return the unknown facts on which these conditions still depend."""
        regions = self._diagram.regions(known)
        asked = [self._diagram.depends_on(self._roots[c], regions) for c in conditions if c is not None]
        return tuple(dict.fromkeys(name for names in asked for name in names))


def _question(fact: Fact, wording: Wording) -> NextQuestion:
    """Return a fact as a question, without its reason."""
    whole = fact.kind == "integer"
    return NextQuestion(
        fact=fact.name,
        question=fact.question,
        help=fact.help,
        answers=options_of(fact, wording),
        minimum=fact.minimum if whole else None,
        maximum=fact.maximum if whole else None,
        unit=fact.unit,
        why="",
        for_="decision",
    )


def _sources_of_plan(plan: Plan) -> tuple[str, ...]:
    cited = list(plan.sources)
    for part in plan.parts:
        cited += [*part.sources, *(figure.source for figure in part.figures), *([part.differs] if part.differs else [])]
    return tuple(dict.fromkeys(cited))
