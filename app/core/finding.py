"""What the rules find for a candidate: the decision and the machine contract around it, without any text.

`Finder` holds one compiled release; `find` is the whole of decision.md section 2 for known and unknown facts alike.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.core.diagram import UNKNOWN
from app.core.logic import Logic
from app.core.precedence import UNDECIDED, Decision, Indicated, Stage, phases, stages
from app.core.questions import Questions
from app.core.rules import DecisionRule, Release
from app.core.states import States, state_at
from app.core.traits import Reading


class Finding(NamedTuple):
    """The decision of one candidate.

    `given` is the candidate as asked, `assumed` with every unknown confirm fact at its no-objection value (the same in
    strict mode), each with the states of all rules. `next_fact` is the fact to ask next, `settles` whether an answer to
    it can settle the decision.
    """

    decision: Decision
    indicated: Indicated | None
    stages: frozenset[Stage]
    possible: Sequence[Decision]
    missing: Sequence[str]
    next_fact: str | None
    settles: bool
    objections: Sequence[str]
    given: Reading
    assumed: Reading
    given_states: States
    assumed_states: States

    @property
    def settled(self) -> bool:
        """Whether every completion has this decision."""
        return self.decision is not UNDECIDED


class Finder:
    """Finds the decision of candidates by one release."""

    def __init__(self, release: Release) -> None:
        self.logic = Logic(release.facts, release.rules, release.order, release.budget)
        self.questions = Questions(self.logic, release.weights)
        self._indicated: dict[frozenset[Stage], Indicated] = {
            frozenset([rule.pathway]): Indicated(rule.pathway, rule.phase) for rule in phases(release.rules)
        }
        self._stages = {rule.id: frozenset(stages(rule)) for rule in release.rules}

    def find(self, given: Reading, states: States, *, strict: bool, unavailable: Collection[str]) -> Finding:
        """Return what the rules find for a candidate as `logic.sight` reads it.

        `unavailable` names unknown facts not to be asked.
        """
        logic = self.logic
        assumed = given if strict or UNKNOWN not in given else logic.assumed(given)
        outlook = logic.outlook(assumed)
        settled = len(outlook.possible) == 1
        question = None if settled else self.questions.next(outlook.left, unavailable)
        next_fact, settles = question or (None, False)
        return Finding(
            outlook.possible[0] if settled else UNDECIDED,
            self._indicated.get(outlook.stages),
            outlook.stages,
            () if settled else outlook.possible,
            () if settled else logic.missing(outlook.left),
            next_fact,
            settles,
            () if assumed is given else logic.objections(assumed, given),
            given,
            assumed,
            states,
            states if assumed is given else logic.states(assumed),
        )

    def stages_of(self, rule: DecisionRule) -> frozenset[Stage]:
        """Return the stages at which a rule takes part in deciding."""
        return self._stages[rule.id]

    def bears(self, rule: DecisionRule, finding: Finding) -> bool | None:
        """Return whether a rule takes part in deciding every completion, none, or (`None`) perhaps some."""
        at = self._stages[rule.id]
        if at.isdisjoint(finding.stages):
            return False
        state = state_at(finding.assumed_states, self.logic.place[rule.id])
        return None if state and not finding.stages <= at else state

    def could_object(self, rule: DecisionRule, stages: frozenset[Stage]) -> bool:
        """Return whether the rule would bear on the decision at these stages once its own facts made it hold."""
        return rule.kind in ("exclusion", "scope", "concern", "phase") or not self._stages[rule.id].isdisjoint(stages)
