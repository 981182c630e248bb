"""What holds of every face that takes JSON: how deeply it is read, what is refused, and that nothing is our fault."""

import asyncio
import json
import logging
from collections.abc import Iterator
from io import StringIO
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Message, Scope

from app.api.lines import BATCH_PATH
from app.api.strict_json import MAX_DEPTH
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.signing import new_signing_key
from app.settings import Settings
from tests import faces
from tests.cds_hooks.calls import call
from tests.cds_hooks.calls import path as service
from tests.faces import APPLY, FEEDBACK, NEXT, NOWHERE, bodies, changed, places_tried, sent
from tests.fhir.resources import BASE, going_on

FACES = sorted(
    {
        *("/v1/triage", "/v1/triage/explain", BATCH_PATH, faces.RECEIPTS, NEXT, APPLY, faces.APPLY_BY_ADDRESS),
        *(faces.NEXT_OF_OURS, faces.POPULATE, faces.POPULATE_OURS),
        *(service(), service("order-sign"), FEEDBACK),
    }
)
STRANGE = [
    *("[]", "{}", "null", '""', "-1", "0", "true", "1.5", "1e400", "-1e400", "9" * 5000, "NaN", "[[[[]]]]", "[null]"),
    *('"\\ud800"', '"\\u0000"', '"\\u2028"', '"é\\n"', '"https://["', '"9999-99-99"', '"2026-13-40T99:99"'),
    *('[{"a":[]}]', '{"resourceType":[]}', '{"reference":[]}', '{"coding":[[]]}', '[{"coding":{"code":[]}}]'),
    *('"' + "x" * 5000 + '"', "[" * 40 + "]" * 40, '{"a":' * 40 + "1" + "}" * 40),
]
"""What no caller means, in place of what one does."""


@pytest.fixture(scope="module")
def requests() -> StringIO:
    """Where the line of each request is written."""
    return StringIO()


@pytest.fixture(scope="module")
def app(book: RuleBook, requests: StringIO) -> FastAPI:
    """A service with everything on that a body can reach."""
    settings = Settings(signing_keys=(new_signing_key(),), public_url=BASE, cds_fhir_hosts=(NOWHERE,))
    return build_app(settings, book, requests)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", [NEXT, APPLY, faces.RECEIPTS, service(), FEEDBACK])
def test_a_key_that_is_written_twice_is_refused(client: TestClient, path: str) -> None:
    body = json.dumps(next(body for face, body in bodies(client) if face == path))
    for twice in (
        '{"id": "a", "id": "b",' + body[1:],
        body[:-1] + ', "x": [{"valueBoolean": true, "valueBoolean": false}]}',
    ):
        status, text = sent(client, path, twice.encode())
        assert (status, "more than once" in text) == (400, True)


def test_these_are_all_faces_that_take_json(app: FastAPI, client: TestClient) -> None:
    paths = app.openapi()["paths"].items()
    bodied = {
        path: ways["post"]["requestBody"]["content"] for path, ways in paths if "requestBody" in ways.get("post", {})
    }
    documented = {path for path, content in bodied.items() if "application/x-www-form-urlencoded" not in content}
    named = {path.replace("{name}", service().rpartition("/")[2]) for path in documented}
    assert named == {path for path, _ in bodies(client)} - {
        service(h) for h in ("order-select", "order-sign", "appointment-book")
    }
    assert named <= set(FACES)
    for path, body in bodies(client):
        status, text = sent(client, path, json.dumps(body).encode())
        assert status in (200, 412), (path, text)


@pytest.mark.parametrize("path", FACES)
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
def test_a_body_is_read_as_deeply_as_we_say_and_no_deeper(client: TestClient, path: str, begin: str, end: str) -> None:
    def nested(depth: int) -> bytes:
        inside = begin * (depth - 2) + "[]" + end * (depth - 2)
        return f'{{"subject": {inside}}}'.encode()

    status, text = sent(client, path, nested(MAX_DEPTH))
    assert status in (200, 422)
    assert "nested" not in text
    for depth in (MAX_DEPTH + 1, 2_500):
        status, text = sent(client, path, nested(depth))
        assert status == 400
        assert "nested too deeply" in text


def test_what_is_sent_back_may_be_as_deep(client: TestClient) -> None:
    deep: Any = "x"
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    answer = client.post(NEXT, json=going_on() | {"subject": deep})
    assert answer.status_code == 200
    assert answer.json()["subject"] == deep


@pytest.mark.parametrize("path", FACES)
@pytest.mark.parametrize("text", ['"' + "[{" * 500 + '"', '"\\"' + "[" * 500 + '\\\\"'], ids=["plain", "with escapes"])
def test_brackets_in_text_nest_nothing(client: TestClient, path: str, text: str) -> None:
    status, _ = sent(client, path, f'{{"subject": {text}}}'.encode())
    assert status in (200, 422)


@pytest.mark.parametrize("path", FACES)
@pytest.mark.parametrize("body", ['{"subject": ["\\ud800"]}', '{"a": {"\\uDFFF": 1}}', '{"id": "\\udc00\\ud800"}'])
def test_half_a_surrogate_pair_is_no_text_on_any_face(client: TestClient, path: str, body: str) -> None:
    status, text = sent(client, path, body.encode())
    assert status == 400
    assert "surrogate" in text
    status, text = sent(client, path, b'{"subject": "\\ud83d\\ude00 \\\\ud800"}')
    assert "surrogate" not in text


WAS_OUR_FAULT: dict[str, tuple[str, Any]] = {
    "server without an end": (service(), call() | {"prefetch": {}, "fhirServer": "https://["}),
    "server with a control character": (
        service(),
        call() | {"prefetch": {}, "fhirServer": f"https://{NOWHERE}/\u0000"},
    ),
    "server of 70 kB": (service(), call() | {"prefetch": {}, "fhirServer": f"https://{NOWHERE}/" + "x" * 70_000}),
    "token that is not ASCII": (service(), call() | {"prefetch": {}, "fhirServer": f"https://{NOWHERE}/fhir"}),
    "outcome that is a list": (FEEDBACK, {"feedback": [{"card": "x", "outcome": [], "outcomeTimestamp": "t"}]}),
    "parameter whose name is a list": (APPLY, {"resourceType": "Parameters", "parameter": [{"name": []}]}),
    "derived from a number": (NEXT, going_on() | {"contained": [{"resourceType": "Questionnaire", "derivedFrom": 1}]}),
}
TOKENS = {"token that is not ASCII": "\u00e9"}


@pytest.mark.parametrize("name", WAS_OUR_FAULT)
def test_what_was_once_answered_with_500(client: TestClient, name: str) -> None:
    path, body = WAS_OUR_FAULT[name]
    if "fhirServer" in body:
        body = body | {"fhirAuthorization": {"access_token": TOKENS.get(name, "token")}}
    status, text = sent(client, path, json.dumps(body).encode())
    assert status == (412 if "fhirServer" in body else 422)
    assert "OperationOutcome" in text


@pytest.mark.parametrize("written", ["1e400", "9" * 400, "9" * 5000])
def test_a_number_without_end_that_is_sent_back_is_the_largest(client: TestClient, written: str) -> None:
    body = json.dumps(going_on() | {"author": "here"}).replace('"here"', f'{{"reference": {written}}}')
    status, text = sent(client, NEXT, body.encode())
    assert (status, json.loads(text)["author"]) == (200, {"reference": 1.7976931348623157e308})


def test_whatever_stands_anywhere_in_a_body_is_never_our_fault(client: TestClient) -> None:
    random = Random(2026)
    for path, body, place in places_tried(bodies(client)):
        strange = random.choice(STRANGE)
        text = json.dumps(changed(body, place, "@@@")).replace('"@@@"', strange, 1)
        status, answer = sent(client, path, text.encode())
        assert status < 500, (path, place, strange[:40], answer)


@pytest.mark.parametrize("path", [*FACES, "/intake"])
def test_a_body_that_breaks_off_is_refused_and_no_failure(
    app: FastAPI, requests: StringIO, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.INFO)
    requests.truncate(requests.seek(0))
    media = faces.media_type(path)
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            *((b"host", b"127.0.0.1"), (b"content-type", media.encode()), (b"transfer-encoding", b"chunked")),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    coming: list[Message] = [
        {"type": "http.request", "body": b'{"pregnant": true', "more_body": True},
        {"type": "http.disconnect"},
    ]
    answered: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Message) -> None:
        answered.append(message)

    asyncio.run(app(scope, receive, send))
    assert answered[0]["status"] == 400
    assert b"broke off" in answered[1]["body"]
    (line,) = map(json.loads, requests.getvalue().splitlines())
    assert line["status"] == answered[0]["status"]
    assert line["problem"] == "bad-request"
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
