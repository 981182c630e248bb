"""Right cards: discovery, the four states of prefetch, orders, referrals, and nothing null or empty anywhere."""

import json
import re
from typing import Any, get_args
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.cds_hooks.cards import PRIORITY, Cards
from app.core.engine import Engines
from app.core.rules import Urgency
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.options import SmartServer
from app.settings import Settings
from tests.cds_hooks.calls import IN_PLACE, KEYS, call, order, path
from tests.fhir.resources import BASE, NOW, Resource, answers, bundle, condition, medication, response, yes_no
from tests.fhir.validators import complaints

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
HOOKS = ("patient-view", "order-select", "order-sign", "appointment-book")


def intake(engines: Engines, **facts: Any) -> Resource:
    """Every question answered so that nothing stands against Phase 2, and all is in place, save what is named."""
    release = engines.by_id[engines.current].release
    known = {name: fact.domain[0] for name, fact in release.facts.items() if fact.policy == "ask"}
    known |= {name: max(fact.assumed) for name, fact in release.facts.items() if fact.assumed}
    known |= {"primary_concern": "uneven_pigmentation", "elasticity_loss": "moderate", "hyperpigmentation": "mild"}
    known |= IN_PLACE
    said = {name: value for name, value in (known | facts).items() if value is not None}
    return answers(said, release)


def cards(client: TestClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post(path(body["hook"]), json=body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["cards"]
    for card in found:
        _nothing_empty(card)
        assert len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"]
        assert UUID(card["uuid"]).version == 5
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        for suggestion in card.get("suggestions", ()):
            assert suggestion["actions"]
    return found


def _nothing_empty(value: Any) -> None:
    assert value is not None
    if isinstance(value, str | list | dict):
        assert value != type(value)()
    for inside in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _nothing_empty(inside)


@pytest.mark.parametrize("address", ["/cds-services", "/cds-services/"])
def test_discovery_shows_a_service_for_each_hook(client: TestClient, address: str) -> None:
    services = client.get(address).json()["services"]
    assert [service["hook"] for service in services] == list(HOOKS)
    assert len({service["id"] for service in services}) == 4
    for service in services:
        assert set(service["prefetch"]) == set(KEYS) - ({"orders"} if service["hook"] != "patient-view" else set())
        assert service["title"]
        assert service["description"]
        assert service["version"] == "3.0.0"  # of the specification, not of the rules
        assert service["hookVersion"] == {"patient-view": "1.1"}.get(service["hook"], "1.0")
        for key, template in service["prefetch"].items():
            assert key == "patient" or "_count=" in template


def test_nobody_is_told_no_infection_because_nobody_coded_one(client: TestClient) -> None:
    (card,) = cards(client, call("appointment-book"))
    assert card["indicator"] == "warning"
    assert "missing" in card["summary"]
    assert "infection" in card["detail"]
    assert {"url": f"{BASE}/intake", "type": "absolute"}.items() <= card["links"][-1].items()


@pytest.mark.parametrize(
    ("server", "link"),
    [
        (None, ("smart", f"{BASE}/launch")),
        ("https://ehr.example/fhir", ("smart", f"{BASE}/launch")),
        ("https://ehr.example/fhir/", ("smart", f"{BASE}/launch")),
        ("https://other.example/fhir", ("absolute", f"{BASE}/intake")),
    ],
)
def test_the_link_launches_the_intake_where_the_server_is_registered(
    book: RuleBook, server: str | None, link: tuple[str, str]
) -> None:
    servers = (SmartServer(iss="https://ehr.example/fhir", client_id="triage"),)
    settings = Settings(smart_servers=servers, public_url=BASE)
    with TestClient(build_app(settings, book, clock=lambda: NOW)) as registered:
        (card,) = cards(registered, call() | ({"fhirServer": server} if server else {}))
    assert [(each["type"], each["url"]) for each in card["links"]] == [link]


def test_a_coded_infection_excludes(client: TestClient) -> None:
    sent_on, card = cards(client, call(conditions=bundle(condition("L01.00"))))
    assert sent_on["indicator"] == "warning"  # the infection needs care of its own, and that comes first
    assert card["summary"].startswith("Excluded: An active skin infection")
    assert card["indicator"] == "info"
    read = card["detail"].partition("**From the record**")[2]
    assert "Is there an infection of the skin now, in or near the area that would be treated? Yes. Condition/c1" in read
    assert "Condition/c1 (L01.00, 2026-11-20)" in read
    assert "active_skin_infection" not in read  # people read questions, not names of members
    assert card["links"][0]["url"] == f"{BASE}/rules/EXC-INFECTION"


def test_a_recommendation_suggests_a_draft_that_somebody_can_act_on(client: TestClient, engines: Engines) -> None:
    (card,) = cards(client, call(intake=intake(engines)))
    assert card["summary"].startswith("Documented pathway: Exosomes through micro-channels")
    (action,) = card["suggestions"][0]["actions"]
    assert action["type"] == "create"
    assert action["resource"]["status"] == "draft"
    assert complaints([action["resource"]]) == []


def test_a_card_says_until_when_it_holds_by_the_days_of_the_record(client: TestClient, engines: Engines) -> None:
    (card,) = cards(client, call("patient-view", intake=bundle(intake(engines))))
    # answered on 20 November: after 7 days nobody knows of an infection, a wound or a tan
    assert "**Holds until 2026-11-27; then to be asked again**\n\n- Is there an infection" in card["detail"]


def test_a_referral_comes_first_and_drafts_the_referral(client: TestClient, engines: Engines) -> None:
    suspected = bundle(condition("C43.30", verified="unconfirmed"))
    first, second = cards(client, call(intake=intake(engines, suspicious_lesion=None), conditions=suspected))
    assert first["indicator"] == second["indicator"] == "warning"
    drafted = first["suggestions"][0]["actions"][0]["resource"]
    assert "ermatolog" in drafted["code"]["text"]
    assert complaints([drafted]) == []
    assert second["source"]["topic"]["code"] == "referred"


def test_a_contradiction_between_answer_and_record_is_a_warning(client: TestClient, engines: Engines) -> None:
    (card,) = cards(client, call(intake=intake(engines), conditions=bundle(condition("Z33.1"))))
    assert card["indicator"] == "warning"
    contradictions = card["detail"].partition("**Contradictions**")[2].partition("\n\n**")[0]
    assert "Are you pregnant, or could you be? Yes, or I may be: Condition/c1" in contradictions
    assert "No, or this does not apply to me: QuestionnaireResponse/q1 (2026-11-20)" in contradictions
    assert "Condition/c1" in contradictions
    assert "(Z33.1" in contradictions


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize("concern", [None, "acne_scars", "chronic_wound"])
def test_an_exclusion_of_what_is_ordered_is_named_before_all_is_known(
    client: TestClient, engines: Engines, hook: str, concern: str | None
) -> None:
    taken = bundle(medication(RXNORM, "6064"))
    release = engines.by_id[engines.current].release
    answered = answers({"primary_concern": concern}, release) if concern else None
    drafted = order("combination_therapy")
    card = cards(client, call(hook, orders=(drafted,), medications=taken, intake=answered))[-1]
    assert card["source"]["topic"]["code"] != "excluded"
    assert card["indicator"] == "critical"
    assert card["summary"].startswith(
        "Ordered: Non-ablative energy device with conditioned media. Ruled out: While isotretinoin is being taken"
    )
    assert card["detail"].startswith("**Rules out what is ordered**\n\n- While isotretinoin is being taken")
    other = cards(client, call(hook, orders=(order("conservative_care"),), medications=taken, intake=answered))[-1]
    assert (other["indicator"], "Ruled out" in other["summary"]) == ("warning", False)  # it stands against two phases


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_an_order_that_meets_an_exclusion_gets_the_critical_card(
    client: TestClient, engines: Engines, hook: str
) -> None:
    drafted = order("exosome_microchanneling")
    (card,) = cards(client, call(hook, orders=(drafted,), intake=intake(engines, pregnant=True)))
    assert card["indicator"] == "critical"
    assert "Ordered: Exosomes through micro-channels. Excluded" in card["summary"]
    (action,) = card["suggestions"][0]["actions"]
    assert (action["type"], action["resourceId"]) == ("delete", "ServiceRequest/s1")
    assert {reason["system"] for reason in card["overrideReasons"]} == {
        "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
    }


def test_an_order_that_agrees_gets_no_card(client: TestClient, engines: Engines) -> None:
    agreed = call("order-sign", orders=(order("exosome_microchanneling"),), intake=intake(engines))
    assert cards(client, agreed) == []


def test_an_order_for_another_pathway_is_offered_the_right_one(client: TestClient, engines: Engines) -> None:
    (card,) = cards(client, call("order-sign", orders=(order("combination_therapy"),), intake=intake(engines)))
    assert card["indicator"] == "warning"
    assert [action["type"] for action in card["suggestions"][0]["actions"]] == ["delete", "create"]


def test_nothing_unasked_passes_silently_when_something_is_ordered(client: TestClient) -> None:
    drafted = order("exosome_microchanneling")
    nothing_against = response(yes_no("active_skin_infection", False))
    (card,) = cards(client, call("order-sign", orders=(drafted,), intake=nothing_against))
    assert card["indicator"] == "warning"
    assert "missing" in card["summary"]


def test_an_order_with_something_not_in_place_is_not_silent(client: TestClient, engines: Engines) -> None:
    drafted = call(
        "order-sign", orders=(order("exosome_microchanneling"),), intake=intake(engines, product_documented=False)
    )
    (card,) = cards(client, drafted)
    assert "Not in place" in card["detail"]


def test_other_orders_and_unselected_ones_are_none_of_our_business(client: TestClient) -> None:
    other = order("exosome_microchanneling") | {"code": {"text": "Chest X-ray"}}
    assert cards(client, call("order-sign", orders=(other,))) == []
    body = call("order-select", orders=(order("exosome_microchanneling"),))
    body["context"]["selections"] = ["ServiceRequest/another"]
    assert cards(client, body) == []


def test_an_absent_key_that_matters_gets_412_and_names_what_waits(client: TestClient) -> None:
    body = call()
    del body["prefetch"]["conditions"]
    answer = client.post(path(), json=body)
    assert answer.status_code == 412
    assert complaints([answer.json()]) == []
    (issue,) = answer.json()["issue"]
    assert issue["expression"] == ["prefetch.conditions"]
    assert "EXC-INFECTION" in issue["diagnostics"]
    assert client.post(path(), json=call() | {"prefetch": None}).status_code == 412


def test_an_absent_key_that_cannot_matter_is_not_asked_for(client: TestClient) -> None:
    body = call(conditions=bundle(condition("L01.00")))
    for key in ("medications", "observations", "intake", "patient"):
        del body["prefetch"][key]
    assert cards(client, body)


def test_a_failed_and_a_partial_key_are_said(client: TestClient) -> None:
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    partial = bundle() | {"link": [{"relation": "next", "url": "https://ehr.example/more"}]}
    (card,) = cards(client, call("appointment-book", conditions=failed, medications=partial))
    assert "`conditions` failed where it was prefetched" in card["detail"]
    assert "`medications` has further pages that were not read" in card["detail"]


def test_equal_calls_get_equal_cards_and_other_instances_other_uuids(client: TestClient) -> None:
    first, second = cards(client, call()), cards(client, call())
    assert first == second
    other = call() | {"hookInstance": "00000000-0000-4000-8000-000000000000"}
    assert cards(client, other)[0]["uuid"] != first[0]["uuid"]


BAD: list[tuple[str, Any, int]] = [
    ("/cds-services/candidate-triage-encounter-start", call(), 404),
    ("/cds-services/other", call(), 404),
    (path("order-sign"), call(), 422),
    (path(), call() | {"hookInstance": None}, 422),
    (path(), call() | {"hookInstance": "x"}, 422),
    (path(), call() | {"context": None}, 422),
    (path(), call() | {"context": {"userId": "Practitioner/1"}}, 422),
    (path(), call() | {"context": {"userId": "Practitioner/1", "patientId": "a/b?c"}}, 422),
    (path(), call() | {"prefetch": []}, 422),
    (path(), call(conditions=[]), 422),
    (path(), call(conditions=condition("L01.0") | {"clinicalStatus": "active"}), 422),
    (path(), [], 422),
    (path("order-sign"), call("order-sign") | {"context": {"userId": "x", "patientId": "1", "draftOrders": []}}, 422),
]


@pytest.mark.parametrize(("address", "body", "status"), BAD)
def test_bad_calls_get_an_outcome_and_no_cards(client: TestClient, address: str, body: Any, status: int) -> None:
    answer = client.post(address, json=body)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "cards" not in answer.json()


def test_giant_cyclic_and_strange_bundles_are_read_or_refused(client: TestClient) -> None:
    many = bundle(*[condition("A00.0") | {"id": f"c{i}"} for i in range(2000)])
    assert cards(client, call(conditions=many))
    nested = bundle()
    for _ in range(6):
        nested = bundle(nested)
    assert client.post(path(), json=call(conditions=nested)).status_code == 422
    strange = bundle({"resourceType": "Unheard"}, {"resourceType": 7}, {}) | {"entry": [None, 1, {"resource": None}]}
    assert cards(client, call(conditions=strange))
    text = json.dumps(call()).replace('"hook": ', '"x": ' + "[" * 5000 + "]" * 5000 + ', "hook": ')
    deep = client.post(path(), content=text, headers={"content-type": "application/json"})
    assert deep.status_code in (200, 400)
    too_large = client.post(path(), content=b" " * 5_000_001, headers={"content-type": "application/json"})
    assert (too_large.status_code, too_large.json()["resourceType"]) == (413, "OperationOutcome")


FEEDBACK = {"card": "x", "outcome": "overridden", "outcomeTimestamp": "2026-11-23T10:00:00Z"}


def test_feedback_is_taken_twice_and_without_displays(client: TestClient) -> None:
    reason = {"reason": {"code": "cds-not-applicable", "system": "x"}, "userComment": "Jane Doe"}
    entry = FEEDBACK | {"overrideReason": reason}
    accepted = FEEDBACK | {"outcome": "accepted", "acceptedSuggestions": [{"id": "y"}]}
    for _ in range(2):
        answer = client.post(f"{path()}/feedback", json={"feedback": [entry, accepted, entry]})
        assert answer.status_code == 200
    bad: list[dict[str, Any]] = [
        {},
        {"feedback": []},
        {"feedback": [{}]},
        {"feedback": [FEEDBACK | {"outcome": "ignored"}]},
    ]
    for wrong in bad:
        assert client.post(f"{path()}/feedback", json=wrong).status_code == 422
    assert client.post("/cds-services/other/feedback", json={}).status_code == 404


def test_nothing_that_identifies_a_person_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    marker = "Jane-Doe-1980"
    patient = {"resourceType": "Patient", "id": "1", "name": [{"text": marker}], "birthDate": "1980-01-01"}
    said = condition("L01.00") | {"note": [{"text": marker}]}
    body = call(patient=patient, conditions=bundle(said)) | {"fhirAuthorization": {"access_token": marker}}
    body["context"]["userId"] = f"Practitioner/{marker}"
    assert cards(client, body)
    entry = FEEDBACK | {"overrideReason": {"userComment": marker}}
    client.post(f"{path()}/feedback", json={"feedback": [entry]})
    client.post(path(), json=body | {"hookInstance": marker})
    client.post(path(), json=call(intake=response({"linkId": marker})))
    assert caplog.records
    # httpx is the client of this test; what it logs is not the service's
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert [message for message in ours if "Jane" in message or "1980" in message] == []


def test_a_page_of_a_listed_origin_may_call(book: RuleBook) -> None:
    sandbox = "https://sandbox.cds-hooks.org"
    asks = {
        "origin": sandbox,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    with TestClient(build_app(Settings(cors_origins=(sandbox,)), book)) as open_to_it:
        answer = open_to_it.options(path(), headers=asks)
        assert answer.headers["access-control-allow-origin"] == sandbox
        strange = open_to_it.get("/cds-services", headers={"origin": "https://other.example"})
        assert "access-control-allow-origin" not in strange.headers


def cited(detail: str) -> list[tuple[str, str]]:
    """Each id under the heading of the sources, with its address."""
    return re.findall(r"^- \[([A-Z]\d*-?\d+\w?)\]\((\S+)\): \S", detail.partition("**Sources**\n\n")[2], re.M)


def test_a_source_is_told_once_and_linked_to_what_it_says(client: TestClient, engines: Engines) -> None:
    (card,) = cards(client, call(intake=intake(engines)))
    told = cited(card["detail"])
    why = re.search(r"\*\*Why\*\*\n\n(.*)", card["detail"])
    assert why
    assert [name for name, _ in told] == re.findall(r"[A-Z]\d*-\d+", why[1].rpartition("(")[2]) != []
    for name, address in told:
        assert client.get(address.removeprefix(BASE)).json()["id"] == name
        assert card["detail"].count(f"[{name}]") == 1


@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_of_several_cards_one_tells_the_sources(client: TestClient, engines: Engines, hook: str) -> None:
    known = intake(engines, primary_concern="burn", pregnant=True)
    orders = tuple(order(name) | {"id": name[:5]} for name in ("exosome_microchanneling", "combination_therapy"))
    found = cards(client, call(hook, orders=orders if "order" in hook else (), intake=known))
    assert len(found) == (2 if hook == "patient-view" else 3)
    assert ["**Sources**" in card["detail"] for card in found] == [False, True, False][: len(found)]
    first = found[0]["detail"].partition("Sources: ")[2].split(", ")
    assert set(first) <= {name for name, _ in cited(found[1]["detail"])}


def test_a_referral_beside_an_order_that_agrees_tells_its_sources_itself(
    client: TestClient, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cards, "_decisions", lambda *_: iter(()))
    (card,) = cards(client, call(intake=intake(engines, primary_concern="burn")))
    assert cited(card["detail"])


def test_a_rule_that_is_undecided_is_told_as_open(client: TestClient, engines: Engines) -> None:
    """Whether there is an infection is not known; excluded is the candidate either way."""
    known = intake(engines, active_skin_infection=None, pregnant=True)
    (card,) = cards(client, call("appointment-book", intake=known))
    release = engines.by_id[engines.current].release
    says = {rule.id: rule.says for rule in release.rules}
    assert card["summary"] == f"Excluded: {says['EXC-PREGNANCY']}"[:139]
    why, _, rest = card["detail"].partition("**Open**")
    assert says["EXC-PREGNANCY"] in why
    assert says["EXC-INFECTION"] not in why
    assert f"- May hold: {says['EXC-INFECTION']} (" in rest


def test_every_urgency_has_a_priority_of_an_order() -> None:
    assert set(PRIORITY) == set(get_args(Urgency))
    assert set(PRIORITY.values()) <= {"routine", "urgent", "asap", "stat"}
