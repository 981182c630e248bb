"""What is still to confirm, by who can answer it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.core.answer import Answer
from app.core.facts import Fact
from app.core.rules import Release
from app.web.form import as_field
from app.web.names import Names, inside, label_of

Who = Literal["patient", "examination", "clinic"]
WHO: Sequence[Who] = ("patient", "examination", "clinic")
EXAMINED = frozenset(
    {
        *("suspicious_lesion", "active_skin_infection", "open_wound_in_area", "active_acne_or_dermatitis"),
        *("elasticity_loss", "hyperpigmentation", "sagging", "photodamage"),
        *("fitzpatrick_type", "melasma_prone", "sensitive_skin"),
    }
)
"""What is seen on the skin rather than asked."""
CLINIC = frozenset({"baseline_photo_taken", "jurisdiction"})
"""What a clinic knows beside the facts of its own section of the intake."""


@dataclass(frozen=True)
class Ask:
    """One question; `needed` where the decision or its readiness waits for it."""

    fact: Fact
    name: str
    needed: bool
    options: Sequence[tuple[str, str]]
    """The answers to choose from, with the values of their fields; none for a number."""


@dataclass(frozen=True)
class Confirm:
    """All questions, by who can answer."""

    groups: Mapping[Who, Sequence[Ask]]
    order: Sequence[str]
    """The names of those that are needed, the first to ask first."""

    @property
    def needed(self) -> int:
        """How many are needed."""
        return len(self.order)

    def first(self, most: int) -> str:
        """Return the names to begin with, as they stand in a sentence."""
        return inside(self.order[:most])

    @property
    def asked(self) -> int:
        """How many there are."""
        return sum(map(len, self.groups.values()))


def to_confirm(answer: Answer, release: Release, names: Names) -> Confirm:
    """Return the questions that an answer leaves open."""
    needed = dict.fromkeys(_needed(answer))
    others = dict.fromkeys(name for each in answer.unresolved for name in each.ask)
    clinic = CLINIC | {
        fact.name
        for section in release.intake
        if section.asked_of == "clinic"
        for topic in section.topics
        for fact in topic.facts
    }
    groups: dict[Who, list[Ask]] = {who: [] for who in WHO}
    for name in needed | others:
        who: Who = "clinic" if name in clinic else "examination" if name in EXAMINED else "patient"
        fact = release.facts[name]
        groups[who].append(Ask(fact, names.fact(name), name in needed, _options(fact, names)))
    return Confirm({who: asks for who, asks in groups.items() if asks}, [names.fact(name) for name in needed])


def _needed(answer: Answer) -> Iterator[str]:
    yield from answer.missing
    yield from (each.fact for each in answer.assumptions)
    for precondition in answer.preconditions:
        if precondition.status == "to_confirm":
            yield from precondition.ask
    if not isinstance(answer.plan, Mapping):
        for component in answer.plan.components:
            if component.status == "to_confirm":
                yield from component.ask


def _options(fact: Fact, names: Names) -> list[tuple[str, str]]:
    if fact.kind == "integer":
        return []
    return [(as_field(value), label_of(fact, value, names.texts)) for value in fact.values]
