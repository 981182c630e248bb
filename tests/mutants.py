"""Every rule of a release made wrong in every small way: flipped, a threshold moved by one, another effect."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.core.conditions import All, Any, Comparison, Condition, Not, comparisons
from app.core.facts import Fact, Value
from app.core.rules import Caution, DecisionRule, Kind, Phase, Precondition, Release

OTHER_KIND: dict[Kind, Kind] = {
    "exclusion": "scope",
    "scope": "concern",
    "concern": "scope",
    "label_exclusion": "label_review",
    "label_review": "label_exclusion",
    "gap": "concern",
}


def mutants(release: Release) -> Iterator[tuple[str, Release]]:
    """Yield every mutant of a release with its name."""
    for rule in release.rules:
        for name, mutant in _mutated_rules(rule, release):
            yield (
                f"{rule.id}: {name}",
                replace(release, rules=tuple(mutant if r.id == rule.id else r for r in release.rules)),
            )
        yield f"{rule.id}: removed", replace(release, rules=tuple(r for r in release.rules if r.id != rule.id))
    for caution in release.cautions:
        for name, when in _conditions(caution.when, release.facts):
            changed: Caution = replace(caution, when=when)
            yield (
                f"{caution.id}: {name}",
                replace(release, cautions=tuple(changed if c.id == caution.id else c for c in release.cautions)),
            )
    for condition in release.preconditions:
        for key in ("when", "unmet"):
            part: Condition | None = getattr(condition, key)
            for name, when in _conditions(part, release.facts) if part is not None and not condition.outside else ():
                met: Precondition = replace(condition, **{key: when})  # type: ignore[arg-type]
                yield (
                    f"{condition.id}: {key} {name}",
                    replace(
                        release, preconditions=tuple(met if p.id == condition.id else p for p in release.preconditions)
                    ),
                )


def _mutated_rules(rule: DecisionRule, release: Release) -> Iterator[tuple[str, DecisionRule]]:
    for name, when in _conditions(rule.when, release.facts):
        yield name, replace(rule, when=when)
    if rule.kind in OTHER_KIND:
        yield "effect changed", replace(rule, kind=OTHER_KIND[rule.kind], pathways=rule.pathways)
    if isinstance(rule, Phase):
        for pathway in ("conservative_care", "exosome_microchanneling", "combination_therapy"):
            if pathway != rule.pathway:
                yield f"indicates {pathway}", replace(rule, pathway=pathway)
        yield "phase number changed", replace(rule, phase=4 - rule.phase if rule.phase != 2 else 4)
    for pathway in rule.pathways:
        if len(rule.pathways) > 1:
            yield f"not against {pathway}", replace(rule, pathways=tuple(p for p in rule.pathways if p != pathway))
    for name in rule.lifted_by:
        yield f"not lifted by {name}", replace(rule, lifted_by={})


def _conditions(condition: Condition, facts: Mapping[str, Fact]) -> Iterator[tuple[str, Condition]]:
    yield "condition flipped", Not(condition)
    listed = list(comparisons(condition))
    for place, comparison in enumerate(listed):
        for name, accepted in _moved(facts[comparison.fact], comparison.accepted):
            changed = Comparison(comparison.fact, accepted, comparison.text)
            yield f"`{comparison.text}` {name}", _exchanged(condition, [place], changed)
    if isinstance(condition, All | Any) and condition.parts:
        yield "`all` and `any` exchanged", (Any if isinstance(condition, All) else All)(condition.parts)
        for place in range(len(condition.parts)):
            parts = condition.parts[:place] + condition.parts[place + 1 :]
            yield f"part {place} removed", type(condition)(parts)


def _moved(fact: Fact, accepted: frozenset[Value]) -> Iterator[tuple[str, frozenset[Value]]]:
    domain = list(fact.domain)
    if len(domain) == 2 or fact.kind == "country":
        return
    edges = [i for i in range(1, len(domain)) if (domain[i] in accepted) != (domain[i - 1] in accepted)]
    for edge in edges:
        yield f"moved up at {domain[edge]}", accepted ^ {domain[edge]}
        yield f"moved down at {domain[edge]}", accepted ^ {domain[edge - 1]}


def _exchanged(condition: Condition, place: list[int], changed: Comparison) -> Condition:
    """Return the condition with one comparison, counted in reading order, exchanged; `place` counts down."""
    match condition:
        case Comparison():
            place[0] -= 1
            return changed if place[0] == -1 else condition
        case Not(part):
            return Not(_exchanged(part, place, changed))
        case All(parts):
            return All(tuple(_exchanged(part, place, changed) for part in parts))
        case Any(parts):
            return Any(tuple(_exchanged(part, place, changed) for part in parts))
