"""What Prometheus reads: decisions by disposition, rule and release; requests; refusals."""

import re

from fastapi.testclient import TestClient

from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings


def counted(client: TestClient) -> dict[str, float]:
    text = client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(triage_\S+) (\S+)$", text, re.M)}


def test_decisions_requests_and_refusals_are_counted(book: RuleBook) -> None:
    client = TestClient(build_app(Settings(metrics="path"), book))
    answer = client.post("/v1/triage", json={"active_skin_infection": True, "pregnant": True}).json()
    for view in ("full", "decision"):
        client.post("/v1/triage", params={"view": view, "ruleset": "2026.1"}, json={"active_skin_infection": True})
    client.get("/openapi.json")
    client.post("/v1/triage", json=[])
    client.get("/nowhere")
    found = counted(client)
    disposition = answer["decision"]["disposition"]
    assert found[f'triage_decisions_total{{disposition="{disposition}",release="2026.3"}}'] == 1
    assert found[f'triage_decisions_total{{disposition="{disposition}",release="2026.1"}}'] == 2
    for reason in answer["rationale"]:
        assert found[f'triage_rules_total{{release="2026.3",rule="{reason["rule"]}"}}'] == 1
    assert found['triage_requests_total{method="POST",route="/v1/triage",status="200"}'] == 3
    assert found['triage_requests_total{method="GET",route="unmatched",status="404"}'] == 1
    assert found['triage_refusals_total{kind="not-facts"}'] == 1
    assert found['triage_refusals_total{kind="overloaded"}'] == 0
    assert found['triage_request_seconds_count{route="/v1/triage"}'] == 4
    assert sum(name.startswith("triage_build_info") for name in found) == 1
    assert len([name for name in found if name.startswith("triage_decisions_total")]) == 2


def test_without_the_setting_there_are_no_metrics(book: RuleBook) -> None:
    client = TestClient(build_app(Settings(), book))
    client.post("/v1/triage", json={})
    assert client.get("/metrics").status_code == 404
