"""Bodies and answers have the media types that the document declares, and no others."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.examples import FORM
from tests.api.test_examples import OPERATIONS, examples_in, place_of
from tests.api.test_manners import DOCUMENT, paths, says
from tests.pages import PLACES

BODIES = [
    *("application/json", "application/fhir+json", "application/vnd.api+json", "application/x-ndjson"),
    *("application/jsonl", "application/ndjson", "application/x-www-form-urlencoded", "multipart/form-data"),
    *("application/xml", "application/fhir+xml", "text/plain", "text/json", "application/*", ""),
]


@pytest.mark.parametrize("given", BODIES)
def test_a_body_is_taken_by_the_names_that_are_declared_and_no_others(client: TestClient, given: str) -> None:
    for path, operations in DOCUMENT["paths"].items():
        if "post" not in operations:
            continue
        declared = operations["post"]["requestBody"]["content"]
        # what is built on JSON is JSON (RFC 6839), by names without end
        taken = given in declared or ("application/json" in declared and given.endswith("+json"))
        response = client.post(path.format_map(PLACES), content=b"{}", headers={"Content-Type": given})
        assert (response.status_code != 415) == taken, (path, given)
        if not taken:
            # the first name is the one that is wanted most
            assert f"`Content-Type: {next(iter(declared))}`" in says(response) or f"`{next(iter(declared))}`" in says(
                response
            )


@pytest.mark.parametrize("path", [path for path in paths("post") if path.startswith("/fhir") and "$" in path])
@pytest.mark.parametrize("given", ["text/plain", "application/fhir+xml", "application/fhir+json; charset=latin-1"])
@pytest.mark.parametrize(("language", "utf"), [("en", "JSON is UTF-8"), ("ko", "JSON은 UTF-8")])
def test_a_resource_of_another_type_is_told_the_names_of_fhir(
    client: TestClient, path: str, given: str, language: str, utf: str
) -> None:
    response = client.post(path, content=b"{}", headers={"Content-Type": given, "Accept-Language": language})
    assert response.status_code == 415
    assert "`Content-Type: application/fhir+json`" in says(response)
    assert "`application/json`" in says(response)
    assert (utf in says(response)) == ("charset" in given)


@pytest.mark.parametrize(
    ("path", "accept", "answered"),
    [
        ("/.well-known/jwks.json", "application/jwk-set+json", "application/jwk-set+json"),
        ("/.well-known/jwks.json", "application/*", "application/json"),
        ("/openapi.json", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("/openapi.json", "", "application/json"),
        ("/problems/not-json", "application/json", "application/json"),
        ("/problems/not-json", "text/html", "text/html; charset=utf-8"),
    ],
)
def test_what_has_two_names_is_answered_by_the_one_that_is_accepted(
    client: TestClient, path: str, accept: str, answered: str
) -> None:
    response = client.get(path, headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, answered)
    assert "Accept" in response.headers["vary"].replace("Accept-", "")
    if path != "/openapi.json":
        content = DOCUMENT["paths"][path.replace("not-json", "{kind}")]["get"]["responses"]["200"]["content"]
        assert answered.partition(";")[0] in content


def test_keys_alone_are_called_key_sets(client: TestClient) -> None:
    accept = {"Accept": "application/jwk-set+json"}
    assert client.get("/.well-known/source-attributes", headers=accept).status_code == 406


def test_a_refused_format_is_named_where_it_stands(client: TestClient) -> None:
    for query, headers, where in (("?_format=xml", {}, "_format"), ("", {"Accept": "text/xml"}, "Accept")):
        for language in ("en", "ko"):
            response = client.get(f"/fhir/metadata{query}", headers={"Accept-Language": language, **headers})
            assert response.status_code == 406
            assert f"`{where}`" in says(response)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_good_answer_has_each_media_type_that_is_declared_and_no_other(client: TestClient, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    declared = operation["responses"]["200"]["content"]
    contents = operation.get("requestBody", {}).get("content", {})
    _, _, body = next(examples_in(contents), ("", "", None))
    for given in contents or [""]:
        for accept in (*declared, "*/*", ""):
            headers = {"Accept": accept, "Content-Type": given}
            text = body if isinstance(body, str) else json.dumps(body)
            sent: dict[str, Any] = {"data": body} if given == FORM else {"content": text}
            asked = sent if contents else {}
            answer = client.request(method.upper(), path.format_map(place_of(operation)), headers=headers, **asked)
            assert answer.status_code == 200, (given, accept)
            media = answer.headers["content-type"].partition(";")[0]
            assert media == accept or (media in declared and accept in ("*/*", ""))
