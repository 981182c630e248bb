"""Every example of the document is what the service answers, and every operation has some."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.examples import BASIC, FORM, LONG, MOMENT, comparison_of, on_the_day, shortened
from app.api.problems import MEDIA_TYPE, PROBLEMS
from app.api.service import Service
from app.core.engine import Engines
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.keys import new_key
from app.settings import Settings
from tests.fhir.resources import BASE, NOW
from tests.fhir.validators import complaints

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).resolve().parents[2] / "openapi.json").read_text("utf-8"))
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
DISPOSITIONS = ["recommended", "excluded", "referred", "clinician_review", "needs_information"]


@pytest.fixture(scope="module")
def service(book: RuleBook) -> TestClient:
    """A service at the moment of the examples."""
    return TestClient(build_app(Settings(), book, clock=lambda: MOMENT))


def examples_in(contents: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield media type, name and value of each example."""
    for media, content in contents.items():
        for name, example in content.get("examples", {}).items():
            assert example["summary"]
            yield media, name, example["value"]


def place_of(operation: dict[str, Any]) -> dict[str, str]:
    """Return what stands in the path of an operation's examples."""
    given = (each for each in operation.get("parameters", ()) if each["in"] == "path")
    return {each["name"]: each["schema"]["examples"][0] for each in given}


def asked(service: TestClient, name: str, media: str, body: Any, places: Mapping[str, str] | None = None) -> Any:
    """Ask an operation as its example does; return what it answers."""
    method, path, operation = OPERATIONS[name]
    sent: dict[str, Any] = {"headers": {"Accept": "application/json, */*;q=0.1", "Content-Type": media}}
    if method == "post":
        sent |= {"data": body} if media == FORM else {"content": body if isinstance(body, str) else json.dumps(body)}
    return service.request(method.upper(), path.format_map({**place_of(operation), **(places or {})}), **sent)


def is_part(shown: Any, answered: Any) -> bool:
    """Say whether all that is shown is answered, each entry of a list in its place."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        return all(key in answered and is_part(value, answered[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(answered, list):
        pairs = zip(shown, answered, strict=False)
        return len(shown) <= len(answered) and all(is_part(one, other) for one, other in pairs)
    return bool(shown == answered) and type(shown) is type(answered)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_shows_what_it_is_asked_and_what_it_answers(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    answers = {example for _, example, _ in examples_in(operation["responses"]["200"]["content"])}
    assert answers
    if "requestBody" in operation:
        assert {example for _, example, _ in examples_in(operation["requestBody"]["content"])} == answers


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_gets_the_answer_that_is_shown(service: TestClient, name: str) -> None:
    _, _, operation = OPERATIONS[name]
    contents = operation.get("requestBody", {}).get("content", {})
    bodies = {called: (media, body) for media, called, body in examples_in(contents)}
    for media, called, shown in examples_in(operation["responses"]["200"]["content"]):
        answer = asked(service, name, *bodies.get(called, ("", None)))
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media)
        answered = answer.text if isinstance(shown, str) else answer.json()
        if len(answer.text) > LONG and name not in ("triage", "explain", "triageBatch"):
            assert is_part(shown, answered)
        else:
            assert shown == answered


def test_every_refusal_that_is_shown_is_given(service: TestClient, engines: Engines) -> None:
    assert isinstance(service.app, Service)
    responses = DOCUMENT["components"]["responses"]
    shown = {
        name: (response, value)
        for response, each in responses.items()
        for _, name, value in examples_in(each["content"])
    }
    given = {}
    for operation, examples in {**service.app.examples, **comparison_of(engines)}.items():
        contents = OPERATIONS[operation][2].get("requestBody", {}).get("content", {})
        for name in set(examples) - {called for _, called, _ in examples_in(contents)}:
            example = examples[name]
            answer = asked(service, operation, next(iter(contents), ""), example.body, example.places)
            declared = OPERATIONS[operation][2]["responses"][str(answer.status_code)]
            if answer.status_code >= 400:
                given[name] = (declared["$ref"].rpartition("/")[2], answer.json())
    assert given == {name: found for name, found in shown.items() if name not in PROBLEMS}  # tests/api/test_refusals.py
    problems = {name for name, each in responses.items() if MEDIA_TYPE in each["content"]}
    assert {response for response, _ in shown.values()} == problems | {"UnusableOutcome", "NeededOutcome"}


def test_a_decision_is_shown_for_each_disposition() -> None:
    for name in ("triage", "explain"):
        content = OPERATIONS[name][2]["responses"]["200"]["content"]
        assert [called for _, called, _ in examples_in(content)] == DISPOSITIONS


def test_every_resource_that_is_shown_is_one_of_r4() -> None:
    contents = [response["content"] for response in DOCUMENT["components"]["responses"].values()]
    for _, _, operation in OPERATIONS.values():
        contents += [operation.get("requestBody", {}).get("content", {}), operation["responses"]["200"]["content"]]
    found = [value for content in contents for media, _, value in examples_in(content) if "fhir" in media]
    assert len(found) > 20
    assert complaints(found) == []


def test_examples_are_of_one_day_and_nothing_else_is() -> None:
    clock = on_the_day(lambda: NOW)
    assert clock() == NOW
    assert BASIC["triage"]["mistakes"].body
    with_another = build_app(Settings(), clock=lambda: NOW)
    assert with_another.openapi() == DOCUMENT
    assert clock() == NOW


def test_examples_are_of_the_address_and_need_no_key(book: RuleBook) -> None:
    _, entry = new_key("page", ["triage"])
    base = "https://clinic.example/below"
    document = build_app(Settings(public_url=base, api_keys=(entry,)), book).openapi()
    shown = document["components"]["responses"]["Unusable"]["content"]["application/problem+json"]["examples"]
    assert shown["mistakes"]["value"]["type"] == "/below/problems/not-facts"
    written = json.dumps(document)
    assert f"{base}/fhir/Questionnaire/candidate-intake" in written
    assert BASE not in written
    answered = [each["get"]["responses"]["200"] for each in document["paths"].values() if "get" in each]
    assert all(any(content.get("examples") for content in each["content"].values()) for each in answered)


@pytest.mark.parametrize(
    ("value", "short"),
    [
        ([1, 2, 3], [1, 2]),
        ({"a": [{"b": [1, 2, 3]}] * 3, "c": "d"}, {"a": [{"b": [1, 2]}] * 2, "c": "d"}),
        ({"a": "x" * 1_001, "b": None}, {"b": None}),
        ([], []),
    ],
)
def test_what_is_shown_in_part_is_a_part(value: Any, short: Any) -> None:
    assert shortened(value) == short
    assert is_part(short, value)


@pytest.mark.parametrize(
    ("shown", "answered"),
    [({"a": 1}, {"b": 1}), ([2], [1, 2]), ([1, 2], [1]), ({"a": 1}, {"a": True}), ({"a": "1"}, {"a": 1}), ([1], {})],
)
def test_what_is_no_part_is_noticed(shown: Any, answered: Any) -> None:
    assert not is_part(shown, answered)
