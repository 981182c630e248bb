"""The releases as shipped, exactly: what the service finds against the enumeration of all completions.

Random candidates: complete and partial, both modes, every release that asks without stages; `tests/independent` has the
others. A strict candidate has at most 4,096 completions, counted in the values that the rules can tell apart.
"""

from random import Random

import pytest

from app.core.engine import Engines, Question
from app.core.facts import Candidate
from app.core.outcome import Outcome
from app.core.precedence import decide
from app.core.rules import Release
from tests.amounts import amount
from tests.books import random_candidate
from tests.oracle import Contract, Oracle

BLOCKS = 6
CANDIDATES = amount(600, 4_000)
REACHING = 1_000
MOST_COMPLETIONS = 4096


def contract_of(outcome: Outcome) -> Contract:
    """Return what the definitions speak of."""
    possible = frozenset(outcome.possible or (outcome.decision,))
    return Contract(possible, tuple(outcome.missing), tuple(outcome.open_assumptions), outcome.next_fact)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_what_is_found_is_what_all_completions_say(block: int, engines: Engines) -> None:
    without_stages = [each for each in engines.by_id.values() if not each.release.stages]
    engine = without_stages[block % len(without_stages)]
    release = engine.release
    oracle = Oracle(release.facts, release.rules, release.weights)
    random = Random(block)
    for place in range(CANDIDATES):
        strict = place % 4 >= 2
        asked = Question(_candidate(random, release, oracle, complete=place % 2 == 0, strict=strict), strict)
        outcome = engine.decide(asked)
        assert contract_of(outcome) == oracle.contract(asked.facts, strict=strict), asked
        if place % 2 == 0:
            assert outcome.decision == decide(release.rules, asked.facts).decision, asked


def _candidate(random: Random, release: Release, oracle: Oracle, *, complete: bool, strict: bool) -> Candidate:
    if complete:
        return random_candidate(random, release.facts, 1.0)
    while True:
        # half of them without an exclusion, which would settle most of the others at once
        drawn = random_candidate(random, release.facts, random.random())
        if random.random() < 0.5:
            drawn |= {"active_skin_infection": False, "autoimmune_skin_disease": "none"}
            drawn |= {"systemic_immunosuppression": False, "primary_concern": random.choice(["dullness", "sagging"])}
            for name, fact in release.facts.items():
                if fact.policy == "confirm" and name in drawn and fact.assumed and random.random() < 0.9:
                    drawn[name] = max(fact.assumed)
        if not strict or oracle.completions(drawn, strict=True) <= MOST_COMPLETIONS:
            return drawn


def test_the_candidates_reach_every_decision_and_every_kind_of_answer(engines: Engines) -> None:
    """The comparison above would show little if nearly all candidates were excluded."""
    for block, engine in enumerate(engines.by_id.values()):
        release = engine.release
        oracle = Oracle(release.facts, release.rules, release.weights)
        random = Random(block)
        found = [
            engine.decide(Question(_candidate(random, release, oracle, complete=False, strict=strict), strict))
            for strict in (False, True)
            for _ in range(REACHING // 2)
        ]
        assert len({outcome.decision for outcome in found}) == 7
        assert sum(not outcome.settled for outcome in found) > REACHING // 10
        assert any(outcome.open_assumptions and outcome.settled for outcome in found) or "pregnant" not in release.facts
