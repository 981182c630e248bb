"""What a record says at any length is said back in few words, and the rest is counted."""

import json
from collections import deque
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cds_hooks.cards import MOST_DETAILED, MOST_DRAFTS
from app.fhir.parameters import parameters
from app.fhir.said import LONGEST_PART, MOST_NAMED, plain
from app.record.limits import LONGEST_TEXT
from tests.cds_hooks.calls import call, order, path
from tests.fhir.resources import LOINC, SEEN, Resource, bundle, concept, condition
from tests.fhir.test_operations import APPLY, POPULATE, posted
from tests.steps import growth, steps

LONG = 100_000


def about(*resources: Resource) -> Resource:
    subject = {"name": "subject", "valueString": "Patient/1"}
    return {
        "resourceType": "Parameters",
        "parameter": [subject, {"name": "data", "resource": bundle(*resources)}],
    }


def unknown(number: int, system: str = "urn:x", sign: str = "x") -> Resource:
    coding = {"system": system, "code": f"{number}{sign}", "display": "pregnancy"}
    return condition("I10") | {"id": f"c{number}", "code": {"coding": [coding]}}


LENGTHS: dict[str, Resource] = {
    "a system": unknown(1, system="*" * LONG),
    "a code": unknown(1, sign="*" * LONG),
    "a display": unknown(1) | {"code": {"coding": [{"system": "urn:x", "code": "1", "display": "*" * LONG}]}},
    "a date": condition("L01.00") | {"recordedDate": "2026-11-20T00:00:00." + "0" * LONG + "Z"},
    "a language": {
        "resourceType": "Patient",
        "id": "1",
        "communication": [{"preferred": True, "language": {"coding": [{"code": "-" * LONG}]}}],
    },
}


@pytest.mark.parametrize("path", [APPLY, POPULATE])
@pytest.mark.parametrize("kind", LENGTHS)
def test_nothing_long_of_a_record_comes_back(client: TestClient, path: str, kind: str) -> None:
    assert len(json.dumps(posted(client, path, about(LENGTHS[kind])))) < LONG // 4


def test_what_is_cut_is_seen_to_be_cut_and_what_is_short_is_whole(client: TestClient) -> None:
    for length, said in ((LONGEST_PART, "s" * LONGEST_PART + " "), (LONGEST_PART + 1, "s" * LONGEST_PART + "… ")):
        found = json.dumps(posted(client, APPLY, about(unknown(1, system="s" * length))), ensure_ascii=False)
        assert said in found


@pytest.mark.parametrize("path", [APPLY, POPULATE])
@pytest.mark.parametrize("more", [0, 7])
def test_so_many_entries_are_named_and_the_rest_is_counted(client: TestClient, path: str, more: int) -> None:
    found = json.dumps(posted(client, path, about(*map(unknown, range(MOST_NAMED + more)))))
    assert f"Condition/c{MOST_NAMED - 1}:" in found
    assert f"Condition/c{MOST_NAMED}:" not in found
    assert (f"and {more} more" in found) == bool(more)


def test_the_reasons_stand_in_the_first_cards_about_drafts(client: TestClient) -> None:
    record = [unknown(n, system="*" * 1_000) for n in range(12)] + [condition("L01.00")]
    orders = tuple(order("combination_therapy", f"s{n}") for n in range(MOST_DRAFTS))
    asked = call("order-sign", orders=orders, conditions=bundle(*record))
    cards: list[dict[str, Any]] = client.post(path("order-sign"), json=asked).json()["cards"]
    ordered = [card for card in cards if card["summary"].startswith("Ordered")]
    assert [("From the record" in card["detail"]) for card in ordered] == [True] * MOST_DETAILED + [False] * (
        MOST_DRAFTS - MOST_DETAILED
    )
    assert all(card["detail"] for card in ordered)
    assert len(json.dumps(cards)) < 600_000


@pytest.mark.parametrize("text", ["a*b", "`x`", "<b>", "[1](2)", "a\nb", "a  b", "~#|&!_\\", "없음 *"])
def test_marks_of_markdown_are_text(text: str) -> None:
    marks = "\\`*_[]<>#|~&!"
    said = plain(text)
    assert "".join(said.split("\\")).replace(" ", "") == "".join(text.split("\\")).replace(" ", "").replace("\n", "")
    assert all(said[place - 1] == "\\" for place, sign in enumerate(said) if sign in marks and sign != "\\")


def test_parameters_know_where_they_stand() -> None:
    def work(count: int) -> int:
        body = {"resourceType": "Parameters", "parameter": [{"name": "practitioner"}] * count}
        with steps() as counted:
            deque(parameters(body, frozenset({"subject"})), 0)
        return counted[0]

    assert growth(work, 100) < 2.1
    listed = [{"name": "a", "part": [{"name": "b"}, {"name": "c"}]}]
    (outer,) = parameters({"resourceType": "Parameters", "parameter": listed})
    assert outer.where == "Parameters.parameter[0]"
    assert [part.where for part in outer.parts()] == [f"Parameters.parameter[0].part[{n}]" for n in (0, 1)]


@pytest.mark.parametrize(("name", "kind"), [("encounter", "Encounter"), ("subject", "Patient")])
@pytest.mark.parametrize("given", ["x" * LONG, f"https://ehr.example/{'x' * LONG}/1", "Group/1"])
def test_a_parameter_that_is_no_reference_is_refused(client: TestClient, name: str, kind: str, given: str) -> None:
    others = [each for each in about()["parameter"] if each["name"] != name]
    body = {
        "resourceType": "Parameters",
        "parameter": [*others, {"name": name, "valueReference": {"reference": given}}],
    }
    response = client.post(APPLY, json=body)
    assert response.status_code == 422
    says = f"`{name}` is a reference such as `{kind}/1`"
    assert response.json()["issue"][0]["diagnostics"].startswith(says)
    assert len(response.content) < LONG // 4


def test_an_encounter_known_by_an_identifier_alone_is_left_out(client: TestClient) -> None:
    encounter = {"name": "encounter", "valueReference": {"identifier": {"value": "7"}}}
    body = about()
    plan = posted(client, APPLY, body | {"parameter": [*body["parameter"], encounter]})
    assert "encounter" not in plan


NOT_PREGNANT = {
    "resourceType": "Observation",
    "status": "final",
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": SEEN,
    "code": concept(LOINC, "82810-3"),
    "valueCodeableConcept": concept("http://snomed.info/sct", "60001007"),
}


@pytest.mark.parametrize(
    ("more", "said"),
    [({"code": {"text": "a cold"}}, False), ({"code": {"text": "x" * (LONGEST_TEXT + 1)}}, None)],
    ids=["read", "not read"],
)
def test_no_is_not_filled_in_beside_what_was_not_read(client: TestClient, more: Resource, said: bool | None) -> None:
    found = posted(client, POPULATE, about(NOT_PREGNANT, condition("I10") | more))
    form = found["parameter"][0]["resource"]
    given = {
        item["linkId"]: item.get("answer") for group in form.get("item", ()) for item in (group, *group.get("item", ()))
    }
    assert (given.get("pregnant") or [{"valueBoolean": None}])[0]["valueBoolean"] is said
