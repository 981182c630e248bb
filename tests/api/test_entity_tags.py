"""What is a function of a release has a tag, and is not sent twice to who has it."""

import pytest
from fastapi.testclient import TestClient

from app.api.entity_tags import matches, named
from tests.pages import PAGES

READ = [
    *PAGES,
    *("/fhir/metadata", "/fhir/Questionnaire/candidate-intake", "/fhir/PlanDefinition/candidate-triage"),
    *("/cds-services", "/openapi.json", "/docs", "/redoc", "/version", "/problems/not-facts"),
    *("/static/style.css", "/.well-known/jwks.json", "/v1/rulesets", "/v1/rulesets/current/rules"),
]


@pytest.mark.parametrize("path", READ)
def test_what_is_read_again_is_answered_by_304(client: TestClient, path: str) -> None:
    plain = {"accept-encoding": "identity"}
    first = client.get(path, headers=plain)
    assert first.status_code == 200
    tag = first.headers["etag"]
    assert "no-store" not in first.headers["cache-control"]
    for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = client.get(path, headers=plain | {"if-none-match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == (sent if sent.startswith("W/") else tag)
        assert first.headers.get("vary", "") in again.headers["vary"]
        assert "content-length" not in again.headers
    assert client.get(path, headers={"if-none-match": '"x"'}).content == first.content
    packed = client.get(path, headers={"accept-encoding": "gzip"})
    assert packed.headers["etag"].removeprefix("W/") == tag
    for accepted in ("gzip", "identity"):  # a cache freshens what it holds by this tag alone (RFC 9111, 4.3.4)
        held = {"accept-encoding": accepted, "if-none-match": packed.headers["etag"]}
        again = client.get(path, headers=held)
        assert (again.status_code, again.headers["etag"]) == (304, packed.headers["etag"])
    head = client.head(path, headers=plain)
    assert (head.status_code, head.headers["etag"]) == (200, tag)


def test_another_language_has_another_tag(client: TestClient) -> None:
    tags = {client.get("/rules", headers={"accept-language": name}).headers["etag"] for name in ("en", "ko")}
    assert len(tags) == 2


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/nothing", "/v1/rulesets/2020.1"])
def test_what_is_no_function_of_a_release_has_no_tag(client: TestClient, path: str) -> None:
    assert "etag" not in client.get(path).headers


def test_a_decision_is_kept_nowhere(client: TestClient) -> None:
    page = client.post("/intake", data={"pregnant": "true"})
    assert page.headers["cache-control"] == "no-store"
    assert "etag" not in page.headers
    assert "etag" not in client.post("/v1/triage", json={}).headers


@pytest.mark.parametrize(
    ("sent", "found"),
    [("", False), ('"a"', True), ('W/"a"', True), ('"b"', False), ('"b","a"', True), ("a", False), ("*", True)],
)
def test_a_tag_is_looked_for_in_the_list_that_is_sent(sent: str, found: bool) -> None:
    for lines in ([sent], ['"x"', sent], [sent, '"x"']):
        scope = {"headers": [(b"if-none-match", line.encode()) for line in lines]}
        assert matches(named(scope), '"a"') == found
