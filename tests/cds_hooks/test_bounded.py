"""A call of any size is answered, in proportion to what arrives, and nobody else waits for it."""

import asyncio
import json
import threading
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.worker import LIGHT_BYTES, in_worker
from app.cds_hooks.cards import MOST_DRAFTS
from app.cds_hooks.request import Systems, drafted, read_call
from app.record.bounds import MOST_ANSWERS, MOST_RESOURCES
from tests.cds_hooks.calls import PATHWAYS, SERVICE, call, order, path
from tests.fhir.resources import Resource, bundle, condition, going_on, response
from tests.serving import HANGS
from tests.steps import growth, steps

ORDERED = "combination_therapy"


def drafts(count: int, pathway: str = ORDERED) -> list[Resource]:
    return [order(pathway, f"s{n}") | {"authoredOn": f"2026-01-{1 + n % 28:02}"} for n in range(count)]


def asked(client: TestClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post(path(body["hook"]), json=body)
    assert answer.status_code == 200, answer.text
    cards: list[dict[str, Any]] = answer.json()["cards"]
    return cards


def unread(cards: list[dict[str, Any]]) -> list[str]:
    return [card["detail"] for card in cards if card["summary"].startswith("Not all was read")]


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize("count", [MOST_DRAFTS, MOST_DRAFTS + 1, 2_000])
def test_so_many_drafts_of_ours_are_worked_on_and_the_rest_is_counted(
    client: TestClient, hook: str, count: int
) -> None:
    others = [{"resourceType": "ServiceRequest", "id": f"o{n}"} for n in range(500)]
    cards = asked(client, call(hook, orders=(*others, *drafts(count))))
    assert sum(card["summary"].startswith("Ordered") for card in cards) == MOST_DRAFTS
    (*_, said) = unread(cards) or [""]
    assert said.count(f"{count - MOST_DRAFTS} drafts were not read") == (count > MOST_DRAFTS)


def test_the_newest_drafts_are_worked_on(client: TestClient) -> None:
    newest = order(ORDERED, "newest") | {"authoredOn": "2026-11-01"}
    cards = asked(client, call("order-sign", orders=(*drafts(MOST_DRAFTS), newest)))
    taken_back = [s["actions"][0]["resourceId"] for card in cards for s in card.get("suggestions", ())]
    assert taken_back.count("ServiceRequest/newest") == 1


@pytest.mark.parametrize("hook", ["patient-view", "order-sign", "appointment-book"])
def test_a_record_beyond_the_limit_gets_cards_and_a_warning(client: TestClient, hook: str) -> None:
    many = [condition("I10", recordedDate="2020-01-01") for _ in range(MOST_RESOURCES)]
    infected = condition("L01.00", recordedDate="2026-11-01")
    orders = tuple(drafts(1)) if hook == "order-sign" else ()
    cards = asked(client, call(hook, orders=orders, conditions=bundle(*many, infected)))
    assert any("An active skin infection" in card["summary"] for card in cards)
    (said,) = unread(cards)
    assert "1 resources of the record were not read" in said
    assert cards[-1]["indicator"] == "warning"


@pytest.mark.parametrize("hook", ["order-sign", "appointment-book"])
def test_an_order_of_many_pathways_is_looked_at_once(hook: str) -> None:
    codings = [{"system": PATHWAYS, "code": str(n)} for n in range(400)]
    people: list[Resource] = [{"actor": {"reference": f"Practitioner/{n}"}} for n in range(400)]

    def read(count: int) -> int:
        concept = {"coding": codings[:count]}
        ours = order(ORDERED, "s") | {"code": concept, "subject": [each["actor"] for each in people[:count]]}
        booked = {"resourceType": "Appointment", "serviceType": [concept], "participant": people[:count]}
        body = call(hook, orders=(ours,)) if hook == "order-sign" else call(hook) | {"prefetch": {}}
        if hook == "appointment-book":
            body["context"]["appointments"] = [booked]
        with steps() as counted:
            found = read_call(body, hook, Systems(PATHWAYS, SERVICE))
        assert len(found.drafts) == count
        assert len(list(drafted(found.drafts))) == 1
        return counted[0]

    assert growth(read, 100) < 2.1


def test_answers_beyond_the_limit_are_said_in_a_card(client: TestClient) -> None:
    answers = [{"linkId": "pregnant"}] * (MOST_ANSWERS + 3)
    intake = response(*answers, authored="2026-11-20")
    (said,) = unread(asked(client, call(intake=intake)))
    assert "3 answers of the intake were not read" in said


def test_what_is_unread_in_apply_is_said_in_the_guidance(client: TestClient) -> None:
    many = bundle(*[condition("I10") for _ in range(MOST_RESOURCES + 2)])
    parameters = [{"name": "subject", "valueString": "Patient/1"}, {"name": "data", "resource": many}]
    answer = client.post(
        "/fhir/PlanDefinition/candidate-triage/$apply",
        json={"resourceType": "Parameters", "parameter": parameters},
    )
    assert answer.status_code == 200
    assert "2 resources of the record were not read" in answer.text


def test_the_next_question_takes_so_many_answers(client: TestClient) -> None:
    for count, status in ((MOST_ANSWERS, 200), (MOST_ANSWERS + 1, 422)):
        asked = going_on(*[{"linkId": "pregnant"}] * count)
        assert client.post("/fhir/Questionnaire/$next-question", json=asked).status_code == status


def test_selections_are_looked_up_and_not_searched() -> None:
    compared = 0

    class Name(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    body = call("order-select", orders=tuple(drafts(500)))
    body["context"]["selections"] = [Name(name) for name in body["context"]["selections"]]
    assert len(read_call(body, "order-select", Systems(PATHWAYS, SERVICE)).drafts) == 500
    assert compared < 5_000  # each with each: 125,000


@pytest.mark.parametrize("name", ["x" * 65, "a b", "", "../1"])
def test_an_order_without_a_usable_id_is_not_to_be_taken_back(client: TestClient, name: str) -> None:
    cards = asked(client, call("order-sign", orders=(order(ORDERED, name),)))
    assert cards
    assert all("suggestions" not in card for card in cards)


def test_a_heavy_call_is_read_in_another_thread(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def watched(*given: Any) -> Any:
        threads.append(threading.current_thread().name)
        return read_call(*given)

    monkeypatch.setattr("app.cds_hooks.routes.read_call", watched)
    with TestClient(app) as client:
        light, heavy = call(), call(conditions=bundle(*[condition("I10") for _ in range(100)]))
        assert len(json.dumps(light)) < LIGHT_BYTES < len(json.dumps(heavy))
        asked(client, light)
        asked(client, heavy)
    assert [name.startswith("triage-worker") for name in threads] == [False, True]


def test_others_are_answered_while_the_worker_works() -> None:
    async def both() -> list[str]:
        seen: list[str] = []
        begun, goes_on = threading.Event(), threading.Event()

        def heavy() -> None:
            begun.set()
            assert goes_on.wait(HANGS)
            seen.append("heavy")

        work = asyncio.create_task(in_worker(heavy))
        while not begun.is_set():
            await asyncio.sleep(0)
        seen.append("light")
        goes_on.set()
        await work
        return seen

    assert asyncio.run(both()) == ["light", "heavy"]
