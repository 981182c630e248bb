"""What is remembered of a request while it is answered: how it was decided, never what was asked.

The engines call `note_decision`: each decision is noted on the request that caused it, whichever face asked, so that no
face has to report.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter

from app.core.engine import Decided


@dataclass(slots=True)
class Seen:
    """A request under way."""

    request_id: str
    counts: bool
    """Whether its decisions are a caller's: those of examples and of replays are not."""
    started: float = field(default_factory=perf_counter)
    status: int | None = None
    decisions: int = 0
    last: Decided | None = None


CURRENT: ContextVar[Seen | None] = ContextVar("triage_request", default=None)


def note_decision(decided: Decided) -> bool:
    """Note a decision on the request that caused it; return whether it counts as a caller's."""
    seen = CURRENT.get()
    if seen is None or not seen.counts:
        return False
    seen.decisions += 1
    seen.last = decided
    return True
