"""The grammar of conditions: comparisons under `all`, `any` and `not`.

A comparison that no value satisfies, that every value satisfies, or that stands twice in one list is refused: it says
less than its author thinks.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any as AnyData

from app.core.conditions import ALWAYS, All, Any, Comparison, Condition, Not
from app.core.facts import Fact, Value
from app.rulebook.files import Where

COMPARISON = re.compile(r"(?P<fact>[a-z][a-z0-9_]*) (?P<operator>=|!=|<=|>=|<|>|in|not in) (?P<operand>\S.*)")


class GrammarError(Exception):
    """A condition that cannot be read: where, and what would be right."""

    def __init__(self, where: Where, says: str) -> None:
        self.where = where
        self.says = says
        super().__init__(says)


def read_condition(data: AnyData, facts: Mapping[str, Fact], where: Where = ()) -> Condition:
    """Return the condition of a line or a mapping, or raise `GrammarError`."""
    match data:
        case "always":
            return ALWAYS
        case str():
            return _comparison(data, facts, where)
        case {"all": list(parts)} if len(data) == 1:
            return All(_parts(parts, facts, (*where, "all")))
        case {"any": list(parts)} if len(data) == 1:
            return Any(_parts(parts, facts, (*where, "any")))
        case {"not": part} if len(data) == 1:
            return Not(read_condition(part, facts, (*where, "not")))
    raise GrammarError(
        where, "a condition is one comparison, `always`, or a mapping of just one of `all`, `any` (lists) and `not`"
    )


def _parts(parts: list[AnyData], facts: Mapping[str, Fact], where: Where) -> tuple[Condition, ...]:
    if len(parts) < 2:
        raise GrammarError(where, f"`{where[-1]}` joins at least two parts")
    read = tuple(read_condition(part, facts, (*where, place)) for place, part in enumerate(parts))
    for place, part in enumerate(read):
        if part in read[:place]:
            raise GrammarError((*where, place), "the same part is written twice")
    return read


def _comparison(text: str, facts: Mapping[str, Fact], where: Where) -> Comparison:
    found = COMPARISON.fullmatch(text)
    if not found:
        raise GrammarError(
            where, f"`{text}` is not a comparison; write `fact operator value`, as `sagging >= advanced`"
        )
    fact = facts.get(found["fact"])
    if fact is None:
        close = "".join(f"; did you mean `{name}`?" for name in get_close_matches(found["fact"], facts, 1))
        raise GrammarError(where, f"`{found['fact']}` is not a fact of this release{close}")
    accepted = _accepted(fact, found["operator"], found["operand"], where)
    if not accepted:
        raise GrammarError(where, f"`{text}` never holds")
    if len(accepted) == len(fact.domain):
        raise GrammarError(where, f"`{text}` holds for every answer")
    return Comparison(fact.name, accepted, text)


def _accepted(fact: Fact, operator: str, operand: str, where: Where) -> frozenset[Value]:
    everything = list(fact.domain)
    if operator in ("in", "not in"):
        members = _members(fact, operand, where)
        return members if operator == "in" else frozenset(everything) - members
    value = _value(fact, operand, where)
    if operator in ("=", "!="):
        return frozenset(v for v in everything if (v == value) == (operator == "="))
    if not fact.ordered:
        raise GrammarError(where, f"`{fact.name}` has no order; use `=`, `!=` or `in`")
    place = everything.index(value)
    sides = {
        "<": everything[:place],
        "<=": everything[: place + 1],
        ">": everything[place + 1 :],
        ">=": everything[place:],
    }
    return frozenset(sides[operator])


def _members(fact: Fact, operand: str, where: Where) -> frozenset[Value]:
    if operand in fact.sets:
        return fact.sets[operand]
    if listed := re.fullmatch(r"\[(.+)\]", operand):
        return frozenset(_value(fact, item.strip(), where) for item in listed[1].split(","))
    if ends := re.fullmatch(r"(\S+?)\.\.(\S+)", operand):
        if not fact.ordered:
            raise GrammarError(where, f"`{fact.name}` has no order, so `{operand}` is no range")
        everything = list(fact.domain)
        low, high = (everything.index(_value(fact, end, where)) for end in ends.groups())
        return frozenset(everything[low : high + 1])
    raise GrammarError(where, f"`{operand}` is no list `[a, b]`, no range `a..b` and no named set of `{fact.name}`")


def _value(fact: Fact, word: str, where: Where) -> Value:
    value: Value = word
    if fact.kind == "boolean":
        value = {"true": True, "false": False}.get(word, word)
    elif fact.kind == "integer" and re.fullmatch(r"-?\d+", word):
        value = int(word)
    if (type(value) is str and fact.kind in ("boolean", "integer")) or value not in fact.domain:
        answers = f"{fact.minimum} to {fact.maximum}" if fact.kind == "integer" else _listed(fact)
        raise GrammarError(where, f"`{word}` is no answer of `{fact.name}`; its answers are {answers}")
    return value


def _listed(fact: Fact) -> str:
    if fact.kind == "boolean":
        return "`true`, `false`"
    if fact.kind == "country":
        return "ISO 3166-1 alpha-2 codes"
    return ", ".join(f"`{value}`" for value in fact.values)
