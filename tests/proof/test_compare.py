"""Comparing two releases against brute force, on pairs of small random rule books."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest

from app.core.conditions import Not, facts_read
from app.core.facts import Candidate, Value
from app.core.precedence import Decision, decide, steps_of
from app.core.rationale import DECIDES
from app.core.rules import DecisionRule
from app.proof.compare import Comparison, compare
from app.proof.report import comparison_in_lines, facts_in_words
from app.rulebook.load import RuleBook
from tests.amounts import amount
from tests.books import SmallBook, every_candidate, release_of, small_book

PAIRS = amount(40, 1_000)


class Two:
    """A small random rule book, a changed one, and what brute force says of the change."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.before = small_book(seed)
        self.after = _changed(random, self.before)
        self.found = compare(release_of(self.before, "1"), release_of(self.after, "2"))
        everybody = [*every_candidate({**self.before.facts, **self.after.facts})]
        self.pairs = [(c, self.decision(self.before, c), self.decision(self.after, c)) for c in everybody]

    @staticmethod
    def decision(book: SmallBook, candidate: Candidate) -> Decision:
        return decide(book.rules, candidate).decision

    def changed(self) -> dict[tuple[Decision, Decision], int]:
        return dict(Counter((was, becomes) for _, was, becomes in self.pairs if was != becomes))

    def rules(self, was: Decision, becomes: Decision) -> tuple[set[str], set[str]]:
        """Rules that make the old and the new decision of somebody who changes so, and that the other book lacks."""
        among = [c for c, one, other in self.pairs if (one, other) == (was, becomes)]
        return (
            set(_new(self.before, self.after, was, among)),
            set(_new(self.after, self.before, becomes, among)),
        )


def _new(book: SmallBook, other: SmallBook, decision: Decision, among: list[dict[str, Value]]) -> Iterator[str]:
    for rule in book.rules:
        if rule.effect == DECIDES[decision.disposition] and not any(_same(rule, one) for one in other.rules):
            for candidate in among:
                if rule.when.holds(candidate) and decide(book.rules, candidate).step in steps_of(rule):
                    yield rule.id


def _same(rule: DecisionRule, other: DecisionRule) -> bool:
    return (rule.id, rule.kind, rule.when, rule.pathways) == (other.id, other.kind, other.when, other.pathways)


def _changed(random: Random, book: SmallBook) -> SmallBook:
    rules = []
    for rule in book.rules:
        fate = random.random()
        if fate < 0.2 and rule.kind != "phase":
            continue
        rules.append(replace(rule, when=Not(rule.when)) if fate > 0.8 else rule)
    return replace(book, rules=tuple(rules))


TWOS: list[Two] = []


def twos() -> list[Two]:
    """All of them, made once."""
    if not TWOS:
        TWOS.extend(Two(seed) for seed in range(PAIRS))
    return TWOS


def as_counts(found: Comparison) -> dict[tuple[Decision, Decision], int]:
    return {(d.before, d.after): int(d.candidates) for d in found.differences}


def test_every_change_is_counted_exactly() -> None:
    for two in twos():
        assert as_counts(two.found) == two.changed()
        assert int(two.found.changed) == sum(two.changed().values())
        assert int(two.found.candidates) == len(two.pairs)


def test_every_completion_of_an_example_really_changes_so() -> None:
    for two in twos():
        for difference in two.found.differences:
            met = [(w, b) for c, w, b in two.pairs if all(c[n] == v for n, v in difference.example.items())]
            assert set(met) == {(difference.before, difference.after)}


def test_the_rules_that_did_it_are_named() -> None:
    for two in twos():
        for difference in two.found.differences:
            found = (set(difference.rules_before), set(difference.rules_after))
            assert found == two.rules(difference.before, difference.after)


def test_an_example_begins_with_what_makes_the_difference(book: RuleBook) -> None:
    found = compare(book.releases["2026.2"], book.releases["2026.3"])
    lines = comparison_in_lines(found)
    new = set(found.facts_after)
    for difference in found.differences:
        names = list(difference.example)
        assert difference.example[names[0]] is True
        assert names[0] in new
        last = max(place for place, name in enumerate(names) if difference.example[name] not in (False, "none"))
        absent = [difference.example[name] for name in names[last + 1 :]]
        assert len(absent) > 20
        said = facts_in_words({name: difference.example[name] for name in names[: last + 1]})
        assert f"    for example {said}; {len(absent)} others false or none\n" in lines
    (checked,) = [each.example_lost for each in found.parts if each.part == "PRE-LEGAL-STATUS"]
    assert checked is not None
    names = list(checked)
    assert names.index("lawful_here_checked") < names.index("age_years") < names.index("pregnant")


def test_a_release_does_not_differ_from_itself_and_differences_mirror() -> None:
    for two in twos():
        one, other = release_of(two.before, "1"), release_of(two.after, "2")
        assert compare(one, one).differences == []
        back = compare(other, one)
        assert {(b, a): n for (a, b), n in as_counts(two.found).items()} == as_counts(back)


def test_facts_that_one_release_lacks_play_no_part_in_it() -> None:
    for two in twos()[:40]:
        facts = dict(list(two.before.facts.items())[:-1])
        lost = set(two.before.facts) - set(facts)
        rules = tuple(r for r in two.before.rules if not _reads(r, lost))
        if not any(rule.kind == "phase" for rule in rules):
            continue
        smaller = replace(two.before, facts=facts, rules=rules, order=tuple(n for n in two.before.order if n in facts))
        found = compare(release_of(smaller, "0"), release_of(two.before, "1"))
        everybody = every_candidate(two.before.facts)
        expected = Counter((Two.decision(smaller, c), Two.decision(two.before, c)) for c in everybody)
        assert as_counts(found) == {pair: n for pair, n in expected.items() if pair[0] != pair[1]}
        assert found.facts_after == list(lost)


def _reads(rule: DecisionRule, names: set[str]) -> bool:
    return bool(names & set(facts_read(rule.when)))


# Wrong ways to compare, each noticed


def possible_world_witness(two: Two) -> object:
    """Accepts facts of which some completion changes, such as the first half of those of a right example."""
    for difference in two.found.differences:
        half = dict(list(difference.example.items())[: len(difference.example) // 2])
        met = {(w, b) for c, w, b in two.pairs if all(c[n] == v for n, v in half.items())}
        if met != {(difference.before, difference.after)}:
            return half
    return None


def rules_that_differ(two: Two) -> object:
    """Names every rule that only one of the two has, whether it decides or not."""
    listed = [rule.id for rule in two.after.rules if not any(_same(rule, one) for one in two.before.rules)]
    wrong = [listed for _ in two.found.differences]
    right = [list(d.rules_after) for d in two.found.differences]
    return None if wrong == right else wrong


def texts_instead_of_decisions(two: Two) -> object:
    """Calls two books different as soon as a rule of them is."""
    differ = two.before.rules != two.after.rules
    return None if differ == bool(two.found.differences) else differ


@pytest.mark.parametrize("wrong", [possible_world_witness, rules_that_differ, texts_instead_of_decisions])
def test_a_wrong_comparison_is_noticed(wrong: Callable[[Two], object]) -> None:
    assert any(wrong(two) is not None for two in twos())
