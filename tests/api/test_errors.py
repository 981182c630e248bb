"""Every error is one problem document that says where and what would be right."""

import ast
import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.api.problems import MOST_ERRORS, MOST_SUGGESTIONS, PROBLEMS
from app.api.query import SAYS
from app.api.strict_json import JsonObject, json_object, read_json, repeated_keys
from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings


def assert_problem(response: Response, status: int, kind: str) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert set(body) <= {"type", "title", "status", "detail", "instance", "errors"}
    assert body["type"] == f"/problems/{kind}"
    assert body["status"] == status
    return body


FAULTS = [
    ({"pregnent": True}, "/pregnent", "unknown_fact", "pregnant"),
    ({"name": "x"}, "/name", "unknown_fact", None),
    ({"elasticity_loss": "Moderate"}, "/elasticity_loss", "not_an_answer", "moderate"),
    ({"primary_concern": "acne scars"}, "/primary_concern", "not_an_answer", "acne_scars"),
    ({"pregnant": "no"}, "/pregnant", "not_a_boolean", None),
    ({"pregnant": 0}, "/pregnant", "not_a_boolean", None),
    ({"age_years": 121}, "/age_years", "out_of_range", None),
    ({"age_years": -1}, "/age_years", "out_of_range", None),
    ({"age_years": 34.5}, "/age_years", "not_an_integer", None),
    ({"age_years": "34"}, "/age_years", "not_an_integer", None),
    ({"age_years": True}, "/age_years", "not_an_integer", None),
    ({"jurisdiction": "UK"}, "/jurisdiction", "not_an_answer", "GB"),
    ({"jurisdiction": "us"}, "/jurisdiction", "not_an_answer", "US"),
    ({"sagging": {"scale": "glogau", "grade": "II"}}, "/sagging", "scale_does_not_measure", "alexiades"),
    ({"photodamage": {"scale": "glogua", "grade": "II"}}, "/photodamage", "unknown_scale", "glogau"),
    ({"photodamage": {"scale": "glogau", "grade": "V"}}, "/photodamage", "not_on_scale", None),
    ({"sagging": {"scale": "alexiades", "grade": 3.2}}, "/sagging", "not_on_scale", None),
    ({"sagging": {"scale": "alexiades", "grade": "3"}}, "/sagging", "not_on_scale", None),
    ({"sagging": {"scale": "alexiades", "grade": 2.5000001}}, "/sagging", "not_on_scale", None),
    ({"sagging": {"scale": "alexiades"}}, "/sagging", "not_a_reading", None),
    ({"pregnant": {"scale": "glogau", "grade": "I"}}, "/pregnant", "not_a_boolean", None),
    ({"reference": "a b"}, "/reference", "not_a_reference", None),
    ({"reference": ""}, "/reference", "not_a_reference", None),
    ({"reference": 7}, "/reference", "not_a_reference", None),
    ({"unavailable": "pregnant"}, "/unavailable", "not_a_list", None),
    ({"unavailable": ["pregnent"]}, "/unavailable/0", "unknown_fact", "pregnant"),
    ({"unavailable": ["pregnant"], "pregnant": True}, "/unavailable/0", "answered", None),
    ({"doubted": "pregnant"}, "/doubted", "not_a_list", None),
    ({"doubted": False}, "/doubted", "not_a_list", None),
    ({"unavailable": ""}, "/unavailable", "not_a_list", None),
    ({"doubted": ["pregnent"]}, "/doubted/0", "unknown_fact", "pregnant"),
    ({"doubted": ["pregnant"], "pregnant": True}, "/doubted/0", "answered", None),
    ({"doubted": ["sagging"]}, "/doubted/0", "never_assumed", None),
]


@pytest.mark.parametrize(("body", "pointer", "code", "suggestion"), FAULTS)
def test_bad_facts_say_where_and_what_would_be_right(
    client: TestClient, body: object, pointer: str, code: str, suggestion: object
) -> None:
    found = assert_problem(client.post("/v1/triage", json=body), 422, "not-facts")
    assert isinstance(found["errors"], list)
    (error,) = found["errors"]
    assert (error["pointer"], error["code"], error.get("suggestion")) == (pointer, code, suggestion)
    assert error["detail"]


UNKNOWN: dict[str, tuple[str, Any]] = {
    "/facts": ("/v1/triage?ruleset={release}", {"no_fact": True}),
    "/facts ": ("/v1/triage/explain?ruleset={release}", {"unavailable": ["no_fact"]}),
    "/rules": ("/v1/rulesets/{release}/rules/NO-RULE", None),
    "/sources": ("/v1/rulesets/{release}/sources/NONE", None),
}


@pytest.mark.parametrize("lists", UNKNOWN)
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("release", ["2026.1", "2026.2", "2026.3", "current"])
def test_what_is_not_there_says_where_that_release_lists_it(
    client: TestClient, release: str, language: str, lists: str
) -> None:
    path, body = UNKNOWN[lists]
    method, headers = "GET" if body is None else "POST", {"accept-language": language}
    found = client.request(method, path.format(release=release), json=body, headers=headers).json()
    says = found["errors"][0]["detail"] if "errors" in found else found["detail"]
    named = re.search(r"GET ([\w/.]+)", says, re.ASCII)
    assert named
    of = "2026.3" if release == "current" else release
    assert named[1] == f"/v1/rulesets/{of}{lists.strip()}"
    assert len(client.get(named[1]).json()) > 20


ROOT = Path(__file__).resolve().parents[2]
TABLES = (ROOT / "docs" / "clients.md").read_text("utf-8").split("## What can be wrong")[1].split("\n## ")[0]
CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def codes_in(source: str) -> Iterator[str]:
    """Yield the codes of errors that a module names: of a call, of either branch, or first but one in a tuple."""
    for node in ast.walk(ast.parse(source)):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("FieldError", "RefusedError", "_error"):
            given = node.args[:2]
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            given = node.value.elts[1:2]
        for each in given:
            for part in (each.body, each.orelse) if isinstance(each, ast.IfExp) else (each,):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                    yield part.value


def test_the_guide_names_every_kind_and_every_code() -> None:
    kinds, codes = (set(re.findall(r"`([a-z_-]+)`", part)) for part in TABLES.split("| `errors[].code` |"))
    assert kinds - {"type", "errors"} == set(PROBLEMS)
    sources = [path.read_text("utf-8") for path in (ROOT / "app" / "api").glob("*.py")]
    known = {code for source in sources for code in codes_in(source)} | {code for code, _ in SAYS.values()}
    assert known > {code for *_, code, _ in FAULTS}
    assert codes - {"suggestion", "unavailable", "doubted", "reference", "asked_on"} == known


@pytest.mark.parametrize("status", {kind.status for kind in PROBLEMS.values()})
def test_the_guide_gives_each_kind_its_status(status: int) -> None:
    rows = [row for row in TABLES.splitlines() if re.match(r"\| \d", row) and str(status) in row]
    assert all(f"`{name}`" in "".join(rows) for name, kind in PROBLEMS.items() if kind.status == status)


def test_all_errors_come_at_once(client: TestClient) -> None:
    body = {"age_years": 500, "pregnant": "yes", "colour": "red", "unavailable": ["sagging"], "sagging": "none"}
    found = assert_problem(client.post("/v1/triage", json=body), 422, "not-facts")
    assert isinstance(found["errors"], list)
    pointers = {error["pointer"] for error in found["errors"]}
    assert pointers == {"/age_years", "/pregnant", "/colour", "/unavailable/0"}


@pytest.mark.parametrize("count", [MOST_ERRORS, MOST_ERRORS + 1, 700])
def test_of_very_many_errors_the_rest_are_counted(client: TestClient, count: int) -> None:
    listed = min(count, MOST_ERRORS)
    says = f"{count} errors in the facts"
    if count > MOST_ERRORS:
        says += f"; the first {MOST_ERRORS} are listed, {count - MOST_ERRORS} more are not"
    bodies = [
        json.dumps({f"pregnent{n}": 1 for n in range(count)}),
        json.dumps({"unavailable": [f"pregnent{n}" for n in range(count)]}),
        json.dumps({"unavailable": ["pregnant"] * count, "pregnant": True}),
    ]
    for body in bodies:
        found = assert_problem(_post(client, body), 422, "not-facts")
        assert isinstance(found["errors"], list)
        assert len(found["errors"]) == listed
        assert found["detail"] == says


def test_every_fact_can_be_wrong_at_once_and_is_listed(client: TestClient) -> None:
    facts = client.get("/v1/rulesets/current/facts").json()
    more = MOST_ERRORS - len(facts)
    assert more > 0
    wrong = {fact["name"]: [] for fact in facts} | {"unavailable": [fact["name"] for fact in facts[:more]]}
    found = assert_problem(client.post("/v1/triage", json=wrong), 422, "not-facts")
    assert isinstance(found["errors"], list)
    assert len(found["errors"]) == MOST_ERRORS


def test_the_closest_fact_is_looked_for_a_few_times_alone(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counted(word: str, *rest: Any) -> list[str]:
        looked.append(word)
        return get_close_matches(word, *rest)

    monkeypatch.setattr("app.api.validation.get_close_matches", counted)
    names = [f"pregnent{n}" for n in range(1000)]
    assert_problem(client.post("/v1/triage", json=dict.fromkeys(names, 1)), 422, "not-facts")
    assert len(looked) == MOST_SUGGESTIONS
    assert_problem(client.post("/v1/triage", json={"unavailable": names}), 422, "not-facts")
    assert len(looked) == 2 * MOST_SUGGESTIONS
    assert_problem(client.post("/v1/triage", json={"x" * 65: 1, "unavailable": ["y" * 65, 7]}), 422, "not-facts")
    assert len(looked) == 2 * MOST_SUGGESTIONS


def test_repeated_keys_are_found_in_one_look_at_each() -> None:
    compared = 0

    class Key(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    keys = [f"k{n}" for n in range(2000)]
    read = json_object([(Key(key), 1) for key in [*keys, "k7", "k3", "k3"]])
    assert isinstance(read, JsonObject)
    assert read.repeated == ("k3", "k7")
    # to compare each with each takes four millions
    assert compared < 10 * len(keys)


def test_one_key_of_very_many_that_is_repeated_is_found() -> None:
    text = ",".join(f'"k{n}":1' for n in (*range(100_000), 99_999))
    (found,), more = repeated_keys(read_json(f"{{{text}}}".encode()))
    assert (found.pointer, found.code, more) == ("/k99999", "duplicate_key", 0)


def test_a_repeated_key_is_an_error_and_never_the_last_one(client: TestClient) -> None:
    text = '{"pregnant": true, "pregnant": false}'
    found = assert_problem(_post(client, text), 422, "not-facts")
    assert isinstance(found["errors"], list)
    assert [(e["pointer"], e["code"]) for e in found["errors"]] == [("/pregnant", "duplicate_key")]
    nested = '{"sagging": {"scale": "glogau", "scale": "alexiades", "grade": 1}}'
    found = assert_problem(_post(client, nested), 422, "not-facts")
    assert isinstance(found["errors"], list)
    assert [e["pointer"] for e in found["errors"]] == ["/sagging/scale"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'pregnant': true}",
        '{"age_years": NaN}',
        '{"age_years": Infinity}',
        "[" * 16_000,
        '{"a":' * 3_000,
        b"\xff\xfe",
        b'\xef\xbb\xbf{"age_years": 34}',
        '{"age_years": 3}trailing',
    ],
)
def test_what_is_not_json_gets_400(client: TestClient, text: str | bytes) -> None:
    assert_problem(_post(client, text), 400, "not-json")


@pytest.mark.parametrize("text", ["[]", "null", '"dullness"', "3", "true", "1e999", "9" * 5000])
def test_json_that_is_no_object_gets_422(client: TestClient, text: str) -> None:
    assert_problem(_post(client, text), 422, "not-facts")


@pytest.mark.parametrize("text", ['{"age_years": 1e999}', '{"age_years": -1e999}', '{"age_years": %s}' % ("9" * 5000)])
def test_a_number_without_end_is_out_of_range(client: TestClient, text: str) -> None:
    assert_problem(_post(client, text), 422, "not-facts")


@pytest.mark.parametrize("given", ["text/plain", "application/xml", "", "application/json; charset=latin-1"])
def test_another_content_type_gets_415(client: TestClient, given: str) -> None:
    response = client.post("/v1/triage", content="{}", headers={"content-type": given})
    assert_problem(response, 415, "not-json-type")


@pytest.mark.parametrize("given", ["application/json", "application/json; charset=UTF-8", "application/problem+json"])
def test_json_by_its_type_is_read(client: TestClient, given: str) -> None:
    assert client.post("/v1/triage", content="{}", headers={"content-type": given}).status_code == 200


def test_unknown_rule_sets_rules_and_paths_get_404(client: TestClient) -> None:
    assert_problem(client.post("/v1/triage?ruleset=2020.1", json={}), 404, "unknown-ruleset")
    assert_problem(client.get("/v1/rulesets/2020.1/facts"), 404, "unknown-ruleset")
    assert_problem(client.get("/v1/rulesets/2026.2/rules/PHASE-9"), 404, "unknown-rule")
    assert_problem(client.get("/v1/nothing"), 404, "not-found")
    assert_problem(client.get("/problems/nothing"), 404, "not-found")


def test_another_method_gets_405_and_the_right_ones(client: TestClient) -> None:
    response = client.get("/v1/triage")
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("query", ["unknowns=maybe", "view=short", "colour=red"])
def test_a_bad_parameter_gets_422(client: TestClient, query: str) -> None:
    found = assert_problem(client.post(f"/v1/triage?{query}", json={}), 422, "bad-parameter")
    assert isinstance(found["errors"], list)
    assert found["errors"][0]["pointer"] == f"?{query.split('=')[0]}"


def test_a_body_beyond_the_limit_gets_413(book: RuleBook) -> None:
    small: FastAPI = build_app(Settings(max_body_bytes=1000), book)
    with TestClient(small) as client:
        response = client.post("/v1/triage", content=b" " * 1001, headers={"content-type": "application/json"})
        assert_problem(response, 413, "too-large")
        streamed = client.post(
            "/v1/triage", content=iter([b" " * 600, b" " * 600]), headers={"content-type": "application/json"}
        )
        assert_problem(streamed, 413, "too-large")


@pytest.mark.parametrize("body", [{"pregnant": True}, {"unavailable": ["pregnant"]}, {"doubted": ["pregnant"]}])
def test_a_fact_of_another_release_is_named_as_such(client: TestClient, body: dict[str, Any]) -> None:
    found = assert_problem(client.post("/v1/triage?ruleset=2026.1", json=body), 422, "not-facts")
    assert isinstance(found["errors"], list)
    (error,) = found["errors"]
    assert error["code"] == "not_in_release"
    assert "2026.2" in error["detail"]


def test_no_error_repeats_a_value_that_was_sent(client: TestClient) -> None:
    marker = "Jane Doe 1980"
    body = {
        "primary_concern": marker,
        "age_years": marker,
        "pregnant": marker,
        "jurisdiction": marker,
        "sagging": {"scale": marker, "grade": marker},
        "reference": marker,
        "unavailable": [marker],
    }
    response = client.post("/v1/triage", json=body)
    assert_problem(response, 422, "not-facts")
    assert "Jane" not in response.text
    assert "1980" not in response.text


@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_problem_type_has_its_page(client: TestClient, kind: str) -> None:
    page = client.get(f"/problems/{kind}")
    assert page.status_code == 200
    assert PROBLEMS[kind].title in page.text


def _post(client: TestClient, text: str | bytes) -> Response:
    return client.post("/v1/triage", content=text, headers={"content-type": "application/json"})
