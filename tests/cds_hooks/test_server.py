"""Reading from the caller's FHIR server: what is allowed, what is followed, and what is said when it fails."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from app.cds_hooks.routes import Service
from app.cds_hooks.server import PAGES, FhirServer, Found, UnreadableError, may_read
from app.cds_hooks.trust import Trust
from app.fhir.localization import Localizations
from app.rulebook.load import RuleBook
from app.security.allowance import Allowance
from tests.cds_hooks.calls import KEYS, call
from tests.fhir.resources import BASE, bundle, condition

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


def read(ehr: Ehr, server: str = EHR, query: str = "Condition?patient=1", **options: Any) -> Found:
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
    assert [entry["resource"]["id"] for entry in found.resource["entry"]] == ["c1", "c2", "c3"]
    assert "link" not in found.resource
    assert found.lacks is None


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
        httpx.Response(200, text='{"resourceType": "Bundle", "id": "\\ud800"}'),
        httpx.Response(200, text='{"resourceType": "Bundle", "total": NaN}'),
        httpx.Response(200, text='{"resourceType": "Bundle", "id": ' + "[" * 500 + "]" * 500 + "}"),
    ],
    ids=[
        *("redirect", "refused", "broken", "no JSON", "no resource", "outcome"),
        *("half a surrogate", "no number", "too deep"),
    ],
)
def test_what_cannot_be_used_is_said_and_not_followed(answer: httpx.Response) -> None:
    ehr = Ehr(Condition=answer)
    with pytest.raises(UnreadableError):
        read(ehr)
    assert {request.url.host for request in ehr.asked} == {"ehr.example"}


@pytest.mark.parametrize(
    "following",
    [
        *("https://other.example/x", "http://ehr.example/fhir/x", "https://[", f"{EHR}/\u0000"),
        f"{EHR}/{'x' * 70_000}",
    ],
    ids=["elsewhere", "in the clear", "none", "with a NUL", "of 70 kB"],
)
def test_a_next_page_that_is_not_followed_leaves_what_was_read(following: str) -> None:
    ehr = Ehr(Condition=bundle(condition("L01.00")) | {"link": [{"relation": "next", "url": following}]})
    found = read(ehr)
    assert len(found.resource["entry"]) == 1
    assert str(found.lacks) == "a further page is on another server"
    assert {request.url.host for request in ehr.asked} == {"ehr.example"}


def test_more_pages_than_are_read_leave_what_was_read() -> None:
    ehr = Ehr(Condition=bundle(condition("L01.00")) | {"link": [{"relation": "next", "url": f"{EHR}/Condition?more"}]})
    found = read(ehr)
    assert len(found.resource["entry"]) == len(ehr.asked) == PAGES
    assert str(found.lacks) == f"the search has more than {PAGES} pages"


def test_a_page_that_fails_leaves_those_before_it() -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("page"):
            return httpx.Response(503)
        next_page = {"relation": "next", "url": f"{EHR}/Condition?page=2"}
        return httpx.Response(200, json=bundle(condition("L01.00")) | {"link": [next_page]})

    server = FhirServer(frozenset({"ehr.example"}), transport=httpx.MockTransport(answers))
    found = asyncio.run(server.read(EHR, "token", "Condition?patient=1", server.allowance()))
    assert len(found.resource["entry"]) == 1
    assert str(found.lacks) == "the FHIR server answered 503"


@pytest.mark.parametrize(
    ("scope", "query", "may"),
    [
        ("user/Condition.read", "Condition?patient=1", True),
        ("user/Condition.read", "Device?patient=1", False),
        ("user/Condition.write", "Condition?patient=1", False),
        ("patient/*.read", "Device?patient=1", True),
        ("user/*.*", "Device?patient=1", True),
        ("user/Condition.rs", "Condition?patient=1", True),
        ("user/Condition.r", "Condition?patient=1", False),
        ("user/Patient.r", "Patient/1", True),
        ("user/Patient.s", "Patient/1", False),
        ("system/*.cruds", "Procedure?patient=1", True),
        ("patient/Observation.rs?category=laboratory", "Observation?patient=1", True),
        ("launch openid user/Patient.read user/Device.rs", "Device?patient=1", True),
        ("launch openid fhirUser", "Device?patient=1", True),
        ("", "Device?patient=1", True),
    ],
)
def test_scopes_of_either_syntax_say_what_may_be_read(scope: str, query: str, may: bool) -> None:
    assert may_read(scope, query) is may


def test_too_much_and_no_answer_are_given_up() -> None:
    with pytest.raises(UnreadableError, match="too much"):
        read(Ehr(Condition=bundle(condition("L01.00"))), max_bytes=50)

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


def test_what_is_absent_is_read_at_once(book: RuleBook, locales: Localizations) -> None:
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
    service = Service(locales, book.codes, BASE, Trust(), server, lambda: date(2026, 11, 23))
    assert asyncio.run(service.answer(body, body["hook"])).status_code == 200
    assert most == len(KEYS)


def answered(ehr: Ehr, body: dict[str, Any], book: RuleBook, locales: Localizations) -> tuple[int, dict[str, Any]]:
    service = Service(locales, book.codes, BASE, Trust(), ehr.server(), lambda: date(2026, 11, 23))
    response = asyncio.run(service.answer(body, body["hook"]))
    return response.status_code, json.loads(bytes(response.body))


def test_what_was_not_prefetched_is_read_back(book: RuleBook, locales: Localizations) -> None:
    ehr = Ehr(Condition=bundle(condition("L01.00")))
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    status, found = answered(ehr, body, book, locales)
    assert status == 200
    assert found["cards"][-1]["summary"].startswith("Excluded: An active skin infection")
    assert len(ehr.asked) == len(KEYS)


def test_without_a_token_nothing_is_read_and_412_names_the_keys(book: RuleBook, locales: Localizations) -> None:
    ehr = Ehr()
    status, found = answered(ehr, call() | {"prefetch": {}, "fhirServer": EHR}, book, locales)
    assert (status, ehr.asked) == (412, [])
    assert found["resourceType"] == "OperationOutcome"


def test_what_could_not_be_read_back_is_never_read_as_nothing(book: RuleBook, locales: Localizations) -> None:
    ehr = Ehr(Condition=httpx.Response(500))
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    status, found = answered(ehr, body, book, locales)
    assert status == 412
    assert [issue["expression"] for issue in found["issue"]] == [["prefetch.conditions"]]


@pytest.mark.parametrize("status", [400, 403, 404, 501])
def test_an_ehr_that_cannot_search_responses_gets_its_cards(
    book: RuleBook, locales: Localizations, status: int
) -> None:
    ehr = Ehr(Condition=bundle(condition("L01.00")), QuestionnaireResponse=httpx.Response(status))
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    code, found = answered(ehr, body, book, locales)
    assert code == 200
    assert found["cards"][-1]["summary"].startswith("Excluded: An active skin infection")
    assert f"`intake` could not be read: the FHIR server answered {status}" in found["cards"][-1]["detail"]


KINDS = ("Patient", "Condition", "MedicationRequest", "AllergyIntolerance", "Device", "Procedure", "Observation")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [400, 401, 403, 404, 410, 501, 408, 429, 500, 502, 503])
def test_what_an_ehr_refuses_is_said_and_what_fails_for_now_is_asked_for(
    book: RuleBook, locales: Localizations, kind: str, answer: int
) -> None:
    """A 412 asks for it again, which is no use where it is refused: a call that fails lets an order pass."""
    ehr = Ehr(**{kind: httpx.Response(answer)})
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    code, found = answered(ehr, body, book, locales)
    if answer in (408, 429, 500, 502, 503):
        assert code == 412
        assert len(found["issue"]) == 1
    else:
        assert code == 200
        assert f"the FHIR server answered {answer}" in found["cards"][-1]["detail"]


def test_what_no_scope_lets_be_read_is_not_asked_for(book: RuleBook, locales: Localizations) -> None:
    ehr = Ehr(Condition=bundle(condition("L01.00")))
    scope = " ".join(f"user/{kind}.rs" for kind in KINDS)
    body = call() | {
        "prefetch": {},
        "fhirServer": EHR,
        "fhirAuthorization": {"access_token": "token", "scope": scope},
    }
    code, found = answered(ehr, body, book, locales)
    assert code == 200
    assert "the access token has no scope for `QuestionnaireResponse`" in found["cards"][-1]["detail"]
    assert {request.url.path.split("/")[2] for request in ehr.asked} == set(KINDS)


def test_a_partly_read_search_counts_and_is_said(book: RuleBook, locales: Localizations) -> None:
    more = {"link": [{"relation": "next", "url": f"{EHR}/Condition?more"}]}
    ehr = Ehr(Condition=bundle(condition("L01.00")) | more)
    body = call() | {"prefetch": {}, "fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    code, found = answered(ehr, body, book, locales)
    assert code == 200
    assert found["cards"][-1]["summary"].startswith("Excluded: An active skin infection")
    assert "`conditions` has further pages that were not read" in found["cards"][-1]["detail"]
