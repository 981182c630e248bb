"""Sufficient reasons: which of the given facts by themselves force the decision.

A reason is a subset-minimal part of the given facts under which every completion has the decision; a given fact outside
it is free, an unknown fact keeps its assumption (or is free in strict mode). Minimal sets are computed on the diagram,
bottom up: at a node whose fact is given, either the fact is kept and only its child counts, or it is free and every
child must do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.diagram import UNKNOWN, Regions
from app.core.facts import Candidate, Fact, Value
from app.core.logic import Logic

LIMIT = 256
"""How many sets are kept at any node; beyond that the list of reasons is not complete."""
DEMOGRAPHIC = frozenset({"age_years", "fitzpatrick_type"})
"""Facts about who somebody is: left out first where a reason of the same size does without them."""


@dataclass(frozen=True)
class Sufficient:
    """A sufficient reason: its facts and their widest ranges."""

    facts: tuple[str, ...]
    ranges: dict[str, tuple[Value, Value]]


def sufficient_reasons(logic: Logic, regions: Regions, candidate: Candidate) -> tuple[list[Sufficient], bool]:
    """Return the sufficient reasons, smallest first, and whether these are all.

    `regions` is the candidate in its mode. Raises `ValueError` where the decision is not settled.
    """
    d = logic.diagram
    if len(logic.possible(regions)) != 1:
        raise ValueError("the decision is not settled")
    target = ~(d.reachable(logic.decision_root, regions).bit_length() - 1)
    given = {d.level_of[name] for name in candidate if name in d.level_of}
    known: dict[int, list[int]] = {}
    complete = True

    def keep_least(sets: list[int]) -> list[int]:
        nonlocal complete
        least: list[int] = []
        for one in sorted(set(sets), key=lambda s: (s.bit_count(), s)):
            if not any(other & one == other for other in least):
                least.append(one)
        if len(least) > LIMIT:
            complete = False
            least = least[:LIMIT]
        return least

    def sets_of(node: int) -> list[int]:
        if node < 0:
            return [0] if node == target else []
        if node in known:
            return known[node]
        level = d.levels[node]
        region = regions[level]
        if region != UNKNOWN and level not in given:
            found = sets_of(d.children[node][region])
        else:
            found = [0]
            for child in d.distinct[node]:
                below = sets_of(child)
                found = keep_least([a | b for a in found for b in below])
                if not found:
                    break
            if level in given:
                found = keep_least(found + [s | 1 << level for s in sets_of(d.children[node][region])])
        known[node] = found
        return found

    order = {name: place for place, name in enumerate(logic.facts)}
    names = [variable.fact.name for variable in d.variables]
    reasons = [
        tuple(sorted((name for level, name in enumerate(names) if s >> level & 1), key=order.__getitem__))
        for s in sets_of(logic.decision_root)
    ]
    reasons.sort(key=lambda r: (len(r), sum(name in DEMOGRAPHIC for name in r), [order[name] for name in r]))
    return [Sufficient(reason, _ranges(logic, regions, given, reason, candidate)) for reason in reasons], complete


def _ranges(
    logic: Logic, regions: Regions, given: set[int], reason: Sequence[str], candidate: Candidate
) -> dict[str, tuple[Value, Value]]:
    """Return the widest ranges of a reason's ordered facts."""
    d = logic.diagram
    allowed: list[set[int] | None] = []
    kept = {d.level_of[name] for name in reason}
    for level, region in enumerate(regions):
        free = region == UNKNOWN or (level in given and level not in kept)
        allowed.append(None if free else {region})
    settled = d.reachable(logic.decision_root, regions)
    ranges: dict[str, tuple[Value, Value]] = {}
    for name in sorted(reason, key=lambda n: n not in DEMOGRAPHIC):
        fact = logic.facts[name]
        if not fact.ordered:
            continue
        level = d.level_of[name]
        low = high = fact.domain.index(candidate[name])
        low = _widen(logic, allowed, level, fact, low, -1, settled)
        high = _widen(logic, allowed, level, fact, high, 1, settled)
        if low != high:
            ranges[name] = (fact.domain[low], fact.domain[high])
    return {name: ranges[name] for name in reason if name in ranges}


def _widen(
    logic: Logic, allowed: list[set[int] | None], level: int, fact: Fact, place: int, step: int, settled: int
) -> int:
    regions = logic.diagram.variables[level].region_of
    inside = allowed[level] or set()
    while 0 <= place + step < len(fact.domain):
        region = regions[fact.domain[place + step]]
        if region not in inside:
            allowed[level] = inside | {region}
            if _reachable(logic, allowed) != settled:
                allowed[level] = inside
                break
            inside = inside | {region}
        place += step
    return place


def _reachable(logic: Logic, allowed: Sequence[set[int] | None]) -> int:
    """Return the decisions reachable where each level allows some regions, or all."""
    d = logic.diagram
    seen: set[int] = set()
    todo = [logic.decision_root]
    bits = 0
    while todo:
        node = todo.pop()
        if node < 0:
            bits |= 1 << ~node
        elif node not in seen:
            seen.add(node)
            regions = allowed[d.levels[node]]
            todo.extend(d.distinct[node] if regions is None else [d.children[node][r] for r in regions])
    return bits
