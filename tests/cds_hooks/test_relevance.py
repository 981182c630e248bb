"""When a hook speaks, and what keeps an order from passing silently."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines
from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.cds_hooks.calls import PATHWAYS, appointment, call, order, path
from tests.cds_hooks.test_cards import cards, intake
from tests.fhir.resources import NOW, bundle, condition

DENTAL = bundle(condition("K02.9"))


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize("prefetch", [[], "x", {"conditions": []}, {"intake": 7}])
def test_drafts_of_others_are_answered_before_anything_is_read(client: TestClient, hook: str, prefetch: Any) -> None:
    other = order("x") | {"code": {"text": "Chest X-ray"}}
    assert cards(client, call(hook, orders=(other,)) | {"prefetch": prefetch}) == []
    ours = client.post(path(hook), json=call(hook, orders=(order("x"),)) | {"prefetch": prefetch})
    assert ours.status_code == (412 if prefetch == {} else 422)


@pytest.mark.parametrize(
    ("appointments", "count"),
    [
        ((), 0),
        ((appointment("http://example.org/services", "dental"),), 0),
        ((appointment(),), 1),
        ((appointment(PATHWAYS, "combination_therapy"),), 1),
        ((appointment("x") | {"reasonCode": appointment(PATHWAYS, "combination_therapy")["serviceType"]},), 1),
    ],
)
def test_appointments_count_where_they_name_us(
    client: TestClient, engines: Engines, appointments: tuple[Any, ...], count: int
) -> None:
    body = call("appointment-book", appointments=appointments, intake=intake(engines))
    assert len(cards(client, body)) == count
    body["context"]["appointments"] = list(appointments)  # as the published examples have it
    assert len(cards(client, body)) == count


def test_an_appointment_that_agrees_gets_no_card(client: TestClient, engines: Engines) -> None:
    booked = appointment(PATHWAYS, "exosome_microchanneling")
    assert cards(client, call("appointment-book", appointments=(booked,), intake=intake(engines))) == []


def test_without_a_reason_a_patient_in_view_gets_one_quiet_card_or_none(client: TestClient, book: RuleBook) -> None:
    child = {"resourceType": "Patient", "id": "1", "birthDate": "2016-01-01"}
    body = call(patient=child, conditions=DENTAL)
    (card,) = cards(client, body)
    assert (card["indicator"], [link["type"] for link in card["links"]]) == ("info", ["absolute"])
    assert "missing" not in card["summary"] + card["detail"]
    with TestClient(build_app(Settings(cds_intake_card=False), book, clock=lambda: NOW)) as silent:
        assert cards(silent, body) == []
        assert cards(silent, call(conditions=bundle(condition("L01.00"))))
        for status, speaks in (("draft", True), ("active", True), ("completed", False)):
            body["prefetch"]["orders"] = bundle(order("x") | {"status": status})
            assert bool(cards(silent, body)) is speaks


@pytest.mark.parametrize("hook", ["patient-view", "order-sign", "appointment-book"])
@pytest.mark.parametrize("said", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-01-01"}])
def test_there_is_no_card_for_the_deceased(client: TestClient, hook: str, said: dict[str, Any]) -> None:
    orders = (order("combination_therapy"),) if hook == "order-sign" else ()
    patient = {"resourceType": "Patient", "id": "1"} | said
    body = call(hook, orders=orders, patient=patient, conditions=bundle(condition("L01.00")))
    assert cards(client, body) == []


@pytest.mark.parametrize("said", [{"deceasedBoolean": False}, *({"deceasedDateTime": day} for day in ("", "2030", 7))])
def test_who_is_not_known_to_have_died_gets_cards(client: TestClient, said: dict[str, Any]) -> None:
    patient = {"resourceType": "Patient", "id": "1"} | said
    assert cards(client, call(patient=patient, conditions=bundle(condition("L01.00"))))


@pytest.mark.parametrize(
    ("concept", "passes"),
    [
        ({"coding": [{"system": "urn:x", "code": "1", "display": "Pregnancy, first trimester"}]}, False),
        ({"coding": [{"system": "urn:x", "code": "1"}]}, False),
        ({"coding": [{"system": "urn:x", "code": "1", "display": "Dental caries"}]}, True),
    ],
)
def test_what_was_not_understood_keeps_an_order_from_passing_where_it_might_decide(
    client: TestClient, engines: Engines, concept: dict[str, Any], passes: bool
) -> None:
    unknown = bundle(condition("X") | {"code": concept})
    body = call("order-sign", orders=(order("exosome_microchanneling"),), intake=intake(engines), conditions=unknown)
    found = cards(client, body)
    assert (found == []) is passes
    if found:
        assert found[0]["indicator"] == "warning"
        assert "Condition/c1" in found[0]["detail"].partition("**Not understood**")[2]


@pytest.mark.parametrize("hook", ["patient-view", "order-sign", "appointment-book"])
@pytest.mark.parametrize(
    ("language", "says"), [("en", "another patient than the one asked about"), ("ko", "다른 환자의 기록")]
)
def test_a_patient_other_than_that_of_the_call_is_said(
    client: TestClient, engines: Engines, hook: str, language: str, says: str
) -> None:
    orders = (order("exosome_microchanneling"),) if hook == "order-sign" else ()
    booked = (appointment(PATHWAYS, "exosome_microchanneling"),)
    for name in ("1", "2"):
        patient = {"resourceType": "Patient", "id": name, "birthDate": "1985-04-02"}
        body = call(hook, orders=orders, appointments=booked, intake=intake(engines), patient=patient)
        found = client.post(path(hook), json=body, headers={"Accept-Language": language}).json()["cards"]
        assert any(says in card["summary"] and card["indicator"] == "warning" for card in found) == (name == "2")


def test_an_order_or_appointment_for_another_patient_is_said(client: TestClient, engines: Engines) -> None:
    """Where the decision agrees and no other card is there, too."""
    said = "What is ordered or booked names another patient than the one of this call"
    for subject, found in (
        ("Patient/1/_history/3", []),
        ("Patient/2", [said]),
        ("https://x.example/Patient/2", [said]),
    ):
        drafted = order("exosome_microchanneling") | {"subject": {"reference": subject}}
        body = call("order-sign", orders=(drafted,), intake=intake(engines))
        assert [card["summary"] for card in cards(client, body)] == found
    booked = appointment(PATHWAYS, "exosome_microchanneling")
    booked["participant"].append({"actor": {"reference": "Practitioner/7"}})
    body = call("appointment-book", appointments=(booked,), intake=intake(engines))
    assert cards(client, body) == []
    booked["participant"][0]["actor"]["reference"] = "Patient/2"
    assert [card["summary"] for card in cards(client, body)] == [said]


@pytest.mark.parametrize(
    "codes", [("exosome_microchanneling", "combination_therapy"), ("exosome_microchanneling", None)]
)
def test_every_pathway_that_an_order_or_appointment_names_counts(
    client: TestClient, engines: Engines, codes: tuple[str | None, ...]
) -> None:
    """The first one agrees."""
    coded = [{"system": PATHWAYS} | ({"code": code} if code else {}) for code in codes]
    for listed in (coded, coded[::-1], coded * 2):
        drafted = order("x") | {"code": {"coding": listed}}
        booked = appointment("x") | {"serviceType": [{"coding": [each]} for each in listed]}
        for hook in ("order-sign", "order-select", "appointment-book"):
            body = call(hook, orders=(drafted,), appointments=(booked,), intake=intake(engines))
            (card,) = cards(client, body)
            assert card["indicator"] == "warning"
    excluded = call("order-sign", orders=(drafted,), intake=intake(engines, pregnant=True))
    found = cards(client, excluded)
    assert len({card["uuid"] for card in found}) == len(found) == 2


@pytest.mark.parametrize(
    "written", ["ServiceRequest/s1", "ServiceRequest/s1/_history/2", "https://ehr.example/fhir/ServiceRequest/s1"]
)
def test_a_selection_is_known_however_its_reference_is_written(
    client: TestClient, engines: Engines, written: str
) -> None:
    body = call("order-select", orders=(order("combination_therapy"),), intake=intake(engines))
    for selected in (written, "ServiceRequest/s2"):
        body["context"]["selections"] = [selected]
        assert len(cards(client, body)) == (selected == written)
