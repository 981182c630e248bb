"""`POST /v1/triage/explain` on real input."""

import json
from pathlib import Path

from fastapi.testclient import TestClient

from tests.api.test_errors import assert_problem

PREGNANT = json.loads((Path(__file__).resolve().parents[1] / "cases" / "candidate.json").read_text("utf-8"))
READY = {name: value for name, value in PREGNANT.items() if name != "pregnant"} | {"age_years": 41}


def test_it_explains_the_decision_that_triage_gives(client: TestClient) -> None:
    for query in ("", "?unknowns=strict", "?ruleset=2026.1"):
        body = READY if "2026.1" in query else PREGNANT
        answer = client.post(f"/v1/triage{query}", json=body).json()
        explained = client.post(f"/v1/triage/explain{query}", json=body).json()
        for key in ("decision", "id", "ruleset", "reference"):
            assert explained[key] == answer[key]


def test_the_query_of_a_decision_explains_it(client: TestClient) -> None:
    right = client.post("/v1/triage/explain?unknowns=strict", json=PREGNANT).content
    for query in ("view=full&sources=all", "view=decision", "sources=none"):
        assert client.post(f"/v1/triage/explain?unknowns=strict&{query}", json=PREGNANT).content == right
    for query in ("view=short", "view=decision&sources=all"):
        assert_problem(client.post(f"/v1/triage/explain?{query}", json=PREGNANT), 422, "bad-parameter")


def test_it_says_in_which_language_the_question_was_asked(client: TestClient) -> None:
    for language in ("en", "ko"):
        response = client.post("/v1/triage/explain", json=READY, headers={"accept-language": language})
        answer = client.post("/v1/triage", json=READY, headers={"accept-language": language})
        assert response.json()["id"] == answer.json()["id"]  # which covers the language
        assert response.headers["content-language"] == answer.headers["content-language"] == language
        assert "Accept-Language" in response.headers["vary"]


def test_a_smallest_reason_comes_first_with_ranges_instead_of_values(client: TestClient) -> None:
    explained = client.post("/v1/triage/explain", json=READY).json()
    first = explained["sufficient"][0]
    assert {"elasticity_loss", "hyperpigmentation", "age_years"} <= set(first["facts"])
    assert first["ranges"]["age_years"] == {"min": 22, "max": None}
    assert first["ranges"]["elasticity_loss"] == {"min": "moderate", "max": None}
    groups = {group["role"]: group["facts"] for group in first["groups"]}
    assert "elasticity_loss" in groups["indicates"]
    assert set(groups["no_objection"]) >= {"active_skin_infection", "age_years"}
    assert explained["sufficient_complete"] is True


def test_an_exclusion_alone_is_the_whole_reason(client: TestClient) -> None:
    explained = client.post("/v1/triage/explain", json={**PREGNANT, "active_skin_infection": True}).json()
    assert explained["sufficient"][0]["facts"] == ["active_skin_infection"]
    assert explained["sufficient"][0]["groups"] == [{"role": "excludes", "facts": ["active_skin_infection"]}]


def test_nothing_is_a_reason_while_the_decision_is_open(client: TestClient) -> None:
    explained = client.post("/v1/triage/explain", json={"primary_concern": "sagging"}).json()
    assert explained["decision"]["disposition"] == "needs_information"
    assert explained["sufficient"] == []


def test_changes_say_from_and_to_and_whether_somebody_can_act_on_them(client: TestClient) -> None:
    changes = client.post("/v1/triage/explain", json=PREGNANT).json()["changes"]
    ended = next(c for c in changes if c["facts"] == [{"fact": "pregnant", "from": True, "to": False}])
    assert ended["decision"]["pathway"] == "exosome_microchanneling"
    assert ended["actionable"] is False  # nothing that reads as "end the pregnancy" is a way in
    waiting = READY | {"recent_procedure": True}
    changes += client.post("/v1/triage/explain", json=waiting).json()["changes"]
    past = next(c for c in changes if c["facts"] == [{"fact": "recent_procedure", "from": True, "to": False}])
    assert past["actionable"] is True
    worse = [c for c in changes if any(f["fact"] in ("sagging", "photodamage") for f in c["facts"])]
    assert not any(change["actionable"] for change in worse)


def test_a_younger_age_changes_the_decision_once_for_each_region_and_nobody_can_act_on_it(client: TestClient) -> None:
    changes = client.post("/v1/triage/explain", json=READY).json()["changes"]
    ages = {c["facts"][0]["to"]: c for c in changes if [f["fact"] for f in c["facts"]] == ["age_years"]}
    assert {age: change["decision"]["disposition"] for age, change in ages.items()} == {
        21: "clinician_review",
        17: "excluded",
    }
    assert not any(change["actionable"] for change in ages.values())


def test_a_target_keeps_the_changes_that_reach_it(client: TestClient) -> None:
    everything = client.post("/v1/triage/explain", json=PREGNANT).json()["changes"]
    for target, key in (
        ("recommended", "disposition"),
        ("combination_therapy", "pathway"),
        ("referred", "disposition"),
    ):
        kept = client.post(f"/v1/triage/explain?target={target}", json=PREGNANT).json()["changes"]
        assert kept == [change for change in everything if change["decision"][key] == target]
    refused = client.post("/v1/triage/explain?target=healed", json=PREGNANT)
    assert_problem(refused, 422, "bad-parameter")


def test_every_rule_stands_somewhere_and_says_which_facts_made_it_so(client: TestClient) -> None:
    explained = client.post("/v1/triage/explain", json=PREGNANT).json()
    rules = {rule["rule"]: rule for rule in explained["rules"]}
    listed = client.get("/v1/rulesets/current/rules").json()
    assert set(rules) == {rule["id"] for rule in listed if rule["effect"]}
    assert (rules["EXC-PREGNANCY"]["state"], rules["EXC-PREGNANCY"]["facts"]) == ("held", ["pregnant"])
    assert (rules["EXC-MINOR"]["state"], rules["EXC-MINOR"]["facts"]) == ("undecided", ["age_years"])
    assert (rules["PHASE-3"]["state"], rules["PHASE-3"]["facts"]) == ("did_not_hold", ["sagging"])


def test_bad_facts_are_refused_as_by_triage(client: TestClient) -> None:
    bodies: list[object] = [{"pregnent": True}, []]
    for body in bodies:
        explained = client.post("/v1/triage/explain", json=body).json()
        plain = client.post("/v1/triage", json=body).json()
        assert explained | {"instance": ""} == plain | {"instance": ""}
