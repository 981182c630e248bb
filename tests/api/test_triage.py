"""`POST /v1/triage` on real input."""

import json

import pytest
from fastapi.testclient import TestClient

from app.api.examples import EXAMPLES

PHASE_2 = EXAMPLES["recommended"].body


@pytest.mark.parametrize("disposition", EXAMPLES)
def test_each_worked_example_gets_its_disposition(client: TestClient, disposition: str) -> None:
    answer = client.post("/v1/triage", json=EXAMPLES[disposition].body).json()
    assert answer["decision"]["disposition"] == disposition


def test_a_recommendation_names_what_it_stands_on(client: TestClient) -> None:
    answer = client.post("/v1/triage", json=PHASE_2).json()
    assert answer["decision"] == {"disposition": "recommended", "pathway": "exosome_microchanneling", "phase": 2}
    assert answer["ready"] is False
    pregnant = next(a for a in answer["assumptions"] if a["fact"] == "pregnant")
    assert pregnant["assumed"] is False
    assert pregnant["because"] == ["EXC-PREGNANCY"]
    assert "age_years" not in [a["fact"] for a in answer["assumptions"]]
    reason = answer["rationale"][0]
    assert reason["rule"] == "PHASE-2"
    assert reason["because"] == [
        {"fact": "elasticity_loss", "value": "moderate"},
        {"fact": "hyperpigmentation", "value": "mild"},
    ]
    assert "S3-31" in reason["sources"]
    assert answer["sources"]["S3-31"]["document"] == "Can Stem Cell Therapy Rejuvenate Both Skin Tone and Elasticity?"


def test_an_unknown_age_is_assumed_as_a_range(client: TestClient) -> None:
    answer = client.post("/v1/triage", json={**PHASE_2, "age_years": None}).json()
    age = next(a for a in answer["assumptions"] if a["fact"] == "age_years")
    assert age["assumed"] == {"min": 22}
    assert age["because"] == ["EXC-MINOR", "REVIEW-AGE-18-21"]


def test_absent_and_null_mean_the_same(client: TestClient) -> None:
    absent = client.post("/v1/triage", json={"primary_concern": "dullness"})
    for name in ("pregnant", "unavailable", "doubted", "reference", "asked_on"):
        null = client.post("/v1/triage", json={"primary_concern": "dullness", name: None})
        assert absent.content == null.content, name


def test_strict_mode_assumes_nothing(client: TestClient) -> None:
    answer = client.post("/v1/triage?unknowns=strict", json=PHASE_2).json()
    assert answer["decision"]["disposition"] == "needs_information"
    assert answer["indicated"] is None, "a suspicious lesion would send the candidate on before any phase is looked at"
    assert answer["assumptions"] == []
    assert "pregnant" in answer["missing"]
    assert answer["next_question"]["fact"] in answer["missing"]


def test_the_decision_view_is_the_machine_contract_of_the_full_answer(client: TestClient) -> None:
    full = client.post("/v1/triage", json=PHASE_2).json()
    view = client.post("/v1/triage?view=decision", json=PHASE_2).json()
    assert view.pop("rules") == [reason["rule"] for reason in full["rationale"]]
    assert view == {key: full[key] for key in view}
    assert set(view) == {
        "decision",
        "indicated",
        "ready",
        "referral",
        "possible",
        "missing",
        "next_question",
        "assumptions",
        "ruleset",
        "id",
        "reference",
        "asked_on",
        "valid_until",
        "ask_again",
    }


def test_an_older_release_answers_as_it_did(client: TestClient) -> None:
    facts = {key: value for key, value in PHASE_2.items() if key != "age_years"}
    answer = client.post("/v1/triage?ruleset=2026.1", json=facts).json()
    assert answer["ruleset"]["id"] == "2026.1"
    assert answer["assumptions"] == []
    assert client.post("/v1/triage?ruleset=current", json=facts).json()["ruleset"]["id"] == "2026.3"


def test_the_reference_is_echoed_and_changes_nothing_else(client: TestClient) -> None:
    plain = client.post("/v1/triage", json=PHASE_2).json()
    named = client.post("/v1/triage", json={**PHASE_2, "reference": "visit:2026-11.a_1"}).json()
    assert named["reference"] == "visit:2026-11.a_1"
    assert named | {"reference": None} == plain


def test_equal_questions_have_equal_ids_and_unequal_ones_do_not(client: TestClient) -> None:
    def identity(body: dict[str, object], query: str = "") -> str:
        found: str = client.post(f"/v1/triage{query}", json=body).json()["id"]
        return found

    body = {"primary_concern": "dullness", "age_years": 34}
    same = [
        identity(body),
        identity({"age_years": 34.0, "primary_concern": "dullness", "reference": "x"}),
        identity(body, "?ruleset=2026.3&view=decision&unknowns=confirm"),
    ]
    assert len(set(same)) == 1
    others = [
        identity(body, "?unknowns=strict"),
        identity(body, "?ruleset=2026.1"),
        identity({**body, "age_years": 35}),
        identity({**body, "unavailable": ["pregnant"]}),
        identity({**body, "doubted": ["pregnant"]}),
        identity({**body, "doubted": ["pregnant"]}, "?unknowns=strict"),
    ]
    assert len({*same, *others}) == 7
    assert identity({**body, "doubted": ["pregnant", "breastfeeding"]}) == identity(
        {**body, "doubted": ["breastfeeding", "pregnant", "pregnant"]}
    )


def test_a_reading_on_a_scale_is_graded_and_says_so(client: TestClient) -> None:
    body = {
        "photodamage": {"scale": "glogau", "grade": "IV"},
        "sagging": {"scale": "alexiades", "grade": 3.5},
        "elasticity_loss": {"scale": "alexiades", "grade": 2},
    }
    facts = client.post("/v1/triage", json=body).json()["facts"]
    assert [facts[name]["grade"] for name in body] == ["severe", "advanced", "moderate"]
    assert facts["photodamage"]["scale"] == "glogau"
    assert facts["photodamage"]["reading"] == "IV"
    assert facts["sagging"]["reading"] == 3.5
    assert facts["sagging"]["crosswalk"]


def test_what_cannot_be_answered_is_not_asked_and_a_clinician_is_named(client: TestClient) -> None:
    first = client.post("/v1/triage", json={}).json()
    again = client.post("/v1/triage", json={"unavailable": [first["next_question"]["fact"]]}).json()
    assert again["next_question"]["fact"] != first["next_question"]["fact"]
    stuck = client.post("/v1/triage", json={"unavailable": first["missing"]}).json()
    assert stuck["next_question"] is None
    assert stuck["missing"] == first["missing"]
    assert any("clinician" in notice for notice in stuck["notices"][-2:])


def test_nothing_is_assumed_of_what_is_doubted(client: TestClient) -> None:
    """A record that speaks of a pregnancy, and leaves it open, keeps a pathway from being recommended."""
    assumed = client.post("/v1/triage", json=PHASE_2).json()
    assert assumed["decision"]["disposition"] == "recommended"
    assert "pregnant" in [each["fact"] for each in assumed["assumptions"]]
    doubted = client.post("/v1/triage", json={**PHASE_2, "doubted": ["pregnant"]}).json()
    assert doubted["decision"] == {"disposition": "needs_information", "pathway": None, "phase": None}
    assert {each["disposition"] for each in doubted["possible"]} == {"excluded", "recommended"}
    assert doubted["missing"] == ["pregnant"]
    assert doubted["next_question"]["fact"] == "pregnant"
    assert "pregnant" not in [each["fact"] for each in doubted["assumptions"]]
    explained = client.post("/v1/triage/explain", json={**PHASE_2, "doubted": ["pregnant"]}).json()
    assert explained["decision"] == doubted["decision"]
    assert explained["sufficient"] == []
    view = client.post("/v1/triage?view=decision", json={**PHASE_2, "doubted": ["pregnant"]}).json()
    assert (view["missing"], view["id"]) == (doubted["missing"], doubted["id"])
    lines = client.post(
        "/v1/triage/batch",
        content=json.dumps({**PHASE_2, "doubted": ["pregnant"]}),
        headers={"content-type": "application/x-ndjson"},
    )
    assert json.loads(lines.text)["missing"] == ["pregnant"]
    strict = [
        client.post("/v1/triage?unknowns=strict", json=PHASE_2 | more).json()
        for more in ({}, {"doubted": ["pregnant"]})
    ]
    one, other = (each | {"id": ""} for each in strict)
    assert one == other


def test_the_same_request_gets_the_same_bytes(client: TestClient) -> None:
    assert len({client.post("/v1/triage", json=PHASE_2).content for _ in range(3)}) == 1
