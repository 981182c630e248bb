"""Why a decision is what it is: the rules that bear on it, what comes first, and which phases came close."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from app.core.answer import AlsoMatched, KnownFact, NearMiss, Reason, Referral
from app.core.conditions import conjuncts, in_words
from app.core.facts import Value
from app.core.finding import Finder, Finding
from app.core.precedence import Stage, phases
from app.core.rules import DecisionRule, Disposition, Effect, Release, Source
from app.core.states import HELD, NOT_HELD, REMEMBERED, States, state_at
from app.core.traits import Profile

DECIDES: dict[Disposition, Effect] = {
    "excluded": "excludes",
    "referred": "refers",
    "clinician_review": "reviews",
    "recommended": "indicates",
}
"""The effect that a rule must have for the decision to be this one."""


Because = Sequence[tuple[str, Sequence[str]]]
"""Rules by their ids, each with facts."""
Known = tuple[tuple[str, Value], ...]
Referring = tuple[tuple[str, Known], ...]
"""Rules by their ids, each with facts and their values."""


class Bearing(NamedTuple):
    """The rules that bear on a decision."""

    rules: Sequence[str]
    """The ids of all of them."""
    held: Sequence[DecisionRule]
    """Those that hold."""
    undecided: Sequence[Reason]


class Why:
    """Explains the findings of one release from its rules.

    What it returns it makes once and returns again: equal parts of answers are one object, so that a face can keep what
    it made of them.
    """

    def __init__(self, release: Release, finder: Finder) -> None:
        self._finder = finder
        self._logic = finder.logic
        self._rules = release.rules
        self._rule = {rule.id: rule for rule in release.rules}
        self._scope = [(rule, self._logic.place[rule.id]) for rule in release.rules if rule.kind == "scope"]
        self._phases = [(rule, self._logic.place[rule.id]) for rule in phases(release.rules)]
        self._parts = [
            (rule, list(zip(map(in_words, conjuncts(rule.when)), self._logic.parts[rule.id], strict=True)))
            for rule, _ in self._phases
        ]
        self.sources: dict[str, tuple[Source, ...]] = {
            rule.id: tuple(release.sources[source] for source in rule.sources) for rule in release.rules
        }
        self._bears = lru_cache(REMEMBERED)(self._find_bearing)
        self._bearing = lru_cache(REMEMBERED)(self._rules_that_bear)
        self.bearing = lru_cache(REMEMBERED)(self._states_that_bear)
        """Returns where the states of the rules stand that may decide at some stages."""
        self._reason = lru_cache(REMEMBERED)(self._make_reason)
        self._referral = lru_cache(REMEMBERED)(self._make_referral)
        self._referring: States = sum(HELD << place for _, place in self._scope)
        places = [place for _, parts in self._parts for _, place in parts] + [place for _, place in self._phases]
        self.phased: States = sum((HELD | NOT_HELD) << place for place in places)
        """Where the states of phases and of their parts stand."""
        self._also = {rule.id: AlsoMatched(rule.id, rule.pathway, rule.phase) for rule, _ in self._phases}

    def bears(self, finding: Finding) -> Bearing:
        """Return every rule that bears on the decision.

        Where the decision is settled and yet no single rule is sure to decide it, the rules that may are `undecided`:
        whichever holds, the decision is the same.
        """
        effect = DECIDES[finding.decision.disposition] if finding.settled else None
        return self._bears(effect, finding.stages, finding.assumed_states & self.bearing(finding.stages))

    def _find_bearing(self, effect: Effect | None, stages: frozenset[Stage], states: States) -> Bearing:
        held, perhaps = [], []
        for rule, place, always in self._bearing(stages):
            state = states >> place & 3
            if state == HELD and always:
                held.append(rule)
            elif state != NOT_HELD and rule.effect == effect:
                perhaps.append(rule)
        if effect is None or any(rule.effect == effect for rule in held):
            perhaps = []
        return Bearing(
            tuple(rule.id for rule in (*held, *perhaps)),
            held,
            [self._reason(rule.id, (), False) for rule in perhaps],
        )

    def because(self, finding: Finding, bearing: Bearing) -> Because:
        """Return the rules that bear and hold with the facts that make them hold, assumed ones too.

        None of these facts can be left out.
        """
        return [(rule.id, self._logic.pinned_by(rule, finding.assumed)) for rule in bearing.held]

    def rationale(self, profile: Profile, because: Because, undecided: Sequence[Reason]) -> list[Reason]:
        """Return the rules that bear, with the values of the facts that made them hold."""
        reasons = [self._reason(rule, profile.known(facts), True) for rule, facts in because]
        return [*reasons, *undecided] if undecided else reasons

    def _rules_that_bear(self, stages: frozenset[Stage]) -> list[tuple[DecisionRule, int, bool]]:
        """Return the rules that may decide at one of these stages, and whether each decides at all of them."""
        return [
            (rule, self._logic.place[rule.id], stages <= at)
            for rule in self._rules
            if not (at := self._finder.stages_of(rule)).isdisjoint(stages)
        ]

    def _states_that_bear(self, stages: frozenset[Stage]) -> States:
        return sum((HELD | NOT_HELD) << place for _, place, _ in self._bearing(stages))

    def _make_reason(self, rule_id: str, because: Known, held: bool) -> Reason:
        rule = self._rule[rule_id]
        return Reason(
            rule.id,
            rule.effect,
            "held" if held else "undecided",
            rule.says,
            rule.reading,
            [KnownFact(name, value) for name, value in because],
            self.sources[rule.id],
        )

    def referring(self, profile: Profile, finding: Finding) -> Referring:
        """Return every scope rule that holds, whatever decides, and because of which values."""
        return tuple(
            [
                (rule.id, profile.known(self._logic.pinned_by(rule, finding.assumed)))
                for rule, place in self._scope
                if state_at(finding.given_states, place)
            ]
        )

    def referral(self, referring: Referring) -> list[Referral]:
        """Return where these rules refer to."""
        return [self._referral(rule, because) for rule, because in referring]

    def _make_referral(self, rule_id: str, because: Known) -> Referral:
        rule = self._rule[rule_id]
        known = [KnownFact(name, value) for name, value in because]
        return Referral(rule.id, rule.refer_to, rule.urgency, rule.says, known, self.sources[rule.id])

    def refers(self, finding: Finding) -> bool:
        """Return whether a scope rule holds, whatever decides."""
        states = finding.given_states
        return bool(states & self._referring) and any(state_at(states, place) for _, place in self._scope)

    def also_matched(self, finding: Finding) -> tuple[AlsoMatched, ...]:
        """Return the lower phases whose condition holds too."""
        if finding.indicated is None:
            return ()
        return tuple(
            self._also[rule.id]
            for rule, place in self._phases
            if rule.phase < finding.indicated.phase and state_at(finding.given_states, place)
        )

    def near_misses(self, finding: Finding) -> tuple[NearMiss, ...]:
        """Return the phases above the indicated one whose condition holds in part and not in full."""
        if finding.indicated is None and finding.stages != {"gap"}:
            return ()
        reached = finding.indicated.phase if finding.indicated else 0
        found = []
        for rule, parts in self._parts:
            if rule.phase > reached:
                listed = [(words, state_at(finding.given_states, place)) for words, place in parts]
                unmet = [words for words, state in listed if not state]
                if unmet and len(unmet) < len(parts) and any(state is False for _, state in listed):
                    found.append(NearMiss(rule.id, rule.pathway, rule.phase, unmet))
        return tuple(found)
