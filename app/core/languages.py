"""Languages: what a patient reads; no decision depends on it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Translation:
    """One language: the words of facts, sentences and notices about releases."""

    code: str
    facts: Mapping[str, FactWords]
    wording: Wording
    releases: Mapping[str, ReleaseWords]


def translated(release: Release, translation: Translation) -> Release:
    """Return a release in another language, with the same digest."""
    facts = {name: _fact(fact, translation.facts[name]) for name, fact in release.facts.items()}
    notices = translation.releases.get(release.id, ReleaseWords())
    withdrawn = release.withdrawn
    return replace(
        release,
        facts=facts,
        wording=replace(translation.wording, grades=release.wording.grades),
        withdrawn=withdrawn and replace(withdrawn, reason=notices.withdrawn or withdrawn.reason),
        limits=release.limits and (notices.limits or release.limits),
    )


def _fact(fact: Fact, words: FactWords) -> Fact:
    labels = {**fact.labels, **words.answers}
    return replace(fact, question=words.question, help=words.help, labels=labels, unit=words.unit or fact.unit)


def language_of(asked: str | None, accepted: str, known: Collection[str]) -> str:
    """Return the language asked for, else the best accepted, else English."""
    if asked in known:
        return str(asked)
    weighed: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        name, _, weight = part.strip().partition(";q=")
        code = name.split("-")[0].lower()
        if code in known:
            weighed.append((-_quality(weight), code))
    return min(weighed, key=lambda entry: entry[0])[1] if weighed else DEFAULT


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0) if text else 1.0
    except ValueError:
        return 0.0
