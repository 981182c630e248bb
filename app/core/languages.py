"""Languages: what a patient reads; no decision depends on it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from app.core.facts import Fact, Value
from app.core.rules import Release, Wording

DEFAULT = "en"


class Sentence(NamedTuple):
    """An English sentence with places for values, for `Phrases`."""

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.template.format(**self.values) if self.values else self.template


@dataclass(frozen=True)
class Phrases:
    """What the program says in one language, by the English."""

    words: Mapping[str, str] = field(default_factory=dict)

    def of(self, says: str | Sentence, **values: object) -> str:
        """Return a sentence in this language; English where it has none."""
        template, given = says if isinstance(says, Sentence) else (says, values)
        known = self.words.get(template, template)
        if not given:
            return known
        return known.format(**{k: self.of(v) if isinstance(v, Sentence) else v for k, v in given.items()})


@dataclass(frozen=True)
class FactWords:
    """A fact in another language; `answers` holds the labels of its answers."""

    question: str
    help: str
    answers: Mapping[Value, str]
    unit: str | None = None


@dataclass(frozen=True)
class ReleaseWords:
    """The notices about a release in another language."""

    withdrawn: str | None = None
    limits: str | None = None
    changes: str | None = None


@dataclass(frozen=True)
class Translation:
    """One language: the words of facts, sentences and notices about releases."""

    code: str
    facts: Mapping[str, FactWords]
    wording: Wording
    releases: Mapping[str, ReleaseWords]
    entries: Mapping[str, Release] = field(default_factory=dict)
    """By release, its entries with their sentences in this language."""
    current: Mapping[str, Fact] = field(default_factory=dict)
    """The facts of the current release in English, whose words `facts` translates."""
    phrases: Phrases = field(default_factory=Phrases)


def translated(release: Release, translation: Translation) -> Release:
    """Return a release in another language, with the same digest."""
    asked = translation.current or release.facts
    facts = {
        # a question that an older release asks otherwise stays in English: another one would ask for something else
        name: _fact(fact, translation.facts[name]) if _asks_alike(fact, asked.get(name, fact)) else fact
        for name, fact in release.facts.items()
    }
    entries = translation.entries.get(release.id, release)
    return replace(
        with_notices(release, translation),
        facts=facts,
        rules=entries.rules,
        cautions=entries.cautions,
        preconditions=entries.preconditions,
        plans=entries.plans,
        alternatives=entries.alternatives,
        notices=entries.notices,
        scales=entries.scales,
        laws=entries.laws,
        sources=entries.sources,
        intake=entries.intake,
        patient=entries.patient,
        wording=replace(translation.wording, grades=release.wording.grades),
    )


def with_notices(release: Release, translation: Translation) -> Release:
    """Return a release with the notices about it in another language."""
    notices = translation.releases.get(release.id, ReleaseWords())
    withdrawn = release.withdrawn
    return replace(
        release,
        withdrawn=withdrawn and replace(withdrawn, reason=notices.withdrawn or withdrawn.reason),
        limits=release.limits and (notices.limits or release.limits),
        changes=notices.changes or release.changes,
    )


def _asks_alike(fact: Fact, other: Fact) -> bool:
    return (fact.question, fact.help) == (other.question, other.help)


def _fact(fact: Fact, words: FactWords) -> Fact:
    labels = {**fact.labels, **words.answers}
    return replace(fact, question=words.question, help=words.help, labels=labels, unit=words.unit or fact.unit)


def language_of(asked: str | None, accepted: str, known: Collection[str]) -> str:
    """Return the language asked for, else the best accepted, else English."""
    if asked in known:
        return str(asked)
    weights: dict[str, float] = {}
    for name, weight in accepted_in(accepted):
        code = name.split("-")[0]
        weights[code] = max(weight, weights.get(code, 0.0))
    others = weights.get("*", 0.0)
    best = max([*(code for code in weights if code in known), DEFAULT, *known], key=lambda c: weights.get(c, others))
    return best if weights.get(best, others) else DEFAULT


def names_one_of(accepted: str, known: Collection[str]) -> bool:
    """Return whether an `Accept-Language` header names one of these languages."""
    return any(weight and name.split("-")[0] in known for name, weight in accepted_in(accepted))


def accepted_in(header: str) -> list[tuple[str, float]]:
    """Return the names in an `Accept…` header, each with its weight.

    As RFC 9110, 12.4.2 has it; nothing between two commas is no name (5.6.1). A weight of 0 means that the name is not
    accepted; one that cannot be read counts as 0.
    """
    found = []
    for part in header.split(","):
        if not part.strip():
            continue
        name, *parameters = part.split(";")
        weights = [text.strip()[2:] for text in parameters if text.strip()[:2].lower() == "q="]
        found.append((name.strip().lower(), _weight(weights[0]) if weights else 1.0))
    return found


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return min(weight, 1.0) if weight > 0 else 0.0
