"""What all completions of a candidate come to: decisions, what is missing, what to ask.

Nine facts lead to the step that decides. All their combinations are gone through, a class of equal values at a time.
All other facts are label safety, which counts at an indicated phase alone: each objects to each phase with nothing, a
review or an exclusion, and the strongest counts. Together they object in one of 27 ways, so these are all completions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import log2
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tests.independent.decision_rules import (
    CONCERN,
    EXCLUSIONS,
    GAPS,
    LABEL,
    PATHWAYS,
    PHASES,
    SCOPE,
    Rule,
    Step,
)
from tests.independent.facts import ASSUMED, STAGES, Candidate, Value, asking, assuming, weights

Decision = tuple[str, str | None, int | None]
"""Disposition, pathway, phase."""
EXCLUDED: Decision = ("excluded", None, None)
REFERRED: Decision = ("referred", None, None)
REVIEW: Decision = ("clinician_review", None, None)
UNDECIDED: Decision = ("needs_information", None, None)
PHASE: dict[int, Decision] = {phase: ("recommended", PATHWAYS[phase], phase) for phase in (3, 2, 1)}
DECISIONS = (EXCLUDED, REFERRED, REVIEW, *PHASE.values())
STEPS: tuple[Step, ...] = ("exclusion", "scope", "concern", 3, 2, 1, "gap")

T = TypeVar("T", bound=np.generic)
Classes = tuple[tuple[Value, ...], ...]
YES_NO: Classes = ((False,), (True,))
LEADING: dict[str, Classes] = {
    "active_skin_infection": YES_NO,
    "autoimmune_skin_disease": (("none", "controlled"), ("uncontrolled",)),
    "systemic_immunosuppression": YES_NO,
    "suspicious_lesion": YES_NO,
    "primary_concern": (
        ("dullness",),
        ("uneven_pigmentation", "elasticity_loss", "sagging", "photodamage"),
        ("acne_scars",),
        ("hair_thinning",),
        ("volume_loss",),
        ("other",),
        ("chronic_wound",),
        ("burn",),
    ),
    "elasticity_loss": (("none",), ("mild",), ("moderate", "advanced", "severe")),
    "hyperpigmentation": (("none",), ("mild", "moderate", "advanced", "severe")),
    "sagging": (("none", "mild", "moderate"), ("advanced", "severe")),
    "photodamage": (("none", "mild", "moderate", "advanced"), ("severe",)),
}
"""The facts that lead to a step, with the classes of values that no rule tells apart."""
LABEL_FACTS: dict[str, Classes] = {
    **{name: YES_NO for name in ASSUMED if name not in ("suspicious_lesion", "isotretinoin", "age_years")},
    "isotretinoin": (("none",), ("current",), ("within_6_months",)),
    "age_years": (tuple(range(18)), (18, 19, 20, 21), tuple(range(22, 121))),
}
Objection = tuple[int, int, int]
"""For Phases 1, 2, 3: 0 nothing, 1 a review, 2 an exclusion."""
Odds = Mapping[Objection, float]
NEARLY = 1e-9


def step_of(candidate: Candidate) -> Step:
    """Return the step that decides where all leading facts are known."""
    for step, rules in (("exclusion", EXCLUSIONS), ("scope", SCOPE), ("concern", CONCERN)):
        if any(rule.test(candidate) for rule in rules):
            return step
    return next((rule.steps[0] for rule in PHASES if rule.test(candidate)), "gap")


def decision_of(step: Step, objection: Objection) -> Decision:
    """Return the decision at a step, with what label safety objects."""
    match step:
        case "exclusion":
            return EXCLUDED
        case "scope":
            return REFERRED
        case 1 | 2 | 3:
            return (PHASE[step], REVIEW, EXCLUDED)[objection[step - 1]]
        case _:
            return REVIEW


def objection_of(fact: str, value: Value) -> Objection:
    """Return what one label safety fact objects to each phase."""
    strongest = [0, 0, 0]
    for rule in LABEL:
        if rule.test({fact: value}):
            for phase in rule.steps:
                strongest[int(phase) - 1] = max(strongest[int(phase) - 1], 2 if rule.effect == "excludes" else 1)
    return strongest[0], strongest[1], strongest[2]


def _cells() -> Iterator[Candidate]:
    for values in product(*LEADING.values()):
        yield {name: each[0] for name, each in zip(LEADING, values, strict=True)}


SHAPE = tuple(len(classes) for classes in LEADING.values())
STEP_AT = np.array([STEPS.index(step_of(cell)) for cell in _cells()], np.int8).reshape(SHAPE)
"""The step of every combination of leading facts, one axis a fact."""
HOLDS_AT = {
    rule.id: np.array([bool(rule.test(cell)) for cell in _cells()]).reshape(SHAPE)
    for rule in (*EXCLUSIONS, *SCOPE, *CONCERN, *PHASES, *GAPS)
}
"""Where each rule on leading facts holds."""
OBJECTION = {name: [objection_of(name, each[0]) for each in classes] for name, classes in LABEL_FACTS.items()}


def _shares(fact: str, classes: Classes) -> list[float]:
    given = weights()[fact]
    sums = [sum(given[value] for value in each) for each in classes]
    return [each / sum(sums) for each in sums]


SHARES = {name: _shares(name, classes) for name, classes in (LEADING | LABEL_FACTS).items()}


def joined(one: Odds, other: Odds) -> Odds:
    """Return what two independent sets of facts object together."""
    found: dict[Objection, float] = {}
    for (a, p), (b, q) in product(one.items(), other.items()):
        both = (max(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2]))
        found[both] = found.get(both, 0.0) + p * q
    return found


NOTHING: Odds = {(0, 0, 0): 1.0}


@dataclass
class Completions:
    """Every completion of a candidate, in one mode."""

    given: Candidate
    strict: bool
    doubted: Collection[str] = ()

    @cached_property
    def known(self) -> Candidate:
        """The facts with what is assumed of them."""
        return assuming(self.given, self.doubted, strict=self.strict)

    @cached_property
    def _places(self) -> list[list[int]]:
        return [
            [n for n, values in enumerate(classes) if name not in self.known or self.known[name] in values]
            for name, classes in LEADING.items()
        ]

    def _left(self, table: npt.NDArray[T]) -> npt.NDArray[T]:
        return table[np.ix_(*self._places)]

    @cached_property
    def steps(self) -> frozenset[Step]:
        """The steps at which completions are decided."""
        return frozenset(STEPS[int(n)] for n in np.unique(self._left(STEP_AT)))

    @cached_property
    def _each_odds(self) -> dict[str, Odds]:
        found: dict[str, Odds] = {}
        for name, classes in LABEL_FACTS.items():
            odds: dict[Objection, float] = {}
            for n, values in enumerate(classes):
                if name not in self.known:
                    odds[OBJECTION[name][n]] = odds.get(OBJECTION[name][n], 0.0) + SHARES[name][n]
                elif self.known[name] in values:
                    odds[OBJECTION[name][n]] = 1.0
            found[name] = odds
        return found

    @cached_property
    def objections(self) -> Odds:
        """What label safety may object, with its probability."""
        found = NOTHING
        for odds in self._each_odds.values():
            found = joined(found, odds)
        return found

    @cached_property
    def _without(self) -> dict[str, Odds]:
        """By unknown label safety fact, what all others may object."""
        names = list(LABEL_FACTS)
        before, after = [NOTHING], [NOTHING]
        for name in names:
            before.append(joined(before[-1], self._each_odds[name]))
        for name in reversed(names):
            after.append(joined(after[-1], self._each_odds[name]))
        last = len(names) - 1
        return {name: joined(before[n], after[last - n]) for n, name in enumerate(names) if name not in self.known}

    @cached_property
    def possible(self) -> list[Decision]:
        """Every decision that a completion reaches."""
        return _listed(self.steps, self.objections)

    @property
    def decision(self) -> Decision:
        """The decision, definite where all completions share it."""
        return self.possible[0] if len(self.possible) == 1 else UNDECIDED

    @cached_property
    def missing(self) -> list[str]:
        """The unknown facts that can change the decision alone."""
        found = set()
        left = self._left(STEP_AT)
        for axis, name in enumerate(LEADING):
            if name not in self.known:
                first = np.broadcast_to(left.take([0], axis), left.shape)
                differ = left != first
                pairs = {(int(a), int(b)) for a, b in zip(first[differ], left[differ], strict=True)}
                if any(
                    decision_of(STEPS[a], each) != decision_of(STEPS[b], each)
                    for a, b in pairs
                    for each in self.objections
                ):
                    found.add(name)
        if not self.steps.isdisjoint(PHASE):
            for name, others in self._without.items():
                for step, each in product(self.steps, others):
                    reached = {decision_of(step, _max(each, own)) for own in OBJECTION[name]}
                    if len(reached) > 1:
                        found.add(name)
                        break
        return asking(found)

    @cached_property
    def assumptions(self) -> list[str]:
        """The unknown confirm facts of which another value changes what is possible."""
        if self.strict:
            return []
        found = set()
        for name in ASSUMED:
            if name in self.given or name in self.doubted:
                continue
            for values in (LEADING | LABEL_FACTS)[name]:
                if ASSUMED[name] not in values:
                    there = Completions({**self.known, name: values[0]}, strict=True)
                    if there.possible != self.possible:
                        found.add(name)
        return asking(found)

    def may_take_part(self, rule: Rule) -> bool:
        """Return whether a rule holds at its step in some completion."""
        if rule in LABEL:
            return rule.test(self.known) is not False and not self.steps.isdisjoint(rule.steps)
        here = np.isin(self._left(STEP_AT), [STEPS.index(step) for step in rule.steps])
        return bool((self._left(HOLDS_AT[rule.id]) & here).any())

    def next_question(self, unavailable: Collection[str]) -> str | None:
        """Return the fact of `missing` to ask next."""
        askable = [name for name in self.missing if name not in unavailable]
        stage = next((stage for stage in STAGES if not set(stage).isdisjoint(askable)), ())
        askable = [name for name in askable if name in stage]
        if len(askable) < 2:
            return askable[0] if askable else None
        scores = {name: self._score(name) for name in askable}
        most = max(settles for settles, _ in scores.values())
        tied = [name for name in askable if most - scores[name][0] < NEARLY]
        least = min(scores[name][1] for name in tied)
        return next(name for name in tied if scores[name][1] - least < NEARLY)

    def _score(self, fact: str) -> tuple[float, float]:
        """Return how likely an answer settles, and what uncertainty it leaves."""
        settles = uncertain = 0.0
        for share, chances in zip(SHARES[fact], self._after(fact), strict=True):
            if len(chances) == 1:
                settles += share
            uncertain -= share * sum(p * log2(p) for p in chances.values())
        return settles, uncertain

    def _after(self, fact: str) -> Iterator[dict[Decision, float]]:
        """Yield the chances of each decision, by answer to a fact."""
        if fact in LEADING:
            axis = list(LEADING).index(fact)
            for n in range(len(LEADING[fact])):
                yield _chances(self._step_odds(axis, n), self.objections)
        else:
            for own in OBJECTION[fact]:
                yield _chances(self._step_odds(), joined(self._without[fact], {own: 1.0}))

    def _step_odds(self, axis: int | None = None, place: int = 0) -> dict[Step, float]:
        """Return the chance of each step, with one leading fact answered."""
        left, chance = self._left(STEP_AT), np.ones(())
        for at, (name, places) in enumerate(zip(LEADING, self._places, strict=True)):
            shares = np.array([SHARES[name][n] if len(places) > 1 else 1.0 for n in places])
            if at == axis:
                shares = np.array([float(n == place) for n in places])
            chance = np.multiply.outer(chance, shares)
        taken = chance > 0
        return {STEPS[int(n)]: float(chance[taken & (left == n)].sum()) for n in np.unique(left[taken])}


def _max(one: Objection, other: Objection) -> Objection:
    return max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2])


def _listed(steps: Iterable[Step], objections: Iterable[Objection]) -> list[Decision]:
    reached = {decision_of(step, each) for step, each in product(steps, objections)}
    return [decision for decision in DECISIONS if decision in reached]


def _chances(steps: Mapping[Step, float], objections: Odds) -> dict[Decision, float]:
    found: dict[Decision, float] = {}
    for (step, p), (objection, q) in product(steps.items(), objections.items()):
        decision = decision_of(step, objection)
        found[decision] = found.get(decision, 0.0) + p * q
    return found
