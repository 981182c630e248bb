"""What is remembered of a request while it is answered: how it was decided, never what was asked.

The engines that a service answers with are `Heard`: each decision is noted on the request that caused it, whichever
face asked, so that no face has to report.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter

from app.core.compiled import Compiled
from app.core.rules import Release
from app.core.triage import Told, Triage


@dataclass(slots=True)
class Seen:
    """A request under way."""

    request_id: str
    counts: bool
    """Whether its decisions are a caller's: those of examples and of replays are not."""
    started: float = field(default_factory=perf_counter)
    status: int | None = None
    decisions: int = 0
    last: Told | None = None


CURRENT: ContextVar[Seen | None] = ContextVar("triage_request", default=None)
Hear = Callable[[Told], None]


class Heard(Triage):
    """An engine that notes its decisions; outside a request it notes nothing."""

    def __init__(self, release: Release, language: str, compiled: Compiled, hear: Hear) -> None:
        super().__init__(release, language, compiled)
        self._hear = hear

    def tell(self, told: Told) -> None:
        """Note a decision that is given out."""
        seen = CURRENT.get()
        if seen is None or not seen.counts:
            return
        seen.decisions += 1
        seen.last = told
        self._hear(told)
