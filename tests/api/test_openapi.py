"""The committed OpenAPI document: current, valid, and kept by the service."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from re import ASCII, fullmatch
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.types import ASGIApp

from app.api.examples import FORM, MOMENT
from app.api.headers import HEADERS, SENT
from app.api.negotiation import LINES
from app.api.validation import day_of
from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.amounts import amount
from tests.api.receipts import KEY
from tests.api.test_examples import OPERATIONS, examples_in, place_of
from tests.api.test_refusals import PLUMBING
from tests.counted import counted

DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.json"
schema = schemathesis.openapi.from_path(DOCUMENT)
schema.config.base_url = "http://testserver"
rejecting = schema.config.checks.negative_data_rejection
rejecting.expected_statuses = [*rejecting.expected_statuses, "413"]  # what is wrong may be too long as well
EXAMPLES = amount(8, settings().max_examples)
"""For each operation."""
NEVER_ASSUMED = frozenset(
    (
        *("active_skin_infection", "autoimmune_skin_disease", "systemic_immunosuppression", "primary_concern"),
        *("elasticity_loss", "hyperpigmentation", "sagging", "photodamage"),
    )
)


@pytest.fixture(scope="module")
def signing(book: RuleBook) -> TestClient:
    """A service that signs."""
    return TestClient(build_app(Settings(signing_keys=(KEY,)), book, clock=lambda: MOMENT))


@schemathesis.serializer(*LINES)
def lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def test_the_committed_document_is_current(app: FastAPI) -> None:
    written = json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
    assert DOCUMENT.read_text("utf-8") == written, "run `make openapi`"


def test_it_shows_every_fact_with_its_question(app: FastAPI, client: TestClient) -> None:
    shown = app.openapi()["components"]["schemas"]["Candidate"]["properties"]
    facts = client.get("/v1/rulesets/current/facts").json()
    for fact in facts:
        described = shown[fact["name"]]["description"]
        assert fact["question"] in described
        assert all(source in described for source in fact["sources"])
    assert set(shown) == {fact["name"] for fact in facts} | {"unavailable", "doubted", "reference", "asked_on"}


@pytest.mark.parametrize(
    ("reading", "taken"),
    [
        ({"scale": "alexiades", "grade": 0}, True),
        ({"scale": "alexiades", "grade": 0.5}, False),
        ({"scale": "alexiades", "grade": 1}, True),
        ({"scale": "alexiades", "grade": 1.5}, True),
        ({"scale": "alexiades", "grade": 1.75}, False),
        ({"scale": "alexiades", "grade": 4}, True),
        ({"scale": "alexiades", "grade": 4.5}, False),
        ({"scale": "alexiades", "grade": -1}, False),
        ({"scale": "glogau", "grade": "II"}, False),
        ("advanced", True),
        ("Advanced", False),
        (None, True),
    ],
)
def test_the_schema_of_a_finding_takes_what_the_service_takes(
    app: FastAPI, client: TestClient, reading: Any, taken: bool
) -> None:
    document = app.openapi()
    schema = {"$ref": "#/components/schemas/Candidate", "components": document["components"]}
    assert Draft202012Validator(schema).is_valid({"sagging": reading}) == taken
    assert (client.post("/v1/triage", json={"sagging": reading}).status_code == 200) == taken


def test_every_operation_and_every_schema_has_a_name_and_says_what_it_is(app: FastAPI) -> None:
    document = app.openapi()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert {"triage", "explain", "triageBatch", "listRules"} <= set(ids)
    assert {tag for operation in operations for tag in operation["tags"]} == {tag["name"] for tag in document["tags"]}
    assert all(tag["description"] for tag in document["tags"])
    assert [server["url"] for server in document["servers"]] == ["/"]
    assert all("security" in operation for operation in operations)


def test_headers_are_written_as_their_standards_write_them(app: FastAPI) -> None:
    operations = [operation for path in app.openapi()["paths"].values() for operation in path.values()]
    asked = {each["name"] for o in operations for each in o.get("parameters", ()) if each["in"] == "header"}
    answered = {name for o in operations for each in o["responses"].values() for name in resolved(app, each)["headers"]}
    assert {"Accept-Language", "If-None-Match"} <= asked <= set(SENT)
    assert {"ETag", "Link"} <= answered <= set(HEADERS)


def test_what_a_view_leaves_out_is_said(app: FastAPI) -> None:
    document = app.openapi()
    whole, view = (document["components"]["schemas"][name]["properties"] for name in ("Answer", "DecisionView"))
    for path in ("/v1/triage", "/v1/triage/batch"):
        (says,) = (p["description"] for p in document["paths"][path]["post"]["parameters"] if p["name"] == "view")
        named = set(re.findall(r"\w+", says))
        assert {"summary", "rationale", "cautions", "preconditions", "plan", "alternatives", "facts"} <= named
        assert not named & (set(whole) & set(view) - {"decision"})
        assert set(view) - set(whole) == {"rules"} <= named


def resolved(app: FastAPI, response: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference to a response refers to, or the response itself."""
    found: dict[str, Any] = app.openapi()["components"]["responses"].get(response.get("$ref", "").rpartition("/")[2])
    return found or response


def test_every_error_is_declared_in_the_format_that_it_has(app: FastAPI) -> None:
    for path, operations in app.openapi()["paths"].items():
        fhir = path.startswith(("/fhir", "/cds-services"))
        expected = ("application/fhir+json", "FhirResource") if fhir else ("application/problem+json", "Problem")
        for operation in operations.values():
            assert "422" in operation["responses"]
            for status, response in operation["responses"].items():
                if status >= "400":
                    ((media_type, content),) = resolved(app, response)["content"].items()
                    assert (media_type, content["schema"]["$ref"].rpartition("/")[2]) == expected


def test_the_document_is_made_once_and_says_below_which_path_it_stands(client: TestClient, app: FastAPI) -> None:
    answer = client.get("/openapi.json")
    assert answer.json() == app.openapi()
    assert client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    with TestClient(build_app(Settings(public_url="https://clinic.example/below"))) as below:
        document = below.get("/openapi.json").json()
        assert [server["url"] for server in document["servers"]] == ["/below"]
        problems = re.findall(r'"type": "([^"]*/problems/[^"]*)"', json.dumps(document["components"]["responses"]))
        assert len(problems) > 10
        assert all(kind.startswith("/below/problems/") for kind in problems)
        assert below.get("/below/fhir/metadata?_format=json").status_code == 200
        assert below.get("/below/version?verbose").status_code == 422


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_good_answer_has_the_headers_that_are_declared_and_no_others(signing: TestClient, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    contents = operation.get("requestBody", {}).get("content", {})
    media, _, body = next(examples_in(contents), ("", "", None))
    text = body if isinstance(body, str) else json.dumps(body)
    sent: dict[str, Any] = {"data": body} if media == FORM else {"content": text}
    headers = {"Content-Type": media}
    answer = signing.request(
        method.upper(), path.format_map(place_of(operation)), headers=headers, **(sent if contents else {})
    )
    assert answer.status_code == 200
    declared = {header.lower() for header in operation["responses"]["200"]["headers"]}
    given = set(answer.headers) - PLUMBING - {"content-encoding"}
    assert given | {"deprecation", "link"} == declared | {"deprecation", "link"}  # of what is withdrawn alone
    if method == "get":
        assert ("304" in operation["responses"]) == ("etag" in given)


def test_what_goes_with_a_refusal_is_declared(app: FastAPI) -> None:
    responses = app.openapi()["paths"]["/v1/triage"]["post"]["responses"]
    assert "Triage-Receipt" in responses["200"]["headers"]
    assert "Retry-After" in resolved(app, responses["503"])["headers"]
    assert "WWW-Authenticate" in resolved(app, responses["401"])["headers"]
    assert "line" in app.openapi()["components"]["schemas"]["Problem"]["properties"]
    assert "503" in app.openapi()["paths"]["/version"]["get"]["responses"]
    assert "503" not in app.openapi()["paths"]["/livez"]["get"]["responses"]


def named_in(found: Any) -> Iterator[str]:
    """Yield the names of the schemas that something of the document refers to."""
    for key, value in found.items() if isinstance(found, dict) else enumerate(found):
        if key == "$ref":
            yield value.rpartition("/")[2]
        elif isinstance(value, dict | list):
            yield from named_in(value)


def test_a_member_that_every_answer_has_is_promised(app: FastAPI) -> None:
    document = app.openapi()
    schemas = document["components"]["schemas"]
    left = [
        name
        for path, operations in document["paths"].items()
        if path.startswith("/v1/") or path == "/version"
        for operation in operations.values()
        for name in named_in(operation["responses"]["200"]["content"])
    ]
    seen: set[str] = set()
    while left:
        seen.add(name := left.pop())
        left += [inside for inside in named_in(schemas[name]) if inside not in seen]
        if members := schemas[name].get("properties"):
            assert set(schemas[name]["required"]) == set(members), name
    assert {"Answer", "Decision", "PlanPart", "Aspect", "FactRange", "Source", "Verdict"} <= seen


def a_date(value: Any) -> date | None:
    """Return the day that a text of `format: date` names."""
    try:
        return date.fromisoformat(value) if fullmatch(r"\d{4}-\d\d-\d\d", value, ASCII) else None
    except (TypeError, ValueError):
        return None


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_service_keeps_the_document(case: schemathesis.Case[Any]) -> None:
    body = case.body
    if isinstance(body, dict):
        # what no schema can say: a fact is either answered or unavailable; nothing is ever assumed of some
        for member, never in (("unavailable", frozenset[str]()), ("doubted", NEVER_ASSUMED)):
            if isinstance(listed := body.get(member), list):
                left = [n for n in listed if not isinstance(n, str) or (body.get(n) is None and n not in never)]
                body = case.body = {**body, member: left}
        # nor this: the earliest and the latest day
        if (day := a_date(body.get("asked_on"))) and day_of(str(day)) is None:
            case.body = {**body, "asked_on": "2000-01-01"}
    if case.query.get("view") == "decision":
        # nor this: a view tells no sources
        case.query.pop("sources", None)
    excluded: list[Any] = []
    if case.path.startswith(("/fhir", "/cds-services")):
        # what FHIR and CDS Hooks take is defined by their own standards, and OpenAPI shows an outline of it
        excluded.append(positive_data_acceptance)
    elif case.path.endswith("/batch"):
        # whatever is sent is lines, and the bad ones are answered each in its place
        excluded.append(negative_data_rejection)
    case.call_and_validate(app=_application(), excluded_checks=excluded)


_made: list[ASGIApp] = []


def _application() -> ASGIApp:
    if not _made:
        _made.append(counted(build_app(Settings())))
    return _made[0]
