"""What follows from how the decision reads a candidate, whatever the values and whatever else is known.

Candidates differ in far more than the decision looks at. So what follows from that alone is found once for all who are
read alike, and kept for a while.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from app.core.answer import (
    AlternativeShown,
    Answer,
    Assumption,
    DecisionView,
    Option,
    Question,
)
from app.core.conditions import facts_read
from app.core.facts import Fact
from app.core.finding import Finder, Finding
from app.core.precedence import Decision, Stage, phases
from app.core.rules import DecisionRule, Fits, Pathway, Release
from app.core.states import REMEMBERED, States, state_at
from app.core.traits import Reading
from app.core.why import Bearing, Why

Made = TypeVar("Made")
READINGS = 2048
"""How many ways to be read are kept."""


class Following(NamedTuple):
    """What follows from one reading."""

    finding: Finding
    pathways: tuple[Pathway, ...]
    """The pathways that are indicated or may still be."""
    referred: bool
    """Whether another kind of care comes first, whatever decides."""
    bearing: Bearing
    """The rules that bear on the decision."""
    next_question: Question | None
    assumptions: Sequence[Assumption]
    alternatives: bool
    """Whether the documented alternatives go with it."""
    outlines: dict[bool, DecisionView]
    shells: dict[bool, Answer]
    """What the views, and the answers, of all who are ready have in common, and those of all who are not."""


class Shared(Generic[Made]):
    """What many have in common who are not read alike: where nothing is unknown that matters, few states shape it."""

    def __init__(self) -> None:
        self._made: dict[tuple[Decision, frozenset[Stage], States, bool, bool], Made] = {}

    def shared(self, following: Following, states: States, make: Callable[[], Made], *, ready: bool) -> Made:
        """Return what was made for one with the same states, those that shape it, else what `make` makes."""
        finding = following.finding
        if not finding.settled or finding.objections:
            return make()
        key = finding.decision, finding.stages, states, following.referred, ready
        if key not in self._made:
            if len(self._made) >= REMEMBERED:
                self._made.clear()
            self._made[key] = make()
        return self._made[key]


class Follow:
    """Finds what follows from readings by one release."""

    def __init__(self, release: Release, finder: Finder, why: Why) -> None:
        self._release = release
        self._finder = finder
        self._why = why
        self._phases = phases(release.rules)
        self._readers: dict[str, list[DecisionRule]] = {name: [] for name in release.facts}
        for rule in release.rules:
            for name in facts_read(rule.when):
                self._readers[name].append(rule)
        self._questions = {name: self._question(fact) for name, fact in release.facts.items()}
        self._assumed = {name: fact.assumed_as for name, fact in release.facts.items() if fact.assumed_as is not None}
        self._next_question = lru_cache(REMEMBERED)(self._make_next_question)
        self._assumption = lru_cache(REMEMBERED)(self._make_assumption)
        self._lower_phase = lru_cache(REMEMBERED)(self._make_lower_phase)
        self.of = lru_cache(READINGS)(self._find)
        """Returns what follows for a candidate as `logic.sight` reads it; the arguments are those of `Finder.find`."""

    def _find(self, given: Reading, states: States, strict: bool, unavailable: tuple[str, ...]) -> Following:
        finding = self._finder.find(given, states, strict=strict, unavailable=unavailable)
        referred = self._why.refers(finding)
        early = finding.decision.disposition in ("excluded", "referred") and finding.indicated is None
        return Following(
            finding=finding,
            pathways=tuple([rule.pathway for rule in self._phases if rule.pathway in finding.stages]),
            referred=referred,
            bearing=self._why.bears(finding),
            next_question=self._next_question(finding.next_fact, finding.settles) if finding.next_fact else None,
            assumptions=self.assumptions(finding),
            alternatives=finding.settled and not early,
            outlines={},
            shells={},
        )

    def _question(self, fact: Fact) -> Question:
        wording = self._release.wording
        labels = dict(fact.labels)
        if fact.kind == "boolean":
            labels = {True: wording.yes, False: wording.no} | labels
        return Question(
            fact=fact.name,
            question=fact.question,
            help=fact.help,
            answers=[
                Option(value, labels.get(value, str(value)))
                for value in ([True, False] if fact.kind == "boolean" else fact.values)
            ],
            minimum=fact.minimum if fact.kind == "integer" else None,
            maximum=fact.maximum if fact.kind == "integer" else None,
            unit=fact.unit,
            why="",
        )

    def _make_next_question(self, name: str, settles: bool) -> Question:
        why = self._release.wording.next_question["settles" if settles else "narrows"]
        return replace(self._questions[name], why=why)

    def assumptions(self, finding: Finding) -> tuple[Assumption, ...]:
        """Return the assumptions that a finding stands on."""
        return tuple([self._assumption(name, finding.stages) for name in finding.objections if name in self._assumed])

    def _make_assumption(self, name: str, stages: frozenset[Stage]) -> Assumption:
        fact = self._release.facts[name]
        because = [rule.id for rule in self._readers[name] if self._finder.could_object(rule, stages)]
        return Assumption(name, self._assumed[name], because, fact.question)

    def summary(self, following: Following, *, ready: bool) -> str:
        """Return the answer in one or two plain sentences."""
        finding, texts = following.finding, self._release.wording.summary
        disposition = finding.decision.disposition
        several = len(finding.stages) > 1
        stage = next(iter(finding.stages), "gap")
        match disposition:
            case "recommended":
                key = f"recommended.{finding.decision.pathway}"
            case "excluded":
                key = f"excluded.{'undetermined' if several else 'documented' if stage == 'exclusion' else stage}"
            case "clinician_review":
                key = f"clinician_review.{'undetermined' if several else stage}"
            case "referred":
                key = "referred"
            case "needs_information":
                key = "needs_information.ask" if finding.next_fact else "needs_information.stuck"
        first = [texts["referral_first"]] if following.referred and disposition != "referred" else []
        if disposition == "recommended" and not ready:
            first = [texts["not_ready"]]
        return " ".join([*first, texts[key]])

    def lower_phases(self, finding: Finding) -> tuple[AlternativeShown, ...]:
        """Return what of a blocked candidate's lower phases a clinician may discuss: those that nothing excludes."""
        if finding.indicated is None or finding.decision.disposition not in ("excluded", "clinician_review"):
            return ()
        shown = []
        states, place = finding.given_states, self._finder.logic.place
        for rule in self._phases:
            if rule.phase >= finding.indicated.phase:
                continue
            against = [(r, state_at(states, place[r.id])) for r in self._release.rules if rule.pathway in r.pathways]
            if any(r.effect == "excludes" and state for r, state in against):
                continue
            criteria = state_at(states, place[rule.id])
            open_ = criteria is None or any(state is None for _, state in against)
            fits: Fits = "no" if criteria is False else "unknown" if open_ else "yes"
            shown.append(self._lower_phase(rule.id, fits, tuple([r.id for r, state in against if state])))
        return tuple(shown)

    def _make_lower_phase(self, rule_id: str, fits: Fits, blocked: tuple[str, ...]) -> AlternativeShown:
        wording = self._release.wording
        rule = next(rule for rule in self._phases if rule.id == rule_id)
        return AlternativeShown(
            rule.id,
            "lower_phase",
            wording.pathways[rule.pathway],
            rule.discuss,
            {},
            fits,
            wording.lower_phase[fits],
            blocked,
            self._why.sources[rule.id],
        )
