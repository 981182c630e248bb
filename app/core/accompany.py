"""What goes with a decision: cautions, preconditions, plan, alternatives, notices.

Nothing here changes a decision, and nothing here ever sees an assumed value: an unknown fact leaves a caution
unresolved, a precondition to be confirmed, a component of a plan to be confirmed.
"""

from collections.abc import Collection, Iterator, Sequence
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
from app.core.finding import Finding
from app.core.logic import Conditions, Reading
from app.core.rules import Alternative, Component, Fits, Pathway, Plan, Release, Source


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


class Accompany:
    """Finds what goes with the decisions of one release."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._conditions = Conditions.of(release.facts.values(), conditions_of(release))
        self._sources: dict[str, tuple[Source, ...]] = {
            rule.id: tuple(release.sources[source] for source in rule.sources)
            for rule in (*release.cautions, *release.preconditions, *release.alternatives)
        }
        self._reads = {caution.id: facts_read(caution.when) for caution in release.cautions}
        self._plans = {plan.pathway: plan for plan in release.plans}
        self._plan_sources = {plan.pathway: self._sources_of_plan(plan) for plan in release.plans}
        self._notices = sorted((n for n in release.notices if not n.by_engine), key=lambda notice: notice.order)
        self._engine_notices = {notice.id: notice.says for notice in release.notices if notice.by_engine}

    def reading(self, candidate: Candidate) -> Reading:
        """Return the known facts as these conditions read them; nothing is assumed."""
        return self._conditions.diagram.reading(candidate)

    def cautions(
        self, candidate: Candidate, reading: Reading, pathways: Collection[Pathway]
    ) -> tuple[list[CautionShown], list[Unresolved]]:
        """Return the cautions that hold for these pathways, and those whose facts are unknown."""
        shown: list[CautionShown] = []
        unresolved: list[Unresolved] = []
        for caution in self._release.cautions:
            if not any(pathway in pathways for pathway in caution.concerns):
                continue
            state = self._state(caution.when, reading)
            if state:
                because = [KnownFact(name, candidate[name]) for name in self._reads[caution.id] if name in candidate]
                shown.append(
                    CautionShown(
                        caution.id,
                        caution.topic,
                        caution.concerns,
                        caution.says,
                        caution.reading,
                        because,
                        self._sources[caution.id],
                    )
                )
            elif state is None:
                unresolved.append(Unresolved(caution.id, caution.topic, self._ask(caution.when, reading)))
        return shown, unresolved

    def preconditions(self, reading: Reading, pathways: Collection[Pathway]) -> tuple[list[PreconditionShown], bool]:
        """Return the preconditions of these pathways, and whether all are met that the service can see."""
        shown: list[PreconditionShown] = []
        all_met = True
        for rule in self._release.preconditions:
            if not any(pathway in pathways for pathway in rule.concerns):
                continue
            ask: Sequence[str] = ()
            if not rule.outside and self._state(rule.when, reading):
                status: Literal["met", "unmet", "to_confirm"] = "met"
            elif rule.unmet is not None and self._state(rule.unmet, reading):
                status = "unmet"
            else:
                status = "to_confirm"
                ask = [] if rule.outside else self._ask_either(rule.when, rule.unmet, reading)
            all_met = all_met and (rule.outside or status == "met")
            shown.append(PreconditionShown(rule.id, status, rule.says, rule.reading, ask, self._sources[rule.id]))
        return shown, all_met

    def plan(self, reading: Reading, pathway: Pathway) -> PlanShown:
        """Return the plan of a pathway; a component is included only where its condition is known to hold."""
        plan = self._plans[pathway]
        components = [shown for c in plan.components if (shown := self._component(c, reading))]
        return PlanShown(plan.id, pathway, plan.says, components, plan.parts, self._plan_sources[pathway])

    def _component(self, component: Component, reading: Reading) -> ComponentShown | None:
        sources = tuple(self._release.sources[source] for source in component.sources)
        state = self._state(component.when, reading)
        if state:
            return ComponentShown(component.id, "included", component.says, (), sources)
        if state is None:
            return ComponentShown(
                component.id, "to_confirm", component.says, self._ask(component.when, reading), sources
            )
        if component.otherwise is None:
            return None
        return ComponentShown(component.id, "left_out", component.otherwise, (), sources)

    def alternatives(self, reading: Reading, indicated: Pathway | None) -> list[AlternativeShown]:
        """Return the alternatives that go with an indicated pathway, or with none."""
        shown = []
        for rule in self._release.alternatives:
            listed = rule.without_phase if indicated is None else indicated in rule.concerns
            if listed and self._state(rule.when, reading):
                fits, why = self._fit(rule, reading)
                shown.append(
                    AlternativeShown(
                        rule.id, rule.kind, rule.title, rule.says, rule.compares, fits, why, (), self._sources[rule.id]
                    )
                )
        return shown

    def _fit(self, rule: Alternative, reading: Reading) -> tuple[Fits, str]:
        if rule.fits is None:
            return "yes", self._release.wording.consultation
        fits: Fits = "unknown"
        if self._state(rule.fits.no, reading):
            fits = "no"
        elif self._state(rule.fits.yes, reading) and self._state(rule.fits.no, reading) is False:
            fits = "yes"
        return fits, rule.fits.because[fits]

    def notices(self, reading: Reading, finding: Finding, pathways: Collection[Pathway]) -> list[str]:
        """Return the notices of the rule book that hold, in their order, then those the answer itself calls for."""
        concerned = [n for n in self._notices if not n.concerns or any(p in pathways for p in n.concerns)]
        held = [n for n in concerned if not n.otherwise and self._state(n.when, reading)]
        groups = {notice.group for notice in held}
        texts = [n.says for n in concerned if n in held or (n.otherwise and n.group not in groups)]
        if finding.objections:
            texts.append(self._engine_notices["NOTICE-ASSUMED"])
        if not finding.settled and finding.next_fact is None:
            texts.append(self._engine_notices["NOTICE-NOT-ANSWERABLE"])
        if self._release.reviewed is None:
            texts.append(self._engine_notices["NOTICE-UNSIGNED"])
        return texts

    def _state(self, condition: Condition, reading: Reading) -> bool | None:
        return True if condition is ALWAYS else self._conditions.state(condition, reading)

    def _ask(self, condition: Condition, reading: Reading) -> list[str]:
        return self._conditions.depends_on(condition, reading)

    def _ask_either(self, one: Condition, other: Condition | None, reading: Reading) -> list[str]:
        names = self._ask(one, reading) + (self._ask(other, reading) if other is not None else [])
        return list(dict.fromkeys(names))

    def _sources_of_plan(self, plan: Plan) -> tuple[Source, ...]:
        cited = list(plan.sources)
        for part in plan.parts:
            cited += [
                *part.sources,
                *(figure.source for figure in part.figures),
                *([part.differs] if part.differs else []),
            ]
        return tuple(self._release.sources[source] for source in dict.fromkeys(cited))
