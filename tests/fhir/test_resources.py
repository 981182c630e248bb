"""Every resource that leaves is valid FHIR R4 by two validators that others wrote, and says the decision."""

import json
import re
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines, Question
from app.core.facts import Value
from app.record.answers import answers_of, response_of
from tests.books import random_candidate
from tests.fhir.resources import BASE, INTAKE, Resource, answers, bundle, condition, going_on, response, yes_no
from tests.fhir.validators import complaints, schema_complaints

READABLE = [
    "metadata",
    "Questionnaire/candidate-intake",
    "PlanDefinition/candidate-triage",
    "Library/CandidateTriageDecision",
    "CodeSystem/candidate-intake",
    "CodeSystem/candidate-triage-pathway",
    "CodeSystem/candidate-triage-disposition",
]
APPLY = "/fhir/PlanDefinition/candidate-triage/$apply"


def parameters(*parameter: Resource) -> Resource:
    return {"resourceType": "Parameters", "parameter": [{"name": "subject", "valueString": "Patient/1"}, *parameter]}


def candidates(count: int, engines: Engines) -> list[dict[str, Value]]:
    random = Random(4)
    facts = engines.by_id[engines.current].release.facts
    return [random_candidate(random, facts, random.random()) for _ in range(count)]


def applied(client: TestClient, engines: Engines, facts: dict[str, Value], *, strict: bool = False) -> Resource:
    release = engines.by_id[engines.current].release
    given = answers(facts, release)
    mode = [{"name": "unknowns", "valueCode": "strict"}] if strict else []
    body = parameters({"name": "questionnaireResponse", "resource": given}, *mode)
    answer = client.post(APPLY, json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    found: Resource = answer.json()
    return found


def test_what_can_be_read_is_valid(client: TestClient) -> None:
    resources = []
    for path in READABLE:
        answer = client.get(f"/fhir/{path}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/fhir+json"
        resources.append(answer.json())
    assert complaints(resources) == []
    assert resources[0]["fhirVersion"] == "4.0.1"


def test_care_plans_of_every_kind_are_valid(client: TestClient, engines: Engines) -> None:
    plans = [
        applied(client, engines, facts, strict=place % 2 == 1) for place, facts in enumerate(candidates(60, engines))
    ]
    plans.append(client.post(APPLY, json=parameters({"name": "data", "resource": bundle(condition("L01.00"))})).json())
    assert complaints(plans) == []
    guidance = [plan["contained"][0] for plan in plans]
    assert {g["status"] for g in guidance} >= {"success", "data-required"}
    for each in guidance:
        assert ("dataRequirement" in each) == (each["status"] != "success")


def test_a_rule_names_its_sources_and_each_is_told_once(client: TestClient, engines: Engines) -> None:
    for facts in candidates(30, engines):
        notes = [note["text"] for note in applied(client, engines, facts, strict=False)["contained"][0]["note"]]
        named = [
            name for note in notes if " Sources: " in note for name in note[:-1].partition(" Sources: ")[2].split(", ")
        ]
        told = [re.fullmatch(r"Source (\S+): .+\. (http\S+)", note) for note in notes if note.startswith("Source ")]
        addresses = {found[1]: found[2] for found in told if found}
        assert len(addresses) == len(told)
        assert set(addresses) == set(named)
        for name, address in addresses.items():
            assert client.get(address.removeprefix(BASE)).json()["id"] == name


def test_a_rule_that_is_undecided_may_hold(client: TestClient, engines: Engines) -> None:
    facts: dict[str, Value] = {"primary_concern": "uneven_pigmentation", "suspicious_lesion": False, "pregnant": True}
    facts |= {"elasticity_loss": "severe", "hyperpigmentation": "severe"}
    notes = [note["text"] for note in applied(client, engines, facts, strict=True)["contained"][0]["note"]]
    said = {name: text for name, _, text in (note.partition(": ") for note in notes)}
    assert said["EXC-INFECTION"].startswith("May hold: ")
    assert not said["EXC-PREGNANCY"].startswith("May hold: ")


def test_the_plan_definition_tells_each_source_of_its_rules_once(client: TestClient) -> None:
    plan = client.get("/fhir/PlanDefinition/candidate-triage").json()
    labels = {each["label"] for action in plan["action"] for each in action["documentation"]}
    told = [each["label"] for each in plan["relatedArtifact"]]
    assert sorted(told) == sorted(labels)
    for each in plan["relatedArtifact"]:
        assert client.get(each["url"].removeprefix(BASE)).json()["id"] == each["label"]


def test_responses_and_next_questions_are_valid(client: TestClient, engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    made = []
    for facts in candidates(20, engines):
        missing = [name for name in release.facts if name not in facts][:2]
        made.append(response_of(facts, missing, release, INTAKE, BASE))
        made.append(client.post("/fhir/Questionnaire/$next-question", json=made[-1]).json())
    assert complaints(made) == []


def test_outcomes_are_valid(client: TestClient) -> None:
    refused = [
        client.get("/fhir/Questionnaire/another"),
        client.get("/fhir/nothing/at/all"),
        client.put("/fhir/metadata"),
        client.post(APPLY, json={"resourceType": "Parameters"}),
        client.post(APPLY, content="{"),
        client.post(APPLY, content="{", headers={"content-type": "application/fhir+json"}),
    ]
    assert [answer.status_code for answer in refused] == [404, 404, 405, 422, 415, 400]
    assert all(answer.headers["content-type"] == "application/fhir+json" for answer in refused)
    assert complaints([answer.json() for answer in refused]) == []


def test_the_validators_notice_what_is_wrong(client: TestClient) -> None:
    plan = client.post(APPLY, json=parameters()).json()
    assert schema_complaints(plan["contained"][0] | {"status": "done"})
    assert complaints([plan | {"colour": "red"}])
    assert complaints([{key: value for key, value in plan.items() if key != "subject"}])


def test_facts_to_a_response_and_back_lose_nothing(engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    random = Random(5)
    for facts in candidates(500, engines):
        unknown = [name for name in release.facts if name not in facts]
        unavailable = tuple(name for name in unknown if random.random() < 0.2)
        made = json.loads(json.dumps(response_of(facts, unavailable, release, INTAKE, BASE)))
        back = answers_of(made, release, INTAKE)
        assert back is not None
        assert (back.facts, back.unavailable) == (facts, unavailable)


def test_an_interview_by_next_question_ends_in_the_decision_of_strict_mode(
    client: TestClient, engines: Engines
) -> None:
    engine = engines.by_id[engines.current]
    for full in candidates(15, engines):
        full = {name: fact.domain[0] for name, fact in engine.release.facts.items()} | full
        at: Resource = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "questionnaire": INTAKE}
        asked: list[str] = []
        while True:
            answer = client.post("/fhir/Questionnaire/$next-question", json=at)
            assert answer.status_code == 200, answer.text
            at = answer.json()
            if at["status"] == "completed":
                break
            asked.append(at["contained"][0]["item"][-1]["linkId"] if len(asked) == 0 else _new(at, asked))
            fact = engine.release.facts[asked[-1]]
            value = full[asked[-1]]
            items = [*at.get("item", []), {"linkId": fact.name, "answer": [_answer(fact.kind, value)]}]
            at = at | {"item": items}
        assert len(asked) == len(set(asked))
        known = answers_of(at | {"status": "completed"}, engine.release, INTAKE)
        assert known is not None
        assert engine.decide(Question(known.facts, strict=True)).decision == engine.decide(Question(full)).decision


def _new(at: Resource, asked: list[str]) -> str:
    (name,) = {item["linkId"] for item in at["contained"][0]["item"]} - set(asked)
    return str(name)


def _answer(kind: str, value: Value) -> Resource:
    if kind == "boolean":
        return {"valueBoolean": value}
    return {"valueInteger": value} if kind == "integer" else {"valueCoding": {"code": value}}


BAD: list[tuple[str, Any, int]] = [
    (APPLY, [], 422),
    (APPLY, {"resourceType": "Bundle"}, 422),
    (APPLY, {"resourceType": "Parameters", "parameter": [{"name": "subject", "valueString": "Group/1"}]}, 422),
    (APPLY, parameters({"name": "colour", "valueString": "red"}), 422),
    (APPLY, parameters({"name": "unknowns", "valueCode": "maybe"}), 422),
    (APPLY, parameters({"name": "data", "resource": {"x": 1}}), 422),
    (APPLY, parameters({"name": "data", "resource": condition("L01.0") | {"clinicalStatus": "active"}}), 422),
    (APPLY, parameters({"name": "data", "resource": bundle(bundle(bundle(bundle())))}), 422),
    ("/fhir/PlanDefinition/$apply", parameters(), 404),
    ("/fhir/Questionnaire/$next-question", {"resourceType": "Patient"}, 422),
    ("/fhir/Questionnaire/$next-question", going_on() | {"questionnaire": "http://example.org/q"}, 422),
    (
        "/fhir/Questionnaire/$next-question",
        going_on() | {"contained": [{"resourceType": "Questionnaire", "url": "http://example.org/q"}]},
        422,
    ),
]


@pytest.mark.parametrize(("path", "body", "status"), BAD)
def test_bad_input_gets_an_outcome_that_says_where(client: TestClient, path: str, body: Any, status: int) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == status
    found = answer.json()
    assert found["resourceType"] == "OperationOutcome"
    assert found["issue"][0]["diagnostics"]


def test_apply_by_canonical_address_is_the_same(client: TestClient) -> None:
    data = {"name": "questionnaireResponse", "resource": response(yes_no("active_skin_infection", True))}
    plan = {"name": "planDefinition", "valueCanonical": f"{BASE}/fhir/PlanDefinition/candidate-triage|2026.2"}
    named = client.post(APPLY, json=parameters(data))
    assert client.post("/fhir/PlanDefinition/$apply", json=parameters(data, plan)).content == named.content
