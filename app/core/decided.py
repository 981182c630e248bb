"""The event of an answer."""

from collections.abc import Callable
from typing import NamedTuple

from app.core.answer import Answer, DecisionView
from app.core.precedence import Decision


class Decided(NamedTuple):
    """The event of an answer: what may be logged or signed."""

    id: str
    decision: Decision
    rules: tuple[str, ...]
    """The rules that take part in the decision."""
    release: str
    digest: str
    """The digest of the release."""


OnDecision = Callable[[Decided], None]
"""Called with every answer that is given out."""
ReceiptSigner = Callable[[Decided], str]
"""Signs an answer that is given out, and returns the receipt."""


def event_of(answer: Answer | DecisionView) -> Decided:
    """Return the event that an answer was given out."""
    rules = answer.rules if isinstance(answer, DecisionView) else [reason.rule for reason in answer.rationale]
    return Decided(answer.id, answer.decision, tuple(rules), answer.ruleset.id, answer.ruleset.digest)
