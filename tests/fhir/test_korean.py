"""Cards, questionnaires and FHIR resources in Korean: no English sentence, save titles, names, ids and units."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines
from app.rulebook.load import RuleBook
from tests.cds_hooks.calls import appointment, call, order, path
from tests.fhir.resources import answers, bundle, condition, going_on, medication, response, yes_no
from tests.fhir.validators import complaints
from tests.phrases import modules, said_in

KO = {"accept-language": "ko-KR,ko;q=0.9,en;q=0.5"}
APPLY = "/fhir/PlanDefinition/candidate-triage/$apply"
SHOWN = frozenset(
    {
        *("summary", "detail", "label", "display", "text", "title", "description", "purpose", "documentation"),
        *("diagnostics", "statement", "definition"),
    }
)
"""The members that people read."""
ASIDE = re.compile(r"`[^`]*`|https?://\S+|^- \[[^\n]*$|^(?:Source|출처) \S+: [^\n]*$|\([^()]*\)", re.M)
"""Names in backticks, addresses, titles of sources, and codes in brackets."""
ENGLISH = re.compile(r"(?:[A-Za-z][a-z']+[ ,.:;]+){2,}[a-z]+")
"""Three words in a row."""


def english(found: Any, key: str = "") -> Iterator[str]:
    """Every text that people read and that has an English sentence in it."""
    if isinstance(found, dict):
        for name, value in found.items():
            yield from english(value, name)
    elif isinstance(found, list):
        for value in found:
            yield from english(value, key)
    elif isinstance(found, str) and key in SHOWN and ENGLISH.search(ASIDE.sub("", found)):
        yield f"{key}: {found[:200]}"


@pytest.fixture
def record() -> dict[str, Any]:
    """A record with something in every place, by prefetch key."""
    coded = {"coding": [{"system": "urn:x", "code": "1", "display": "임신"}]}
    unknown = condition("X") | {"id": "c2", "code": coded}
    named = medication("urn:x", "1") | {"medicationCodeableConcept": {"text": "알 수 없는 약"}}
    return {
        "patient": {"resourceType": "Patient", "id": "1", "birthDate": "1985-04-02"},
        "conditions": bundle(condition("L01.00"), unknown, condition("I10") | {"id": "c3"}),
        "medications": bundle(named),
        "intake": response(yes_no("active_skin_infection", False), yes_no("long_gone", True)),
    }


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign", "appointment-book"])
def test_no_card_has_an_english_sentence(client: TestClient, record: dict[str, Any], hook: str) -> None:
    orders = (order("exosome_microchanneling"), order("combination_therapy", "s2")) if "order" in hook else ()
    answer = client.post(path(hook), json=call(hook, orders=orders, **record), headers=KO)
    assert answer.headers["content-language"] == "ko"
    cards = answer.json()["cards"]
    assert cards
    assert list(english(cards)) == []
    assert list(english(client.post(path(hook), json=call(hook, orders=orders, **record)).json())) != []


def test_the_quiet_card_and_one_about_a_recommendation_are_korean(client: TestClient, engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    known: dict[str, Any] = {n: fact.domain[0] for n, fact in release.facts.items() if fact.policy == "ask"}
    known |= {n: max(fact.assumed) for n, fact in release.facts.items() if fact.assumed}
    known |= {"primary_concern": "uneven_pigmentation", "elasticity_loss": "moderate", "hyperpigmentation": "mild"}
    for body in (call(), call(intake=answers(known, release)), call("appointment-book", appointments=(appointment(),))):
        answer = client.post(path(body["hook"]), json=body, headers=KO)
        assert answer.json()["cards"]
        assert list(english(answer.json())) == []


@pytest.mark.parametrize(
    ("accepted", "preferred", "language"),
    [
        ("", "ko", "ko"),
        ("", "ko-KR", "ko"),
        ("", "fr", "en"),
        ("", "", "en"),
        ("en-US,en;q=0.9", "ko", "en"),
        ("ko", "en", "ko"),
        ("fr", "ko", "ko"),
        ("ko;q=0", "", "en"),
    ],
)
def test_a_call_is_in_the_language_accepted_else_in_the_patients(
    client: TestClient, accepted: str, preferred: str, language: str
) -> None:
    spoken = [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": preferred}]}, "preferred": True}]
    patient = {"resourceType": "Patient", "id": "1"} | ({"communication": spoken} if preferred else {})
    named = [{"name": "subject", "valueString": "Patient/1"}, {"name": "data", "resource": patient}]
    body = {"resourceType": "Parameters", "parameter": named}
    headers = {"accept-language": accepted}
    for address, asked in (
        (path(), call(patient=patient)),
        (APPLY, body),
        ("/fhir/Questionnaire/candidate-intake/$populate", body),
        ("/fhir/Questionnaire/$next-question", going_on() | {"contained": [patient]}),
    ):
        answer = client.post(address, json=asked, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-language"] == language, address
        assert "accept-language" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    "name",
    [
        *("metadata", "Questionnaire/candidate-intake", "PlanDefinition/candidate-triage"),
        *("Library/CandidateTriageDecision", "CodeSystem/candidate-intake", "CodeSystem/candidate-triage-pathway"),
    ],
)
def test_definitions_are_korean(client: TestClient, name: str) -> None:
    answer = client.get(f"/fhir/{name}", headers=KO)
    found = answer.json()
    assert found["language"] == "ko"
    texts = [text for text in english(found) if "display: " not in text or name.startswith("Questionnaire")]
    assert [text for text in texts if not re.match(r"display: [A-Z]", text)] == []  # names of countries aside
    assert complaints([found]) == []


def test_a_plan_a_form_and_a_question_are_korean(client: TestClient, record: dict[str, Any]) -> None:
    data = [{"name": "data", "resource": each} for each in record.values()]
    body = {"resourceType": "Parameters", "parameter": [{"name": "subject", "valueString": "Patient/1"}, *data]}
    begun = record["intake"] | {"status": "in-progress"}
    found = [
        client.post(APPLY, json=body, headers=KO).json(),
        client.post("/fhir/Questionnaire/candidate-intake/$populate", json=body, headers=KO).json(),
        client.post("/fhir/Questionnaire/$next-question", json=begun, headers=KO).json(),
    ]
    assert complaints(found) == []
    assert list(english(found)) == []


def test_errors_are_korean(client: TestClient) -> None:
    for address, body in (
        (path(), []),
        (path(), {"hook": "patient-view", "context": {}}),
        (path(), call() | {"prefetch": {}}),
        ("/cds-services/other", {}),
        (APPLY, {}),
        (APPLY, {"resourceType": "Parameters", "parameter": [{"name": "colour"}]}),
        ("/fhir/Questionnaire/$next-question", going_on(yes_no("pregnant", True), yes_no("pregnant", False))),
        ("/fhir/Questionnaire/$next-question", going_on({"linkId": "age_years", "answer": [{"valueInteger": 900}]})),
    ):
        answer = client.post(address, json=body, headers=KO)
        assert answer.status_code in (404, 412, 422)
        said = answer.json()["issue"][0]["diagnostics"]
        assert re.search("[가-힣]", said), said
        assert list(english(answer.json())) == []


def test_every_sentence_of_the_code_has_its_korean_and_none_is_left_over(book: RuleBook) -> None:
    said = set().union(*(said_in(module.read_text("utf-8")) for module in modules()))
    assert len(said) > 100
    assert said ^ set(book.languages["ko"].phrases.words) == set()


def test_a_sentence_that_is_put_together_is_noticed() -> None:
    with pytest.raises(ValueError, match="line 1"):
        said_in('raise RecordError(f"no {name}", "here")')
    assert said_in('say("Why not")') == {"Why not"}
    assert said_in('WORDS = "Some words"\nsay(WORDS if x else "Other words")') == {"Some words", "Other words"}
