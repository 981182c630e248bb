"""The engine: facts in, answer out, for every interface."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from app.core.answer import (
    Answer,
    Assumption,
    CautionShown,
    DecisionView,
    IfResolved,
    KnownFact,
    Referral,
    ScaleGrade,
    Unresolved,
    ruleset_of,
)
from app.core.codes import Span
from app.core.conditions import facts_read
from app.core.decided import OnDecision, event_of
from app.core.diagram import Rest
from app.core.facts import Candidate, Value
from app.core.identity import Identity
from app.core.languages import DEFAULT, Translation, language_of, translated, with_notices
from app.core.logic import Logic
from app.core.memo import Memo
from app.core.outcome import Outcome
from app.core.parts import NO_PATHWAY, Parts
from app.core.precedence import EXCLUDED, REVIEW, UNDECIDED, Decision, Indicated, Step, phases
from app.core.questions import Questions
from app.core.rationale import Rationale, Standing, beside
from app.core.rules import Release
from app.core.sections import Point, Points, Projection
from app.core.validity import LASTING, Validity, last_days, validity

RESTS = 2048
"""How many rests keep their outcome: in the default mode a million half-known candidates leave about so many."""
STRICT_RESTS = 128
"""The same in strict mode: of half-known candidates two thirds leave a rest of their own, of twenty nodes and more."""
Sources = Literal["rationale", "all", "none"]
GAP: frozenset[Step] = frozenset(["gap"])
BLOCKED = (EXCLUDED, REVIEW)
"""The decisions that time or treatment may lift."""


class Contract(NamedTuple):
    """What an answer is relied on for."""

    decision: Decision
    ready: bool
    referral: Sequence[Referral]
    possible: Sequence[Decision]
    missing: Sequence[str]
    assumptions: Sequence[Assumption]


class Question(NamedTuple):
    """A question: the known facts, and how unknown ones are treated.

    Every value is in its fact's domain and of its type, `unavailable` names facts of the release that `facts` does not:
    whoever builds one checks that. `graded` says which findings were read on a scale. `doubted` names unknown confirm
    facts of which something speaks, as a record may: they take no no-objection value, and are asked.

    `asked_on` is the day on which the facts were asked; `last_days` says of some until when they may be relied on, as
    far as a record does. Neither is part of the decision.
    """

    facts: Candidate
    strict: bool = False
    unavailable: tuple[str, ...] = ()
    graded: Mapping[str, ScaleGrade] = MappingProxyType({})
    reference: str | None = None
    doubted: tuple[str, ...] = ()
    asked_on: date | None = None
    last_days: Mapping[str, date | None] = MappingProxyType({})


class Engine:
    """One release in one language, ready to answer."""

    def __init__(
        self,
        release: Release,
        language: str = DEFAULT,
        on_decision: OnDecision | None = None,
        logic: Logic | None = None,
        spans: Mapping[str, Span] = MappingProxyType({}),
    ) -> None:
        """Compile a release, unless its `logic` is compiled already.

        `spans` say for how long the answers of facts may be relied on.
        """
        self.release = release
        self.spans = spans
        self.language = language
        self.sentences = language
        """The language of the sentences, where it is another than the one asked for."""
        self.logic = logic or Logic(release.facts, release.rules, release.order, release.budget)
        self.questions = Questions(self.logic, release.weights, release.stages)
        self.ruleset = ruleset_of(release)
        self._on_decision = on_decision
        self._phases = phases(release.rules)
        self._indicated: dict[frozenset[Step], Indicated] = {
            frozenset([rule.pathway]): Indicated(rule.pathway, rule.phase) for rule in self._phases
        }
        self.referring = {name for r in release.rules if r.kind == "scope" for name in facts_read(r.when)}
        """The facts on which a referral may rest."""
        self._points = Points(release.facts)
        self._projection = Projection(self._points, self.logic.diagram)
        self.identities = Identity(release, self._points, language)
        self._outcomes = Memo[tuple[Rest, tuple[str, ...], bool], Outcome](self._outcome, RESTS)
        self._strict_outcomes = Memo[tuple[Rest, tuple[str, ...], bool], Outcome](self._outcome, STRICT_RESTS)
        self._sets: dict[frozenset[Any], frozenset[Any]] = {}  # each of the few sets of steps or pathways once
        self._say(release)

    def _say(self, release: Release) -> None:
        """Put the decision into the words of a release."""
        self.rationale = Rationale(release, self.logic, self._points, self._projection)
        self._parts = Parts(release, self._points, self.rationale.could_object)

    def in_language(self, release: Release, language: str, sentences: str) -> "Engine":
        """Return an engine of the same release in another language.

        `sentences` is the language of the sentences of `release`. What it decides is remembered once for both, and so
        is what is said of it where the sentences are the same.
        """
        engine = copy(self)
        engine.release, engine.language, engine.sentences = release, language, sentences
        engine.ruleset = ruleset_of(release)
        engine.identities = Identity(release, self._points, language)
        if sentences != self.sentences:
            engine._say(release)
        return engine

    def decide(self, question: Question, point: Point | None = None) -> Outcome:
        """Return the decision and the machine contract around it, without any text.

        `point` are its facts as numbers, where they are made already.
        """
        facts, strict = question.facts, question.strict
        complete = len(facts) == len(self._points.names)
        rest = self.logic.settled(facts, strict=strict) if strict or complete else None
        found: tuple[str, ...] = ()
        if rest is None:
            given = self._projection.of(point or self._points.of(facts))
            rest, found = self.logic.left_to(given, question.doubted, strict=strict)
        outcome = self.outcome(rest, question.unavailable, strict=strict)
        if strict:
            return self._with_referral(outcome, question) if self.release.stages else outcome
        return Outcome(*outcome[:-1], found) if found else outcome

    def outcome(self, rest: Rest, unavailable: tuple[str, ...], *, strict: bool) -> Outcome:
        """Return what a rest comes to, open assumptions and referral aside."""
        return (self._strict_outcomes if strict else self._outcomes)[rest, unavailable, strict]

    def _outcome(self, key: tuple[Rest, tuple[str, ...], bool]) -> Outcome:
        """Find what a rest comes to."""
        rest, unavailable, strict = key
        possible, steps, left = self.logic.outlook(rest)
        pathways = frozenset(rule.pathway for rule in self._phases if rule.pathway in steps)
        steps, pathways = (self._sets.setdefault(each, each) for each in (steps, pathways))
        indicated = self._indicated.get(steps)
        if len(possible) == 1:
            return Outcome(possible[0], indicated, steps, pathways, (), (), None, False, strict)
        asked, settles = self.questions.next(left, unavailable) or (None, False)
        missing = self.logic.missing(left)
        return Outcome(UNDECIDED, indicated, steps, pathways, possible, missing, asked, settles, strict)

    def _with_referral(self, outcome: Outcome, question: Question) -> Outcome:
        """Return a settled outcome that asks whether to send on too.

        An infected burn is sent on, not only excluded; without strict mode it stands under `unresolved`.
        """
        if not outcome.settled or all(name in question.facts for name in self.referring):
            return outcome
        asked = self.rationale.referring(self.standings(question), question.unavailable)
        return outcome._replace(next_fact=asked) if asked else outcome

    def standings(self, question: Question, point: Point | None = None) -> list[Standing]:
        """Return where every rule stands that is not known not to hold."""
        found = self.rationale.standings.of(point or self._points.of(question.facts))
        return self.rationale.doubting(found, question.facts, question.doubted) if question.doubted else found

    def answer(self, question: Question, sources: Sources = "rationale") -> Answer:
        """Return the whole answer, with the `sources` of these parts."""
        parts, rationale = self._parts, self.rationale
        point = self._points.of(question.facts)
        cut = parts.projection.of(point)
        outcome, standings = self.decide(question, point), self.standings(question, point)
        decision, indicated, pathways = outcome.decision, outcome.indicated, outcome.pathways
        near = rationale.near.of(self._projection.of(point)) if indicated or outcome.steps == GAP else []
        cautions: list[CautionShown] = []
        unresolved: list[Unresolved] = []
        for each in parts.cautions.of(point, pathways or NO_PATHWAY):
            if isinstance(each, CautionShown):
                cautions.append(each)
            else:
                unresolved.append(each)
        preconditions = parts.preconditions.of(cut, pathways)
        held = parts.notices.of(cut, pathways | NO_PATHWAY)
        components = parts.components[decision.pathway].of(cut) if decision.pathway else []
        alternatives = parts.alternatives.of(outcome, cut, standings)
        near_misses = [each for each in near if indicated is None or each.phase > indicated.phase]
        referral = rationale.referral(standings)
        reasons = rationale.reasons(outcome, standings)
        also_matched = rationale.also_matched(outcome, standings)
        referrals = rationale.open_referrals(outcome, standings)
        sources_cited = rationale.cited(referral, reasons) if sources == "rationale" else {}
        lifts = decision in BLOCKED and any(each.rule.lifted_by for each in standings)
        ready = decision.pathway is not None and not outcome.open_assumptions and parts.all_met(preconditions)
        assumptions = parts.assumptions(outcome) if outcome.open_assumptions else []
        summary = rationale.summary(outcome, ready=ready, referred=bool(referral))
        notices = rationale.notices(held, outcome)
        contract = Contract(decision, ready, referral, outcome.possible, outcome.missing, assumptions)
        holds = self.validity(question, contract)
        answer = Answer(
            decision=decision,
            indicated=indicated,
            ready=ready,
            referral=referral,
            summary=summary,
            possible=outcome.possible,
            missing=outcome.missing,
            next_question=parts.next_question(outcome) if outcome.next_fact else None,
            assumptions=assumptions,
            rationale=reasons,
            also_matched=also_matched,
            near_misses=near_misses,
            cautions=cautions,
            unresolved=[*referrals, *unresolved],
            preconditions=preconditions if decision.disposition in ("recommended", "clinician_review") else [],
            plan=parts.plan(components, decision.pathway) if decision.pathway else {},
            alternatives=alternatives,
            if_resolved=self._if_resolved(question, outcome, standings) if lifts else None,
            notices=notices,
            sources=sources_cited,
            facts={**question.facts, **self._graded(question)} if question.graded else question.facts,
            ruleset=self.ruleset,
            id=self.identities.of(point, question.unavailable, question.doubted, strict=question.strict),
            reference=question.reference,
            asked_on=question.asked_on,
            valid_until=holds.until,
            ask_again=holds.ask_again,
        )
        if sources == "all":
            answer.sources = rationale.cited(referral, reasons, *beside(answer))  # type: ignore[misc]
        if self._on_decision is not None:
            self._on_decision(event_of(answer))
        return answer

    def _graded(self, question: Question) -> dict[str, ScaleGrade]:
        """Return the grades read on scales, with the crosswalks in this language."""
        scales = self.release.scales
        return {name: replace(each, crosswalk=scales[each.scale].crosswalk) for name, each in question.graded.items()}

    def view(self, question: Question) -> DecisionView:
        """Return the machine contract alone."""
        point = self._points.of(question.facts)
        outcome, standings = self.decide(question, point), self.standings(question, point)
        contract = self._contract(outcome, point, standings)
        holds = self.validity(question, contract)
        view = DecisionView(
            decision=contract.decision,
            indicated=outcome.indicated,
            ready=contract.ready,
            referral=contract.referral,
            possible=contract.possible,
            missing=contract.missing,
            next_question=self._parts.next_question(outcome) if outcome.next_fact else None,
            assumptions=contract.assumptions,
            rules=[reason.rule for reason in self.rationale.reasons(outcome, standings)],
            ruleset=self.ruleset,
            id=self.identities.of(point, question.unavailable, question.doubted, strict=question.strict),
            reference=question.reference,
            asked_on=question.asked_on,
            valid_until=holds.until,
            ask_again=holds.ask_again,
        )
        if self._on_decision is not None:
            self._on_decision(event_of(view))
        return view

    def _contract(self, outcome: Outcome, point: Point, standings: Iterable[Standing]) -> Contract:
        parts = self._parts
        ready = outcome.decision.pathway is not None and not outcome.open_assumptions
        if ready:
            ready = parts.all_met(parts.preconditions.of(parts.projection.of(point), outcome.pathways))
        return Contract(
            outcome.decision,
            ready,
            self.rationale.referral(standings),
            outcome.possible,
            outcome.missing,
            parts.assumptions(outcome) if outcome.open_assumptions else [],
        )

    def validity(self, question: Question, contract: Contract | None = None) -> Validity:
        """Return how long an answer holds: without a day, no end.

        `contract` is what the facts lead to, where that is known already.
        """
        if question.asked_on is None:
            return LASTING
        facts = {name: question.facts[name] for name in self.release.facts if name in question.facts}
        last = {**last_days(facts, question.asked_on, self.spans), **question.last_days}

        def lead_to(known: Candidate) -> Contract:
            then = question._replace(facts=known)
            point = self._points.of(known)
            return self._contract(self.decide(then, point), point, self.standings(then, point))

        fresh = contract or lead_to(facts)
        possible = fresh.possible or [fresh.decision]

        def holds(known: Candidate) -> bool:
            # what is possible tells most differences, in a tenth of the time
            regions = self.logic.regions(known, question.doubted, strict=question.strict)
            return self.logic.possible(regions) == possible and lead_to(known) == fresh

        return validity(facts, last, holds)

    def identity(self, question: Question) -> str:
        """Return the id of the answer to a question."""
        point = self._points.of(question.facts)
        return self.identities.of(point, question.unavailable, question.doubted, strict=question.strict)

    def _if_resolved(self, question: Question, outcome: Outcome, standings: Iterable[Standing]) -> IfResolved | None:
        """Return the decision once time or treatment lifts what stands against it.

        Of an excluded candidate every exclusion that holds is lifted, of a reviewed one every review.
        """
        blocked = outcome.decision
        lifted: dict[str, Value] = {}
        when: dict[str, None] = {}
        while outcome.decision == blocked:
            holding = self.rationale.deciding(outcome, standings)
            facts = {name: value for rule in holding for name, value in rule.lifted_by.items()}
            if not all(rule.lifted_by for rule in holding) or facts.items() <= lifted.items():
                return None
            lifted |= facts
            when |= dict.fromkeys(rule.lifted_when for rule in holding if rule.lifted_when)
            doubted = tuple(name for name in question.doubted if name not in lifted)
            then = question._replace(facts={**question.facts, **lifted}, doubted=doubted)
            outcome, standings = self.decide(then), self.standings(then)
        return IfResolved(
            [KnownFact(name, lifted[name]) for name in self.release.facts if name in lifted],
            list(when),
            outcome.decision,
            outcome.possible,
            outcome.missing,
            self._parts.assumptions(outcome),
        )


@dataclass(frozen=True)
class Engines:
    """Every release side by side, each compiled; `current` answers by default."""

    by_id: Mapping[str, Engine]
    current: str
    language: str = DEFAULT
    others: Mapping[str, "Engines"] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        releases: Iterable[Release],
        current: str,
        translations: Iterable[Translation] = (),
        on_decision: OnDecision | None = None,
        spans: Mapping[str, Span] = MappingProxyType({}),
    ) -> "Engines":
        """Compile releases; `on_decision` gets every answer.

        The current one answers in every language. Older ones, which are translated in part, answer in English.
        """
        by_id = {release.id: Engine(release, DEFAULT, on_decision, spans=spans) for release in releases}
        others = {}
        for each in translations:
            there = {
                name: engine.in_language(translated(engine.release, each), each.code, each.code)
                if name == current
                else engine.in_language(with_notices(engine.release, each), each.code, DEFAULT)
                for name, engine in by_id.items()
            }
            others[each.code] = cls(there, current, each.code)
        return cls(by_id, current, others=others)

    def in_language(self, accepted: str, asked: str | None = None) -> "Engines":
        """Return the engines in the language asked for, or accepted."""
        language = language_of(asked, accepted, (self.language, *self.others))
        return self.others.get(language, self)

    def find(self, name: str) -> Engine | None:
        """Return the engine of a release or of `current`, or `None`."""
        return self.by_id.get(self.current if name == "current" else name)
