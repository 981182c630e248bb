"""Languages: what a patient reads; no decision depends on it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from app.core.facts import Fact, Value
from app.core.rules import Release, Wording

DEFAULT = "en"


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


def translated(release: Release, translation: Translation) -> Release:
    """Return a release in another language, with the same digest."""
    asked = translation.current or release.facts
    facts = {
        # a question that an older release asks otherwise stays in English: another one would ask for something else
        name: _fact(fact, translation.facts[name]) if _asks_alike(fact, asked.get(name, fact)) else fact
        for name, fact in release.facts.items()
    }
    notices = translation.releases.get(release.id, ReleaseWords())
    withdrawn = release.withdrawn
    entries = translation.entries.get(release.id, release)
    return replace(
        release,
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
        wording=replace(translation.wording, grades=release.wording.grades),
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


def accepted_in(header: str) -> list[tuple[str, float]]:
    """Return the names in an `Accept…` header, each with its weight.

    As RFC 9110, 12.4.2 has it. A weight of 0 means that the name is not accepted; one that cannot be read counts as 0.
    """
    found = []
    for part in header.split(","):
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
