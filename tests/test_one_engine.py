"""One engine behind every face: the same decision, missing facts and rules, whichever way somebody asks."""

import re
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines
from tests.amounts import amount
from tests.books import random_candidate
from tests.cds_hooks.calls import call, path
from tests.fhir.resources import answers

BLOCKS = 4
CANDIDATES = amount(60, 1_500)
QUESTION = re.compile(r"\*\*Still missing\*\*\n\n((?:- .*\n?)+)")


@pytest.mark.parametrize("block", range(BLOCKS))
def test_json_cds_hooks_and_apply_agree(block: int, client: TestClient, engines: Engines) -> None:
    """Random candidates, half of them in strict mode."""
    release = engines.by_id[engines.current].release
    random = Random(block)
    strict = block % 2 == 1
    mode = "strict" if strict else "confirm"
    for _ in range(CANDIDATES):
        facts = random_candidate(random, release.facts, random.random())
        if random.random() < 0.7:
            facts |= {"active_skin_infection": False, "systemic_immunosuppression": False}
        plain = client.post(f"/v1/triage?unknowns={mode}", json=facts).json()
        given = answers(facts, release)
        guidance = _applied(client, given, mode)
        assert guidance["reasonCode"][0]["coding"][0]["code"] == plain["decision"]["disposition"]
        pathway = [concept["coding"][0]["code"] for concept in guidance["reasonCode"][1:]]
        assert pathway == [plain["decision"]["pathway"]] * bool(plain["decision"]["pathway"])
        wanted = [requirement["id"] for requirement in guidance.get("dataRequirement", [])]
        assert wanted == (plain["missing"] or [assumption["fact"] for assumption in plain["assumptions"]])
        assert guidance["identifier"][0]["value"] == plain["id"]
        rules = [reason["rule"] for reason in plain["rationale"]]
        notes = [note["text"].partition(":")[0] for note in guidance["note"]]
        assert [note for note in notes if note in rules] == rules
        hook = "appointment-book" if strict else "patient-view"
        card = client.post(path(hook), json=call(hook, intake=given)).json()["cards"][-1]
        assert card["source"]["topic"]["code"] == plain["decision"]["disposition"]
        asked = [release.facts[name].question for name in plain["missing"]]
        shown = QUESTION.search(card["detail"])
        listed = [line[2:] for line in shown[1].splitlines()] if shown else []
        assert listed[: len(asked)] == asked[: len(listed)] if len(asked) <= 12 else listed[:12] == asked[:12]
        for reason in plain["rationale"][:12]:
            assert reason["statement"] in card["detail"]


def _applied(client: TestClient, given: dict[str, Any], mode: str) -> dict[str, Any]:
    parameters = [
        {"name": "subject", "valueString": "Patient/1"},
        {"name": "unknowns", "valueCode": mode},
        {"name": "questionnaireResponse", "resource": given},
    ]
    body = {"resourceType": "Parameters", "parameter": parameters}
    plan = client.post("/fhir/PlanDefinition/candidate-triage/$apply", json=body).json()
    guidance: dict[str, Any] = plan["contained"][0]
    return guidance
