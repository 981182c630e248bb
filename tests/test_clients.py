"""Clients that others wrote: `fhirclient` in Python, `fhir-kit-client` on Node.js, and two renderers of forms."""

import json
from random import Random

import pytest
from fastapi.testclient import TestClient
from fhirclient import client as smart
from fhirclient.models.questionnaire import Questionnaire
from fhirclient.server import FHIRNotFoundException

from app.core.engine import Engines, Question
from tests.books import random_candidate
from tests.fhir.resources import SEEN, answers
from tests.fhir.validators import run_node


def test_fhir_kit_client_reads_applies_and_is_refused(address: str) -> None:
    found = json.loads(run_node("client.mjs", address))
    assert found == {
        "fhirVersion": "4.0.1",
        "questions": 56,
        "plan": "candidate-triage",
        "decision": "excluded",
        "refused": "OperationOutcome",
    }


def test_the_npm_package_fhirclient_searches_prefills_and_is_refused(address: str) -> None:
    assert json.loads(run_node("smart.mjs", address)) == {
        "version": "4.0.1",
        "total": 1,
        "questions": 56,
        "answers": ["age_years"],
        "refused": "404",
    }


def test_lhc_forms_answers_the_adaptive_questionnaire_to_the_end(address: str, engines: Engines) -> None:
    engine = engines.by_id[engines.current]
    random = Random(12)
    facts = {name: fact.domain[0] for name, fact in engine.release.facts.items()}
    facts |= random_candidate(random, engine.release.facts, 0.9)
    given = answers(facts, engine.release, base=address)
    start = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "questionnaire": given["questionnaire"]}
    by_name = {item["linkId"]: item["answer"][0] for item in given["item"]}
    found = json.loads(run_node("adaptive.mjs", address, given=json.dumps({"start": start, "answers": by_name})))
    assert found["response"]["status"] == "completed"
    assert len(found["asked"]) == len(set(found["asked"])) > 1
    known = {name: facts[name] for name in found["asked"]}
    assert [item["linkId"] for item in found["response"]["item"]] == [n for n in engine.release.facts if n in known]
    assert engine.decide(Question(known, strict=True)).decision == engine.decide(Question(facts)).decision


def test_fhirclient_reads_the_questionnaire(address: str) -> None:
    server = smart.FHIRClient(settings={"app_id": "test", "api_base": f"{address}/fhir"}).server
    questionnaire = Questionnaire.read("candidate-intake", server)
    assert questionnaire.title == "Candidate intake"
    assert [item.linkId for item in questionnaire.item][:2] == ["active_skin_infection", "autoimmune_skin_disease"]
    (found,) = Questionnaire.where({"url": questionnaire.url}).perform_resources_iter(server)
    assert found.as_json() == questionnaire.as_json()
    with pytest.raises(FHIRNotFoundException):
        Questionnaire.read("another", server)


@pytest.mark.parametrize("renderer", ["forms.mjs", "smartforms.mjs"])
def test_a_form_that_others_render_gets_the_decision_of_plain_json(
    renderer: str, client: TestClient, engines: Engines
) -> None:
    """LHC-Forms of the NLM, and Smart Forms of CSIRO."""
    release = engines.by_id[engines.current].release
    random = Random(11)
    known = [random_candidate(random, release.facts, 0.7) for _ in range(4)]
    for facts in known:
        facts |= {"active_skin_infection": False, "systemic_immunosuppression": False}
    questionnaire = client.get("/fhir/Questionnaire/candidate-intake").json()
    responses = [answers(facts, release) for facts in known]
    given = json.dumps({"questionnaire": questionnaire, "responses": responses})
    exported = [json.loads(line) for line in run_node(renderer, given=given).splitlines()]
    assert len(exported) == len(known)
    for facts, found in zip(known, exported, strict=True):
        assert found["shown"] > len(release.facts)
        for mode in ("strict", "confirm"):
            plain = client.post(f"/v1/triage?unknowns={mode}", json=facts).json()
            parameters = [
                {"name": "subject", "valueString": "Patient/1"},
                {"name": "unknowns", "valueCode": mode},
                {"name": "questionnaireResponse", "resource": found["exported"] | {"authored": SEEN}},
            ]
            body = {"resourceType": "Parameters", "parameter": parameters}
            plan = client.post("/fhir/PlanDefinition/candidate-triage/$apply", json=body).json()
            assert plan["contained"][0]["identifier"][0]["value"] == plain["id"]
            assert plan["title"] == release.wording.dispositions[plain["decision"]["disposition"]]
