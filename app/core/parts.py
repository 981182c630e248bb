"""What goes with a decision: cautions, preconditions, plan, alternatives, notices.

Nothing here changes a decision, and nothing here ever sees an assumed value: an unknown fact leaves a caution
unresolved, a precondition to be confirmed, a component of a plan to be confirmed.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from app.core.answer import (
    AlternativeShown,
    CautionShown,
    ComponentShown,
    KnownFact,
    PlanShown,
    PreconditionShown,
    Unresolved,
)
from app.core.conditions import ALWAYS, Condition, facts_read
from app.core.facts import Candidate
from app.core.logic import diagram_of
from app.core.outcome import Outcome
from app.core.rules import Alternative, Caution, Component, Fits, Notice, Pathway, Plan, Precondition, Release
from app.core.sections import Concerns, Entry, Point, Points, Projection, Section, reads

Pathways = frozenset[Concerns]
NO_PATHWAY: Pathways = frozenset([None])


def conditions_of(release: Release) -> Iterator[Condition]:
    """Yield every condition of a release that goes with a decision and does not make one."""
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


class Parts:
    """Finds the parts of answers by one release."""

    def __init__(self, release: Release, points: Points) -> None:
        self._release = release
        listed = [ALWAYS, *conditions_of(release)]
        self._diagram = diagram_of(release.facts.values(), listed)
        self._roots = {condition: self._diagram.condition(condition) for condition in dict.fromkeys(listed)}
        self._points = points
        self._projection = Projection(points, self._diagram)
        self._cautions = Section(points, [self._caution(rule) for rule in release.cautions])
        self._preconditions = Section(self._projection, [self._precondition(rule) for rule in release.preconditions])
        self._alternatives = Section(self._projection, [self._alternative(rule) for rule in release.alternatives])
        ordered = sorted((n for n in release.notices if not n.by_engine), key=lambda notice: notice.order)
        self._notices = Section(self._projection, [self._notice(notice) for notice in ordered])
        self._outside = frozenset(rule.id for rule in release.preconditions if rule.outside)
        self._plans = {plan.pathway: plan for plan in release.plans}
        self._components = {
            plan.pathway: Section(self._projection, [self._component(each) for each in plan.components])
            for plan in release.plans
        }
        self._plan_sources = {plan.pathway: _sources_of_plan(plan) for plan in release.plans}
        self._by_engine = {notice.id: notice.says for notice in release.notices if notice.by_engine}

    def cut(self, point: Point) -> Point:
        """Return a candidate as the parts see it: with values as one that nothing here tells apart."""
        return self._projection.of(point)

    def cautions(self, point: Point, pathways: Pathways) -> tuple[list[CautionShown], list[Unresolved]]:
        """Return the cautions that hold for these pathways, and those whose facts are unknown."""
        shown: list[CautionShown] = []
        unresolved: list[Unresolved] = []
        for each in self._cautions.of(point, pathways):
            if isinstance(each, CautionShown):
                shown.append(each)
            else:
                unresolved.append(each)
        return shown, unresolved

    def preconditions(self, cut: Point, pathways: Pathways) -> list[PreconditionShown]:
        """Return the preconditions of these pathways."""
        return self._preconditions.of(cut, pathways)

    def all_met(self, preconditions: Iterable[PreconditionShown]) -> bool:
        """Return whether all are met that the service can see."""
        return all(each.status == "met" or each.rule in self._outside for each in preconditions)

    def plan(self, cut: Point, pathway: Pathway) -> PlanShown:
        """Return the plan of a pathway; a component is included only where its condition is known to hold."""
        plan = self._plans[pathway]
        components = self._components[pathway].of(cut)
        return PlanShown(plan.id, pathway, plan.says, components, plan.parts, self._plan_sources[pathway])

    def alternatives(self, cut: Point, outcome: Outcome) -> list[AlternativeShown]:
        """Return the alternatives that go with what is indicated, or with a review where nothing is."""
        early = outcome.decision.disposition in ("excluded", "referred") and outcome.indicated is None
        if early or not outcome.settled:
            return []
        return self._alternatives.of(cut, outcome.pathways if outcome.indicated else NO_PATHWAY)

    def notices(self, cut: Point, outcome: Outcome) -> list[str]:
        """Return the notices of the rule book that hold, in their order, then those the answer itself calls for."""
        held = self._notices.of(cut, outcome.pathways | NO_PATHWAY)
        groups = {notice.group for notice in held if not notice.otherwise}
        texts = [n.says for n in held if not n.otherwise or n.group not in groups]
        if outcome.open_assumptions:
            texts.append(self._by_engine["NOTICE-ASSUMED"])
        if not outcome.settled and outcome.next_fact is None:
            texts.append(self._by_engine["NOTICE-NOT-ANSWERABLE"])
        if self._release.reviewed is None:
            texts.append(self._by_engine["NOTICE-UNSIGNED"])
        return texts

    def _caution(self, rule: Caution) -> Entry[CautionShown | Unresolved]:
        """Cautions quote values, so that they read the candidate as it is."""
        read = facts_read(rule.when)

        def make(known: Candidate) -> CautionShown | Unresolved | None:
            state = self._state(rule.when, known)
            if state is None:
                return Unresolved(rule.id, rule.topic, self._ask(known, rule.when))
            because = [KnownFact(name, known[name]) for name in read if name in known]
            shown = CautionShown(rule.id, rule.topic, rule.concerns, rule.says, rule.reading, because, rule.sources)
            return shown if state else None

        return Entry(read, make, rule.concerns)

    def _precondition(self, rule: Precondition) -> Entry[PreconditionShown]:
        def make(known: Candidate) -> PreconditionShown:
            status: Literal["met", "unmet", "to_confirm"]
            ask: tuple[str, ...] = ()
            if not rule.outside and self._state(rule.when, known):
                status = "met"
            elif rule.unmet is not None and self._state(rule.unmet, known):
                status = "unmet"
            else:
                status = "to_confirm"
                ask = () if rule.outside else self._ask(known, rule.when, rule.unmet)
            return PreconditionShown(rule.id, status, rule.says, rule.reading, ask, rule.sources)

        return Entry(() if rule.outside else reads(rule.when, rule.unmet), make, rule.concerns)

    def _alternative(self, rule: Alternative) -> Entry[AlternativeShown]:
        def make(known: Candidate) -> AlternativeShown | None:
            if not self._state(rule.when, known):
                return None
            fits: Fits = "yes"
            if rule.fits:
                no, yes = self._state(rule.fits.no, known), self._state(rule.fits.yes, known)
                fits = "no" if no else "yes" if yes and no is False else "unknown"
            why = rule.fits.because[fits] if rule.fits else self._release.wording.consultation
            return AlternativeShown(
                rule.id, rule.kind, rule.title, rule.says, rule.compares, fits, why, (), rule.sources
            )

        fits = (rule.fits.no, rule.fits.yes) if rule.fits else ()
        concerns = (*rule.concerns, None) if rule.without_phase else rule.concerns
        return Entry(reads(rule.when, *fits), make, concerns)

    def _component(self, component: Component) -> Entry[ComponentShown]:
        def make(known: Candidate) -> ComponentShown | None:
            state = self._state(component.when, known)
            sources = component.sources
            if state is None:
                ask = self._ask(known, component.when)
                return ComponentShown(component.id, "to_confirm", component.says, ask, sources)
            if state:
                return ComponentShown(component.id, "included", component.says, (), sources)
            if component.otherwise is None:
                return None
            return ComponentShown(component.id, "left_out", component.otherwise, (), sources)

        return Entry(facts_read(component.when), make)

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


def _sources_of_plan(plan: Plan) -> tuple[str, ...]:
    cited = list(plan.sources)
    for part in plan.parts:
        cited += [*part.sources, *(figure.source for figure in part.figures), *([part.differs] if part.differs else [])]
    return tuple(dict.fromkeys(cited))
