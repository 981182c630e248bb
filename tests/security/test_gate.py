"""Hosts, origins, headers and how much at once."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from app.main import build_app
from app.observe.watch import Watch
from app.rulebook.load import RuleBook
from app.security.build import guarded
from app.security.gate import ANONYMOUS
from app.security.keys import new_key
from app.settings import Settings


def client_with(book: RuleBook, address: str = "http://testserver", **settings: Any) -> TestClient:
    return TestClient(build_app(Settings(**settings), book), base_url=address)


def test_every_answer_carries_the_headers_that_protect_its_reader(book: RuleBook) -> None:
    client = client_with(book)
    for path in ("/livez", "/problems/not-json", "/nowhere", "/openapi.json"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == "frame-ancestors 'none'"
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
        ("", False),
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


def test_more_than_fits_at_once_is_sent_away_and_the_place_is_free_again() -> None:
    asyncio.run(_sent_away())


async def _sent_away() -> None:
    go_on = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        if scope["path"] == "/fails":
            raise ConnectionError
        await send({"type": "http.response.start", "status": 200, "headers": []})

    app = guarded(slow, Settings(max_concurrency=2), Watch())

    async def ask(path: str = "/v1/triage") -> tuple[int, dict[bytes, bytes]]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "path": path, "headers": [], "query_string": b"", "method": "POST", "scheme": "http"}
        await app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"])

    held = [asyncio.create_task(ask()), asyncio.create_task(ask("/fails"))]
    await asyncio.sleep(0)
    status, headers = await ask()
    assert (status, headers[b"retry-after"]) == (503, b"1")
    probe = asyncio.create_task(ask("/livez"))
    await asyncio.sleep(0)
    go_on.set()
    results = await asyncio.gather(*held, probe, return_exceptions=True)
    assert [type(result) for result in results] == [tuple, ConnectionError, tuple]
    assert [status for status, _ in await asyncio.gather(ask(), ask())] == [200, 200]


def test_a_service_open_to_everybody_says_so_when_it_starts(book: RuleBook, caplog: pytest.LogCaptureFixture) -> None:
    with client_with(book):
        assert ANONYMOUS in caplog.messages
    caplog.clear()
    _, entry = new_key("one", ["triage"])
    with client_with(book, api_keys=(entry,)) as client:
        assert isinstance(client.app, FastAPI)
    assert ANONYMOUS not in caplog.messages
