"""What was not read of a record is said: a search that failed is not one that found nothing."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.cds_hooks import prefetch
from app.cds_hooks.detail import Weighed
from app.cds_hooks.routes import Service
from app.cds_hooks.trust import Trust
from app.core.engine import Engines
from app.fhir.localization import Localizations
from app.main import build_app
from app.record import bundles
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.cds_hooks.calls import PATHWAYS, appointment, call, order, path
from tests.cds_hooks.test_cards import cards, intake
from tests.cds_hooks.test_server import EHR, Ehr
from tests.fhir.resources import BASE, NOW, Resource, bundle, condition

RECORD = ("patient", "conditions", "medications", "allergies", "devices", "procedures", "observations")
HOOKS = ("order-select", "order-sign", "appointment-book")
PATHWAY = "exosome_microchanneling"
TEETH = condition("K02.9")
OUTCOME: Resource = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
NOT_FOUND: Resource = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "not-found"}]}
MORE = {"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": "https://ehr.example/more"}]}
LOST: dict[str, Callable[[], Any]] = {
    "an outcome": lambda: OUTCOME,
    "an outcome without an issue": lambda: {"resourceType": "OperationOutcome"},
    "what nobody asked for": lambda: {"resourceType": "Parameters"},
    "a further page": lambda: bundle(TEETH) | MORE,
    "fewer than were found": lambda: bundle(TEETH) | {"total": 2},
    "no more than the count": lambda: bundle() | {"total": 40},
    "included ones beside fewer than were found": lambda: (
        {"resourceType": "Bundle", "type": "searchset", "total": 2}
        | {"entry": [{"resource": TEETH}, {"resource": {"resourceType": "Location"}, "search": {"mode": "include"}}]}
    ),
    "an outcome among what was found": lambda: bundle(TEETH, OUTCOME),
    "an outcome in a Bundle of Bundles": lambda: bundle(bundle(OUTCOME)),
    "a failed entry of a batch": lambda: batch({"response": {"status": "404 Not Found"}}),
    "a failed entry with its outcome": lambda: batch({"response": {"status": "500", "outcome": OUTCOME}}),
    "a further page without its address": lambda: bundle() | {"link": [{"relation": "Next"}]},
    "fewer than were found, by no type": lambda: {"resourceType": "Bundle", "total": 5},
    "entries that are none": lambda: {"resourceType": "Bundle", "type": "searchset", "entry": ["x", None]},
    "no list of entries": lambda: {"resourceType": "Bundle", "type": "searchset", "entry": "x"},
    "an address without its resource": lambda: batch({"fullUrl": f"{EHR}/Condition/7"}),
}
"""Every way in which a part of a record is lost."""
WHOLE: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "an empty Bundle": bundle,
    "as many as were found": lambda: bundle(TEETH) | {"total": 1},
    "a total of a collection": lambda: bundle(TEETH) | {"type": "collection", "total": 7},
    "an outcome that says nothing was found": lambda: bundle(NOT_FOUND),
    "an entry of a batch that did not change": lambda: batch({"response": {"status": "304"}}),
    "an entry that was deleted": lambda: batch({"request": {"method": "DELETE", "url": "Condition/7"}}),
}


def batch(*entries: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries)}


def agreed(hook: str, engines: Engines, **given: Any) -> dict[str, Any]:
    """A call about an order or appointment that the decision agrees with."""
    orders = (order(PATHWAY),) if hook != "appointment-book" else ()
    booked = (appointment(PATHWAYS, PATHWAY),)
    return call(hook, orders=orders, appointments=booked, **({"intake": intake(engines)} | given))


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("key", RECORD)
def test_nothing_that_was_lost_passes_silently(
    client: TestClient, engines: Engines, hook: str, lost: str, key: str
) -> None:
    (card,) = cards(client, agreed(hook, engines, **{key: LOST[lost]()}))
    assert (card["summary"].startswith("Not all was read"), card["indicator"]) == (True, "warning")
    assert f"`{key}`" in card["detail"] or "of the record could not be read" in card["detail"]
    assert "is no answer" in card["detail"]


@pytest.mark.parametrize("key", RECORD)
def test_what_was_never_sent_does_not_pass_silently(client: TestClient, engines: Engines, key: str) -> None:
    body = agreed("order-sign", engines)
    del body["prefetch"][key]
    (card,) = cards(client, body)
    assert card["summary"] == f"Not all was read: `{key}` was not sent"


@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize("key", RECORD)
def test_what_is_whole_gets_no_card(client: TestClient, engines: Engines, whole: str, key: str) -> None:
    assert cards(client, agreed("order-sign", engines, **{key: WHOLE[whole]()})) == []


@pytest.mark.parametrize("lost", [*LOST, *WHOLE])
@pytest.mark.parametrize("key", RECORD)
def test_in_korean_it_is_said_in_korean(client: TestClient, engines: Engines, lost: str, key: str) -> None:
    made = (LOST | WHOLE)[lost]()
    english = cards(client, agreed("order-sign", engines, **{key: made}))
    korean = client.post(
        path("order-sign"), json=agreed("order-sign", engines, **{key: made}), headers={"Accept-Language": "ko"}
    )
    found = korean.json()["cards"]
    assert len(found) == len(english)
    for card in found:
        said = re.sub("`[a-z]+`", "", card["summary"] + card["detail"])
        assert re.search("[가-힣]", said)
        assert not re.search("[A-Za-z]{3}", said), said


def test_the_newest_intake_is_all_that_is_asked_for(client: TestClient, engines: Engines) -> None:
    for more in (MORE, {"total": 5}):
        assert cards(client, agreed("order-sign", engines, intake=bundle(intake(engines)) | more)) == []
    none = agreed("order-sign", engines, intake=bundle() | MORE)
    assert "`intake` has further pages" in cards(client, none)[0]["detail"]


@pytest.mark.parametrize("said", [None, OUTCOME, ...])
def test_an_ehr_without_responses_gets_its_cards(client: TestClient, engines: Engines, said: Any) -> None:
    body = agreed("order-sign", engines, intake=said, conditions=bundle(condition("L01.00")))
    if said is ...:
        del body["prefetch"]["intake"]
    assert cards(client, body)[-1]["indicator"] == "critical"
    body = agreed("order-sign", engines, intake=said)
    if said is ...:
        del body["prefetch"]["intake"]
    (card,) = cards(client, body)
    assert "missing" in card["summary"]
    assert ("`intake`" in card["detail"]) is (said is not None)


@pytest.mark.parametrize("lost", LOST)
def test_a_decision_tells_it_itself(client: TestClient, engines: Engines, lost: str) -> None:
    body = agreed("order-sign", engines, intake=intake(engines, pregnant=True), conditions=LOST[lost]())
    (card,) = cards(client, body)
    read = card["detail"].partition("**Not read**")[2]
    assert "`conditions`" in read or "could not be read" in read
    assert card["indicator"] == "critical"


def test_a_card_about_something_else_does_not_hide_it(client: TestClient, engines: Engines) -> None:
    body = agreed("order-sign", engines, conditions=OUTCOME)
    drafted = body["context"]["draftOrders"]["entry"][0]["resource"]
    drafted["subject"] = {"reference": "Patient/2"}
    other, lost = cards(client, body)
    assert "another patient" in other["summary"]
    assert "`conditions` failed" in lost["summary"]


@pytest.mark.parametrize("lost", LOST)
def test_a_patient_in_view_gets_it_quietly(client: TestClient, book: RuleBook, lost: str) -> None:
    body = call(conditions=LOST[lost]())
    (card,) = cards(client, body)
    assert (card["indicator"], "**Not read**" in card["detail"], "missing" in card["summary"]) == ("info", True, False)
    with TestClient(build_app(Settings(cds_intake_card=False), book, clock=lambda: NOW)) as silent:
        (card,) = cards(silent, body)
        assert (card["indicator"], card["summary"].startswith("Not all was read")) == ("info", True)
        assert cards(silent, call(conditions=bundle(TEETH))) == []


FAILING = {
    "400": httpx.Response(400),
    "403": httpx.Response(403),
    "404": httpx.Response(404),
    "500": httpx.Response(500),
    "an outcome": httpx.Response(200, json=OUTCOME),
    "no resource": httpx.Response(200, json={"resourceType": "Parameters"}),
    "no JSON": httpx.Response(200, text="<html>"),
    "a further page elsewhere": httpx.Response(
        200, json=bundle(TEETH) | {"link": [{"relation": "next", "url": "https://other.example"}]}
    ),
    "fewer than were found": httpx.Response(200, json=bundle(TEETH) | {"total": 9}),
}
KINDS = {
    "Patient": "patient",
    "Condition": "conditions",
    "MedicationRequest": "medications",
    "AllergyIntolerance": "allergies",
    "Device": "devices",
    "Procedure": "procedures",
    "Observation": "observations",
}


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["absent", "failed"])
def test_what_could_not_be_read_back_does_not_pass_silently(
    book: RuleBook, engines: Engines, locales: Localizations, kind: str, failing: str, state: str
) -> None:
    body = agreed("order-sign", engines) | {"fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    key = KINDS[kind]
    body["prefetch"].pop(key)
    if state == "failed":
        body["prefetch"][key] = OUTCOME
    service = Service(locales, book.codes, BASE, Trust(), Ehr(**{kind: FAILING[failing]}).server(), lambda: TODAY)
    response = asyncio.run(service.answer(body, body["hook"]))
    (card,) = json.loads(bytes(response.body))["cards"]
    assert f"`{key}`" in card["summary"]
    well = Service(locales, book.codes, BASE, Trust(), Ehr().server(), lambda: TODAY)
    assert json.loads(bytes(asyncio.run(well.answer(body, body["hook"])).body)) == {"cards": []}


TODAY = date(2026, 11, 23)


def test_of_intakes_the_first_page_alone_is_read(book: RuleBook, engines: Engines, locales: Localizations) -> None:
    older = {"link": [{"relation": "next", "url": f"{EHR}/QuestionnaireResponse?page=2"}]}
    ehr = Ehr(QuestionnaireResponse=bundle(intake(engines)) | older)
    body = agreed("order-sign", engines) | {"fhirServer": EHR, "fhirAuthorization": {"access_token": "token"}}
    del body["prefetch"]["intake"]
    service = Service(locales, book.codes, BASE, Trust(), ehr.server(), lambda: TODAY)
    assert json.loads(bytes(asyncio.run(service.answer(body, body["hook"])).body)) == {"cards": []}
    assert len(ehr.asked) == 1


WRONG: dict[str, tuple[Any, str, Any]] = {
    "what failed is silent": (Weighed, "lost", lambda self, locale: []),
    "a failed search found nothing": (prefetch, "READ", prefetch.READ | {"OperationOutcome", "Parameters"}),
    "the first page is all": (prefetch, "has_more", lambda bundle, entries: False),
    "what is inside a Bundle is whole": (bundles, "has_failed", lambda resource: False),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_implementation_is_noticed(
    client: TestClient, engines: Engines, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    owner, member, value = WRONG[name]
    monkeypatch.setattr(owner, member, value)
    assert any(cards(client, agreed("order-sign", engines, conditions=make())) == [] for make in LOST.values())


@pytest.mark.parametrize(
    "operation", ["PlanDefinition/candidate-triage/$apply", "Questionnaire/candidate-intake/$populate"]
)
@pytest.mark.parametrize(("language", "says"), [("en", "could not be read|found more"), ("ko", "읽지 못했|더 많이")])
@pytest.mark.parametrize("lost", [*LOST, *WHOLE])
def test_operations_say_it_too(client: TestClient, operation: str, language: str, says: str, lost: str) -> None:
    made = (LOST | WHOLE)[lost]()
    data = [{"name": "data", "resource": made}] if made else []
    body = {"resourceType": "Parameters", "parameter": [{"name": "subject", "valueString": "Patient/1"}, *data]}
    answer = client.post(f"/fhir/{operation}", json=body, headers={"Accept-Language": language})
    assert answer.status_code == 200
    is_lost = lost in LOST and lost != "what nobody asked for"
    assert bool(re.search(says, answer.text)) is is_lost
    if is_lost:
        found = issues(answer.json())
        assert [issue["severity"] for issue in found if re.search(says, issue["diagnostics"])] == ["warning"]


def issues(found: Resource) -> list[Resource]:
    """Return every issue of what an operation answered."""
    inside = [part["resource"] for part in found.get("parameter", ())] + found.get("contained", [])
    return [issue for each in inside if each["resourceType"] == "OperationOutcome" for issue in each["issue"]]
