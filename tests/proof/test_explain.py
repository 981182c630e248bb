"""Sufficient reasons and changes against brute force, on small random rule books."""

from collections.abc import Callable, Iterator
from itertools import combinations, product
from random import Random

import pytest

from app.core.conditions import facts_read
from app.core.facts import Candidate, Value
from app.core.logic import Logic
from app.core.precedence import Decision
from app.proof.changes import Change, changes
from app.proof.sufficient import sufficient_reasons
from tests.amounts import amount
from tests.books import SmallBook, random_candidate, small_book
from tests.oracle import Oracle

BOOKS = amount(40, 1_000)
CANDIDATES = 8
Reasons = set[frozenset[str]]
Changed = set[tuple[frozenset[tuple[str, Value]], Decision]]


class Case:
    """One candidate of a random rule book, with what brute force finds."""

    def __init__(self, book: SmallBook, oracle: Oracle, candidate: Candidate, strict: bool) -> None:
        self.book, self.oracle, self.candidate, self.strict = book, oracle, candidate, strict
        self.logic = Logic(book.facts, book.rules, book.order)
        self.regions = self.logic.regions(candidate, strict=strict)
        self.given = [name for name in oracle.read if name in candidate]
        self.now = self.possible(candidate)

    def possible(self, candidate: Candidate, free: frozenset[str] = frozenset()) -> frozenset[Decision]:
        """What completions reach; `free` facts are given in the request and left out all the same."""
        known = self.oracle.known(candidate, strict=self.strict)
        table, _ = self.oracle.table({name: value for name, value in known.items() if name not in free})
        return self.oracle.decisions(table)

    @property
    def settled(self) -> bool:
        return len(self.now) == 1

    def forces(self, facts: frozenset[str]) -> bool:
        return self.possible(self.candidate, frozenset(self.given) - facts) == self.now

    def reasons(self) -> Reasons:
        forcing = [set_ for set_ in _subsets(self.given) if self.forces(set_)]
        return {s for s in forcing if not any(other < s for other in forcing)}

    def contrasts(self) -> Reasons:
        freeing = [s for s in _subsets(self.given) if self.possible(self.candidate, s) != self.now]
        return {s for s in freeing if not any(other < s for other in freeing)}

    def changes(self) -> Changed:
        found: Changed = set()
        for count in (1, 2):
            for names in combinations(self.given, count):
                for values in product(*(self.book.facts[name].domain for name in names)):
                    to = dict(zip(names, values, strict=True))
                    if any(self.candidate[name] == value for name, value in to.items()):
                        continue
                    after = self.possible({**self.candidate, **to})
                    if len(after) != 1 or after == self.now:
                        continue
                    alone = [self.possible({**self.candidate, name: to[name]}) for name in names]
                    if count == 2 and any(len(a) == 1 and a != self.now for a in alone):
                        continue
                    if all(self._nearest(name, value) for name, value in to.items()):
                        found.add((frozenset(to.items()), next(iter(after))))
        return found

    def _nearest(self, name: str, value: Value) -> bool:
        """Whether an integer is the nearest of its region; any other value counts."""
        fact = self.book.facts[name]
        if fact.kind != "integer":
            return True
        at = int(self.candidate[name])
        v = self.logic.diagram.variables[self.logic.diagram.level_of[name]]
        region = v.regions[v.region_of[value]]
        return value == min(region, key=lambda other: (abs(int(other) - at), other))


def cases() -> Iterator[Case]:
    for seed in range(BOOKS):
        book = small_book(seed)
        oracle = Oracle(book.facts, book.rules, book.weights)
        random = Random(seed)
        for _ in range(CANDIDATES):
            candidate = random_candidate(random, book.facts, 0.4 + 0.6 * random.random())
            yield Case(book, oracle, candidate, random.random() < 0.5)


def reasons_found(case: Case) -> Reasons:
    found, complete = sufficient_reasons(case.logic, case.regions, case.candidate)
    assert complete
    return {frozenset(reason.facts) for reason in found}


def changes_found(case: Case) -> Changed:
    return as_set(changes(case.logic, case.regions, case.candidate))


def as_set(found: list[Change]) -> Changed:
    return {(frozenset(change.to.items()), change.decision) for change in found}


def test_sufficient_reasons_are_all_minimal_forcing_sets_smallest_first() -> None:
    for case in cases():
        if case.settled:
            found, complete = sufficient_reasons(case.logic, case.regions, case.candidate)
            assert complete
            assert {frozenset(reason.facts) for reason in found} == case.reasons()
            assert [len(r.facts) for r in found] == sorted(len(r.facts) for r in found)


def test_an_undecided_candidate_has_no_sufficient_reason() -> None:
    undecided = [case for case in cases() if not case.settled]
    assert undecided
    for case in undecided:
        with pytest.raises(ValueError, match="not settled"):
            sufficient_reasons(case.logic, case.regions, case.candidate)


def test_ranges_force_the_decision_for_all_their_values_together() -> None:
    widened = 0
    for case in cases():
        if not case.settled:
            continue
        for reason in sufficient_reasons(case.logic, case.regions, case.candidate)[0]:
            ordered = [name for name in reason.facts if name in reason.ranges]
            spans = []
            for name in ordered:
                domain = list(case.book.facts[name].domain)
                low, high = (domain.index(end) for end in reason.ranges[name])
                spans.append(domain[low : high + 1])
                assert case.candidate[name] in spans[-1]
                assert len(spans[-1]) > 1
            widened += len(ordered)
            free = frozenset(case.given) - frozenset(reason.facts)
            for values in product(*spans):
                assert case.possible({**case.candidate, **dict(zip(ordered, values, strict=True))}, free) == case.now
    assert widened


def test_reasons_and_contrasts_are_each_others_minimal_hitting_sets() -> None:
    for case in cases():
        if case.settled:
            reasons = reasons_found(case)
            assert _minimal_hitting_sets(reasons, case.given) == case.contrasts()
            assert _minimal_hitting_sets(case.contrasts(), case.given) == reasons


def test_changes_are_all_minimal_ones_that_settle_another_decision() -> None:
    for case in cases():
        assert changes_found(case) == case.changes()


def test_changes_to_a_target_are_those_changes_that_reach_it() -> None:
    for case in cases():
        found = changes(case.logic, case.regions, case.candidate, lambda decision: decision.phase is not None)
        assert as_set(found) == {change for change in case.changes() if change[1].phase is not None}


# Wrong implementations that the tests above must notice


def rule_trace(case: Case) -> Reasons:
    """Takes the facts of every rule that holds for the reason."""
    facts: set[str] = set()
    for rule in case.book.rules:
        if case.logic.state(rule, case.regions):
            facts |= set(case.given) & set(facts_read(rule.when))
    return {frozenset(facts)}


def only_individually_pivotal(case: Case) -> Reasons:
    """Takes the facts that change the decision when freed alone."""
    return {frozenset(name for name in case.given if case.possible(case.candidate, frozenset({name})) != case.now)}


def unpruned(case: Case) -> Reasons:
    """Gives every forcing set, minimal or not."""
    return {s for s in _subsets(case.given) if case.forces(s)}


def everything_given(case: Case) -> Reasons:
    """Gives all given facts as the reason."""
    return {frozenset(case.given)}


def forgets_that_left_out_facts_are_free(case: Case) -> Reasons:
    """Lets a fact that is left out fall back to its assumption."""

    def forces(facts: frozenset[str]) -> bool:
        return case.possible({name: case.candidate[name] for name in facts}) == case.now

    forcing = [s for s in _subsets(case.given) if forces(s)]
    return {s for s in forcing if not any(other < s for other in forcing)}


def possible_world(case: Case) -> Changed:
    """Accepts a change after which some completion has the new decision."""
    found: Changed = set()
    for name in case.given:
        for value in case.book.facts[name].domain:
            for decision in case.possible({**case.candidate, name: value}) - case.now:
                found.add((frozenset({(name, value)}), decision))
    return found


def size_one_only(case: Case) -> Changed:
    """Looks at single facts alone."""
    return {change for change in case.changes() if len(change[0]) == 1}


def minimal_over_facts(case: Case) -> Changed:
    """Drops a pair as soon as one of its facts can change the decision with any value."""
    found = case.changes()
    alone = {name for to, _ in found if len(to) == 1 for name, _ in to}
    return {change for change in found if len(change[0]) == 1 or not {name for name, _ in change[0]} & alone}


@pytest.mark.parametrize(
    "wrong",
    [
        rule_trace,
        only_individually_pivotal,
        unpruned,
        everything_given,
        forgets_that_left_out_facts_are_free,
    ],
)
def test_a_wrong_reason_is_noticed(wrong: Callable[[Case], Reasons]) -> None:
    assert any(wrong(case) != case.reasons() for case in cases() if case.settled)


@pytest.mark.parametrize("wrong", [possible_world, size_one_only, minimal_over_facts])
def test_a_wrong_change_is_noticed(wrong: Callable[[Case], Changed]) -> None:
    assert any(wrong(case) != case.changes() for case in cases())


def _subsets(names: list[str]) -> Iterator[frozenset[str]]:
    for count in range(len(names) + 1):
        yield from map(frozenset, combinations(names, count))


def _minimal_hitting_sets(sets: Reasons, names: list[str]) -> Reasons:
    hitting = [s for s in _subsets(names) if all(s & other for other in sets)]
    return {s for s in hitting if not any(other < s for other in hitting)}
