"""Every source has a page of its own, with its public address where it has one."""

import pytest
from fastapi.testclient import TestClient

from app.rulebook.load import RuleBook


def test_each_source_has_its_page_and_its_address(client: TestClient, book: RuleBook) -> None:
    release = book.releases[book.current]
    listed = client.get("/sources").text
    for name, source in list(release.sources.items())[::25]:
        page = client.get(f"/sources/{name}").text
        assert f'id="{name}"' in page
        assert page.count("<li id=") == 1
        assert (f'href="{source.public_url}"' in page) == (source.public_url is not None)
        assert f"/sources/{name}?" in listed


@pytest.mark.parametrize("name", ["S9-99", "%20", "M99"])
def test_a_source_that_is_none_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/sources/{name}").status_code == 404
