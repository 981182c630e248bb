"""The lists of an answer, found from remembered parts, against each entry read anew with all that is known."""

from collections.abc import Callable
from random import Random

import pytest

from app.core.conditions import Condition
from app.core.diagram import Diagram
from app.core.facts import Candidate
from app.core.logic import diagram_of
from app.core.memo import Memo
from app.core.sections import Entry, Points, Projection, Section, reads
from tests.books import SmallBook, random_candidate, small_book

BOOKS = 40
CANDIDATES = 60
States = list[tuple[int, bool | None]]


class Case:
    """A small book whose conditions are the entries of a list: each becomes its number and state, or nothing."""

    def __init__(self, seed: int) -> None:
        self.book: SmallBook = small_book(seed)
        self.conditions: list[Condition] = [rule.when for rule in self.book.rules]
        self.diagram: Diagram = diagram_of(self.book.facts.values(), self.conditions)
        self.points = Points(self.book.facts)
        self.projection = Projection(self.points, self.diagram)
        random = Random(seed)
        self.candidates = [random_candidate(random, self.book.facts, random.random()) for _ in range(CANDIDATES)]

    def entries(self) -> list[Entry[tuple[int, bool | None]]]:
        return [Entry(reads(c), self.entry(number, c)) for number, c in enumerate(self.conditions)]

    def entry(self, number: int, condition: Condition) -> Callable[[Candidate], tuple[int, bool | None] | None]:
        def make(known: Candidate) -> tuple[int, bool | None] | None:
            state = self.diagram.state(self.diagram.condition(condition), self.diagram.regions(known))
            return None if state is False else (number, state)

        return make

    def anew(self, candidate: Candidate) -> States:
        made = [entry.make(candidate) for entry in self.entries()]
        return [each for each in made if each is not None]

    def remembered(self) -> list[States]:
        """Return what sections list for every candidate, twice: as the facts are, and as the diagram sees them."""
        plain, cut = Section(self.points, self.entries()), Section(self.projection, self.entries())
        points = [self.points.of(candidate) for candidate in self.candidates]
        return [section for p in points for section in (plain.of(p), cut.of(self.projection.of(p)))]

    def wrong(self) -> int:
        expected = [self.anew(candidate) for candidate in self.candidates for _ in range(2)]
        return sum(found != right for found, right in zip(self.remembered(), expected, strict=True))


@pytest.mark.parametrize("combinations", [1, 30, 5000])
def test_a_remembered_list_is_the_list_read_anew(combinations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With few combinations allowed facts are looked up in several groups; with many in one."""
    monkeypatch.setattr("app.core.sections.COMBINATIONS", combinations)
    assert sum(Case(seed).wrong() for seed in range(BOOKS)) == 0


class ReadsTooLittle(Case):
    """Entries that do not name the last fact that they read."""

    def entries(self) -> list[Entry[tuple[int, bool | None]]]:
        return [Entry(tuple(entry.reads)[:-1], entry.make) for entry in super().entries()]


def test_a_wrong_entry_that_reads_more_than_it_names_is_noticed() -> None:
    assert sum(ReadsTooLittle(seed).wrong() for seed in range(BOOKS)) > 0


def test_a_memo_keeps_a_bounded_number_of_results() -> None:
    computed: list[int] = []

    def square(number: int) -> int:
        computed.append(number)
        return number * number

    memo = Memo(square, most=3)
    assert [memo[n] for n in (1, 2, 1, 2)] == [1, 4, 1, 4]
    assert computed == [1, 2]
    for number in range(100):
        assert memo[number] == number * number
        assert len(memo) <= 3
