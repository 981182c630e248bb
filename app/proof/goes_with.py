"""The proof of what goes with a decision: alternatives, components, preconditions, readiness.

A part is shown as fitting, included or met only where its condition holds for all completions of the known facts. So a
partly known candidate breaks a law only if a completion of it does, and the proof over all fully known candidates
covers the partly known ones. `ready` also stands on assumptions, none of them open: no other value of one unknown fact
makes another decision. So its laws join comparisons of one fact each by `any`.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import get_args

from app.core.alternatives import row_of
from app.core.conditions import All, Any, Comparison, Condition, Not
from app.core.facts import Value
from app.core.logic import diagram_of
from app.core.precedence import Decision, cases, phases
from app.core.rules import Law, LawKind, LawOfParts, Release
from app.proof.space import Space

LAWS_OF_PARTS: tuple[LawOfParts, ...] = get_args(LawOfParts)


class GoesWith:
    """Proves laws of what goes with the decisions of one release."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._rules = {rule.id: rule for rule in release.rules}
        self._parts = conditions_of_parts(release)
        laws = [law.when for law in release.laws if law.when is not None]
        decided = cases(release.rules)
        first = [release.facts[name] for name in release.order if name in release.facts]
        ordered = [*first, *(fact for name, fact in release.facts.items() if name not in release.order)]
        # one diagram of everything that is compared anywhere
        self._diagram = d = diagram_of(ordered, [*laws, *self._parts.values(), *(case.when for case in decided)])
        self._space = Space(d, release.facts, release.weights)
        self._decision_root = d.false
        for case in reversed(decided):
            then = d.terminal(case.then.decision)
            self._decision_root = d.choose(d.condition(case.when), then, self._decision_root)

    def names(self, kind: LawKind) -> set[str]:
        """Return what a law of this kind may name."""
        return {name for of, name in self._parts if of == kind}

    def counterexample(self, law: Law) -> Mapping[str, Value] | None:
        """Return facts of which every completion breaks a law."""
        d = self._diagram
        when = d.true if law.when is None else d.condition(law.when)
        shown = [d.condition(when) for (kind, name), when in self._parts.items() if kind == law.kind and name in law.of]
        roots = [self._ready(law)] if law.kind == "never_ready" else shown
        for root in roots:
            found = self._space.example(d.choose(root, when, d.false), True)
            if found is not None:
                return found
        return None

    def _ready(self, law: Law) -> int:
        """Return the root that is true where a recommendation is ready."""
        d, root = self._diagram, self._decision_root
        ready = d.false
        for phase in phases(self._release.rules):
            if law.pathways and phase.pathway not in law.pathways:
                continue
            wanted = Decision("recommended", phase.pathway, phase.phase)
            met = [p.when for p in self._release.preconditions if phase.pathway in p.concerns and not p.outside]
            recommended = self._space.where(root, root, partial(_is, wanted))
            ready = d.choose(d.choose(recommended, d.condition(All(tuple(met))), d.false), d.true, ready)
        return ready


def conditions_of_parts(release: Release) -> dict[tuple[LawOfParts, str], Condition]:
    """Return where a part is shown as fitting, included or met."""
    rules = {rule.id: rule.when for rule in release.rules}
    found: dict[tuple[LawOfParts, str], Condition] = {}
    for alternative in release.alternatives:
        if alternative.fits:
            row = alternative.row
            against = [rules[name] for name in sorted(row.rules)] + [row.asks] if row else []
            found["never_fits", alternative.id] = _fits(alternative.fits.yes, [alternative.fits.no, *against])
    for phase in phases(release.rules):
        found["never_fits", phase.id] = _fits(phase.when, [rule.when for rule in row_of(phase, release)])
    for plan in release.plans:
        found |= {("never_included", component.id): component.when for component in plan.components}
    found |= {("never_met", each.id): each.when for each in release.preconditions if not each.outside}
    return found


def _fits(yes: Condition, against: Sequence[Condition]) -> Condition:
    return All((yes, *map(Not, against)))


def _is(wanted: Decision, decision: Hashable, _: Hashable) -> bool:
    return decision == wanted


def comparisons_of_one_fact(condition: Condition) -> bool:
    """Return whether `any` joins comparisons of one fact each."""
    return isinstance(condition, Comparison) or (
        isinstance(condition, Any) and all(isinstance(part, Comparison) for part in condition.parts)
    )
