"""Anything a client can send gets an answer or a problem document, never a 500."""

import json

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
EXAMPLES = 20_000 if settings.get_current_profile_name() == "long" else 300
LIMITS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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
