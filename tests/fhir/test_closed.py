"""Responses that are finished, stopped or wrong: where they go on, and where they count."""

import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines
from app.record.answers import answer_to
from tests.fhir.resources import BASE, answers, going_on, response, yes_no
from tests.fhir.test_operations import APPLY, FORM, KO, NEXT, POPULATE, parameters, posted
from tests.fhir.validators import complaints

STATUSES = ("in-progress", "completed", "amended", "entered-in-error", "stopped")
"""Of FHIR R4."""


@pytest.mark.parametrize("path", [NEXT, f"{FORM}/$next-question"])
@pytest.mark.parametrize("headers", [{}, KO])
@pytest.mark.parametrize("status", [*STATUSES, "draft", "", "x" * 900, 7, None])
def test_a_response_that_is_closed_is_not_gone_on_with(
    client: TestClient, path: str, headers: dict[str, str], status: Any
) -> None:
    for body in (
        response() | {"status": status},
        response(yes_no("active_skin_infection", False)) | {"status": status},
    ):
        answer = client.post(path, json=body, headers=headers)
        found = answer.json()
        if status == "in-progress":
            assert (answer.status_code, found["status"]) == (200, "in-progress")
            continue
        (issue,) = found["issue"]
        assert (answer.status_code, issue["code"]) == (422, "business-rule")
        assert issue["expression"] == ["QuestionnaireResponse.status"]
        assert "`in-progress`" in issue["diagnostics"]
        assert ("이 응답" in issue["diagnostics"]) is bool(headers)
        said = status if status in STATUSES else "?"
        assert f"`{said}`" in issue["diagnostics"]
        assert complaints([found]) == []


@pytest.mark.parametrize("status", STATUSES)
def test_a_finished_response_is_given_back_and_never_opened(client: TestClient, engines: Engines, status: str) -> None:
    """A call that is sent again, after its answer was lost, changes nothing."""
    found = going_on()
    release = engines.by_id[engines.current].release
    while (found := posted(client, NEXT, found))["status"] == "in-progress":
        asked = found["contained"][0]["item"][-1]["linkId"]
        fact = release.facts[asked]
        found.setdefault("item", []).append({"linkId": asked, "answer": [answer_to(fact, fact.domain[0], BASE)]})
    answer = client.post(NEXT, json=found | {"status": status})
    if status in ("completed", "amended"):
        assert answer.json() == found | {"status": status}
    else:
        assert answer.status_code == (200 if status == "in-progress" else 422)
        assert answer.json().get("status") == ("completed" if status == "in-progress" else None)


@pytest.mark.parametrize("status", ["stopped", "entered-in-error", "in-progress", "unheard"])
def test_a_closed_response_in_a_record_says_nothing_and_is_not_silent(
    client: TestClient, engines: Engines, status: str
) -> None:
    """`$apply` and `$populate` read it as any record: what does not count is asked, counted or named."""
    release = engines.by_id[engines.current].release
    said = {name: fact.domain[0] for name, fact in release.facts.items()}
    closed = answers(said, release) | {"status": status, "subject": {"reference": "Patient/1"}}
    data = parameters({"name": "data", "resource": closed})
    plan = posted(client, APPLY, parameters({"name": "questionnaireResponse", "resource": closed}))
    assert "activity" not in plan
    assert plan["contained"][0]["status"] == "data-required"
    says = "were understood and have no effect|was not finished|status is not known"
    assert re.search(says, json.dumps(plan))
    filled = posted(client, POPULATE, data)
    form, *issues = filled["parameter"]
    assert "item" not in form["resource"]
    assert issues
