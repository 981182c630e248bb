"""Why a decision is what it is: the rules that bear on it, what comes first, and which phases came close."""

from app.core.answer import AlsoMatched, KnownFact, NearMiss, Reason, Referral
from app.core.conditions import conjuncts, in_words
from app.core.facts import Candidate
from app.core.finding import Finder, Finding
from app.core.logic import STATE_OF_BITS
from app.core.precedence import phases
from app.core.rules import DecisionRule, Disposition, Effect, Release, Source

DECIDES: dict[Disposition, Effect] = {
    "excluded": "excludes",
    "referred": "refers",
    "clinician_review": "reviews",
    "recommended": "indicates",
}
"""The effect that a rule must have for the decision to be this one."""


class Why:
    """Explains the findings of one release from its rules."""

    def __init__(self, release: Release, finder: Finder) -> None:
        self._finder = finder
        self._logic = finder.logic
        self._rules = release.rules
        self._scope = [rule for rule in release.rules if rule.kind == "scope"]
        self._phases = phases(release.rules)
        self._parts = {
            rule.id: [(in_words(p), self._logic.diagram.condition(p)) for p in conjuncts(rule.when)]
            for rule in self._phases
        }
        self.sources: dict[str, tuple[Source, ...]] = {
            rule.id: tuple(release.sources[source] for source in rule.sources) for rule in release.rules
        }

    def rationale(self, candidate: Candidate, finding: Finding) -> list[Reason]:
        """Return every rule that bears on the decision.

        Where the decision is settled and yet no single rule is sure to decide it, the rules that may are given as
        `undecided`: whichever holds, the decision is the same.
        """
        bearing = [(rule, self._finder.bears(rule, finding)) for rule in self._rules]
        held = [rule for rule, bears in bearing if bears]
        reasons = [self._reason(rule, candidate, finding, held=True) for rule in held]
        if finding.settled:
            effect = DECIDES[finding.decision.disposition]
            if not any(rule.effect == effect for rule in held):
                reasons += [
                    self._reason(rule, candidate, finding, held=False)
                    for rule, bears in bearing
                    if bears is None and rule.effect == effect
                ]
        return reasons

    def _reason(self, rule: DecisionRule, candidate: Candidate, finding: Finding, *, held: bool) -> Reason:
        return Reason(
            rule.id,
            rule.effect,
            "held" if held else "undecided",
            rule.says,
            rule.reading,
            self.because(rule, candidate, finding) if held else (),
            self.sources[rule.id],
        )

    def because(self, rule: DecisionRule, candidate: Candidate, finding: Finding) -> list[KnownFact]:
        """Return known facts and values that make a rule hold, none of which can be left out."""
        names = self._logic.pinned_by(rule, finding.assumed)
        return [KnownFact(name, candidate[name]) for name in names if name in candidate]

    def referral(self, candidate: Candidate, finding: Finding) -> list[Referral]:
        """Return every scope rule that holds, whatever decides."""
        return [
            Referral(
                rule.id,
                rule.refer_to,
                rule.urgency,
                rule.says,
                self.because(rule, candidate, finding),
                self.sources[rule.id],
            )
            for rule in self._scope
            if self._logic.state(rule, finding.given)
        ]

    def also_matched(self, finding: Finding) -> list[AlsoMatched]:
        """Return the lower phases whose condition holds too."""
        if finding.indicated is None:
            return []
        return [
            AlsoMatched(rule.id, rule.pathway, rule.phase)
            for rule in self._phases
            if rule.phase < finding.indicated.phase and self._logic.state(rule, finding.given)
        ]

    def near_misses(self, finding: Finding) -> list[NearMiss]:
        """Return the phases above the indicated one whose condition holds in part and not in full."""
        if finding.indicated is None and finding.stages != {"gap"}:
            return []
        reached = finding.indicated.phase if finding.indicated else 0
        found = []
        for rule in self._phases:
            if rule.phase <= reached:
                continue
            states = [
                (words, STATE_OF_BITS[self._logic.diagram.reachable(root, finding.given)])
                for words, root in self._parts[rule.id]
            ]
            unmet = [words for words, state in states if not state]
            if unmet and len(unmet) < len(states) and any(state is False for _, state in states):
                found.append(NearMiss(rule.id, rule.pathway, rule.phase, unmet))
        return found
