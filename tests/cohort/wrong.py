"""Deliberately wrong deciders of columns: the tests must notice every one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from app.cohort.decider import Candidates, Decider, Decisions, Lists
from app.cohort.walk import Reach, Rests, regions_of
from app.core.diagram import UNKNOWN, Diagram, Rest
from app.core.engine import Engine
from app.core.remaining import Reachable, Ways

Make = Callable[[Engine, bool], Decider]


class UnknownIsTheFirstValue(Decider):
    def decide(self, candidates: Candidates) -> Decisions:
        filled = [np.maximum(column, 1) for column in candidates.columns]
        return super().decide(replace(candidates, columns=filled))


class AssumesOfWhoIsDoubted(Decider):
    def levels(self, candidates: Candidates) -> list[npt.NDArray[np.integer]]:
        return super().levels(replace(candidates, doubted=None))


class ForgetsWhatIsUnavailable(Decider):
    def decide(self, candidates: Candidates) -> Decisions:
        return super().decide(replace(candidates, unavailable=None))


class AssumesNothing(Decider):
    def levels(self, candidates: Candidates) -> list[npt.NDArray[np.integer]]:
        everything = Lists(np.zeros(len(candidates), np.int32), [tuple(self.assumable)])
        return super().levels(replace(candidates, doubted=everything))


class NothingIsOpen(Decider):
    def _changed(self, level: int, rest: int, ways: Ways, later: int) -> bool:
        return False


class EverythingAssumedIsOpen(Decider):
    def _changed(self, level: int, rest: int, ways: Ways, later: int) -> bool:
        return True


class ForgetsWhoMayBeSentOn(Decider):
    def __init__(self, engine: Engine, *, strict: bool) -> None:
        super().__init__(engine, strict=strict)
        self._referring = []


def _walked(engine: Engine, decider: Decider) -> tuple[Diagram, int, list[list[int]]]:
    diagram = engine.logic.diagram
    return diagram, engine.logic.case_root, regions_of(diagram, decider._assumed)


class _ReachesTheFirstChild(Reach):
    def after(self, state: Reachable, level: int, region: int) -> Reachable:
        return super().after(state, level, 0 if region == UNKNOWN else region)


class TakesTheFirstWayForUnknown(Decider):
    def __init__(self, engine: Engine, *, strict: bool) -> None:
        super().__init__(engine, strict=strict)
        self._reach = _ReachesTheFirstChild(*_walked(engine, self))


class _RestsThatForget(Rests):
    def after(self, state: Rest, level: int, region: int) -> Rest:
        return super().after(state, level, 0 if region == UNKNOWN else region)


class RestsForgetWhatIsUnknown(Decider):
    def __init__(self, engine: Engine, *, strict: bool) -> None:
        super().__init__(engine, strict=strict)
        self._rests = _RestsThatForget(*_walked(engine, self))


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
