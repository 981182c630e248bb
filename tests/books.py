"""Small random rule books: a few facts, a few rules of every kind, any conditions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from random import Random

from app.core.conditions import All, Any, Comparison, Condition, Not
from app.core.facts import GRADES, Fact, Policy, Value
from app.core.logic import Logic
from app.core.questions import Questions
from app.core.rules import DecisionRule, Kind, Pathway, Phase, Release, Wording

PATHWAYS: tuple[Pathway, ...] = ("conservative_care", "exosome_microchanneling", "combination_therapy")


@dataclass(frozen=True)
class SmallBook:
    """The facts, decision rules, weights and diagram order of a random rule book."""

    facts: dict[str, Fact]
    rules: tuple[DecisionRule, ...]
    weights: dict[str, dict[Value, float]]
    order: tuple[str, ...]

    @cached_property
    def logic(self) -> Logic:
        """The rules, compiled."""
        return Logic(self.facts, self.rules, self.order)

    @cached_property
    def questions(self) -> Questions:
        """What is asked about them."""
        return Questions(self.logic, self.weights)


def small_book(seed: int) -> SmallBook:
    """Return the random rule book of a seed."""
    random = Random(seed)
    facts = {fact.name: fact for fact in (_fact(random, place) for place in range(random.randint(3, 5)))}
    rules: list[DecisionRule] = []
    kinds: list[tuple[Kind, int]] = [
        ("exclusion", 1),
        ("scope", 1),
        ("concern", 1),
        ("label_exclusion", 2),
        ("label_review", 2),
        ("gap", 1),
    ]
    for kind, most in kinds:
        for place in range(random.randint(0, most)):
            pathways = tuple(random.sample(PATHWAYS, random.randint(1, 3))) if kind.startswith("label") else ()
            when = _condition(random, list(facts.values()), 2)
            name = f"{kind.upper()}-{place}"
            rules.append(DecisionRule(id=name, when=when, says="", sources=(), kind=kind, pathways=pathways))
    for phase, pathway in enumerate(PATHWAYS[: random.randint(1, 3)], 1):
        when = _condition(random, list(facts.values()), 2)
        name = f"PHASE-{phase}"
        rules.append(Phase(id=name, when=when, says="", sources=(), pathway=pathway, phase=phase, discuss=""))
    random.shuffle(rules)
    weights = {name: {value: float(random.randint(1, 9)) for value in fact.domain} for name, fact in facts.items()}
    order = list(facts)
    random.shuffle(order)
    return SmallBook(facts, tuple(rules), weights, tuple(order))


NO_WORDING = Wording({}, {}, {}, "", "", "", {}, {}, {}, "", "", {})


def release_of(book: SmallBook, name: str = "small") -> Release:
    """Return a small book as a release that has nothing but facts and decision rules."""
    return Release(
        id=name,
        digest="",
        reviewed=None,
        facts=book.facts,
        rules=book.rules,
        cautions=(),
        preconditions=(),
        plans=(),
        alternatives=(),
        notices=(),
        scales={},
        sources={},
        wording=NO_WORDING,
        weights=book.weights,
        laws=(),
        order=book.order,
        budget=1_000_000,
    )


def every_candidate(facts: Mapping[str, Fact]) -> Iterator[dict[str, Value]]:
    """Yield every fully known candidate."""
    for values in product(*(fact.domain for fact in facts.values())):
        yield dict(zip(facts, values, strict=True))


def random_candidate(random: Random, facts: Mapping[str, Fact], known: float) -> dict[str, Value]:
    """Return a candidate each of whose facts is known with this probability."""
    return {name: random.choice(fact.domain) for name, fact in facts.items() if random.random() < known}


def _fact(random: Random, place: int) -> Fact:
    name = f"fact_{place}"
    policy: Policy = "ask" if random.random() < 0.5 else "confirm"
    match random.choice(("boolean", "grade", "choice", "integer")):
        case "boolean":
            fact = Fact(name, "boolean", policy, values=(False, True))
        case "grade":
            fact = Fact(name, "grade", policy, values=GRADES)
        case "choice":
            fact = Fact(name, "choice", policy, values=("a", "b", "c"))
        case _:
            fact = Fact(name, "integer", policy, minimum=0, maximum=5)
    if policy == "ask":
        return fact
    assumed = random.choice(fact.domain)
    return replace(fact, assumed=frozenset({assumed}), assumed_as=assumed)


def _condition(random: Random, facts: list[Fact], depth: int) -> Condition:
    if depth and random.random() < 0.5:
        parts = tuple(_condition(random, facts, depth - 1) for _ in range(random.randint(2, 3)))
        joined: Condition = All(parts) if random.random() < 0.6 else Any(parts)
        return Not(joined) if random.random() < 0.2 else joined
    fact = random.choice(facts)
    accepted = frozenset(random.sample(list(fact.domain), random.randint(1, len(fact.domain) - 1)))
    return Comparison(fact.name, accepted, f"{fact.name} in {sorted(map(str, accepted))}")
