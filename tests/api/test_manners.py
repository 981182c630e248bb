"""HTTP as RFC 9110 has it, on every path: media types, codings, `Accept`, HEAD and queries."""

import http.client
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.negotiation import accepted
from app.api.problems import ProblemError
from app.api.strict_json import read_json
from app.api.validation import closest
from tests.api.test_batch import NDJSON
from tests.pages import PAGES, PLACES

JSON = {"Content-Type": "application/json"}
BATCH = "/v1/triage/batch"
EXPLORERS = ["/docs", "/redoc", "/openapi.json", "/static/style.css", "/explorer-assets/swagger-ui.css"]
DOCUMENT: dict[str, Any] = json.loads((Path(__file__).resolve().parents[2] / "openapi.json").read_text("utf-8"))
LENIENT = ("/fhir", "/livez", "/readyz")


def paths(method: str) -> list[str]:
    """Return every documented path that takes a method, filled in."""
    return [path.format_map(PLACES) for path, operations in DOCUMENT["paths"].items() if method in operations]


def media_of(path: str) -> str:
    """Return the media type of the bodies that a path takes."""
    forms = path.endswith("/_search")
    return (
        "application/x-www-form-urlencoded" if forms else "application/jsonl" if path == BATCH else "application/json"
    )


def problem_of(response: Any) -> dict[str, Any]:
    assert response.headers["content-type"] in ("application/problem+json", "application/fhir+json")
    found: dict[str, Any] = response.json()
    return found


def says(response: Any) -> str:
    """Return the words of a problem or an OperationOutcome."""
    found = problem_of(response)
    return str(found["issue"][0]["diagnostics"] if "issue" in found else found["detail"])


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/v1/triage", 'application/json; profile="https://example.org/a;charset=latin-1"'),
        ("/v1/triage", "application/json;charset=utf-8; version=1"),
        ("/v1/triage", 'Application/JSON ; Charset="UTF-8"'),
        ("/v1/triage/explain", "application/json; odata=nometadata"),
        ("/v1/triage/explain", "application/vnd.api+json; ext"),
        ("/fhir/PlanDefinition/candidate-triage/$apply", "application/fhir+json; fhirVersion=4.0"),
        (BATCH, "application/x-ndjson; header=absent"),
        (BATCH, "application/jsonl; charset=utf8"),
    ],
)
def test_parameters_of_a_media_type_other_than_charset_mean_nothing(client: TestClient, path: str, given: str) -> None:
    assert client.post(path, content=b"{}", headers={"Content-Type": given}).status_code != 415


@pytest.mark.parametrize("parameters", ["charset=latin-1", 'x=";";charset="utf-16"', "profile=a; CHARSET = ascii"])
@pytest.mark.parametrize("path", paths("post"))
def test_another_charset_is_refused_everywhere(client: TestClient, path: str, parameters: str) -> None:
    response = client.post(path, content=b"{}", headers={"Content-Type": f"{media_of(path)}; {parameters}"})
    assert response.status_code == 415
    assert "UTF-8" in says(response)


def test_a_batch_of_another_type_is_told_both_names(client: TestClient) -> None:
    response = client.post(BATCH, content=b"{}", headers=JSON)
    assert response.status_code == 415
    assert "`Content-Type: application/x-ndjson` or `application/jsonl`" in says(response)


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP, identity", "x"])
@pytest.mark.parametrize("path", paths("post"))
def test_a_body_with_a_content_encoding_is_refused_for_that_reason(client: TestClient, path: str, coding: str) -> None:
    response = client.post(path, content=b"\x1f\x8b", headers=JSON | {"Content-Encoding": coding})
    assert response.status_code == 415
    assert "`Content-Encoding`" in says(response)
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("path", paths("post"))
def test_identity_is_no_content_encoding(client: TestClient, path: str) -> None:
    headers = {"Content-Type": media_of(path), "Content-Encoding": "Identity"}
    assert client.post(path, content=b"{}", headers=headers).status_code != 415


@pytest.mark.parametrize("path", [path for path in paths("post") if media_of(path) == "application/json"])
def test_a_byte_order_mark_before_a_body_is_refused_by_its_name(client: TestClient, path: str) -> None:
    response = client.post(path, content=b"\xef\xbb\xbf{}", headers=JSON)
    assert response.status_code == 400
    assert "byte order mark" in says(response)


@pytest.mark.parametrize("step", [1, 2, 3, 4, 100])
def test_a_byte_order_mark_before_a_batch_is_skipped(client: TestClient, step: int) -> None:
    sent = b'\xef\xbb\xbf{"pregnant":true}\n\xef\xbb\xbf{}\n{'
    pieces = [sent[at : at + step] for at in range(0, len(sent), step)]
    lines = client.post(BATCH, content=iter(pieces), headers=NDJSON).text.splitlines()
    first, second, third = map(json.loads, lines)
    assert first["facts"] == {"pregnant": True}
    assert second["detail"] == "the line begins with a byte order mark; send it without"
    assert "the line is not JSON" in third["detail"]


@pytest.mark.parametrize("sent", [b"\xef", b"\xef\xbb", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_batch_that_is_hardly_a_byte_order_mark_is_answered(client: TestClient, sent: bytes) -> None:
    lines = client.post(BATCH, content=sent, headers=NDJSON).text.splitlines()
    assert [json.loads(line)["type"] for line in lines] == (
        ["/problems/not-json"] if sent[2:3] != b"\xbf" or sent[3:] else []
    )


def test_the_error_of_a_line_names_the_line_of_the_whole_input(client: TestClient) -> None:
    sent = b'{}\n{"pregnant":true}\n{"pregnant":}\n\n{"age_years":\r1,}\n\xff'
    found = [json.loads(line) for line in client.post(BATCH, content=sent, headers=NDJSON).text.splitlines()]
    assert [(line.get("line"), line.get("detail")) for line in found[2:]] == [
        (3, "the line is not JSON: expecting value at line 3, column 13"),
        (4, "the line is not JSON: expecting value at line 4, column 1"),
        (5, "the line is not JSON: expecting property name enclosed in double quotes at line 5, column 17"),
        (6, "the line is not UTF-8: see byte 0"),
    ]


@pytest.mark.parametrize("path", [*paths("get"), *PAGES, *EXPLORERS])
def test_head_is_answered_like_get_without_the_body(address: str, path: str) -> None:
    answers = []
    for method in ("GET", "HEAD"):
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        connection.request(method, path)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        del told["date"], told["x-request-id"]
        answers.append((answer.status, told))
        body = answer.read()
        assert bool(body) == (method == "GET")
        connection.close()
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


def test_a_path_that_takes_get_says_that_it_takes_head(client: TestClient) -> None:
    response = client.delete("/v1/rulesets")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert "GET, HEAD" in says(response)
    assert client.head("/v1/triage").headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("method", "path"),
    [*(("GET", path) for path in [*paths("get"), *PAGES]), *(("POST", path) for path in paths("post"))],
)
def test_a_parameter_that_is_given_twice_is_refused_everywhere(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, f"{path}?ruleset=2026.1&lang=ko&ruleset=2026.2", headers=JSON)
    assert response.status_code == 422
    assert "given more than once" in response.text
    assert "lang" not in [
        error["pointer"] for error in problem_of(response).get("errors", []) if "more" in error["detail"]
    ]


STRICT = [(method, path) for method in ("get", "post") for path in paths(method) if not path.startswith(LENIENT)]


@pytest.mark.parametrize(("method", "path"), STRICT)
def test_an_unknown_parameter_is_refused_everywhere(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, f"{path}?colour=", headers=NDJSON if path == BATCH else JSON)
    assert response.status_code == 422
    if path.startswith("/cds-services"):
        assert "?colour: is no parameter here" in says(response)
        return
    assert problem_of(response)["errors"] == [
        {"pointer": "?colour", "code": "unknown_parameter", "detail": "is no parameter here"}
    ]
    assert "; this takes " in says(response)


def test_what_fhir_and_probes_are_asked_besides_is_passed_over(client: TestClient) -> None:
    for path in ("/fhir/metadata?_format=json&mode=full", "/livez?verbose", "/readyz?exclude=etcd", "/?utm_source=x"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("query", "code", "detail", "suggestion"),
    [
        ("rule_set=current", "unknown_parameter", "is no parameter here", "ruleset"),
        ("unknown=strict", "unknown_parameter", "is no parameter here", "unknowns"),
        ("unknowns=Strict", "not_an_answer", "write one of `confirm`, `strict`", "strict"),
        ("view=decisions", "not_an_answer", "write one of `full`, `decision`", "decision"),
        ("sources=everything", "not_an_answer", "write one of `rationale`, `all`, `none`", None),
        ("view=decision&sources=all", "not_with_view", "view=decision tells no sources; leave `sources` out", None),
    ],
)
@pytest.mark.parametrize("path", ["/v1/triage", BATCH])
def test_a_parameter_that_cannot_be_used_says_what_would_be_right(
    client: TestClient, path: str, query: str, code: str, detail: str, suggestion: str | None
) -> None:
    response = client.post(f"{path}?{query}", content=b"{}", headers=NDJSON if path == BATCH else JSON)
    (error,) = problem_of(response)["errors"]
    assert (error["code"], error["detail"], error.get("suggestion")) == (code, detail, suggestion)


def test_every_parameter_that_is_wrong_is_listed(client: TestClient) -> None:
    found = problem_of(client.post("/v1/triage?a=1&view=full&view=decision&b=2&a=3", json={}))
    assert [(error["pointer"], error["code"]) for error in found["errors"]] == [
        ("?a", "repeated_parameter"),
        ("?view", "repeated_parameter"),
        ("?a", "unknown_parameter"),
        ("?b", "unknown_parameter"),
    ]
    assert found["detail"] == "a query parameter cannot be used; this takes `ruleset`, `unknowns`, `view`, `sources`"


def test_a_stored_answer_that_is_none_is_refused_in_our_words(client: TestClient) -> None:
    found = problem_of(
        client.post("/v1/receipts/verify", json={"answers": {}, "receipt": 1, "facts": [], "unavailable": {}})
    )
    assert [
        (error["pointer"], error["code"], error["detail"], error.get("suggestion")) for error in found["errors"]
    ] == [
        ("/answer", "missing", "is needed", None),
        ("/receipt", "not_a_string", "write a string", None),
        ("/facts", "not_an_object", "write a JSON object", None),
        ("/unavailable", "not_a_list", "write a list", None),
        ("/answers", "unknown_member", "is not known here; leave it out", "answer"),
    ]


REFUSED = [
    "text/html",
    "application/xml",
    "image/*, text/*;q=0.5",
    "application/json;q=0",
    "application/json;q=0, application/*;q=0",
]


@pytest.mark.parametrize("accept", REFUSED)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/triage"),
        ("POST", "/v1/triage/explain"),
        ("POST", "/v1/receipts/verify"),
        ("GET", "/v1/rulesets/2026.2/facts"),
        ("GET", "/version"),
        ("GET", "/openapi.json"),
        ("GET", "/cds-services"),
    ],
)
def test_an_accept_that_nothing_here_meets_is_refused(client: TestClient, method: str, path: str, accept: str) -> None:
    response = client.request(
        method, path, headers=JSON | {"Accept": accept}, content=b"{}" if method == "POST" else b""
    )
    assert response.status_code == 406
    assert "`application/json`" in says(response)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json, text/plain, */*",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/*;q=0.1",
        "APPLICATION/JSON;charset=utf-8;q=1",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "application/problem+json, application/json",
        *(",", " , ,", ",,application/json,", "text/html;q=0.5,,*/*"),
    ],
)
def test_an_accept_that_json_meets_is_answered(client: TestClient, accept: str) -> None:
    assert client.post("/v1/triage", json={}, headers={"Accept": accept}).status_code == 200
    assert client.get("/v1/rulesets", headers={"Accept": accept}).status_code == 200


def test_a_slash_at_the_end_is_another_path(client: TestClient) -> None:
    """Nobody is sent elsewhere, which no document declares; the discovery of CDS Hooks has both by its contract."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            response = client.request(method, f"{path}/".replace("{id}", "current"), follow_redirects=False)
            if path != "/cds-services":
                assert response.status_code in (404, 405), (method, path)
                assert "location" not in response.headers
    assert client.get("/v1/rulesets/", follow_redirects=False).json()["type"] == "/problems/not-found"


def test_several_accepts_are_one_list(client: TestClient) -> None:
    both = [("Accept", "text/html"), ("Accept", "application/json")]
    assert client.post("/v1/triage", json={}, headers=both).status_code == 200
    assert client.get("/v1/rulesets", headers=both).status_code == 200


def test_fhir_is_answered_as_fhir_and_refused_as_fhir(client: TestClient) -> None:
    for accept in ("application/fhir+json; fhirVersion=4.0", "application/json", "*/*"):
        response = client.get("/fhir/metadata", headers={"Accept": accept})
        assert (response.status_code, response.headers["content-type"]) == (200, "application/fhir+json")
    refused = client.get("/fhir/metadata", headers={"Accept": "application/fhir+xml"})
    assert (refused.status_code, refused.json()["resourceType"]) == (406, "OperationOutcome")


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("*/*", "application/x-ndjson"),
        ("application/jsonl", "application/jsonl"),
        ("application/x-ndjson;q=0.1, application/jsonl", "application/jsonl"),
        ("application/jsonl;q=0, application/*", "application/x-ndjson"),
    ],
)
def test_a_batch_is_answered_by_the_name_that_is_accepted(client: TestClient, accept: str, answered: str) -> None:
    response = client.post(BATCH, content=b"{}", headers=NDJSON | {"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, answered)


def test_a_batch_is_not_answered_as_one_json() -> None:
    with pytest.raises(ProblemError, match="`application/x-ndjson`, `application/jsonl`"):
        accepted("application/json", ("application/x-ndjson", "application/jsonl"))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("age", "age_years"),
        ("ageYears", "age_years"),
        ("patient_age_years", "age_years"),
        ("concern", "primary_concern"),
        ("jurisdictions", "jurisdiction"),
        ("skin", None),
        ("x", None),
        ("", None),
        ("_", None),
    ],
)
def test_the_closest_fact_is_found_by_its_words_too(
    app: FastAPI, client: TestClient, word: str, meant: str | None
) -> None:
    names = [fact["name"] for fact in client.get("/v1/rulesets/current/facts").json()]
    assert sum("skin" in name.split("_") for name in names) > 1
    assert closest(word, names) == meant


@pytest.mark.parametrize(("body", "count"), [({"age": 3}, "1 error"), ({"age": 3, "pregnant": 1}, "2 errors")])
def test_errors_are_counted_as_errors(client: TestClient, body: dict[str, Any], count: str) -> None:
    found = problem_of(client.post("/v1/triage", json=body))
    assert found["detail"] == f"{count} in the facts"
    assert len(found["errors"]) == int(count[0])


def test_a_body_is_called_a_body_and_a_line_a_line() -> None:
    for line, word in ((None, "body"), (7, "line")):
        for sent in (b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 200, b'"\\ud800"', b"NaN"):
            with pytest.raises(ProblemError, match=rf"^{word}|^the {word} "):
                read_json(sent, line)
