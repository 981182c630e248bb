"""From a statement of the documents to a member of an answer."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from app.core import rules as book
from app.core.catalogue import entries
from app.core.conditions import facts_read


@dataclass(frozen=True)
class Traced:
    """What an entry rests on, what holds it, where it is seen."""

    name: str
    statements: tuple[str, ...]
    laws: tuple[book.Law, ...]
    examples: int
    member: str
    """The member of an answer that shows it."""
    rule: book.Rule | None = None

    @property
    def controls(self) -> set[str]:
        """The names by which a hazard log may name it."""
        return {*names_of(self.rule), self.name, *(law.name for law in self.laws)}


def traced(release: book.Release) -> Iterator[Traced]:
    """Yield rules in rule book order, then facts and scales."""
    for rule in entries(release):
        laws = tuple(laws_of(rule, release))
        yield Traced(rule.id, _cited(asdict(rule)), laws, len(rule.examples), member_of(rule), rule)
    for fact in release.facts.values():
        laws = tuple(law for law in release.laws if fact.name in facts_of(law))
        yield Traced(fact.name, fact.sources, laws, 0, "facts")
    for scale in release.scales.values():
        yield Traced(scale.name, scale.sources, (), 0, "facts")


def uncited(release: book.Release) -> list[str]:
    """Return the statements of the documents that nothing rests on."""
    used = {name for row in traced(release) for name in row.statements}
    return [source.id for source in release.sources.values() if source.status == "document" and source.id not in used]


def member_of(rule: book.Rule) -> str:
    """Return the member of an answer that shows an entry."""
    match rule:
        case book.DecisionRule():
            return "rationale"
        case book.Caution():
            return "cautions"
        case book.Precondition():
            return "preconditions"
        case book.Notice():
            return "notices"
        case book.Alternative():
            return "alternatives"
        case book.Plan():
            return "plan"
    raise TypeError(f"{rule.id} is of no known kind")


def facts_of(law: book.Law) -> set[str]:
    """Return the facts that a law speaks of."""
    return {*(facts_read(law.when) if law.when else ()), *law.changes, *([law.fact] if law.fact else [])}


def names_of(rule: book.Rule | None) -> set[str]:
    """Return the ids of an entry and of its components."""
    components = rule.components if isinstance(rule, book.Plan) else ()
    return {each.id for each in (rule, *components) if each}


def laws_of(rule: book.Rule, release: book.Release) -> Iterator[book.Law]:
    """Yield the laws that hold an entry.

    Of what goes with a decision, those that name it or a component of it; of a decision rule, also those of decisions
    and of readiness that read one of its facts.
    """
    names = names_of(rule)
    read = set(facts_read(rule.when)) if isinstance(rule, book.DecisionRule) else set()
    for law in release.laws:
        every = law.kind == "one_decision" or (law.kind == "named_gap" and getattr(rule, "kind", "") == "gap")
        if names & set(law.of) or (read and (every or (not law.of and read & facts_of(law)))):
            yield law


def cited(data: Any) -> set[str]:
    """Return every id under `sources`, `source` or `differs`, at any depth."""
    return set(_cited(data))


def _cited(data: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ids(data)))


def _ids(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "sources" and isinstance(value, list | tuple):
                yield from value
            elif key in ("source", "differs") and isinstance(value, str):
                yield value
            else:
                yield from _ids(value)
    elif isinstance(data, list | tuple):
        for item in data:
            yield from _ids(item)
