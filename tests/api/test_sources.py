"""Sources are told once: parts of an answer name ids, `sources` says what they are."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines
from app.core.facts import Value
from tests.api.test_errors import assert_problem
from tests.books import random_candidate

FREE: dict[str, Value] = {
    "active_skin_infection": False,
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": False,
}
RELEASE = "2026.2"


def candidates(engines: Engines, count: int) -> Iterator[dict[str, Value]]:
    """Half of them are known to have no documented exclusion."""
    random = Random(12)
    facts = engines.by_id[RELEASE].release.facts
    for place in range(count):
        yield random_candidate(random, facts, random.random()) | (FREE if place % 2 else {})


def named(part: Any) -> Iterator[str]:
    """Every id of a source that a part of an answer names, wherever it stands."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "sources" and isinstance(value, list):
                yield from value
            elif key in ("source", "differs") and isinstance(value, str):
                yield value
            else:
                yield from named(value)
    elif isinstance(part, list):
        for each in part:
            yield from named(each)


def test_all_tells_every_source_that_any_part_names_and_no_other(client: TestClient, engines: Engines) -> None:
    for facts in candidates(engines, 100):
        answer = client.post("/v1/triage?sources=all", json=facts).json()
        told = answer.pop("sources")
        assert set(told) == set(named(answer))


def test_rationale_is_the_default_and_tells_those_of_referral_and_rationale(
    client: TestClient, engines: Engines
) -> None:
    for facts in candidates(engines, 100):
        answer = client.post("/v1/triage", json=facts).json()
        assert client.post("/v1/triage?sources=rationale", json=facts).json() == answer
        assert set(answer["sources"]) == set(named([answer["referral"], answer["rationale"]]))


def test_none_tells_none_and_nothing_else_of_the_answer_changes(client: TestClient, engines: Engines) -> None:
    for facts in candidates(engines, 30):
        answers = [
            client.post(f"/v1/triage?sources={word}", json=facts).json() for word in ("none", "rationale", "all")
        ]
        assert answers[0]["sources"] == {}
        assert answers[0] == answers[1] | {"sources": {}} == answers[2] | {"sources": {}}


def test_a_source_is_what_its_address_says(client: TestClient) -> None:
    facts = {"active_skin_infection": True, "suspicious_lesion": True}
    for name, source in client.post("/v1/triage?sources=all", json=facts).json()["sources"].items():
        served = client.get(source.pop("url")).json()
        assert served == source | {"id": name}


@pytest.mark.parametrize("query", ["view=decision&sources=none", "sources=rationale&view=decision", "sources=some"])
@pytest.mark.parametrize("path", ["/v1/triage", "/v1/triage/batch"])
def test_the_short_view_takes_no_sources(client: TestClient, path: str, query: str) -> None:
    media = "application/x-ndjson" if path.endswith("batch") else "application/json"
    answer = client.post(f"{path}?{query}", content=b"{}", headers={"Content-Type": media})
    assert_problem(answer, 422, "bad-parameter")
    assert "sources" in answer.text


@pytest.mark.parametrize("query", ["sources=all&sources=none", "view=full&view=full", "ruleset=2026.1&ruleset=current"])
@pytest.mark.parametrize("path", ["/v1/triage", "/v1/triage/batch", "/v1/triage/explain"])
def test_a_parameter_that_is_said_twice_is_refused(client: TestClient, path: str, query: str) -> None:
    if path.endswith("explain"):
        query = query if query.startswith("ruleset") else "unknowns=strict&unknowns=confirm"
    media = "application/x-ndjson" if path.endswith("batch") else "application/json"
    answer = client.post(f"{path}?{query}", content=b"{}", headers={"Content-Type": media})
    problem = assert_problem(answer, 422, "bad-parameter")
    assert query.partition("=")[0] in json.dumps(problem["errors"])


def test_a_reason_has_the_state_that_its_rule_has_when_it_is_explained(client: TestClient, engines: Engines) -> None:
    seen: set[str] = set()
    for place, facts in enumerate(candidates(engines, 150)):
        query = "?unknowns=strict" if place % 3 else ""
        answer = client.post(f"/v1/triage{query}", json=facts).json()
        explained = client.post(f"/v1/triage/explain{query}", json=facts).json()
        states = {rule["rule"]: rule["state"] for rule in explained["rules"]}
        for reason in answer["rationale"]:
            assert reason["state"] == states[reason["rule"]]
            seen.add(reason["state"])
    assert seen == {"held", "undecided"}


def test_no_rule_decides_while_the_decision_or_the_rule_is_open(client: TestClient, engines: Engines) -> None:
    reviewed = {"suspicious_lesion": False, "primary_concern": "elasticity_loss", "body_dysmorphic_disorder": True}
    findings = {"elasticity_loss": "severe", "hyperpigmentation": "mild", "sagging": "none"}
    asked = [*candidates(engines, 200), FREE | reviewed | findings]
    open_decisions = open_rules = 0
    for facts in asked:
        answer = client.post("/v1/triage?unknowns=strict", json=facts).json()
        undecided = answer["decision"]["disposition"] == "needs_information"
        for reason in answer["rationale"]:
            open_decisions += undecided
            open_rules += reason["state"] == "undecided"
            if undecided or reason["state"] == "undecided":
                assert reason["decides"] is None
    assert open_rules
    assert open_decisions


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_answer_is_no_larger_than_it_says(client: TestClient, engines: Engines, language: str) -> None:
    """Below 24 kB where findings and exclusions are known; below 16 kB for nine in ten who are completely known.

    The others have many rules, cautions and their sources: each is content that an answer has to tell.
    """
    random = Random(24)
    facts_of = engines.by_id[RELEASE].release.facts
    asked = {name: fact for name, fact in facts_of.items() if fact.policy == "ask"}
    headers = {"Accept-Language": language}

    def size(facts: dict[str, Value]) -> int:
        return len(client.post("/v1/triage", json=facts, headers=headers).content)

    # a letter of Korean takes three bytes
    most, most_complete = (24_000, 16_000) if language == "en" else (26_000, 17_500)
    assert max(size(random_candidate(random, asked, 1) | FREE) for _ in range(200)) < most
    complete = sorted(size(random_candidate(random, facts_of, 1)) for _ in range(200))
    assert complete[180] < most_complete
