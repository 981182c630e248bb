"""The answer of 2026.3 to a candidate, by this second reading."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from tests.independent import beside
from tests.independent.completions import PHASE, UNDECIDED, Completions, Decision
from tests.independent.decision_rules import PARTS, PATHWAYS, PHASES, RULES, SCOPE, Rule
from tests.independent.facts import VALUES, Candidate, Value

BLOCKED = ("excluded", "clinician_review")
EFFECT = {"excluded": "excludes", "referred": "refers", "clinician_review": "reviews", "recommended": "indicates"}
"""What a rule does that makes this decision."""
UNMET = {
    2: ("elasticity_loss >= moderate", "hyperpigmentation >= mild"),
    3: ("sagging >= advanced", "photodamage = severe"),
}


@dataclass(frozen=True)
class Asked:
    """A candidate as asked about."""

    facts: Candidate
    strict: bool = False
    unavailable: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()


@dataclass
class Reading:
    """What decision.md makes of a question."""

    asked: Asked
    all: Completions = field(init=False)

    def __post_init__(self) -> None:
        """Go through the completions."""
        self.all = Completions(self.asked.facts, self.asked.strict, self.asked.doubted)

    @property
    def decision(self) -> Decision:
        """The decision."""
        return self.all.decision

    @property
    def settled(self) -> bool:
        """Whether all completions have it."""
        return self.decision != UNDECIDED

    @property
    def indicated(self) -> int | None:
        """The phase that is indicated in every completion."""
        only = next(iter(self.all.steps))
        return only if len(self.all.steps) == 1 and isinstance(only, int) else None

    @property
    def pathways(self) -> set[str]:
        """Those that are indicated or may be."""
        return {PATHWAYS[step] for step in self.all.steps if isinstance(step, int)}

    def certain(self, rule: Rule) -> bool:
        """Return whether a rule holds at its step in every completion."""
        return bool(rule.test(self.all.known)) and self.all.steps <= set(rule.steps)

    def rationale(self) -> list[tuple[str, str, bool | None]]:
        """Return ids, states and whether they decide.

        decision.md asks for every rule that bears on the decision. That is read as: first each that takes part in every
        completion; where none of these decides and yet the decision is settled, each that decides in some completion.
        """
        effect = EFFECT.get(self.decision[0])
        certain = [rule for rule in RULES if self.certain(rule)]
        perhaps = [rule for rule in RULES if rule.effect == effect and self.all.may_take_part(rule)]
        if any(rule.effect == effect for rule in certain):
            perhaps = []
        return [
            *((rule.id, self._state(rule), rule.effect == effect if effect else None) for rule in certain),
            *((rule.id, self._state(rule), None) for rule in perhaps if rule not in certain),
        ]

    def _state(self, rule: Rule) -> str:
        return {True: "held", None: "undecided", False: "did_not_hold"}[rule.test(self.asked.facts)]

    def referral(self) -> list[str]:
        """Return what holds and sends on, scope first."""
        held = [rule for rule in RULES if rule.refers and rule.test(self.asked.facts)]
        return [rule.id for rule in sorted(held, key=lambda rule: rule not in SCOPE)]

    def open_referrals(self) -> list[Rule]:
        """Return the scope rules that may still send on a settled candidate."""
        return [rule for rule in RULES if rule in SCOPE and rule.test(self.asked.facts) is None] if self.settled else []

    def next_question(self) -> tuple[str, str] | None:
        """Return the fact to ask next and what for."""
        unavailable = self.asked.unavailable
        if not self.settled:
            fact = self.all.next_question(unavailable)
            return (fact, "decision") if fact else None
        still = self.open_referrals() if self.asked.strict else []
        for name in ("primary_concern", "suspicious_lesion"):  # in the order of the stages
            if name not in unavailable and any(rule.test({name: each}) for rule in still for each in VALUES[name]):
                return name, "referral"
        return None

    def also_matched(self) -> list[str]:
        """Return the lower phases that hold too."""
        lower = [rule for rule in PHASES if self.indicated and int(rule.steps[0]) < self.indicated]
        return [rule.id for rule in lower if rule.test(self.asked.facts)]

    def near_misses(self) -> list[tuple[str, list[str]]]:
        """Return the higher phases that hold in part, and what is unmet."""
        if self.indicated is None and self.all.steps != {"gap"}:
            return []
        found = []
        for phase in (3, 2):
            states = [part(self.asked.facts) for part in PARTS[phase]]
            if phase > (self.indicated or 0) and True in states and False in states:
                found.append((f"PHASE-{phase}", [UNMET[phase][states.index(False)]]))
        return found

    def if_resolved(self) -> dict[str, Any] | None:
        """Return what follows once time or treatment lifts what stands against it.

        decision.md speaks of all exclusions that hold. Those of label safety are of the indicated phase, so that they
        count for the phase that is indicated once the documented ones are lifted.
        """
        then, lifted = self, dict[str, Value]()
        while then.decision == self.decision:
            effect = EFFECT[self.decision[0]]
            holding = [r for r in RULES if r.effect == effect and r.test(then.all.known) and then.all.may_take_part(r)]
            if not holding or not all(rule.lifted_by for rule in holding):
                return None
            for rule in holding:
                lifted |= rule.lifted_by
            facts, doubted = {**self.asked.facts, **lifted}, tuple(n for n in self.asked.doubted if n not in lifted)
            then = Reading(Asked(facts, self.asked.strict, self.asked.unavailable, doubted))
        return {
            "lifted": dict(sorted(lifted.items())),
            "decision": then.decision,
            "possible": [] if then.settled else then.all.possible,
            "missing": [] if then.settled else then.all.missing,
            "assumptions": then.all.assumptions,
        }


def answer(
    facts: Candidate, *, strict: bool = False, unavailable: Collection[str] = (), doubted: Collection[str] = ()
) -> dict[str, Any]:
    """Return what goes into the answer to a question, by the words of api.md."""
    reading = Reading(Asked(facts, strict, tuple(unavailable), tuple(doubted)))
    disposition, pathway, _ = reading.decision
    held, may_hold = beside.cautions(facts, reading.pathways)
    wanted = beside.preconditions(facts, reading.pathways)
    in_place = all(status == "met" or name == beside.IN_PERSON for name, status in wanted)
    assumptions = reading.all.assumptions
    return {
        "decision": reading.decision,
        "indicated": reading.indicated,
        "ready": reading.decision in PHASE.values() and not assumptions and in_place,
        "referral": reading.referral(),
        "possible": [] if reading.settled else reading.all.possible,
        "missing": [] if reading.settled else reading.all.missing,
        "next_question": reading.next_question(),
        "assumptions": assumptions,
        "rationale": reading.rationale(),
        "also_matched": reading.also_matched(),
        "near_misses": reading.near_misses(),
        "cautions": held,
        "unresolved": [*([] if strict else [rule.id for rule in reading.open_referrals()]), *may_hold],
        "preconditions": wanted if disposition in ("recommended", "clinician_review") else [],
        "components": beside.components(facts, pathway),
        "alternatives": beside.alternatives(facts, disposition, reading.indicated),
        "if_resolved": reading.if_resolved() if disposition in BLOCKED else None,
    }
