"""Our cases as text in the languages of expressions that other engines speak."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from app.core.conditions import All, Any, Comparison, Condition, Not, facts_read
from app.core.facts import Value
from app.core.precedence import Case, Decision

Facts = Mapping[str, Value]
Decide = Callable[[Facts], str]
"""Decides one candidate; the answer is the name of an outcome, see `named`."""


class Syntax(NamedTuple):
    """How a language of expressions writes what conditions are made of."""

    both: str
    either: str
    negated: str
    true: str
    false: str


def expression(condition: Condition, syntax: Syntax) -> str:
    """Return a condition in one of the languages; a run of whole numbers is written by its bounds."""
    match condition:
        case All(()):
            return syntax.true
        case Any(()):
            return syntax.false
        case All(parts):
            return f"({syntax.both.join(expression(part, syntax) for part in parts)})"
        case Any(parts):
            return f"({syntax.either.join(expression(part, syntax) for part in parts)})"
        case Not(part):
            return f"({syntax.negated}({expression(part, syntax)}))"
        case Comparison(fact, accepted):
            return _comparison(fact, accepted, syntax)


def _comparison(fact: str, accepted: frozenset[Value], syntax: Syntax) -> str:
    if accepted <= {True, False} and all(isinstance(value, bool) for value in accepted):
        written = [fact if value else f"({syntax.negated}{fact})" for value in sorted(accepted)]
        return f"({syntax.either.join(written)})" if len(written) > 1 else written[0]
    bounds = run_of(accepted)
    if bounds and len(accepted) > 1:
        return f"({fact} >= {bounds[0]}{syntax.both}{fact} <= {bounds[1]})"
    values = [json.dumps(value) for value in sorted(accepted, key=str)]
    return f"({fact} == {values[0]})" if len(values) == 1 else f"({fact} in [{', '.join(values)}])"


def run_of(accepted: frozenset[Value]) -> tuple[int, int] | None:
    """Return the least and the greatest of whole numbers that leave none out between them."""
    numbers = sorted(value for value in accepted if isinstance(value, int))
    if numbers and len(numbers) == len(accepted) == numbers[-1] - numbers[0] + 1:
        return numbers[0], numbers[-1]
    return None


def ternaries(listed: Sequence[Case], syntax: Syntax) -> str:
    """Return all cases as one expression whose value is the name of the outcome; the last case always holds."""
    *earlier, last = listed
    written = json.dumps(named(last.then.decision))
    for case in reversed(earlier):
        written = f"({expression(case.when, syntax)} ? {json.dumps(named(case.then.decision))} : {written})"
    return written


def named(decision: Decision) -> str:
    """Return disposition and phase in one word or two."""
    return decision.disposition if decision.phase is None else f"{decision.disposition} {decision.phase}"


def read_by(listed: Sequence[Case]) -> tuple[str, ...]:
    """Return the names of the facts that the cases read."""
    return tuple(dict.fromkeys(name for case in listed for name in facts_read(case.when)))
