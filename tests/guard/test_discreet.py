"""Nothing a caller wrote is written down: markers in every field of every face, looked for in all that is recorded."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import Receive, Scope, Send

from app.guard.keys import SCOPES, new_key
from app.guard.logs import JsonFormatter
from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings

MARKER = "jane-doe-1985"
KEY, ENTRY = new_key("tests", SCOPES)
HEADERS = [
    *("Accept", "Accept-Language", "Authorization", "Baggage", "Cookie", "Forwarded", "From", "Host", "If-None-Match"),
    *("Origin", "Referer", "Tracestate", "User-Agent", "Via", "X-API-Key", "X-Anything", "X-Forwarded-For"),
    *("X-Real-IP", "X-Request-ID"),
]


class Lines(logging.Handler):
    """Keeps each line as `triage serve` would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Watched:
    """A service with everything switched on that writes something down."""

    client: TestClient
    spans: InMemorySpanExporter
    logged: Lines
    document: dict[str, Any]

    def written(self) -> str:
        """Return everything that left sideways since it was asked last."""
        spans = "".join(span.to_json() for span in self.spans.get_finished_spans())
        lines = "\n".join(self.logged.lines)
        self.spans.clear()
        self.logged.lines.clear()
        assert '"route"' in lines
        assert '"http.route"' in spans
        metrics = self.client.get("/metrics", headers={"X-API-Key": KEY})
        assert metrics.status_code == 200
        return spans + lines + metrics.text


@pytest.fixture
def watched(book: RuleBook) -> Iterator[Watched]:
    app = build_app(Settings(api_keys=(ENTRY,), metrics="path", otel=True), book)
    spans, logged = InMemorySpanExporter(), Lines()
    app.state.tracer.add_span_processor(SimpleSpanProcessor(spans))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(logged)
    root.setLevel(logging.DEBUG)
    client = TestClient(app, raise_server_exceptions=False)
    yield Watched(client, spans, logged, app.openapi())
    root.removeHandler(logged)
    root.setLevel(level)


def faces(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def test_no_header_is_written_down(watched: Watched) -> None:
    for method, path, _ in faces(watched.document):
        for name in HEADERS:
            sent = {"X-API-Key": KEY, name: f"Bearer {MARKER}" if name == "Authorization" else MARKER}
            response = watched.client.request(method.upper(), path, headers=sent, json={} if method == "post" else None)
            assert MARKER not in response.text
            assert MARKER not in str(response.headers)
    assert MARKER not in watched.written()


def test_no_query_no_path_and_no_method_is_written_down(watched: Watched) -> None:
    headers = {"X-API-Key": KEY}
    for method, path, operation in faces(watched.document):
        names = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
        for name in [*names, "anything", MARKER]:
            response = watched.client.request(method.upper(), path, params={name: MARKER}, headers=headers)
            # an unknown parameter is named, so that it can be found
            assert name == MARKER or MARKER not in response.text
        watched.client.request(method.upper(), path.replace("{", MARKER + "{"), headers=headers)
    for path in (
        f"/{MARKER}",
        f"/v1/{MARKER}",
        f"/v1/triage/{MARKER}",
        f"/docs/{MARKER}",
        f"/explorer-assets/{MARKER}",
    ):
        for method in ("GET", "POST", MARKER.upper()):
            watched.client.request(method, path, headers=headers)
    written = watched.written()
    assert MARKER not in written
    assert MARKER.upper() not in written


def test_no_fact_and_no_reference_is_written_down_and_no_error_repeats_one(watched: Watched) -> None:
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    bodies = [path for method, path, operation in faces(watched.document) if "requestBody" in operation]
    schema = watched.document["paths"]["/v1/triage"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    values = [MARKER, [MARKER], {"scale": MARKER, "grade": MARKER}, {MARKER: MARKER}]
    for path in bodies:
        for name in [*schema["properties"], "unheard_of"]:
            for value in values:
                response = watched.client.post(path, content=json.dumps({name: value}), headers=headers)
                echoed = name == "reference" and response.status_code == 200
                assert echoed or MARKER not in response.text, (path, name)
        for raw in (f'{{"{MARKER}', f'"{MARKER}"', f"[{MARKER}]", f'{{"pregnant": {MARKER}}}', MARKER):
            assert MARKER not in watched.client.post(path, content=raw, headers=headers).text
        watched.client.post(path, content=json.dumps({MARKER: 1}), headers=headers)
    assert MARKER not in watched.written()


def test_a_failure_is_logged_with_its_place_and_without_its_text(watched: Watched) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionError(MARKER)

    app = watched.client.app
    app.router.add_route("/fails", fails)  # type: ignore[attr-defined]
    assert watched.client.get("/fails", headers={"X-API-Key": KEY}).status_code in (405, 500)
    try:
        raise ConnectionError(MARKER)
    except ConnectionError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %s", MARKER)
    logging.getLogger("elsewhere").warning("a value %s", MARKER)
    written = watched.written()
    assert MARKER not in written
    assert '"error":{"type":"ConnectionError","at":["test_a_failure_is_logged' in written
    assert "Task exception was never retrieved" in written


def test_a_request_is_one_line_with_its_decision(watched: Watched) -> None:
    sent = {"X-API-Key": KEY, "X-Request-ID": "0123456789ABCDEF"}
    response = watched.client.post("/v1/triage", json={"active_skin_infection": True}, headers=sent)
    assert response.headers["x-request-id"] == "0123456789abcdef"
    (line,) = [json.loads(line) for line in watched.logged.lines if '"triage.request"' in line]
    assert line.pop("ms") >= 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "triage.request",
        "message": "request",
        "request": "0123456789abcdef",
        "method": "POST",
        "route": "/v1/triage",
        "status": 200,
        "caller": "tests",
        "decisions": 1,
        "disposition": response.json()["decision"]["disposition"],
        "release": "2026.2",
    }
    made = {watched.client.get("/livez").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    refused = watched.client.post("/v1/triage", json=[], headers=sent)
    assert refused.status_code == 422
    assert json.loads(watched.logged.lines[-1])["problem"] == "not-facts"
