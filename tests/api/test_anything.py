"""Anything a client can send gets an answer or an error in its format, never a 500."""

import asyncio
import json
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.types import Message

from tests.counted import counted

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
LIMITS = settings(
    max_examples=6_500 if LONG else 40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""Of bodies, each of which is sent to every face."""
HOOKS = ("patient-view", "order-select", "order-sign", "appointment-book")
FACES = {
    "/v1/triage": "application/json",
    "/v1/triage/explain": "application/json",
    "/v1/triage/batch": "application/x-ndjson",
    "/v1/receipts/verify": "application/json",
    **{f"/cds-services/candidate-triage-{hook}": "application/json" for hook in HOOKS},
    "/cds-services/candidate-triage-patient-view/feedback": "application/json",
    "/fhir/Questionnaire/$next-question": "application/fhir+json",
    "/fhir/Questionnaire/$populate": "application/fhir+json",
    "/fhir/PlanDefinition/$apply": "application/fhir+json",
    "/intake": "application/x-www-form-urlencoded",
}
READ = ("/v1/rulesets", "/rules", "/sources", "/problems", "/fhir", "/cds-services")
ERRORS = ("application/problem+json", "application/fhir+json", "text/html")
Ask = Callable[..., tuple[int, str, bytes]]


@pytest.fixture(scope="module")
def ask(app: FastAPI) -> Iterator[Ask]:
    """Ask the application in this process; a client of HTTP would take most of the time."""
    with asyncio.Runner() as runner:

        async def answered(method: str, path: str, query: str, media_type: str, body: bytes) -> tuple[int, str, bytes]:
            received = iter([{"type": "http.request", "body": body}])
            status, headers, answer = 0, Headers(), b""

            async def receive() -> Message:
                return next(received, {"type": "http.disconnect"})

            async def send(message: Message) -> None:
                nonlocal status, headers, answer
                if message["type"] == "http.response.start":
                    status, headers = message["status"], Headers(raw=message["headers"])
                answer += message.get("body", b"")

            sent = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
            scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": sent}
            await counted(app)(scope, receive, send)
            return status, headers.get("content-type", ""), answer

        def ask(path: str, query: str = "", media_type: str = "", body: bytes = b"") -> tuple[int, str, bytes]:
            method = "POST" if media_type else "GET"
            return runner.run(answered(method, path, query, media_type, body))

        yield ask


def assert_answered(ask: Ask, body: bytes) -> None:
    for path, media_type in FACES.items():
        status, kind, answer = ask(path, "", media_type, body)
        assert status in (200, 303, 400, 404, 412, 413, 422), path
        assert status < 400 or kind.partition(";")[0] in ERRORS, path
        if path == "/v1/triage":
            assert kind == ("application/json" if status == 200 else "application/problem+json")
            assert isinstance(json.loads(answer), dict)


@LIMITS
@given(st.binary(max_size=200))
@example(b'{"age_years": 1' + b"0" * 400 + b"}")
def test_any_bytes(ask: Ask, body: bytes) -> None:
    assert_answered(ask, body)


@LIMITS
@given(JSON_TEXT)
@example(b'{"sagging": {"scale": "alexiades", "grade": 1e400}}')
@example(b'{"sagging": {"scale": [], "grade": {}}}')
def test_any_json(ask: Ask, body: bytes) -> None:
    assert_answered(ask, body)


@LIMITS
@given(st.text(max_size=30))
def test_any_query_and_path(ask: Ask, text: str) -> None:
    asked = urlencode({"ruleset": text}, errors="replace")
    assert ask("/v1/triage", asked, "application/json", b"{}")[0] in (200, 404)
    for path in READ:
        assert ask(f"{path}/{text}", urlencode({"q": text}, errors="replace"))[0] < 500, path
