"""What a release decides for a candidate, before any text."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from app.core.precedence import UNDECIDED, Decision, Indicated, Step
from app.core.rules import Pathway

Asks = Literal["settles", "narrows", "refers"]
"""What an answer to the next question does."""


class Outcome(NamedTuple):
    """The decision of one candidate, and the machine contract around it."""

    decision: Decision
    indicated: Indicated | None
    steps: frozenset[Step]
    """The steps of the precedence at which completions are decided."""
    pathways: frozenset[Pathway | None]
    """Those that are indicated or may still be."""
    possible: Sequence[Decision]
    missing: Sequence[str]
    next_fact: str | None
    """The fact to ask next."""
    settles: bool
    """Whether an answer to it can settle the decision."""
    strict: bool
    """Whether nothing is assumed."""
    open_assumptions: tuple[str, ...] = ()
    """The unknown confirm facts of which another value would change what is possible."""

    @property
    def asks(self) -> Asks:
        """What the next question is for."""
        return "refers" if self.settled else "settles" if self.settles else "narrows"

    @property
    def settled(self) -> bool:
        """Whether every completion has this decision."""
        return self.decision is not UNDECIDED
