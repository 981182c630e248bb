"""Anything a client can send gets an answer or an error in its format, never a 500."""

import json
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

NAMES = [
    "pregnant",
    "age_years",
    "sagging",
    "primary_concern",
    "jurisdiction",
    "unavailable",
    "reference",
    "isotretinoin",
]
JSON_TEXT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=20,
).map(lambda data: json.dumps(data).encode())
LONG = settings.get_current_profile_name() == "long"
EXAMPLES = 30_000 if LONG else 300
"""Of each kind of body sent to a triage."""
ELSEWHERE = 6_000 if LONG else 25
"""Of each kind of body sent to each other face."""
LIMITS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OTHER_LIMITS = settings(LIMITS, max_examples=ELSEWHERE)
HOOKS = ("patient-view", "order-select", "order-sign", "appointment-book")
OTHERS = [
    ("/v1/triage/explain", "application/json"),
    ("/v1/triage/batch", "application/x-ndjson"),
    ("/v1/receipts/verify", "application/json"),
    *[(f"/cds-services/candidate-triage-{hook}", "application/json") for hook in HOOKS],
    ("/cds-services/candidate-triage-patient-view/feedback", "application/json"),
    ("/fhir/Questionnaire/$next-question", "application/fhir+json"),
    ("/fhir/Questionnaire/$populate", "application/fhir+json"),
    ("/fhir/PlanDefinition/$apply", "application/fhir+json"),
    ("/intake", "application/x-www-form-urlencoded"),
]


def assert_answered(client: TestClient, body: bytes, query: str = "") -> None:
    response = client.post(f"/v1/triage{query}", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (200, 400, 404, 422)
    kind = "application/json" if response.status_code == 200 else "application/problem+json"
    assert response.headers["content-type"] == kind
    assert isinstance(response.json(), dict)


@LIMITS
@given(st.binary(max_size=200))
@example(b'{"age_years": 1' + b"0" * 400 + b"}")
def test_any_bytes(client: TestClient, body: bytes) -> None:
    assert_answered(client, body)


@LIMITS
@given(JSON_TEXT)
@example(b'{"sagging": {"scale": "alexiades", "grade": 1e400}}')
@example(b'{"sagging": {"scale": [], "grade": {}}}')
def test_any_json(client: TestClient, body: bytes) -> None:
    assert_answered(client, body)


@LIMITS
@given(st.text(max_size=30))
def test_any_query(client: TestClient, text: str) -> None:
    response = client.post("/v1/triage", params={"ruleset": text}, json={})
    assert response.status_code in (200, 404)


@pytest.mark.parametrize(("path", "media_type"), OTHERS)
@OTHER_LIMITS
@given(st.binary(max_size=200) | JSON_TEXT)
def test_any_body_elsewhere(client: TestClient, path: str, media_type: str, body: bytes) -> None:
    response = client.post(path, content=body, headers={"content-type": media_type}, follow_redirects=False)
    assert response.status_code in (200, 303, 400, 404, 412, 413, 422)
    if response.status_code >= 400:
        assert response.headers["content-type"].split(";")[0] in (
            "application/problem+json",
            "application/fhir+json",
            "text/html",
        )


@LIMITS
@given(
    st.sampled_from(["/v1/rulesets", "/rules", "/sources", "/problems", "/fhir", "/cds-services"]), st.text(max_size=20)
)
def test_any_path_and_query(client: TestClient, path: str, text: str) -> None:
    response = client.get(f"{path}/{quote(text)}", params={"q": text, "lang": text}, follow_redirects=False)
    assert response.status_code < 500
