"""Other engines, given our cases, decide as ours does; a mistake in what they are given is noticed."""

from dataclasses import replace
from itertools import product

import pytest

from app.core.conditions import ALWAYS, NEVER, All, Any, Comparison, Not
from app.core.engine import Engine, Engines
from app.core.facts import Fact, Value
from app.core.precedence import EXCLUDED, REVIEW, Case, DecisionAtStep, cases
from tools.inside import RELEASE
from tools.peers.compare import PEERS, Peer, checked, difference, swapped
from tools.peers.languages import Facts, named
from tools.peers.served import Served, disagreement, served


@pytest.fixture(scope="module")
def engine(engines: Engines) -> Engine:
    return engines.by_id[RELEASE]


@pytest.fixture(scope="module")
def candidates(engine: Engine) -> list[Facts]:
    return checked(engine, 50, 2)


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest) -> Peer:
    peer: Peer = PEERS[request.param]
    if not peer.installed:
        pytest.skip(f"{peer}: it belongs to the extra `bench`")
    return peer


def test_decides_as_ours(peer: Peer, engine: Engine, candidates: list[Facts]) -> None:
    ways = peer.ways(cases(engine.release.rules), engine.release.facts)
    assert {name: difference(decide, engine, candidates) for name, decide in ways.items()} == dict.fromkeys(ways, "")


def test_swapped_cases_are_noticed(peer: Peer, engine: Engine, candidates: list[Facts]) -> None:
    ways = peer.ways(swapped(cases(engine.release.rules)), engine.release.facts)
    for decide in ways.values():
        assert difference(decide, engine, candidates).startswith("recommended 2 instead of clinician_review for ")


@pytest.fixture(params=served(), ids=lambda peer: peer.name)
def server(request: pytest.FixtureRequest) -> Served:
    peer: Served = request.param
    if not peer.installed:
        pytest.skip(f"{peer.name}: what it needs is installed by `make bench`")
    return peer


def test_a_server_decides_as_ours_and_a_wrong_answer_is_noticed(
    server: Served, engine: Engine, candidates: list[Facts]
) -> None:
    with server.running() as running:
        assert disagreement(server, running, engine, candidates) == ""
        younger = replace(server, body=lambda facts: server.body({**facts, "age_years": 17}))
        assert disagreement(younger, running, engine, candidates)


def is_(fact: str, *accepted: Value) -> Comparison:
    return Comparison(fact, frozenset(accepted), "")


CONDITIONS = (
    is_("smoker", True),
    is_("smoker", False),
    is_("smoker", True, False),
    is_("age", 3),
    is_("age", 1, 2, 3),
    is_("age", 0, 1, 4),
    is_("concern", "burn"),
    is_("concern", "burn", "other"),
    Not(is_("concern", "burn")),
    Not(All((is_("smoker", True), Any((is_("age", 2), Not(is_("concern", "other"))))))),
    All((is_("smoker", True), ALWAYS)),
    Any((is_("age", 0, 1), NEVER)),
)
FACTS = {
    "smoker": Fact("smoker", "boolean", "ask", values=(False, True)),
    "age": Fact("age", "integer", "ask", minimum=0, maximum=4),
    "concern": Fact("concern", "choice", "ask", values=("none", "burn", "other")),
}


def test_every_form_of_condition(peer: Peer) -> None:
    given = [dict(zip(FACTS, values, strict=True)) for values in product(*(fact.domain for fact in FACTS.values()))]
    for condition in CONDITIONS:
        listed = (Case(condition, DecisionAtStep("exclusion", EXCLUDED)), Case(ALWAYS, DecisionAtStep("gap", REVIEW)))
        for name, decide in peer.ways(listed, FACTS).items():
            wanted = [named(EXCLUDED if condition.holds(facts) else REVIEW) for facts in given]
            assert [decide(facts) for facts in given] == wanted, (name, condition)
