"""Conditions: comparisons of facts, joined by all, any and not.

They are data in a closed grammar, never evaluated as Python; unknown facts are the diagram's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.facts import Candidate, Value


@dataclass(frozen=True)
class Comparison:
    """One fact compared with `accepted` values of its domain.

    `text` is the line as the rule book has it, for people.
    """

    fact: str
    accepted: frozenset[Value]
    text: str

    def holds(self, candidate: Candidate) -> bool:
        """Return whether the candidate's value is accepted; `KeyError` if unknown."""
        return candidate[self.fact] in self.accepted


@dataclass(frozen=True)
class All:
    """Holds where every part holds; with no parts it always holds."""

    parts: tuple["Condition", ...]

    def holds(self, candidate: Candidate) -> bool:
        """Return whether every part holds."""
        return all(part.holds(candidate) for part in self.parts)


@dataclass(frozen=True)
class Any:
    """Holds where at least one part holds; never without parts."""

    parts: tuple["Condition", ...]

    def holds(self, candidate: Candidate) -> bool:
        """Return whether some part holds."""
        return any(part.holds(candidate) for part in self.parts)


@dataclass(frozen=True)
class Not:
    """Holds where its part does not."""

    part: "Condition"

    def holds(self, candidate: Candidate) -> bool:
        """Return whether the part does not hold."""
        return not self.part.holds(candidate)


Condition = Comparison | All | Any | Not

ALWAYS = All(())
NEVER = Any(())


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield every comparison of a condition, in reading order."""
    match condition:
        case Comparison():
            yield condition
        case Not(part):
            yield from comparisons(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from comparisons(part)


def facts_read(condition: Condition) -> tuple[str, ...]:
    """Return the facts a condition compares, each once, in reading order."""
    return tuple(dict.fromkeys(comparison.fact for comparison in comparisons(condition)))


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """Return the parts of a top-level `all`, else the condition itself."""
    return condition.parts if isinstance(condition, All) else (condition,)


def in_words(condition: Condition) -> str:
    """Return the condition as one line of the rule book."""
    match condition:
        case Comparison(text=text):
            return text
        case Not(part):
            return f"not ({in_words(part)})"
        case All(()):
            return "always"
        case Any(()):
            return "never"
        case All(parts):
            return " and ".join(_grouped(part) for part in parts)
        case Any(parts):
            return " or ".join(_grouped(part) for part in parts)


def _grouped(condition: Condition) -> str:
    plain = isinstance(condition, Comparison | Not)
    return in_words(condition) if plain else f"({in_words(condition)})"
