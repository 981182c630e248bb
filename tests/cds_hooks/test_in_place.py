"""What must be in place first is asked before an order passes."""

import pytest
from fastapi.testclient import TestClient

from app.core.conditions import facts_read
from app.core.engine import Engines
from tests.cds_hooks.calls import IN_PLACE, PATHWAYS, appointment, call, order, path
from tests.cds_hooks.test_cards import cards, intake
from tests.fhir.resources import BASE


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "appointment-book"])
@pytest.mark.parametrize(("language", "says"), [("en", "still to be confirmed"), ("ko", "확인하거나")])
@pytest.mark.parametrize("unasked", sorted(IN_PLACE))
def test_nothing_of_what_must_be_in_place_passes_unasked(
    client: TestClient, engines: Engines, hook: str, language: str, says: str, unasked: str
) -> None:
    """Legal status that is only to be confirmed, too."""
    booked = appointment(PATHWAYS, "exosome_microchanneling")
    drafted = (order("exosome_microchanneling"),) if hook != "appointment-book" else ()
    body = call(hook, orders=drafted, appointments=(booked,), intake=intake(engines, **{unasked: None}))
    answer = client.post(path(hook), json=body, headers={"Accept-Language": language})
    (card,) = answer.json()["cards"]
    assert (card["indicator"], says in card["summary"] + card["detail"]) == ("warning", True)
    release = engines.by_id[engines.current].release
    wanted = [rule for rule in release.preconditions if unasked in (*facts_read(rule.when), *rule.needs)]
    assert len([line for line in card["detail"].splitlines() if line.startswith("- ")]) >= len(wanted) > 0
    if language == "en":
        assert any(f"- {rule.says}" in card["detail"] for rule in wanted)
        assert card["links"][-1]["url"] == f"{BASE}/intake"


def test_what_nobody_can_see_from_here_is_no_reason_to_speak(client: TestClient, engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    assert any(rule.outside for rule in release.preconditions)
    assert cards(client, call("order-sign", orders=(order("exosome_microchanneling"),), intake=intake(engines))) == []
    (card,) = cards(client, call(intake=intake(engines)))
    assert "To be confirmed" not in card["detail"]
