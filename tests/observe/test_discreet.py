"""Nothing a caller wrote is written down: markers in every field of every face, looked for in all that is recorded."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pkgutil import resolve_name
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.requests import Request
from starlette.responses import Response

from app.api.lines import BATCH_PATH
from app.main import build_app
from app.observe.logs import JsonFormatter
from app.rulebook.load import RuleBook
from app.security.keys import SCOPES, new_key
from app.security.signing import new_signing_key
from app.settings import Settings
from tests.amounts import amount
from tests.cds_hooks.calls import path as service
from tests.faces import APPLY, FEEDBACK, NEXT, NOWHERE, RECEIPTS, at, bodies, changed, media_type, places_tried, sent

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
    requests: StringIO
    logged: Lines
    document: dict[str, Any]

    def written(self) -> str:
        """Return everything that left sideways since it was asked last."""
        spans = "".join(span.to_json() for span in self.spans.get_finished_spans())
        lines = "\n".join([*self.logged.lines, self.requests.getvalue()])
        self.spans.clear()
        self.requests.truncate(0)
        self.logged.lines.clear()
        assert '"route"' in lines
        assert '"http.route"' in spans
        metrics = self.client.get("/metrics", headers={"X-API-Key": KEY})
        assert metrics.status_code == 200
        return spans + lines + metrics.text


@contextmanager
def watching(book: RuleBook) -> Iterator[Watched]:
    """Watch a service of its own."""
    settings = Settings(
        api_keys=(ENTRY,), metrics="path", otel=True, signing_keys=(new_signing_key(),), cds_fhir_hosts=(NOWHERE,)
    )
    spans, logged, requests = InMemorySpanExporter(), Lines(), StringIO()
    app = build_app(settings, book, requests)
    app.state.tracer.add_span_processor(SimpleSpanProcessor(spans))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(logged)
    root.setLevel(logging.DEBUG)
    try:
        with TestClient(app, raise_server_exceptions=False, headers={"X-API-Key": KEY}) as client:
            yield Watched(client, spans, requests, logged, app.openapi())
    finally:
        root.removeHandler(logged)
        root.setLevel(level)


@pytest.fixture(scope="module")
def watched(book: RuleBook) -> Iterator[Watched]:
    """What all tests use that leave it as it was."""
    with watching(book) as found:
        yield found


@pytest.fixture
def watched_alone(book: RuleBook) -> Iterator[Watched]:
    """What one test uses."""
    with watching(book) as found:
        yield found


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
            # an unknown parameter is named, so that it can be found; a searchset says how it was asked, as FHIR has it
            searched = '"type":"searchset"' in response.text and response.text.count(MARKER) == 1
            assert name == MARKER or searched or MARKER not in response.text
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
    paths = [path for method, path, operation in faces(watched.document) if "requestBody" in operation]
    schema = watched.document["components"]["schemas"]["Candidate"]
    values = [MARKER, [MARKER], {"scale": MARKER, "grade": MARKER}, {MARKER: MARKER}]
    for path in paths:
        headers = {"Content-Type": media_type(path)}
        for name in [*schema["properties"], "unheard_of"]:
            for value in values if path == "/v1/triage" or amount(False, True) else values[:1]:  # one reader for all
                response = watched.client.post(path, content=json.dumps({name: value}), headers=headers)
                echoed = name == "reference" and value == MARKER and path.startswith("/v1/triage")
                assert echoed or MARKER not in response.text, (path, name)
        for raw in (f'{{"{MARKER}', f'"{MARKER}"', f"[{MARKER}]", f'{{"pregnant": {MARKER}}}', MARKER):
            assert MARKER not in watched.client.post(path, content=raw, headers=headers).text
        watched.client.post(path, content=json.dumps({MARKER: 1}), headers=headers)
    assert MARKER not in watched.written()


def check_leaves(watched: Watched, only: str = "") -> None:
    """Put the marker in the place of each text of a body of each face, and as a further key into each object."""
    chosen = [(path, body) for path, body in bodies(watched.client) if only in ("", path)]
    for path, body, place in places_tried(chosen):
        inside = at(body, place)
        if isinstance(inside, str):
            status, text = sent(watched.client, path, json.dumps(changed(body, place, MARKER)).encode())
            # a question that we do not have is named, so that it can be found
            assert status < 400 or place[-1] == "linkId" or MARKER not in text, (path, place)
        elif isinstance(inside, dict):
            sent(watched.client, path, json.dumps(changed(body, place, inside | {MARKER: MARKER})).encode())
        if only:
            assert MARKER not in watched.written(), path
    assert only or MARKER not in watched.written()


def check_forms(watched: Watched, only: str = "") -> None:
    """Put the marker in each field of the intake's form."""
    names = [fact["name"] for fact in watched.client.get("/v1/rulesets/current/facts").json()]
    forms: list[Any] = [{name: MARKER} for name in [*names, "unknown", "change", "everything", "lang", MARKER]]
    forms += [{names[0]: "true", name: MARKER} for name in names]
    for form in forms:
        page = watched.client.post("/intake", data=form)
        assert page.status_code == 200
        assert MARKER not in page.text, form
        if only:
            assert MARKER not in watched.written()
    for raw in (MARKER, f"{MARKER}=%ff", f"&&={MARKER}", f"{MARKER};{MARKER}", f'{{"pregnant": "{MARKER}"}}'):
        for media in ("application/x-www-form-urlencoded", "multipart/form-data", "application/json"):
            page = watched.client.post("/intake", content=raw, headers={"Content-Type": media})
            assert MARKER not in page.text
    for path in ("/", "/intake", "/all", "/report", "/embed", "/rules", "/sign"):
        for name in ("lang", "ruleset", MARKER):
            assert MARKER not in watched.client.get(path, params={name: MARKER}).text
    watched.client.get("/rules", params={"q": MARKER})
    assert MARKER not in watched.written()


def test_nothing_of_a_launch_is_written_down(watched: Watched) -> None:
    """The code of a sign-in comes back in the address, and the record of a patient in a body."""
    for path in ("/launch", "/launched"):
        for name in ("iss", "launch", "code", "state", "error", MARKER):
            watched.client.get(path, params={name: MARKER})
    patient = {"resourceType": "Patient", "id": MARKER, "birthDate": "1985-04-02", "name": [{"text": MARKER}]}
    concept = {"coding": [{"system": MARKER, "code": MARKER, "display": MARKER}], "text": MARKER}
    about = {"reference": f"Patient/{MARKER}", "display": MARKER}
    found = {"resourceType": "Condition", "id": MARKER, "code": concept, "subject": about}
    record = {"resourceType": "Bundle", "entry": [{"resource": patient}, {"resource": found}]}
    answer = watched.client.post("/chart", json={"patient": MARKER, "server": f"https://{MARKER}", "record": record})
    assert answer.status_code == 200
    assert MARKER not in answer.text
    wrong = watched.client.post("/chart", json={"patient": MARKER * 2, "server": MARKER, "record": record})
    assert wrong.status_code == 400
    assert MARKER not in wrong.text
    assert MARKER not in watched.written()


def test_no_text_anywhere_in_a_real_body_is_written_down(watched: Watched) -> None:
    assert {path for path, _ in bodies(watched.client)} >= {BATCH_PATH, RECEIPTS, NEXT, APPLY, FEEDBACK, service()}
    check_leaves(watched)


def test_no_field_of_the_intake_is_written_down(watched: Watched) -> None:
    check_forms(watched)


def said(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does the same, and logs what it was given."""

    def says(*given: Any, **named: Any) -> Any:
        logging.getLogger("triage.somewhere").info("given %s", given)
        return original(*given, **named)

    return says


def repeated(_: Callable[..., Any]) -> Callable[..., Any]:
    """Return what suggests the value that was sent."""
    return lambda word, _: str(word)


Wrong = tuple[str, Callable[[Callable[..., Any]], Callable[..., Any]], Callable[[Watched, str], None], str]
WRONG: dict[str, Wrong] = {
    "the reader logs a body": ("app.api.decode.read_without_repeats", said, check_leaves, RECEIPTS),
    "the batch logs a line": ("app.api.lines.decode", said, check_leaves, BATCH_PATH),
    "a resource is logged": ("app.fhir.routes.next_question", said, check_leaves, NEXT),
    "the subject is logged": ("app.fhir.apply.care_plan", said, check_leaves, APPLY),
    "a call is logged": ("app.cds_hooks.routes.read_call", said, check_leaves, service()),
    "a comment is logged": ("app.cds_hooks.routes._outcome", said, check_leaves, FEEDBACK),
    "a form is logged": ("app.web.pages.read_form", said, check_forms, "/intake"),
    "an error repeats a value": ("app.api.validation.closest", repeated, check_leaves, "/v1/triage"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_way_to_write_down_is_noticed(watched: Watched, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    target, wrong, check, path = WRONG[name]
    monkeypatch.setattr(target, wrong(resolve_name(target)))
    with pytest.raises(AssertionError):
        check(watched, path)
    watched.written()


def test_a_failure_is_logged_with_its_place_and_without_its_text(watched_alone: Watched) -> None:
    async def fails(_: Request) -> Response:
        raise ConnectionError(MARKER)

    watched = watched_alone
    app = watched.client.app
    app.router.add_route("/fails", fails)  # type: ignore[attr-defined]
    assert watched.client.get("/fails", headers={"X-API-Key": KEY}).status_code == 500
    try:
        raise ConnectionError(MARKER)
    except ConnectionError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    logging.getLogger("_granian.asgi").error(f"Application callable raised an exception\nTraceback: {MARKER}")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %s", MARKER)
    logging.getLogger("elsewhere").warning("a value %s", MARKER)
    written = watched.written()
    assert MARKER not in written
    assert '"message":"a request failed","error":{"type":"ConnectionError","at":["__call__' in written
    assert '"error":{"type":"ConnectionError","at":["test_a_failure_is_logged' in written
    assert "Application callable raised an exception" in written
    assert "Task exception was never retrieved" in written


def test_a_request_is_one_line_with_its_decision(watched_alone: Watched) -> None:
    watched = watched_alone
    sent = {"X-API-Key": KEY, "X-Request-ID": "0123456789ABCDEF"}
    response = watched.client.post("/v1/triage", json={"active_skin_infection": True}, headers=sent)
    assert response.headers["x-request-id"] == "0123456789abcdef"
    (line,) = map(json.loads, watched.requests.getvalue().splitlines())
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
        "release": "2026.3",
    }
    made = {watched.client.get("/livez").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    refused = watched.client.post("/v1/triage", json=[], headers=sent)
    assert refused.status_code == 422
    assert json.loads(watched.requests.getvalue().splitlines()[-1])["problem"] == "not-facts"
