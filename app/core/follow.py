"""What follows from how the decision reads a candidate, whatever the values and whatever else is known.

Candidates differ in far more than the decision looks at. So what follows from that alone is found once for all who are
read alike, in whatever language they are answered, and kept for a while.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

from app.core.answer import Answer, DecisionView
from app.core.finding import Finder, Finding
from app.core.precedence import Decision, Stage, phases
from app.core.rules import Pathway, Release
from app.core.states import REMEMBERED
from app.core.why import Bearing, Because, Referring, Why

Made = TypeVar("Made")
READINGS = 1024
"""How many ways to be read are kept."""
OUTLINES = 32
"""How many outlines are kept for each of them."""


@dataclass(slots=True)
class Following:
    """What follows from one reading."""

    finding: Finding
    pathways: tuple[Pathway, ...]
    """The pathways that are indicated or may still be."""
    referred: bool
    """Whether another kind of care comes first, whatever decides."""
    bearing: Bearing
    """The rules that bear on the decision."""
    alternatives: bool
    """Whether the documented alternatives go with it."""
    because: Because | None = None
    """The facts that make these rules hold, once somebody asked for the whole answer."""
    outlines: dict[tuple[str, bool, Referring], DecisionView] = field(default_factory=dict)
    """What views in one language have in common, of all who are ready, or are not, and are referred because of this."""
    shells: dict[tuple[str, bool], Answer] = field(default_factory=dict)
    """What answers in one language have in common, of all who are ready, or are not."""


class Shared(Generic[Made]):
    """What many have in common who are not read alike: where nothing is unknown that matters, little shapes it."""

    def __init__(self) -> None:
        self._made: dict[tuple[Decision, frozenset[Stage], bool, Hashable], Made] = {}

    def shared(self, following: Following, shape: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made for one with the same decision and whatever else shapes it, else what `make` makes."""
        finding = following.finding
        if not finding.settled or finding.objections:
            return make()
        key = finding.decision, finding.stages, following.referred, shape
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= REMEMBERED:
                self._made.clear()
            made = self._made[key] = make()
        return made


class Follow:
    """Finds what follows from readings by one release."""

    def __init__(self, release: Release, finder: Finder, why: Why) -> None:
        self._finder = finder
        self._why = why
        self._sight = finder.logic.sight
        self._phases = phases(release.rules)
        self.of = lru_cache(READINGS)(self._find)
        """Returns what follows for a candidate whom `logic.sight` sees so, in this mode, with these facts not to be
        asked."""

    def _find(self, seen: int, strict: bool, unavailable: tuple[str, ...]) -> Following:
        reading = self._sight.reading(seen)
        states = self._sight.states(seen, reading)
        finding = self._finder.find(reading, states, strict=strict, unavailable=unavailable)
        early = finding.decision.disposition in ("excluded", "referred") and finding.indicated is None
        return Following(
            finding=finding,
            pathways=tuple([rule.pathway for rule in self._phases if rule.pathway in finding.stages]),
            referred=self._why.refers(finding),
            bearing=self._why.bears(finding),
            alternatives=finding.settled and not early,
        )
