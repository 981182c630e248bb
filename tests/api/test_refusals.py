"""Every status that an operation refuses with is declared, and each that is declared is sent."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Scope

from app.api.headers import READABLE
from app.api.messages import Message as Says
from app.api.problems import ProblemError
from app.api.service import Service
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.document import REFUSALS
from app.security.keys import SCOPES, new_key
from app.security.limits import Limits
from app.settings import Settings
from tests.cds_hooks.calls import call
from tests.pages import PLACES

KEY, ENTRY = new_key("all", SCOPES)
NARROW, NARROW_ENTRY = new_key("metrics", ["metrics"])
PLUMBING = frozenset(
    {
        *("content-type", "content-length", "vary", "connection"),
        *("x-content-type-options", "referrer-policy", "content-security-policy"),
    }
)
"""Headers that say nothing to a program that calls."""


@dataclass
class Sent:
    """A request as it arrives, and what it is answered."""

    method: str
    path: str
    headers: dict[str, str]
    query: str = ""
    body: bytes = b""
    fault: Exception | None = None
    """What reading the body ends in."""
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    def to(self, app: ASGIApp) -> "Sent":
        asyncio.run(self._to(app))
        return self

    async def _to(self, app: ASGIApp) -> None:
        pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        scope: Scope = {
            **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": ""},
            **{"method": self.method.upper(), "path": self.path, "raw_path": self.path.encode(), "headers": pairs},
            **{"query_string": self.query.encode(), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000)},
        }

        async def receive() -> Message:
            if self.fault is not None:
                raise self.fault
            return {"type": "http.request", "body": self.body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.answered = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            self.content += message.get("body", b"")

        await app(scope, receive, send)


@pytest.fixture(scope="module")
def service(book: RuleBook) -> Service:
    """A service behind keys, for one host."""
    application = build_app(Settings(api_keys=(ENTRY, NARROW_ENTRY), trusted_hosts=("clinic.example",)), book)
    assert isinstance(application, Service)
    return application


def operations(service: Service) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in service.openapi()["paths"].items():
        for method, operation in found.items():
            yield method, path, operation


def request(method: str, path: str, operation: Mapping[str, Any]) -> Sent:
    """Return a request that is refused by nobody on its way to an operation."""
    headers = {"Host": "clinic.example", "X-API-Key": KEY}
    if "requestBody" in operation:
        headers["Content-Type"] = next(iter(operation["requestBody"]["content"]))
    return Sent(method, path.format_map(PLACES), headers, body=b"{}" if "requestBody" in operation else b"")


def elsewhere(sent: Sent, _: str) -> None:
    sent.headers["Host"] = "other.example"


def nobody(sent: Sent, _: str) -> None:
    del sent.headers["X-API-Key"]


def somebody(sent: Sent, _: str) -> None:
    sent.headers["X-API-Key"] = NARROW


def picky(sent: Sent, _: str) -> None:
    sent.headers["Accept"] = "image/png"


def slow(sent: Sent, _: str) -> None:
    sent.fault = ProblemError("too-slow", Says("the request took too long to arrive"))


def broken(sent: Sent, _: str) -> None:
    sent.fault = RuntimeError("a fault of ours")


def large(sent: Sent, _: str) -> None:
    sent.headers["Content-Length"] = "9" * 20


def plain(sent: Sent, _: str) -> None:
    sent.headers["Content-Type"], sent.body = "text/plain", b"x"


def packed(sent: Sent, _: str) -> None:
    sent.headers["Content-Encoding"] = "gzip"


def twice(sent: Sent, _: str) -> None:
    sent.query = "a=1&a=2"


def long(sent: Sent, _: str) -> None:
    sent.headers["X-Long"] = "x" * 20_000


def unknown(sent: Sent, path: str) -> None:
    """Name what is not there, wherever something is named."""
    for name, value in PLACES.items():
        if f"{{{name}}}" in path:
            sent.path = path.format_map(PLACES | {name: value[::-1]})
    if path.startswith("/v1/triage"):
        sent.query = "ruleset=none"
    subject = {"name": "subject", "valueString": "Patient/1"}
    other = {"name": "questionnaire", "valueUri": "http://example.org/other"}
    fact = {"resourceType": "Parameters", "parameter": [{"name": "pregnent", "valueBoolean": True}]}
    named = {"name": "parameters", "resource": fact} if path.endswith("$apply") else other
    if "$" in path:
        sent.body = json.dumps({"resourceType": "Parameters", "parameter": [subject, named]}).encode()


def lacking(sent: Sent, _: str) -> None:
    body = call()
    del body["prefetch"]["conditions"]
    sent.body = json.dumps(body).encode()


def strict(sent: Sent, _: str) -> None:
    sent.headers["Prefer"], sent.query = "handling=strict", "colour=red"


WAYS: dict[Callable[[Sent, str], None], int] = {
    **{elsewhere: 400, strict: 400, nobody: 401, somebody: 403, unknown: 404, picky: 406, slow: 408, lacking: 412},
    **{large: 413, plain: 415, packed: 415, twice: 422, long: 431, broken: 500},
}
"""A way to be refused, and the status that it is there for."""


def provoked(service: Service, method: str, path: str, operation: Mapping[str, Any]) -> Iterator[Sent]:
    """Yield what an operation answers, asked in each way to be refused."""
    yield request(method, path, operation).to(service)
    for way in WAYS:
        sent = request(method, path, operation)
        way(sent, path)
        try:
            yield sent.to(service)
        except RuntimeError:  # the server's middleware raises it again once it is answered
            yield sent
    limits = service.front
    assert isinstance(limits, Limits)
    limits._at_work, before = 10_000, limits._at_work
    try:
        yield request(method, path, operation).to(service)
    finally:
        limits._at_work = before


def declared(service: Service, operation: Mapping[str, Any], status: int) -> dict[str, Any] | None:
    """Return what the document says of an answer, or `None`."""
    found: dict[str, Any] | None = operation["responses"].get(str(status))
    if found and "$ref" in found:
        found = service.openapi()["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return found


def test_each_operation_declares_just_the_statuses_that_it_sends(service: Service) -> None:
    wrong = {}
    for method, path, operation in operations(service):
        sent = {answer.status for answer in provoked(service, method, path, operation) if answer.status >= 400}
        # a fault of ours is found by whoever reads the body; anybody may have one
        said = {int(status) for status in operation["responses"] if status >= "400"}
        if sent | {500} != said:
            wrong[f"{method} {path}"] = {"not declared": sent - said, "not sent": said - sent - {500}}
    assert not wrong


def test_each_refusal_has_the_media_type_and_headers_that_are_declared(service: Service) -> None:
    wrong = set()
    for method, path, operation in operations(service):
        for answer in provoked(service, method, path, operation):
            found = declared(service, operation, answer.status)
            assert found is not None, (method, path, answer.status)
            media = answer.answered.get("content-type", "").partition(";")[0]
            headers = {name.lower() for name in found.get("headers", {})}
            if media not in found.get("content", {}) or set(answer.answered) - PLUMBING - headers:
                wrong.add((method, path, answer.status, media, *sorted(set(answer.answered) - PLUMBING - headers)))
    assert not wrong


def test_each_way_is_refused_for_what_it_is_there_for(service: Service) -> None:
    """A way that is refused for another reason would show nothing."""
    of: dict[int, set[int]] = {}
    for method, path, operation in operations(service):
        answers = list(provoked(service, method, path, operation))[1:-1]
        for answer, status in zip(answers, WAYS.values(), strict=True):
            of.setdefault(status, set()).add(answer.status)
    assert all(status in seen for status, seen in of.items()), of


def test_each_problem_that_is_shown_is_sent(service: Service) -> None:
    operation = service.openapi()["paths"]["/v1/triage"]["post"]
    answers = provoked(service, "post", "/v1/triage", operation)
    sent = [json.loads(answer.content) for answer in answers if answer.status >= 400]
    shown = {refusal.name: refusal.shown[0] for refusal in REFUSALS if refusal.shown}
    assert len(shown) >= 9
    for name, kind in shown.items():
        content = service.openapi()["components"]["responses"][name]["content"]["application/problem+json"]
        assert content["examples"][kind]["value"] in sent


def test_every_refusal_of_the_table_is_used_and_named_once(service: Service) -> None:
    used = {name.removesuffix("Outcome") for name in service.openapi()["components"]["responses"]}
    assert used == {refusal.name for refusal in REFUSALS}
    assert len({refusal.status for refusal in REFUSALS}) == len(REFUSALS)


def test_what_is_declared_is_what_a_page_of_another_origin_may_read(service: Service) -> None:
    assert set(service.openapi()["components"]["headers"]) <= set(READABLE)
