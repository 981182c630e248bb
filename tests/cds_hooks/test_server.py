"""Reading from the caller's FHIR server: what is allowed, what is followed, and what is said when it fails."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from app.cds_hooks.routes import Service
from app.cds_hooks.server import FhirServer, UnreadableError
from app.cds_hooks.trust import Trust
from app.core.engine import Engines
from app.rulebook.load import RuleBook
from app.security.fetch import Allowance
from tests.cds_hooks.calls import call
from tests.fhir.resources import BASE, Resource, bundle, condition

EHR = "https://ehr.example/fhir"


class Ehr:
    """A FHIR server that answers what it is told to, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        name = request.url.path.rpartition("/")[2] if "Patient/" not in request.url.path else "Patient"
        answer = self.answers.get(name, bundle())
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def server(self, **options: Any) -> FhirServer:
        return FhirServer(frozenset({"ehr.example"}), transport=httpx.MockTransport(self), **options)


def read(ehr: Ehr, server: str = EHR, query: str = "Condition?patient=1", **options: Any) -> Resource:
    by = ehr.server(**options)
    return asyncio.run(by.read(server, "token", query, by.allowance()))


def test_a_search_is_read_with_the_token_and_all_its_pages() -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        found = bundle(condition("L01.00") | {"id": f"c{page}"})
        if page < 3:
            found["link"] = [{"relation": "next", "url": f"{EHR}/Condition?patient=1&page={page + 1}"}]
        assert request.headers["authorization"] == "Bearer token"
        return httpx.Response(200, json=found)

    server = FhirServer(frozenset({"ehr.example"}), transport=httpx.MockTransport(answers))
    found = asyncio.run(server.read(EHR, "token", "Condition?patient=1", server.allowance()))
    assert [entry["resource"]["id"] for entry in found["entry"]] == ["c1", "c2", "c3"]
    assert "link" not in found


@pytest.mark.parametrize(
    "server",
    [
        "http://ehr.example/fhir",
        "https://other.example/fhir",
        "https://ehr.example.evil.example/fhir",
        "https://user@ehr.example/fhir",
        "https://ehr.example:444/fhir",
        "https://ehr.example?@other.example/fhir",
        "https://ehr.example#/fhir",
        "https://ehr.example\\@other.example/fhir",
        "https://ehr.ex\nample/fhir",
        "https://ehr.example/fh\tir",
        "https://ehr.example/\u0000",
        "https://ehr.example/\u00e9",
        "https://ehr.example/" + "x" * 70_000,
        "https://[",
        "https://[ehr.example/fhir",
        "file:///etc",
        "",
    ],
)
def test_no_other_server_is_asked(server: str) -> None:
    ehr = Ehr()
    with pytest.raises(UnreadableError, match="not one that may be read from"):
        read(ehr, server)
    assert ehr.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "https://other.example/x"}),
        httpx.Response(401),
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"resourceType": "OperationOutcome"}),
        httpx.Response(200, json=bundle() | {"link": [{"relation": "next", "url": "https://other.example/x"}]}),
        httpx.Response(200, json=bundle() | {"link": [{"relation": "next", "url": "http://ehr.example/fhir/x"}]}),
        httpx.Response(200, json=bundle() | {"link": [{"relation": "next", "url": "https://["}]}),
        httpx.Response(200, json=bundle() | {"link": [{"relation": "next", "url": f"{EHR}/\u0000"}]}),
        httpx.Response(200, json=bundle() | {"link": [{"relation": "next", "url": f"{EHR}/{'x' * 70_000}"}]}),
        httpx.Response(200, text='{"resourceType": "Bundle", "id": "\\ud800"}'),
        httpx.Response(200, text='{"resourceType": "Bundle", "total": NaN}'),
        httpx.Response(200, text='{"resourceType": "Bundle", "id": ' + "[" * 500 + "]" * 500 + "}"),
    ],
    ids=[
        *("redirect", "refused", "broken", "no JSON", "no resource", "outcome", "next elsewhere", "next in the clear"),
        *("next that is none", "next with a NUL", "next of 70 kB", "half a surrogate", "no number", "too deep"),
    ],
)
def test_what_cannot_be_used_is_said_and_not_followed(answer: httpx.Response) -> None:
    ehr = Ehr(Condition=answer)
    with pytest.raises(UnreadableError):
        read(ehr)
    assert {request.url.host for request in ehr.asked} == {"ehr.example"}


def test_too_much_too_many_pages_and_no_answer_are_given_up() -> None:
    with pytest.raises(UnreadableError, match="too much"):
        read(Ehr(Condition=bundle(condition("L01.00"))), max_bytes=50)
    endless = bundle() | {"link": [{"relation": "next", "url": f"{EHR}/Condition?more"}]}
    with pytest.raises(UnreadableError, match="pages"):
        read(Ehr(Condition=endless))

    def slow(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    server = FhirServer(frozenset({"ehr.example"}), transport=httpx.MockTransport(slow))
    with pytest.raises(UnreadableError, match="in time"):
        asyncio.run(server.read(EHR, "", "Condition?patient=1", server.allowance()))


@pytest.mark.parametrize("token", ["\u00e9", "a b", "a\r\nX-Other: 1", "a\u0000"])
def test_a_token_that_cannot_stand_in_a_header_is_not_sent(token: str) -> None:
    ehr = Ehr()
    with pytest.raises(UnreadableError, match="token"):
        asyncio.run(ehr.server().read(EHR, token, "Condition?patient=1", Allowance(1000)))
    assert ehr.asked == []


class Trickle(httpx.AsyncByteStream):
    """A body that takes a second, each part of which comes soon."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(200):
            await asyncio.sleep(0.005)
            yield b" "


def test_the_time_limit_is_for_all_that_is_read() -> None:
    server = Ehr(Condition=httpx.Response(200, stream=Trickle())).server(seconds=0.05)
    with pytest.raises(UnreadableError, match="in time"):
        asyncio.run(server.read(EHR, "", "Condition?patient=1", server.allowance()))


def test_what_is_absent_is_read_at_once(book: RuleBook, engines: Engines) -> None:
    under_way = most = 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return httpx.Response(200, json=bundle(condition("L01.00")))

    server = FhirServer(frozenset({"ehr.example"}), transport=httpx.MockTransport(slow))
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    service = Service(engines.by_id[engines.current], book.codes, BASE, Trust(), server, lambda: date(2026, 11, 23))
    assert asyncio.run(service.answer(body, body["hook"])).status_code == 200
    assert most == 5


def answered(ehr: Ehr, body: dict[str, Any], book: RuleBook, engines: Engines) -> tuple[int, dict[str, Any]]:
    engine = engines.by_id[engines.current]
    service = Service(engine, book.codes, BASE, Trust(), ehr.server(), lambda: date(2026, 11, 23))
    response = asyncio.run(service.answer(body, body["hook"]))
    return response.status_code, json.loads(bytes(response.body))


def test_what_was_not_prefetched_is_read_back(book: RuleBook, engines: Engines) -> None:
    ehr = Ehr(Condition=bundle(condition("L01.00")))
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    status, found = answered(ehr, body, book, engines)
    assert status == 200
    assert found["cards"][-1]["summary"].startswith("Excluded: An active skin infection")
    assert len(ehr.asked) == 5


def test_without_a_token_nothing_is_read_and_412_names_the_keys(book: RuleBook, engines: Engines) -> None:
    ehr = Ehr()
    status, found = answered(ehr, call() | {"prefetch": {}, "fhirServer": EHR}, book, engines)
    assert (status, ehr.asked) == (412, [])
    assert found["resourceType"] == "OperationOutcome"


def test_what_could_not_be_read_back_is_never_read_as_nothing(book: RuleBook, engines: Engines) -> None:
    ehr = Ehr(Condition=httpx.Response(500))
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    status, found = answered(ehr, body, book, engines)
    assert status == 412
    assert [issue["expression"] for issue in found["issue"]] == [["prefetch.conditions"]]
