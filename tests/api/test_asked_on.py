"""`asked_on`: an answer with a day says how long it holds, and is otherwise the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.api.receipts import KEY, asked, verdict

FACTS = {"primary_concern": "dullness", "pregnant": False, "active_skin_infection": True}


def answered(client: TestClient, query: str = "", **more: Any) -> Any:
    return client.post(f"/v1/triage{query}", json=FACTS | more).json()


@pytest.mark.parametrize("query", ["", "?view=decision", "?unknowns=strict"])
def test_an_answer_with_a_day_says_how_long_it_holds(client: TestClient, query: str) -> None:
    plain, dated = answered(client, query), answered(client, query, asked_on="2026-11-26")
    assert (plain["asked_on"], plain["valid_until"], plain["ask_again"]) == (None, None, [])
    assert (dated["asked_on"], dated["valid_until"]) == ("2026-11-26", "2027-01-07")
    assert dated["ask_again"] == ["active_skin_infection"]
    assert plain | {name: dated[name] for name in ("asked_on", "valid_until", "ask_again")} == dated


@pytest.mark.parametrize("query", ["", "?unknowns=strict"])
def test_an_explanation_holds_as_long_as_its_answer(client: TestClient, query: str) -> None:
    for day in (None, "2026-11-26"):
        body = FACTS | {"asked_on": day}
        answer, explained = (client.post(f"/v1/triage{at}{query}", json=body).json() for at in ("", "/explain"))
        names = ("asked_on", "valid_until", "ask_again", "decision", "id")
        assert {name: explained[name] for name in names} == {name: answer[name] for name in names}
        assert explained["valid_until"] == (day and "2027-01-07")


def test_an_unknown_day_is_no_day(client: TestClient) -> None:
    assert answered(client, asked_on=None) == answered(client)


@pytest.mark.parametrize(
    "day", ["26.11.2026", "2026-11-31", "20261126", "2026-W48-4", "1999-12-31", "3000-01-01", "", 20261127, True, []]
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_is_no_day_is_refused(client: TestClient, day: object, language: str) -> None:
    response = client.post("/v1/triage", json=FACTS | {"asked_on": day}, headers={"Accept-Language": language})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/asked_on", "not_a_day")
    assert "2026-11-26" in error["detail"]
    assert not isinstance(day, str) or not day or day not in response.text


def test_the_last_day_reaches_beyond_what_is_taken(client: TestClient) -> None:
    answer = client.post("/v1/triage", json={"primary_concern": "burn", "asked_on": "2999-12-31"}).json()
    assert answer["valid_until"] == "3000-02-11"


def test_a_batch_takes_a_day_in_each_line(client: TestClient) -> None:
    lines = '{"primary_concern": "burn", "asked_on": "2026-11-26"}\n{"primary_concern": "burn"}\n'
    headers = {"Content-Type": "application/x-ndjson"}
    found = client.post("/v1/triage/batch?view=decision", content=lines, headers=headers).text.splitlines()
    assert ['"valid_until":"2027-01-07"' in line for line in found] == [True, False]


@pytest.fixture(scope="module")
def signing(book: RuleBook) -> Iterator[TestClient]:
    with TestClient(build_app(Settings(signing_keys=(KEY,)), book)) as client:
        yield client


@pytest.mark.parametrize("query", ["", "?view=decision"])
def test_until_when_an_answer_holds_is_verified_too(signing: TestClient, query: str) -> None:
    facts = {"active_skin_infection": True}
    more = {"facts": facts} if query else {}
    answer, receipt = asked(signing, facts | {"asked_on": "2026-11-26"}, query)
    assert verdict(signing, answer, receipt, **more)["result"] == "valid"
    for name, other in (("valid_until", "2028-01-01"), ("ask_again", [])):
        found = verdict(signing, answer | {name: other}, receipt, **more)
        # the spans are no part of a release: another day may be one of other spans
        assert (found["result"], [each.split("/")[2] for each in found["differs"]]) == ("other_texts", [name])
    for day in ("2026-11-27", "yesterday", None):
        assert verdict(signing, answer | {"asked_on": day}, receipt, **more)["result"] in ("altered", "other_texts")


def test_an_answer_from_before_there_were_days_stays_valid(signing: TestClient) -> None:
    answer, receipt = asked(signing, {"active_skin_infection": True})
    for name in ("asked_on", "valid_until", "ask_again"):
        del answer[name]
    assert verdict(signing, answer, receipt)["result"] == "valid"
