"""What is remembered of a request while it is answered: how it was decided, never what was asked.

The engines that a service answers with are `Heard`: each decision is noted on the request that caused it, whichever
face asked, so that no face has to report.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter

from app.core.answer import Answer, DecisionView
from app.core.precedence import Decision
from app.core.rules import Release
from app.core.triage import Asked, Triage


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, as much of it as may be written down or signed."""

    id: str
    decision: Decision
    release: str
    digest: str


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
Hear = Callable[[Decided, list[str]], None]


class Heard(Triage):
    """An engine that notes its decisions; outside a request it notes nothing."""

    def __init__(self, release: Release, language: str, hear: Hear) -> None:
        super().__init__(release, language)
        self._hear = hear

    def answer(self, asked: Asked) -> Answer:
        """Return the whole answer."""
        answer = super().answer(asked)
        self._note(answer, [reason.rule for reason in answer.rationale])
        return answer

    def view(self, asked: Asked) -> DecisionView:
        """Return the machine contract alone."""
        view = super().view(asked)
        self._note(view, list(view.rules))
        return view

    def _note(self, answer: Answer | DecisionView, rules: list[str]) -> None:
        seen = CURRENT.get()
        if seen is None or not seen.counts:
            return
        decided = Decided(answer.id, answer.decision, answer.ruleset.id, answer.ruleset.digest)
        seen.decisions += 1
        seen.last = decided
        self._hear(decided, rules)
