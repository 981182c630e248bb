"""Whatever is sent, it is read in one look at each byte, and what is said of it is short."""

import json
import sys
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st

from app.api import strict_json
from app.api.large_json import read_without_repeats
from app.api.problems import MOST_ERRORS, ProblemError
from app.api.receipts import MOST_NAMES
from app.api.strict_json import MAX_DEPTH, MOST_VALUES, UNSURE, read_json, repeated_keys
from app.main import body_limits
from app.settings import Settings

DEEP = 95
LONGEST_PROBLEM = 64_000
BODIES = {
    "unknown names": json.dumps({f"{'n' * 60}{n}": 1 for n in range(220)}),
    "names that are long": json.dumps({f"{n}{'n' * 600}": 1 for n in range(24)}),
    "wrong unavailable": json.dumps({"unavailable": [1] * 4_000}),
    "repeated keys deep down": '{"%s":' % ("k" * 140) * DEEP + '{"a":1,"a":2}' + "}" * DEEP,
    "many repeated keys": "{" + ",".join(f'"k{n}":1,"k{n}":1' for n in range(600)) + "}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_said_of_a_body_is_short_and_counts_the_rest(client: TestClient, body: str) -> None:
    response = client.post("/v1/triage", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert len(response.content) < LONGEST_PROBLEM
    assert len(response.json()["errors"]) <= MOST_ERRORS


@pytest.mark.parametrize("path", ["/v1/triage", "/v1/triage/explain", "/v1/triage/batch", "/v1/rulesets"])
def test_what_is_said_of_a_query_is_short_and_counts_the_rest(client: TestClient, path: str) -> None:
    names = [f"{n}{'n' * 8}" for n in range(900)]
    query = "&".join(f"{name}=1" for name in names)
    method = "GET" if path == "/v1/rulesets" else "POST"
    lines = path.endswith("batch")
    headers = {"content-type": "application/x-ndjson" if lines else "application/json"}
    response = client.request(method, f"{path}?{query}", content="{}", headers=headers)
    assert response.status_code == 422
    assert len(response.json()["errors"]) == MOST_ERRORS
    assert f"{len(names) - MOST_ERRORS} more are not" in response.json()["detail"]
    assert len(response.content) < LONGEST_PROBLEM


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "unavailable": ({"unavailable": ["pregnant", "x"] * 300}, 300),
    "doubted, of which nothing is assumed": ({"doubted": ["pregnant"] * 200 + ["primary_concern"] * 250}, 250),
    "answered too": ({"pregnant": True, "unavailable": ["pregnant"] * 140 + ["breastfeeding"] * 50}, 140),
    "no names": ({"unavailable": [1, "pregnant", [], {}] * 100}, 300),
    "unknown members": ({f"n{n}": 1 for n in range(150)} | {"doubted": ["x"] * 60 + ["pregnant"]}, 210),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_beyond_the_errors_that_are_listed_is_counted(client: TestClient, kind: str) -> None:
    body, count = WRONG[kind]
    found = client.post("/v1/triage", json=body).json()
    assert len(found["errors"]) == MOST_ERRORS
    assert f"{count - MOST_ERRORS} more are not" in found["detail"]


@pytest.mark.parametrize("path", ["/fhir/PlanDefinition/$apply", "/cds-services/candidate-triage-patient-view"])
def test_what_is_said_of_a_record_is_short(client: TestClient, path: str) -> None:
    inside = ",".join(f'"k{n}":1,"k{n}":1' for n in range(2_000))
    body = '{"%s":' % ("k" * 64) * DEEP + "{" + inside + "}" + "}" * DEEP
    response = client.post(path, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert f"{2_000 - MOST_ERRORS} more are not" in response.text
    assert len(response.content) < LONGEST_PROBLEM


def test_what_differs_from_a_receipt_is_listed_up_to_a_number(client: TestClient) -> None:
    stored = {"answer": {"id": "x", "decision": {}, "ruleset": {}}, "receipt": "x", "unavailable": [1] * 5000}
    response = client.post("/v1/receipts/verify", json=stored | {f"k{n}": 1 for n in range(1000)})
    assert response.status_code == 422
    assert len(response.json()["errors"]) == MOST_ERRORS
    assert "more are not" in response.json()["detail"]


def test_each_repeated_key_is_counted_and_the_first_have_their_place() -> None:
    inside = ",".join(f'"k{n}":1,"k{n}":1' for n in range(MOST_ERRORS + 7))
    errors, more = repeated_keys(read_json(f'{{"a":[0,{{{inside}}}]}}'.encode()))
    assert [error.pointer for error in errors] == [f"/a/1/k{n}" for n in range(MOST_ERRORS)]
    assert more == 7


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a" : 1, "\\u0061":2}',
        '{"b":{"a":1,"c":"::"},"b":{"d":":"}}',
        '{"a":1,"a":2,"b":"\\u003a"}',
        '{"a":1,"a":"\\u003A\\u003A"}',
        '[[{"":1,"":1}]]',
    ],
)
def test_a_repeated_key_is_found_however_it_is_written(text: str) -> None:
    with pytest.raises(ProblemError, match="more than once"):
        read_without_repeats(text.encode())


@pytest.mark.parametrize("text", ['{"a":1,"b":2}', '{"a":"\\u003a"}', '{"a:a":":","a":"\\\\u003a"}', '["a:","a:"]'])
def test_what_repeats_no_key_is_taken(text: str) -> None:
    assert read_without_repeats(text.encode()) == json.loads(text)


@pytest.mark.parametrize("spaces", ["", " "])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}"), ('{"[[[\\\\":', "}"), ('{"\\"]]":', "}")])
def test_the_deepest_that_is_read_is_the_same_for_all(begin: str, end: str, spaces: str) -> None:
    def nested(depth: int) -> bytes:
        return ((begin + spaces) * depth + "1" + (spaces + end) * depth).encode()

    read_without_repeats(nested(MAX_DEPTH))
    assert strict_json.decoded(nested(MAX_DEPTH)) is not UNSURE
    with pytest.raises(ProblemError, match="nested too deeply"):
        read_without_repeats(nested(MAX_DEPTH + 1))


def test_an_empty_object_in_lists_lies_as_deep_as_one_with_members() -> None:
    def nested(depth: int) -> bytes:
        return f'{{"a":{"[" * (depth - 2)}{{}}{"]" * (depth - 2)}}}'.encode()

    read_without_repeats(nested(MAX_DEPTH))
    with pytest.raises(ProblemError, match="nested too deeply"):
        read_without_repeats(nested(MAX_DEPTH + 1))


def test_a_body_of_very_many_values_is_refused_and_one_below_is_read() -> None:
    assert len(read_json(b"[" + b"0," * (MOST_VALUES - 1) + b"0]")) == MOST_VALUES
    with pytest.raises(ProblemError, match=f"more than {MOST_VALUES} values") as refused:
        read_json(b"[" + b"0," * MOST_VALUES + b"0]")
    assert refused.value.kind == "too-large"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(JSON, st.booleans())
@example({"a": 10**40, "b": -(10**25), "c": -0.0, "d": 1e300, "e": "\ud83d\ude00"}, True)
def test_both_readers_read_the_same(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=1)
    try:
        body = text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return
    quick = strict_json.decoded(body)
    try:
        strict = strict_json._STRICT.decode(text)
        strict_json._check(strict, 0)
    except ProblemError:
        assert quick is UNSURE
        return
    if quick is not UNSURE:
        assert _typed(quick) == _typed(strict)


@given(st.binary(max_size=12) | st.text('[]{}",:01e-.\\u d8', max_size=14).map(str.encode))
def test_what_is_read_at_once_is_json(body: bytes) -> None:
    quick = strict_json.decoded(body)
    if quick is not UNSURE:
        strict = strict_json._STRICT.decode(body.decode())
        strict_json._check(strict, 0)
        assert _typed(quick) == _typed(strict)
        assert repeated_keys(strict) == ([], 0)


def _typed(value: Any) -> Any:
    """Return a value in which numbers of another type differ, unless they are larger than any fact."""
    match value:
        case list():
            return [_typed(item) for item in value]
        case dict():
            return {key: _typed(item) for key, item in value.items()}
        case int() | float() if abs(value) > sys.maxsize:
            return "huge", value > 0
    return type(value), repr(value)


LIMITS = [
    ("/v1/triage", 16_384, "application/json"),
    ("/v1/triage/explain", 16_384, "application/json"),
    ("/v1/receipts/verify", 65_536, "application/json"),
    ("/intake", 16_384, "application/x-www-form-urlencoded"),
    ("/fhir/Questionnaire/$next-question", 500_000, "application/json"),
    ("/fhir/PlanDefinition/$apply", 3_500_000, "application/json"),
    ("/cds-services/candidate-triage-order-sign", 3_500_000, "application/json"),
    ("/cds-services/candidate-triage-order-sign/feedback", 65_536, "application/json"),
]


@pytest.mark.parametrize(("path", "most", "kind"), LIMITS)
def test_each_kind_of_body_has_its_limit(client: TestClient, path: str, most: int, kind: str) -> None:
    taken = client.post(path, content=b"{}".ljust(most), headers={"content-type": kind})
    refused = client.post(path, content=b"{}".ljust(most + 1), headers={"content-type": kind})
    assert taken.status_code in (200, 422)
    assert refused.status_code == 413
    assert f"{most} bytes" in refused.text


def test_a_line_of_a_batch_is_as_long_as_a_body_of_facts_at_most(client: TestClient) -> None:
    body = b"{}".ljust(16_384) + b"\n" + b"{}".ljust(16_385) + b"\n"
    response = client.post("/v1/triage/batch", content=body, headers={"content-type": "application/x-ndjson"})
    first, second = map(json.loads, response.text.splitlines())
    assert "decision" in first
    assert second["status"] == 413


def test_an_operator_who_takes_less_takes_less_everywhere() -> None:
    limits = body_limits(Settings(max_record_bytes=50_000, max_body_bytes=1_000))
    assert limits["/v1/receipts"] == 4_000
    records = [path for path in limits if path.startswith(("/fhir", "/cds-services")) and "_search" not in path]
    assert {limits[path] for path in records} == {50_000}


def test_a_form_of_a_search_is_as_long_as_any_form(client: TestClient) -> None:
    forms = [path for path in client.get("/openapi.json").json()["paths"] if path.endswith("/_search")]
    assert forms
    for path in forms:
        for size, status in ((16_384, 200), (16_385, 413)):
            form = {"content-type": "application/x-www-form-urlencoded"}
            assert client.post(path, content=b"_id=".ljust(size, b"x"), headers=form).status_code == status


@pytest.mark.parametrize("member", ["unavailable", "doubted"])
def test_a_question_of_very_many_names_is_refused_in_one_error(client: TestClient, member: str) -> None:
    for count, errors in ((3, 3), (MOST_NAMES, MOST_ERRORS), (MOST_NAMES + 1, 1)):
        answer = client.post("/v1/receipts/verify", json={"answer": {}, "receipt": "", member: [1] * count})
        assert (answer.status_code, len(answer.json()["errors"])) == (422, errors)
    assert answer.json()["errors"][0]["pointer"] == f"/{member}"
