"""Deliberately wrong deciders of columns: the tests must notice every one."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from app.cohort.decider import Candidates, Decider, Decisions, Flags, Lists
from app.cohort.walk import Numbers, Reach, Rests
from app.core.diagram import UNKNOWN, Rest
from app.core.engine import Engine
from app.core.remaining import Reachable

Make = Callable[[Engine, bool], Decider]


class UnknownIsTheFirstValue(Decider):
    def decide(self, candidates: Candidates) -> Decisions:
        filled = [np.maximum(column, 1) for column in candidates.columns]
        return super().decide(replace(candidates, columns=filled))


class AssumesOfWhoIsDoubted(Decider):
    def _assuming(self, given: Sequence[Numbers], doubted: Lists | None) -> dict[int, Flags]:
        return super()._assuming(given, None)


class ForgetsWhatIsUnavailable(Decider):
    def decide(self, candidates: Candidates) -> Decisions:
        return super().decide(replace(candidates, unavailable=None))


class AssumesNothing(Decider):
    def _assuming(self, given: Sequence[Numbers], doubted: Lists | None) -> dict[int, Flags]:
        return {}


class NothingIsOpen(Decider):
    def _changed(self, level: int, rest: int, later: int) -> bool:
        return False


class EverythingAssumedIsOpen(Decider):
    def _changed(self, level: int, rest: int, later: int) -> bool:
        return True


class ForgetsWhoMayBeSentOn(Decider):
    def __init__(self, engine: Engine, *, strict: bool) -> None:
        super().__init__(engine, strict=strict)
        self._referring = []


class _ReachesTheFirstChild(Reach):
    def after(self, state: Reachable, level: int, region: int) -> Reachable:
        return super().after(state, level, 0 if region == UNKNOWN else region)


class TakesTheFirstWayForUnknown(Decider):
    def __init__(self, engine: Engine, *, strict: bool) -> None:
        super().__init__(engine, strict=strict)
        self._reach = _ReachesTheFirstChild(engine.logic.diagram, engine.logic.case_root)


class _RestsThatForget(Rests):
    def after(self, state: Rest, level: int, region: int) -> Rest:
        return super().after(state, level, 0 if region == UNKNOWN else region)


class RestsForgetWhatIsUnknown(Decider):
    def __init__(self, engine: Engine, *, strict: bool) -> None:
        super().__init__(engine, strict=strict)
        self._rests = _RestsThatForget(engine.logic.diagram, engine.logic.case_root)


class DecidesTheLostAsTheFirst(Decider):
    def __init__(self, engine: Engine, *, strict: bool) -> None:
        super().__init__(engine, strict=strict, most=2)

    def decide(self, candidates: Candidates) -> Decisions:
        found = super().decide(candidates)
        return found._replace(numbers=np.where(found.numbers > 3, 0, found.numbers))


WRONG: list[type[Decider]] = [
    UnknownIsTheFirstValue,
    AssumesOfWhoIsDoubted,
    ForgetsWhatIsUnavailable,
    AssumesNothing,
    NothingIsOpen,
    EverythingAssumedIsOpen,
    ForgetsWhoMayBeSentOn,
    TakesTheFirstWayForUnknown,
    RestsForgetWhatIsUnknown,
    DecidesTheLostAsTheFirst,
]
