"""The proof of what goes with a decision: alternatives, components, preconditions, readiness.

A part is shown as fitting, included or met only where its condition holds for all completions of the known facts. So a
partly known candidate breaks a law only if a completion of it does, and the proof over all fully known candidates
covers the partly known ones. `ready` also stands on assumptions, none of them open: no other value of one unknown fact
makes another decision. So its laws join comparisons of one fact each by `any`.
"""

from collections.abc import Hashable, Iterator, Mapping
from functools import partial
from typing import get_args

from app.core.conditions import Any, Comparison, Condition, Not
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
        self._parts = dict(self._shown())
        laws = [law.when for law in release.laws if law.when is not None]
        parts = [condition for listed in self._parts.values() for condition in listed]
        decided = cases(release.rules)
        first = [release.facts[name] for name in release.order if name in release.facts]
        ordered = [*first, *(fact for name, fact in release.facts.items() if name not in release.order)]
        # one diagram of everything that is compared anywhere
        self._diagram = d = diagram_of(ordered, [*laws, *parts, *(case.when for case in decided)])
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
        roots = [self._ready(law)] if law.kind == "never_ready" else [self._root(law.kind, name) for name in law.of]
        for root in roots:
            found = self._space.example(d.choose(root, when, d.false), True)
            if found is not None:
                return found
        return None

    def _root(self, kind: LawKind, name: str) -> int:
        return self._all(self._parts[kind, name])

    def _all(self, conditions: list[Condition]) -> int:
        d = self._diagram
        root = d.true
        for condition in conditions:
            root = d.choose(d.condition(condition), root, d.false)
        return root

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
            ready = d.choose(d.choose(recommended, self._all(met), d.false), d.true, ready)
        return ready

    def _shown(self) -> Iterator[tuple[tuple[LawKind, str], list[Condition]]]:
        """Yield by name the conditions that all hold where a part is shown so."""
        for alternative in self._release.alternatives:
            if alternative.fits:
                against = [self._rules[name].when for name in sorted(alternative.row.rules)] if alternative.row else []
                asks = [alternative.row.asks] if alternative.row else []
                fits = alternative.fits
                yield ("never_fits", alternative.id), [fits.yes, *(Not(c) for c in (fits.no, *against, *asks))]
        for phase in phases(self._release.rules):
            row = [r for r in self._release.rules if r.kind in ("exclusion", "scope") or phase.pathway in r.pathways]
            yield ("never_fits", phase.id), [phase.when, *(Not(rule.when) for rule in row)]
        for plan in self._release.plans:
            for component in plan.components:
                yield ("never_included", component.id), [component.when]
        for precondition in self._release.preconditions:
            if not precondition.outside:
                yield ("never_met", precondition.id), [precondition.when]


def _is(wanted: Decision, decision: Hashable, _: Hashable) -> bool:
    return decision == wanted


def comparisons_of_one_fact(condition: Condition) -> bool:
    """Return whether a condition is comparisons of one fact each, joined by `any`."""
    return isinstance(condition, Comparison) or (
        isinstance(condition, Any) and all(isinstance(part, Comparison) for part in condition.parts)
    )
