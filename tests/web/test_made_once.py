"""Pages that are functions of a release are made once, and not sent again to who has them."""

import pytest
from fastapi.testclient import TestClient
from jinja2 import Template

from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings

PAGES = ["/rules", "/facts", "/sources", "/proof", "/changes", "/rules?ruleset=2026.1", "/facts?lang=ko"]


@pytest.fixture(scope="module")
def service(book: RuleBook) -> TestClient:
    return TestClient(build_app(Settings(), book), headers={"accept-encoding": "identity"})


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_release_is_made_once(service: TestClient, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    first = service.get(path)
    assert first.status_code == 200

    def fails(*_: object, **__: object) -> str:
        raise AssertionError("rendered again")

    monkeypatch.setattr(Template, "render", fails)
    assert service.get(path).text == first.text
    seen = service.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (seen.status_code, seen.content, seen.headers["etag"]) == (304, b"", first.headers["etag"])
    assert seen.headers["cache-control"] == first.headers["cache-control"] == "no-cache"
    assert "accept-language" in seen.headers["vary"].lower()


def test_each_page_release_and_language_is_its_own(service: TestClient) -> None:
    assert len({service.get(path).text for path in PAGES}) == len(PAGES)


def test_of_the_document_only_its_text_is_kept(book: RuleBook) -> None:
    app = build_app(Settings(), book)
    with TestClient(app) as client:
        once = client.get("/openapi.json")
        assert app.openapi_schema is None
        assert client.get("/openapi.json").content == once.content
