"""The rationale: which rules hold, and what follows for an answer."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Literal, NamedTuple

from app.core.answer import AlsoMatched, Answer, CitedSource, KnownFact, NearMiss, Reason, Referral, Unresolved
from app.core.conditions import conjuncts, facts_read, in_words
from app.core.facts import Candidate
from app.core.logic import Logic
from app.core.memo import Memo
from app.core.outcome import Outcome
from app.core.precedence import Step, phases, steps_of
from app.core.rules import DecisionRule, Disposition, Effect, Notice, Phase, Release
from app.core.sections import Entry, Points, Projection, Section

DECIDES: Mapping[Disposition, Effect] = {
    "excluded": "excludes",
    "referred": "refers",
    "clinician_review": "reviews",
    "recommended": "indicates",
}
"""The effect that a rule must have for the decision to be this one."""


class Standing(NamedTuple):
    """Where one rule stands for a candidate whom it may concern."""

    rule: DecisionRule
    state: bool | None
    """Whether its own condition holds; `None` while facts that it reads are unknown."""
    assumed: bool | None
    """The same with unknown confirm facts at their no-objection value."""
    because: tuple[KnownFact, ...]
    """The facts that make it hold."""
    reasons: dict[bool | None, Reason]
    """The rule as a reason of an answer, by whether it decides; made when it is first given."""
    doubted: "dict[frozenset[str], Standing]"
    """Where it stands while nothing is assumed of these facts; found when they are first doubted."""


class Rationale:
    """Explains the outcomes of one release by its rules."""

    def __init__(self, release: Release, logic: Logic, points: Points, projection: Projection) -> None:
        self._release = release
        self._logic = logic
        self._steps = {rule.id: frozenset(steps_of(rule)) for rule in release.rules}
        self._reads = {rule.id: frozenset(facts_read(rule.when)) for rule in release.rules}
        self._phases = phases(release.rules)
        self.standings = Section(points, [Entry(facts_read(r.when), _standing_of(r, logic)) for r in release.rules])
        self.near = Section(projection, [Entry(facts_read(r.when), _near_miss_of(r, logic)) for r in self._phases])
        """The phases whose condition holds only in part."""
        self._cited = Memo[str, CitedSource](self._cite)
        self._cited_together = Memo[tuple[str, ...], Mapping[str, CitedSource]](
            lambda names: {name: self._cited[name] for name in dict.fromkeys(names)}
        )
        self._by_engine = {notice.id: notice.says for notice in release.notices if notice.by_engine}

    def summary(self, outcome: Outcome, *, ready: bool, referred: bool) -> str:
        """Return the answer in one or two plain sentences."""
        texts, disposition = self._release.wording.summary, outcome.decision.disposition
        several = len(outcome.steps) > 1
        step = next(iter(outcome.steps), "gap")
        match disposition:
            case "recommended":
                key = f"recommended.{outcome.decision.pathway}"
            case "excluded":
                key = f"excluded.{'undetermined' if several else 'documented' if step == 'exclusion' else step}"
            case "clinician_review":
                key = f"clinician_review.{'undetermined' if several else step}"
            case "referred":
                key = "referred"
            case "needs_information":
                key = "needs_information.ask" if outcome.next_fact else "needs_information.stuck"
        if disposition == "recommended" and not ready:
            return f"{texts['not_ready']} {texts[key]}"
        return f"{texts['referral_first']} {texts[key]}" if referred and disposition != "referred" else texts[key]

    def notices(self, held: Sequence[Notice], outcome: Outcome) -> list[str]:
        """Return the notices that hold, then those of the answer itself."""
        groups, texts = [], []
        for notice in held:
            if not notice.otherwise:
                groups.append(notice.group)
        for notice in held:
            if not notice.otherwise or notice.group not in groups:
                texts.append(notice.says)
        if outcome.open_assumptions:
            texts.append(self._by_engine["NOTICE-ASSUMED"])
        if outcome.possible and outcome.next_fact is None:
            texts.append(self._by_engine["NOTICE-NOT-ANSWERABLE"])
        if self._release.reviewed is None:
            texts.append(self._by_engine["NOTICE-UNSIGNED"])
        return texts

    def doubting(self, standings: Iterable[Standing], facts: Candidate, doubted: Collection[str]) -> list[Standing]:
        """Return standings that assume nothing of `doubted` facts."""
        return [
            each
            if each.state is not None or self._reads[each.rule.id].isdisjoint(doubted)
            else self._doubting(each, facts, doubted)
            for each in standings
        ]

    def _doubting(self, standing: Standing, facts: Candidate, doubted: Collection[str]) -> Standing:
        read = self._reads[standing.rule.id].intersection(doubted)
        if read not in standing.doubted:
            standing.doubted[read] = _standing_of(standing.rule, self._logic, doubted)(facts) or standing
        return standing.doubted[read]

    def takes_part(self, standing: Standing, outcome: Outcome) -> bool | None:
        """Return whether a rule takes part in every, no or some decision."""
        at = self._steps[standing.rule.id]
        state = standing.state if outcome.strict else standing.assumed
        if state is False or at.isdisjoint(outcome.steps):
            return False
        return True if state and outcome.steps <= at else None

    def reasons(self, outcome: Outcome, standings: Iterable[Standing]) -> list[Reason]:
        """Return every rule that takes part in the decision.

        Where the decision is settled and yet no single rule is sure to decide it, the rules that may are there with
        `decides` open: whichever holds, the decision is the same.
        """
        effect = DECIDES.get(outcome.decision.disposition)
        certain, perhaps = [], []
        for standing in standings:
            part = self.takes_part(standing, outcome)
            if part:
                certain.append(standing)
            elif part is None and standing.rule.effect == effect:
                perhaps.append(standing)
        if perhaps and any(standing.rule.effect == effect for standing in certain):
            perhaps = []
        made = []
        for standing in certain:
            made.append(_reason(standing, None if effect is None else standing.rule.effect == effect))
        for standing in perhaps:
            made.append(_reason(standing, None))
        return made

    def referral(self, standings: Iterable[Standing]) -> list[Referral]:
        """Return the rules that hold and send on, scope rules first."""
        referral = []
        for rule, state, _, because, _, _ in standings:
            if state and rule.refer_to:
                kind: Literal["scope", "exclusion"] = "scope" if rule.kind == "scope" else "exclusion"
                referral.append(Referral(rule.id, kind, rule.refer_to, rule.urgency, rule.says, because, rule.sources))
        return sorted(referral, key=_scope_first) if len(referral) > 1 else referral

    def deciding(self, outcome: Outcome, standings: Iterable[Standing]) -> list[DecisionRule]:
        """Return the rules that hold, and make or may make this decision."""
        effect = DECIDES[outcome.decision.disposition]
        held = [each for each in standings if (each.state if outcome.strict else each.assumed)]
        return [s.rule for s in held if s.rule.effect == effect and self.takes_part(s, outcome) is not False]

    def referring(self, standings: Iterable[Standing], unavailable: Sequence[str]) -> str | None:
        """Return the fact that could still add a referral, by stages."""
        undecided = [each.rule for each in standings if each.state is None and each.rule.kind == "scope"]
        read = {name for rule in undecided for name in facts_read(rule.when)}
        return next((n for stage in self._release.stages for n in stage if n in read and n not in unavailable), None)

    def open_referrals(self, outcome: Outcome, standings: Iterable[Standing]) -> list[Unresolved]:
        """Return the scope rules that may hold beside a settled decision.

        In strict mode their facts are asked instead.
        """
        if outcome.strict or outcome.possible or not self._release.stages:
            return []
        undecided = [each.rule for each in standings if each.state is None and each.rule.kind == "scope"]
        return [Unresolved(rule.id, "referral", facts_read(rule.when)) for rule in undecided]

    def also_matched(self, outcome: Outcome, standings: Iterable[Standing]) -> list[AlsoMatched]:
        """Return the lower phases whose condition holds too."""
        if outcome.indicated is None:
            return []
        also = []
        for rule, state, _, _, _, _ in standings:
            if state and isinstance(rule, Phase) and rule.phase < outcome.indicated.phase:
                also.append(AlsoMatched(rule.id, rule.pathway, rule.phase))
        return sorted(also, key=attrgetter("phase"), reverse=True) if len(also) > 1 else also

    def could_object(self, rule: DecisionRule, at: frozenset[Step]) -> bool:
        """Return whether a rule would take part in decisions at these steps."""
        return rule.kind in ("exclusion", "scope", "concern", "phase") or not self._steps[rule.id].isdisjoint(at)

    def cited(
        self, referrals: Iterable[Referral], reasons: Iterable[Reason], *others: str
    ) -> Mapping[str, CitedSource]:
        """Return the cited sources of referrals and reasons, and others."""
        names: tuple[str, ...] = ()
        for referral in referrals:
            names += tuple(referral.sources)
        for reason in reasons:
            names += tuple(reason.sources)
        return self._cited_together[(*names, *others)]

    def _cite(self, name: str) -> CitedSource:
        source = self._release.sources[name]
        url = f"/v1/rulesets/{self._release.id}/sources/{name}"
        return CitedSource(source.document, source.section, source.status, source.says, url, source.public_url)


def _reason(standing: Standing, decides: bool | None) -> Reason:
    rule, state, _, because, reasons, _ = standing
    if decides not in reasons:
        word: Literal["held", "undecided"] = "held" if state else "undecided"
        reasons[decides] = Reason(rule.id, rule.effect, rule.says, rule.reading, because, word, decides, rule.sources)
    return reasons[decides]


def _scope_first(referral: Referral) -> bool:
    return referral.kind != "scope"


def beside(answer: Answer) -> Iterator[str]:
    """Yield the sources cited beside referral and rationale."""
    for caution in answer.cautions:
        yield from caution.sources
    for precondition in answer.preconditions:
        yield from precondition.sources
    for alternative in answer.alternatives:
        yield from alternative.sources
        for aspect in alternative.compares.values():
            yield from aspect.sources
    if not isinstance(answer.plan, Mapping):
        yield from answer.plan.sources
        for component in answer.plan.components:
            yield from component.sources


def _standing_of(
    rule: DecisionRule, logic: Logic, doubted: Collection[str] = ()
) -> Callable[[Candidate], Standing | None]:
    def standing(known: Candidate) -> Standing | None:
        given = logic.diagram.regions(known)
        state = logic.state(rule, given)
        if state is False:
            return None
        regions = logic.assumed(given, doubted) if state is None else given
        assumed = logic.state(rule, regions)
        pinned = logic.pinned_by(rule, regions) if assumed else ()
        because = tuple(KnownFact(name, known[name]) for name in pinned if name in known)
        return Standing(rule, state, assumed, because, {}, {})

    return standing


def _near_miss_of(rule: DecisionRule, logic: Logic) -> Callable[[Candidate], NearMiss | None]:
    parts = [(in_words(part), logic.diagram.condition(part)) for part in conjuncts(rule.when)]
    indicates = next(phase for phase in phases(logic.rules) if phase.id == rule.id)

    def near_miss(known: Candidate) -> NearMiss | None:
        regions = logic.diagram.regions(known)
        states = [(words, logic.diagram.state(root, regions)) for words, root in parts]
        unmet = [words for words, state in states if not state]
        if not unmet or len(unmet) == len(parts) or all(state is not False for _, state in states):
            return None
        return NearMiss(rule.id, indicates.pathway, indicates.phase, unmet)

    return near_miss
