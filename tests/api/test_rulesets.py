"""The rule sets laid open, and how they are cached."""

from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

PARTS = ["", "/facts", "/rules", "/rules/PHASE-2", "/sources", "/sources/M1", "/verification", "/diff/2026.1"]


def test_the_rule_sets_stand_side_by_side(client: TestClient) -> None:
    found = client.get("/v1/rulesets").json()
    assert found["current"] == "2026.3"
    assert [r["id"] for r in found["rulesets"]] == ["2026.1", "2026.2", "2026.3"]
    assert all(r["digest"].startswith("sha256:") and r["reviewed"] is None for r in found["rulesets"])


@pytest.mark.parametrize("part", PARTS)
def test_what_is_versioned_can_be_kept(client: TestClient, part: str) -> None:
    first = client.get(f"/v1/rulesets/2026.2{part}")
    assert first.status_code == 200
    # nobody reads from a cache that a release is good which was withdrawn since
    assert first.headers["cache-control"] == ("public, max-age=3600" if part else "no-cache")
    again = client.get(f"/v1/rulesets/2026.2{part}", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    other = client.get(f"/v1/rulesets/2026.2{part}", headers={"if-none-match": '"other"'})
    assert other.content == first.content


@pytest.mark.parametrize("part", PARTS)
def test_current_is_asked_again_each_time(client: TestClient, part: str) -> None:
    current = client.get(f"/v1/rulesets/current{part}")
    assert current.headers["cache-control"] == "no-cache"
    assert current.content == client.get(f"/v1/rulesets/2026.3{part}").content


def test_a_comparison_with_current_is_asked_again_each_time(client: TestClient) -> None:
    found = client.get("/v1/rulesets/2026.1/diff/current")
    assert found.headers["cache-control"] == "no-cache"
    assert found.content == client.get("/v1/rulesets/2026.1/diff/2026.3").content


def test_the_older_release_lacks_the_label_safety_facts(client: TestClient) -> None:
    names = {fact["name"] for fact in client.get("/v1/rulesets/2026.1/facts").json()}
    assert "pregnant" not in names
    assert "active_skin_infection" in names


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_fact_is_listed_with_the_members_of_its_question(client: TestClient, language: str) -> None:
    spoken, random = {"accept-language": language}, Random(13)
    listed = {fact["name"]: fact for fact in client.get("/v1/rulesets/current/facts", headers=spoken).json()}
    seen: set[str] = set()
    for _ in range(40):
        facts: dict[str, Any] = {}
        while question := client.post("/v1/triage?unknowns=strict&view=decision", json=facts, headers=spoken).json()[
            "next_question"
        ]:
            fact = listed[question["fact"]]
            shared = question.keys() & fact.keys()
            assert {name: question[name] for name in shared} == {name: fact[name] for name in shared}
            assert shared >= {"question", "help", "answers", "minimum", "maximum", "unit"}
            seen.add(fact["name"])
            harmless = [fact["assumed"]] if fact["type"] == "boolean" and fact["assumed"] is not None else []
            offered = harmless or [each["value"] for each in fact["answers"]] or [fact["maximum"]]
            facts[fact["name"]] = random.choice(offered)
    assert {listed[name]["type"] for name in seen} == {"boolean", "choice", "grade", "integer"}
    assert len(seen) > 20


def test_a_rule_shows_condition_statement_reading_sources_and_examples(client: TestClient) -> None:
    rule = client.get("/v1/rulesets/current/rules/PHASE-2").json()
    assert rule["condition"] == "elasticity_loss >= moderate and hyperpigmentation >= mild"
    assert rule["effect"] == "indicates"
    assert rule["reading"]
    assert "S3-31" in [source["id"] for source in rule["sources"]]
    undecided = {"facts": {"hyperpigmentation": "mild"}, "expect": "undecided", "ask": ["elasticity_loss"]}
    assert undecided in rule["examples"]


def test_one_source_is_told_as_the_list_tells_it(client: TestClient) -> None:
    listed = client.get("/v1/rulesets/2026.2/sources").json()
    assert len({source["id"] for source in listed}) == len(listed)
    for source in (listed[0], listed[-1]):
        assert client.get(f"/v1/rulesets/2026.2/sources/{source['id']}").json() == source
    missing = client.get("/v1/rulesets/2026.2/sources/S9-01")
    assert (missing.status_code, missing.json()["type"].rpartition("/")[2]) == (404, "unknown-source")
    assert client.get(missing.json()["type"]).status_code == 200


def test_a_rule_set_says_its_contract_its_limits_and_its_digests(client: TestClient) -> None:
    older, withdrawn, current = client.get("/v1/rulesets").json()["rulesets"]
    for listed in (older, withdrawn, current):
        answer = client.post(f"/v1/triage?ruleset={listed['id']}", json={}).json()["ruleset"]
        assert answer == {key: listed[key] for key in answer}
        assert list(answer) == ["id", "digest", "contract", "reviewed", "withdrawn", "limits", "digests"]
        assert all(value.startswith("sha256:") for value in listed["digests"].values())
    assert "label safety" in older["limits"]
    assert withdrawn["withdrawn"]["date"] == "2026-11-26"
    assert current["limits"] is current["withdrawn"] is None


def test_operators_are_answered(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    version = client.get("/version").json()
    assert version["current"] == "2026.3"
    assert set(version["rulesets"]) == {"2026.1", "2026.2", "2026.3"}


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_explorer_asks_no_other_host(client: TestClient, page: str) -> None:
    answer = client.get(page)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    html = answer.text
    assert "://" not in html.replace("http://testserver", "")
    assets = [part.split('"')[0] for part in html.split('"/explorer-assets/')[1:]]
    assert assets
    for asset in assets:
        assert client.get(f"/explorer-assets/{asset}").status_code == 200


def test_the_proof_report_is_served(client: TestClient) -> None:
    report = client.get("/v1/rulesets/current/verification").json()
    assert report["proved"] is True
    assert report["defects"] == []
    assert all(law["holds"] for law in report["laws"])
    assert all(rule["witness"] for rule in report["rules"])
    assert sum(int(row["candidates"]) for row in report["decisions"]) == int(report["candidates"])


def test_a_difference_mirrors_the_one_the_other_way(client: TestClient) -> None:
    there = client.get("/v1/rulesets/2026.1/diff/2026.3").json()
    back = client.get("/v1/rulesets/2026.3/diff/2026.1").json()
    assert there["changed"] == back["changed"] != "0"
    pairs = {(str(d["before"]), str(d["after"]), d["candidates"]) for d in there["differences"]}
    assert pairs == {(str(d["after"]), str(d["before"]), d["candidates"]) for d in back["differences"]}
    assert client.get("/v1/rulesets/2026.1/diff/current").json() == there
    assert client.get("/v1/rulesets/2026.1/diff/2026.1").json()["differences"] == []
