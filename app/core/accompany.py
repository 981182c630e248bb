"""What goes with a decision: cautions, preconditions, plan, alternatives, notices.

Nothing here changes a decision, and nothing here ever sees an assumed value: an unknown fact leaves a caution
unresolved, a precondition to be confirmed, a component of a plan to be confirmed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

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
from app.core.facts import Value
from app.core.finding import Finding
from app.core.logic import Conditions
from app.core.rules import Alternative, Caution, Fits, Notice, Pathway, Plan, Precondition, Release, Source
from app.core.states import HELD, NOT_HELD, REMEMBERED, States, picking, state_at
from app.core.traits import Profile, Reading

PLANS = 256
"""How many plans are kept: they are long."""
Status = Literal["met", "unmet", "to_confirm"]
"""Whether a precondition is in place."""


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


class Known(NamedTuple):
    """A candidate as `Accompany.sight` reads him or her; nothing is assumed."""

    reading: Reading
    states: States


class Concerned(NamedTuple):
    """What concerns some pathways: with its number, where its states stand, and what it reads."""

    cautions: list[tuple[int, Caution, int, Sequence[str]]]
    preconditions: list[tuple[int, Precondition, int | None, int | None]]
    required: Sequence[int]
    """The levels that these preconditions read."""
    requires: Callable[[Reading], tuple[int, ...]]
    """Takes the regions there out of a reading."""
    notices: list[tuple[Notice, int]]
    noticed: States
    """Where the states that these notices read stand."""


class Accompany:
    """Finds what goes with the decisions of one release.

    What it returns it makes once and returns again: equal parts of answers are one object, so that a face can keep what
    it made of them.
    """

    def __init__(self, release: Release) -> None:
        self._release = release
        self._conditions = Conditions(release.facts.values(), [ALWAYS, *conditions_of(release)])
        self._place = self._conditions.place
        self.sight = self._conditions.sight
        self._sources: dict[str, tuple[Source, ...]] = {
            rule.id: tuple(release.sources[source] for source in rule.sources)
            for rule in (*release.cautions, *release.preconditions, *release.alternatives)
        }
        self._cautions = [(c, self._place(c.when), facts_read(c.when)) for c in release.cautions]
        self._preconditions = [
            (p, None if p.outside else self._place(p.when), None if p.unmet is None else self._place(p.unmet))
            for p in release.preconditions
        ]
        self._alternatives = [(a, self._place(a.when), self._places_of_fit(a)) for a in release.alternatives]
        self._plans = {
            plan.pathway: (plan, [(c, self._place(c.when)) for c in plan.components]) for plan in release.plans
        }
        planned = {
            pathway: self._conditions.read_by([place for _, place in listed])
            for pathway, (_, listed) in self._plans.items()
        }
        self._planned = {pathway: (levels, picking(levels)) for pathway, levels in planned.items()}
        self._plan_sources = {plan.pathway: self._sources_of_plan(plan) for plan in release.plans}
        ordered = sorted((n for n in release.notices if not n.by_engine), key=lambda notice: notice.order)
        self._notices = [(n, self._place(n.when)) for n in ordered]
        self._engine_notices = {notice.id: notice.says for notice in release.notices if notice.by_engine}
        self._concerned = lru_cache(REMEMBERED)(self._find_concerned)
        self._caution_shown = lru_cache(REMEMBERED)(self._show_caution)
        self._unresolved = lru_cache(REMEMBERED)(Unresolved)
        self._preconditions_shown = lru_cache(REMEMBERED)(self._show_preconditions)
        self._precondition_shown = lru_cache(REMEMBERED)(self._show_precondition)
        self._plan_shown = lru_cache(PLANS)(self._show_plan)
        self._component_shown = lru_cache(REMEMBERED)(self._show_component)
        self._going_with = lru_cache(REMEMBERED)(self._find_going_with)
        self._alternatives_shown = lru_cache(REMEMBERED)(self._show_alternatives)
        self._notice_texts = lru_cache(REMEMBERED)(self._make_notice_texts)
        self._alternative_shown = lru_cache(REMEMBERED)(self._show_alternative)

    def known(self, field: int) -> Known:
        """Return a candidate as read here, whom `sight` sees so."""
        reading = self.sight.reading(field)
        return Known(reading, self.sight.states(field, reading))

    def _places_of_fit(self, rule: Alternative) -> tuple[int, int] | None:
        return (self._place(rule.fits.no), self._place(rule.fits.yes)) if rule.fits else None

    def _find_concerned(self, pathways: tuple[Pathway, ...]) -> Concerned:
        """Return what concerns one of these pathways."""

        def some(concerns: Collection[Pathway]) -> bool:
            return any(pathway in pathways for pathway in concerns)

        required = [(number, *listed) for number, listed in enumerate(self._preconditions) if some(listed[0].concerns)]
        notices = [(notice, place) for notice, place in self._notices if not notice.concerns or some(notice.concerns)]
        levels = self._conditions.read_by(
            [place for _, _, met, unmet in required for place in (met, unmet) if place is not None]
        )
        return Concerned(
            [(number, *listed) for number, listed in enumerate(self._cautions) if some(listed[0].concerns)],
            required,
            levels,
            picking(levels),
            notices,
            sum((HELD | NOT_HELD) << place for place in {place for _, place in notices}),
        )

    def cautions(
        self, profile: Profile, known: Known, pathways: tuple[Pathway, ...]
    ) -> tuple[list[CautionShown], list[Unresolved]]:
        """Return the cautions that hold for these pathways, and those whose facts are unknown."""
        shown: list[CautionShown] = []
        unresolved: list[Unresolved] = []
        states = known.states
        for number, caution, place, reads in self._concerned(pathways).cautions:
            state = states >> place & 3
            if state == NOT_HELD:
                continue
            if state == HELD:
                shown.append(self._caution_shown(number, profile.known(reads)))
            else:
                unresolved.append(self._unresolved(caution.id, caution.topic, self._ask(place, known)))
        return shown, unresolved

    def _show_caution(self, number: int, because: tuple[tuple[str, Value], ...]) -> CautionShown:
        caution, _, _ = self._cautions[number]
        return CautionShown(
            caution.id,
            caution.topic,
            caution.concerns,
            caution.says,
            caution.reading,
            [KnownFact(name, value) for name, value in because],
            self._sources[caution.id],
        )

    def preconditions(
        self, reading: Reading, pathways: tuple[Pathway, ...]
    ) -> tuple[tuple[PreconditionShown, ...], bool]:
        """Return the preconditions of these pathways, and whether all are met that the service can see."""
        return self._preconditions_shown(pathways, self._concerned(pathways).requires(reading))

    def _show_preconditions(
        self, pathways: tuple[Pathway, ...], regions: tuple[int, ...]
    ) -> tuple[tuple[PreconditionShown, ...], bool]:
        concerned = self._concerned(pathways)
        known = self._known_alone(concerned.required, regions)
        shown: list[PreconditionShown] = []
        all_met = True
        for number, rule, met, unmet in concerned.preconditions:
            ask: tuple[str, ...] = ()
            if met is not None and state_at(known.states, met):
                status: Status = "met"
            elif unmet is not None and state_at(known.states, unmet):
                status = "unmet"
            else:
                status = "to_confirm"
                places = [place for place in (met, unmet) if met is not None and place is not None]
                ask = tuple(dict.fromkeys(name for place in places for name in self._ask(place, known)))
            all_met = all_met and (rule.outside or status == "met")
            shown.append(self._precondition_shown(number, status, ask))
        return tuple(shown), all_met

    def _show_precondition(self, number: int, status: Status, ask: tuple[str, ...]) -> PreconditionShown:
        rule, _, _ = self._preconditions[number]
        return PreconditionShown(rule.id, status, rule.says, rule.reading, ask, self._sources[rule.id])

    def plan(self, reading: Reading, pathway: Pathway) -> PlanShown:
        """Return the plan of a pathway; a component is included only where its condition is known to hold."""
        return self._plan_shown(pathway, self._planned[pathway][1](reading))

    def _show_plan(self, pathway: Pathway, regions: tuple[int, ...]) -> PlanShown:
        plan, listed = self._plans[pathway]
        known = self._known_alone(self._planned[pathway][0], regions)
        components = []
        for number, (component, place) in enumerate(listed):
            state = state_at(known.states, place)
            if state is not False or component.otherwise is not None:
                ask = self._ask(place, known) if state is None else ()
                components.append(self._component_shown(pathway, number, ask, state=state))
        return PlanShown(plan.id, pathway, plan.says, components, plan.parts, self._plan_sources[pathway])

    def _show_component(
        self, pathway: Pathway, number: int, ask: tuple[str, ...], *, state: bool | None
    ) -> ComponentShown:
        component, _ = self._plans[pathway][1][number]
        sources = tuple(self._release.sources[source] for source in component.sources)
        if state is None:
            return ComponentShown(component.id, "to_confirm", component.says, ask, sources)
        if state:
            return ComponentShown(component.id, "included", component.says, (), sources)
        return ComponentShown(component.id, "left_out", component.otherwise or "", (), sources)

    def alternatives(self, known: Known, indicated: Pathway | None, consultation: str) -> tuple[AlternativeShown, ...]:
        """Return the alternatives that go with an indicated pathway, or with none.

        `consultation` says why one is shown that has no condition of its own.
        """
        _, read = self._going_with(indicated)
        return self._alternatives_shown(indicated, known.states & read, consultation)

    def _find_going_with(self, indicated: Pathway | None) -> tuple[list[int], States]:
        """Return the numbers of the alternatives that may go with a pathway, and where the states they read stand."""
        numbers = [
            number
            for number, (rule, _, _) in enumerate(self._alternatives)
            if (rule.without_phase if indicated is None else indicated in rule.concerns)
        ]
        places = {place for n in numbers for place in (self._alternatives[n][1], *(self._alternatives[n][2] or ()))}
        return numbers, sum((HELD | NOT_HELD) << place for place in places)

    def _show_alternatives(
        self, indicated: Pathway | None, states: States, consultation: str
    ) -> tuple[AlternativeShown, ...]:
        listed = [(number, *self._alternatives[number]) for number in self._going_with(indicated)[0]]
        return tuple(
            self._alternative_shown(number, _fits(places, states), consultation)
            for number, _, place, places in listed
            if state_at(states, place)
        )

    def _show_alternative(self, number: int, fits: Fits, consultation: str) -> AlternativeShown:
        rule, _, _ = self._alternatives[number]
        why = rule.fits.because[fits] if rule.fits else consultation
        return AlternativeShown(
            rule.id, rule.kind, rule.title, rule.says, rule.compares, fits, why, (), self._sources[rule.id]
        )

    def notices(self, known: Known, finding: Finding, pathways: tuple[Pathway, ...]) -> tuple[str, ...]:
        """Return the notices of the rule book that hold, in their order, then those the answer itself calls for."""
        read = known.states & self._concerned(pathways).noticed
        stuck = not finding.settled and finding.next_fact is None
        return self._notice_texts(pathways, read, assumed=bool(finding.objections), stuck=stuck)

    def _make_notice_texts(
        self, pathways: tuple[Pathway, ...], states: States, *, assumed: bool, stuck: bool
    ) -> tuple[str, ...]:
        concerned = [
            (n, not n.otherwise and bool(state_at(states, place))) for n, place in self._concerned(pathways).notices
        ]
        groups = {notice.group for notice, held in concerned if held}
        texts = [n.says for n, held in concerned if held or (n.otherwise and n.group not in groups)]
        if assumed:
            texts.append(self._engine_notices["NOTICE-ASSUMED"])
        if stuck:
            texts.append(self._engine_notices["NOTICE-NOT-ANSWERABLE"])
        if self._release.reviewed is None:
            texts.append(self._engine_notices["NOTICE-UNSIGNED"])
        return tuple(texts)

    def _known_alone(self, levels: Sequence[int], regions: Sequence[int]) -> Known:
        """Return a candidate of whom these regions alone are known."""
        reading = self._conditions.only(levels, regions)
        return Known(reading, self._conditions.states(reading))

    def _ask(self, place: int, known: Known) -> tuple[str, ...]:
        return self._conditions.depends_on(place, known.reading)

    def _sources_of_plan(self, plan: Plan) -> tuple[Source, ...]:
        cited = list(plan.sources)
        for part in plan.parts:
            cited += [
                *part.sources,
                *(figure.source for figure in part.figures),
                *([part.differs] if part.differs else []),
            ]
        return tuple(self._release.sources[source] for source in dict.fromkeys(cited))


def _fits(places: tuple[int, int] | None, states: States) -> Fits:
    """Return whether an alternative fits, from where the states of its "no" and its "yes" stand."""
    if places is None:
        return "yes"
    no, yes = (state_at(states, place) for place in places)
    if no:
        return "no"
    return "yes" if yes and no is False else "unknown"
