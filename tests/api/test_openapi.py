"""The committed OpenAPI document: current, valid, and kept by the service."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from app.main import build_app
from app.settings import Settings

DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.json"
schema = schemathesis.openapi.from_path(DOCUMENT)
schema.config.base_url = "http://testserver"
EXAMPLES = settings().max_examples if settings.get_current_profile_name() == "long" else 40
"""For each operation."""


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def test_the_committed_document_is_current(app: FastAPI) -> None:
    written = json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
    assert DOCUMENT.read_text("utf-8") == written, "run `make openapi`"


def test_it_shows_every_fact_with_its_question(app: FastAPI, client: TestClient) -> None:
    body = app.openapi()["paths"]["/v1/triage"]["post"]["requestBody"]["content"]["application/json"]
    facts = client.get("/v1/rulesets/current/facts").json()
    for fact in facts:
        shown = body["schema"]["properties"][fact["name"]]
        assert fact["question"] in shown["description"]
        assert all(source in shown["description"] for source in fact["sources"])


@pytest.mark.parametrize("path", ["/v1/triage", "/v1/triage/explain"])
def test_every_example_gets_the_answer_that_is_shown(app: FastAPI, client: TestClient, path: str) -> None:
    operation = app.openapi()["paths"][path]["post"]
    asked = operation["requestBody"]["content"]["application/json"]["examples"]
    shown = operation["responses"]["200"]["content"]["application/json"]["examples"]
    assert (
        list(asked) == list(shown) == ["recommended", "excluded", "referred", "clinician_review", "needs_information"]
    )
    for name in asked:
        assert client.post(path, json=asked[name]["value"]).json() == shown[name]["value"]


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_service_keeps_the_document(case: schemathesis.Case[Any]) -> None:
    body = case.body
    if isinstance(body, dict) and isinstance(listed := body.get("unavailable"), list):
        # what no schema can say: a fact is either answered or unavailable
        left = [name for name in listed if not isinstance(name, str) or body.get(name) is None]
        case.body = {**body, "unavailable": left}
    if case.query.get("view") == "decision":
        # nor this: a view tells no sources
        case.query.pop("sources", None)
    excluded: list[Any] = []
    if case.path.startswith(("/fhir", "/cds-services")):
        # what FHIR and CDS Hooks take is defined by their own standards, and OpenAPI shows an outline of it
        excluded.append(positive_data_acceptance)
    elif case.path.endswith("/batch"):
        # whatever is sent is lines, and the bad ones are answered each in its place
        excluded.append(negative_data_rejection)
    case.call_and_validate(app=_application(), excluded_checks=excluded)


_made: list[FastAPI] = []


def _application() -> FastAPI:
    if not _made:
        _made.append(build_app(Settings()))
    return _made[0]
