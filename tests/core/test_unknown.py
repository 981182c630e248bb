"""Unknown facts, exactly: the diagram against the enumeration of all completions, on small random rule books.

Each wrong implementation in `wrong` must be noticed by the same comparison.
"""

from collections.abc import Iterator
from random import Random

import pytest

from app.core.diagram import restrict
from app.core.facts import Candidate
from app.core.precedence import decide
from tests.amounts import amount
from tests.books import SmallBook, random_candidate, small_book
from tests.core.wrong import WRONG, Implementation, diagram
from tests.oracle import Contract, Oracle

BOOKS = amount(100, 3_000)
CANDIDATES = 20


def questions_of(seed: int) -> Iterator[tuple[SmallBook, Oracle, Candidate, bool]]:
    book = small_book(seed)
    oracle = Oracle(book.facts, book.rules, book.weights)
    random = Random(seed)
    for _ in range(CANDIDATES):
        candidate = random_candidate(random, book.facts, random.random())
        for strict in (False, True):
            yield book, oracle, candidate, strict


@pytest.mark.parametrize("block", range(0, BOOKS, 50))
def test_the_diagram_is_the_enumeration_of_all_completions(block: int) -> None:
    for seed in range(block, block + 50):
        for book, oracle, candidate, strict in questions_of(seed):
            assert diagram(book, candidate, strict) == oracle.contract(candidate, strict=strict), (seed, candidate)


def test_the_interpreter_and_the_walk_agree_on_complete_candidates() -> None:
    for seed in range(BOOKS):
        book = small_book(seed)
        logic = book.logic
        oracle = Oracle(book.facts, book.rules, book.weights)
        random = Random(seed)
        for _ in range(CANDIDATES):
            candidate = random_candidate(random, book.facts, 1.0)
            plain = decide(book.rules, candidate)
            outlook = logic.outlook(restrict(logic.diagram, logic.case_root, logic.regions(candidate, strict=True)))
            assert list(outlook.possible) == [plain.decision]
            assert set(outlook.steps) == {plain.step}
            assert oracle.contract(candidate, strict=True).possible == {plain.decision}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_wrong_implementation_is_noticed(wrong: Implementation) -> None:
    noticed = (
        wrong(book, candidate, strict) != oracle.contract(candidate, strict=strict)
        for seed in range(BOOKS)
        for book, oracle, candidate, strict in questions_of(seed)
    )
    assert any(noticed)


def test_facts_that_cannot_be_answered_are_not_asked() -> None:
    for seed in range(BOOKS):
        for book, oracle, candidate, strict in questions_of(seed):
            missing = oracle.contract(candidate, strict=strict).missing
            unavailable = missing[: len(missing) // 2 + 1]
            left = book.logic.left(book.logic.regions(candidate, strict=strict))
            asked = book.questions.next(left, unavailable)
            expected = oracle.contract(candidate, strict=strict, unavailable=unavailable).next_fact
            assert (asked[0] if asked else None) == expected


def test_asking_only_the_next_question_ends_in_the_decision_of_the_full_candidate() -> None:
    for seed in range(BOOKS):
        book = small_book(seed)
        random = Random(seed)
        full = random_candidate(random, book.facts, 1.0)
        known: dict[str, object] = {}
        while True:
            found: Contract = diagram(book, known, True)  # type: ignore[arg-type]
            if found.next_fact is None:
                break
            assert found.next_fact not in known
            known[found.next_fact] = full[found.next_fact]
        assert found.possible == {decide(book.rules, full).decision}
