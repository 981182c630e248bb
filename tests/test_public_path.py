"""A path in the public address: every page, link and address has it, whether the proxy takes it off or not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.engines import rules_folder
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.keys import new_key
from app.settings import Settings
from tests.cds_hooks.calls import call, path
from tests.pages import PAGES

ROOT = "/care/triage"
BASE = "https://clinic.example" + ROOT
CANDIDATE = json.loads((Path(__file__).parent / "cases" / "candidate.json").read_text("utf-8"))


@pytest.fixture(scope="module", params=[ROOT, ""], ids=["kept by the proxy", "taken off by the proxy"])
def client(request: pytest.FixtureRequest, book: RuleBook) -> Iterator[TestClient]:
    """A caller of a service whose public address has a path."""
    app = build_app(Settings(public_url=BASE), book)
    with TestClient(app, f"https://clinic.example{request.param}", follow_redirects=False) as client:
        yield client


def follow(client: TestClient, link: str) -> int:
    """Return the status of a link as a browser follows it, through the proxy."""
    assert link.startswith(ROOT + "/"), link
    within = link if client.base_url.path.startswith(ROOT) else link.removeprefix(ROOT)
    return client.get("https://clinic.example" + within.partition("#")[0]).status_code


@pytest.mark.parametrize(
    "page",
    [*PAGES, "/docs"],
)
def test_every_link_of_a_page_has_the_path_and_leads_somewhere(client: TestClient, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    links = {link.replace("&amp;", "&") for link in re.findall(r"(?:href|src|action)=[\"'](/[^\"']*)", answer.text)}
    if page == "/docs":
        links |= set(re.findall(r"url: '([^']+)'", answer.text))
        assert f"{ROOT}/openapi.json" in links
    assert links
    for link in sorted(links)[:30]:
        assert follow(client, link) in (200, 303, 405), link


def test_a_decision_page_stays_below_the_path(client: TestClient) -> None:
    page = client.post("/intake", data={"everything": "1"})
    assert f'action="{ROOT}/intake' in page.text


def test_interfaces_answer_and_name_the_path(client: TestClient) -> None:
    assert client.post("/v1/triage", json=CANDIDATE).status_code == 200
    assert client.get("/livez").status_code == 200
    assert client.head("/version").status_code == 200
    assert client.get("/openapi.json").json()["servers"] == [{"url": ROOT, "description": "This service."}]
    assert client.get("/fhir/metadata").json()["implementation"]["url"] == f"{BASE}/fhir"
    missing = client.get("/nothing").json()
    assert (missing["status"], missing["instance"]) == (404, ROOT + "/nothing")
    assert follow(client, missing["type"]) == 200
    lines = client.post("/v1/triage/batch", content="x", headers={"content-type": "application/x-ndjson"}).json()
    assert (lines["type"], lines["instance"]) == (ROOT + "/problems/not-json", ROOT + "/v1/triage/batch")
    assert client.get("/fhir/Nothing").json()["resourceType"] == "OperationOutcome"


def test_cards_link_below_the_path(client: TestClient) -> None:
    answer = client.post(path(), json=call())
    assert answer.status_code == 200
    links = [link["url"] for card in answer.json()["cards"] for link in card.get("links", [])]
    assert all(link.startswith(BASE + "/") for link in links if "clinic.example" in link)
    assert any(link.startswith(BASE + "/") for link in links)


def test_keys_open_the_same_paths(book: RuleBook) -> None:
    key, entry = new_key("clinic", ["triage"])
    with TestClient(build_app(Settings(public_url=BASE, api_keys=(entry,)), book)) as guarded:
        for root in ("", ROOT):
            assert guarded.get(root + "/rules").status_code == 200
            assert guarded.post(root + "/v1/triage", json={}).status_code == 401
            assert guarded.post(root + "/v1/triage", json={}, headers={"X-API-Key": key}).status_code == 200
            assert guarded.get(root + "/v1/rulesets", headers={"X-API-Key": key}).status_code == 403
        assert guarded.get("/care/triages").status_code == 401


def test_the_list_of_pages_has_one_of_each_route() -> None:
    source = "".join(path.read_text("utf-8") for path in (rules_folder().parent / "app" / "web").glob("*.py"))
    launch = {"/launch", "/launched"}  # shown where a server may launch: tests/web/test_launch.py
    routes = {*re.findall(r'router\.get\("([^"]+)"', source)} - {"/favicon.ico", *launch}
    assert len(routes) > 10
    kinds = [re.sub(r"{\w+}", "[^/?]+", route) for route in routes]
    assert [kind for kind in kinds if not any(re.fullmatch(kind, page) for page in PAGES)] == []
