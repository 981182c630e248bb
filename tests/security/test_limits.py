"""Hosts, origins, headers, bodies and how much at once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.main import build_app
from app.observe.access_log import AccessLog
from app.rulebook.load import RuleBook
from app.security.keys import new_key
from app.security.layers import layered
from app.security.limits import ANONYMOUS, is_loopback
from app.settings import Settings


def client_with(book: RuleBook, address: str = "http://testserver", **settings: Any) -> TestClient:
    return TestClient(build_app(Settings(**settings), book), base_url=address)


def test_every_answer_carries_the_headers_that_protect_its_reader(book: RuleBook) -> None:
    client = client_with(book)
    for path in ("/livez", "/problems/not-json", "/nowhere", "/openapi.json"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].endswith("frame-ancestors 'none'")
        assert "strict-transport-security" not in headers
    assert "default-src 'self'" in client.get("/docs").headers["content-security-policy"]


def test_browsers_are_told_to_stay_with_https_over_https_alone(book: RuleBook) -> None:
    for scheme, said in (("http", None), ("https", "max-age=600; includeSubDomains")):
        client = client_with(book, f"{scheme}://testserver", hsts_seconds=600)
        assert client.get("/livez").headers.get("strict-transport-security") == said


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("triage.example.org", True),
        ("Triage.Example.org:8443", True),
        ("a.clinic.example", True),
        ("a.b.clinic.example", True),
        ("clinic.example", False),
        ("evilclinic.example", False),
        ("example.org", False),
        ("triage.example.org.evil.example", False),
        ("[::1]:8000", True),
        ("[::2]:8000", False),
    ],
)
def test_only_hosts_of_ours_are_answered(book: RuleBook, host: str, *, answered: bool) -> None:
    client = client_with(book, trusted_hosts="triage.example.org, *.clinic.example,[::1]")
    response = client.get("/version", headers={"Host": host})
    assert response.status_code == (200 if answered else 400)
    if not answered:
        assert response.json()["type"] == "/problems/unknown-host"
        assert response.json()["detail"] == "this service does not answer for that host"
    assert client.get("/readyz", headers={"Host": host}).status_code == 200


def test_a_browser_of_a_configured_origin_may_ask_and_read_a_refusal(book: RuleBook) -> None:
    _, entry = new_key("page", ["triage"])
    client = client_with(book, cors_origins="https://clinic.example", api_keys=(entry,))
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-api-key"}
    for origin, allowed in (("https://clinic.example", True), ("https://evil.example", False)):
        first = client.options("/v1/triage", headers={"Origin": origin, **asking})
        assert (first.headers.get("access-control-allow-origin") == origin) == allowed
        refused = client.post("/v1/triage", json={}, headers={"Origin": origin})
        assert refused.status_code == 401
        assert (refused.headers.get("access-control-allow-origin") == origin) == allowed
    assert "access-control-allow-origin" not in client_with(book).get("/livez", headers={"Origin": "x"}).headers


ORIGIN = {"Origin": "https://clinic.example"}
DOCUMENT: dict[str, Any] = json.loads((Path(__file__).resolve().parents[2] / "openapi.json").read_text("utf-8"))


def sent_by_callers() -> set[str]:
    """Return every header that the document lets a caller send."""
    schemes = DOCUMENT["components"]["securitySchemes"].values()
    found = {scheme["name"] if scheme["type"] == "apiKey" else "Authorization" for scheme in schemes}
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            found |= {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
            found |= {"Content-Type"} if "requestBody" in operation else {"If-None-Match"}
    return {name.lower() for name in found}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_browser_may_send_each_header_that_a_caller_may(book: RuleBook, method: str) -> None:
    client = client_with(book, cors_origins="https://clinic.example")
    wanted = sorted(sent_by_callers() | {"prefer", "traceparent"})
    for names in ([", ".join(wanted)], wanted):
        for name in names:
            asking = ORIGIN | {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": name}
            asked = client.options("/v1/triage", headers=asking)
            assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "https://clinic.example")
    strange = ORIGIN | {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "X-Strange"}
    assert client.options("/v1/triage", headers=strange).status_code == 400
    asking = ORIGIN | {"Access-Control-Request-Method": "DELETE"}
    assert client.options("/v1/triage", headers=asking).status_code == 400


def test_a_browser_may_read_each_header_that_is_declared(book: RuleBook) -> None:
    answer = client_with(book, cors_origins="https://clinic.example").post("/v1/triage", json={}, headers=ORIGIN)
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert set(DOCUMENT["components"]["headers"]) | {"Allow", "Sunset"} <= exposed


@pytest.mark.parametrize(
    ("status", "settings", "headers"),
    [
        (503, {}, {}),
        (431, {"max_header_bytes": 1_000}, {"X-Long": "x" * 1_000}),
        (400, {"trusted_hosts": "other.example"}, {}),
        (413, {}, {"Content-Length": "9" * 20}),
    ],
)
def test_a_browser_reads_what_the_outermost_layer_refuses(
    book: RuleBook, status: int, settings: dict[str, Any], headers: dict[str, str]
) -> None:
    client = client_with(book, cors_origins="https://clinic.example", **settings)
    if status == 503:
        client.app.front._at_work = 10_000  # type: ignore[attr-defined]
    for origin in ("https://clinic.example", "https://evil.example"):
        answer = client.post("/v1/triage", content=b"{}", headers={"Origin": origin, **headers})
        assert answer.status_code == status
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == (origin if origin == "https://clinic.example" else None)
    if status == 503:  # the question before the question is answered
        asking = ORIGIN | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Content-Type"}
        assert client.options("/v1/triage", headers=asking).status_code == 200


def test_headers_beyond_the_limit_are_refused(book: RuleBook) -> None:
    client = client_with(book, max_header_bytes=1_000)
    assert client.get("/version", headers={"X-Filler": "x" * 500}).status_code == 200
    for refused in (client.get("/version", headers={"X-Filler": "x" * 1_000}), client.get("/version?" + "x" * 1_000)):
        assert (refused.status_code, refused.json()["type"]) == (431, "/problems/headers-too-large")


def test_a_request_that_names_several_hosts_is_refused(book: RuleBook) -> None:
    for settings in ({}, {"trusted_hosts": "testserver"}):
        client = client_with(book, **settings)
        for hosts in (("evil.example", "testserver"), ("testserver", "evil.example"), ("testserver", "testserver")):
            refused = client.get("/version", headers=[("Host", host) for host in hosts])
            assert (refused.status_code, refused.json()["detail"]) == (400, "a request names one host")


def test_a_request_by_http_1_1_names_its_host(book: RuleBook) -> None:
    refused = client_with(book).get("/version", headers={"Host": ""})
    assert (refused.status_code, refused.json()["detail"]) == (400, "a request by HTTP/1.1 names its host")


class Call:
    """One call of an ASGI application: what is received in turn, and what was sent."""

    def __init__(self, path: str, *parts: bytes | asyncio.Event, length: int | None = None) -> None:
        headers = [(b"host", b"here")]
        headers += [(b"content-length", b"%d" % length)] if length is not None else [(b"transfer-encoding", b"chunked")]
        self.scope: Scope = {
            **{"type": "http", "path": path, "method": "POST", "scheme": "http", "query_string": b""},
            "headers": headers if parts else headers[:1],
        }
        self.parts = list(parts)
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        part = self.parts.pop(0) if self.parts else b""
        if isinstance(part, asyncio.Event):
            await part.wait()
            part = b""
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def of(self, app: ASGIApp) -> "Call":
        await app(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"size", b"%d" % size)]})


def limited(app: ASGIApp = echo, **settings: Any) -> ASGIApp:
    return layered(app, Settings(**settings), AccessLog(), most_bytes=1_000, body_limits={"/fhir": 2_000})


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/v1/triage", 1_000, 200), ("/v1/triage", 1_001, 413), ("/fhir/x", 2_000, 200), ("/fhir/x", 2_001, 413)],
)
def test_a_body_may_be_as_large_as_its_path_allows(path: str, size: int, status: int) -> None:
    declared = asyncio.run(Call(path, bytes(size), length=size).of(limited()))
    counted = asyncio.run(Call(path, bytes(size - 600), bytes(600)).of(limited()))
    assert [declared.status, counted.status] == [status, status]
    assert (counted.headers.get(b"connection") == b"close") == (status == 413)


def test_a_body_that_stops_is_refused_and_its_connection_closed() -> None:
    call = asyncio.run(Call("/v1/triage", b"{", asyncio.Event(), length=3).of(limited(request_seconds=1)))
    assert (call.status, call.headers[b"connection"]) == (408, b"close")


def test_a_body_that_stops_while_it_is_answered_ends_the_request() -> None:
    ended: list[str] = []

    async def streams(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["type"] == "http.request":
            pass
        ended.append(message["type"])

    call = asyncio.run(Call("/v1/triage", b"{", asyncio.Event()).of(limited(streams, request_seconds=1)))
    assert (ended, call.status) == (["http.disconnect"], 200)


def test_what_is_declared_ends_the_body_without_another_wait() -> None:
    parts: list[bool] = []

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        parts.append((await receive())["more_body"])

    asyncio.run(Call("/v1/triage", b"{}", b"", length=2).of(limited(reads)))
    assert parts == [False]


def test_more_than_fits_at_once_is_sent_away_and_the_place_is_free_again() -> None:
    asyncio.run(_sent_away())


async def _sent_away() -> None:
    go_on = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        if scope["path"] == "/fails":
            raise ConnectionError
        await send({"type": "http.response.start", "status": 200, "headers": []})

    app = limited(slow, max_concurrency=2)
    held = [asyncio.create_task(Call(path).of(app)) for path in ("/v1/triage", "/fails")]
    await asyncio.sleep(0)
    away = await Call("/v1/triage").of(app)
    assert (away.status, away.headers[b"retry-after"]) == (503, b"1")
    probe = asyncio.create_task(Call("/livez").of(app))
    await asyncio.sleep(0)
    go_on.set()
    assert [call.status for call in await asyncio.gather(*held, probe)] == [200, 500, 200]
    assert (await Call("/v1/triage").of(app)).status == 200


def test_requests_handed_over_together_are_counted_before_the_first_is_answered() -> None:
    async def asked() -> list[int]:
        app = limited(max_concurrency=2)
        return [call.status for call in await asyncio.gather(*(Call("/v1/triage").of(app) for _ in range(5)))]

    assert sorted(asyncio.run(asked())) == [200, 200, 503, 503, 503]


def test_a_service_open_to_everybody_says_so_when_it_starts(book: RuleBook, caplog: pytest.LogCaptureFixture) -> None:
    with client_with(book):
        assert ANONYMOUS in caplog.messages
    caplog.clear()
    _, entry = new_key("one", ["triage"])
    with client_with(book, api_keys=(entry,)) as client:
        assert isinstance(client.app, FastAPI)
    assert ANONYMOUS not in caplog.messages


def test_the_addresses_that_only_this_machine_reaches() -> None:
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        assert is_loopback(host)
    for host in ("0.0.0.0", "::", "192.0.2.1", "triage.example.org", ""):
        assert not is_loopback(host)
