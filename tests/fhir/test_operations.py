"""Searches, `$populate`, `$apply` with what CPG adds, adaptive responses that keep what is theirs, and other FHIRs."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.engine import Engines
from tests.fhir.resources import (
    BASE,
    ICD,
    INTAKE,
    RXNORM,
    SEEN,
    Resource,
    bundle,
    concept,
    condition,
    going_on,
    response,
    yes_no,
)
from tests.fhir.validators import complaints

FORM = "/fhir/Questionnaire/candidate-intake"
POPULATE = f"{FORM}/$populate"
NEXT = "/fhir/Questionnaire/$next-question"
APPLY = "/fhir/PlanDefinition/candidate-triage/$apply"
KO = {"accept-language": "ko"}


def parameters(*parameter: Resource) -> Resource:
    return {"resourceType": "Parameters", "parameter": [{"name": "subject", "valueString": "Patient/1"}, *parameter]}


def posted(client: TestClient, path: str, body: Any, **headers: str) -> Resource:
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: Resource = answer.json()
    return found


def named_facts(*pregnant: bool) -> Resource:
    """The parameter with facts by name, of one fact as often as it is said."""
    said = [{"name": "pregnant", "valueBoolean": value} for value in pregnant]
    return {"name": "parameters", "resource": {"resourceType": "Parameters", "parameter": said}}


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        (f"Questionnaire?url={INTAKE}", ["candidate-intake"]),
        (f"Questionnaire?url={INTAKE}|2026.3", ["candidate-intake"]),
        (f"Questionnaire?url={INTAKE}|2025.1", []),
        (f"Questionnaire?url={INTAKE}&version=2026.3&status=active", ["candidate-intake"]),
        ("Questionnaire?url=http://example.org/other", []),
        ("Questionnaire?title=candidate", ["candidate-intake"]),
        ("Questionnaire?title=intake", []),
        ("Questionnaire", ["candidate-intake"]),
        ("PlanDefinition?url=" + f"{BASE}/fhir/PlanDefinition/candidate-triage", ["candidate-triage"]),
        ("PlanDefinition?status=retired", []),
        ("CodeSystem?_id=candidate-triage-pathway", ["candidate-triage-pathway"]),
    ],
)
def test_a_definition_is_found_by_what_is_asked(client: TestClient, search: str, ids: list[str]) -> None:
    answer = client.get(f"/fhir/{search}")
    assert answer.status_code == 200
    found = answer.json()
    assert complaints([found]) == []
    assert (found["type"], found["total"]) == ("searchset", len(ids))
    assert [entry["resource"]["id"] for entry in found.get("entry", ())] == ids


AS_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("kind", "query", "form", "total"),
    [
        ("Questionnaire", "", "_id=candidate-intake&status=active,draft", 1),
        ("Questionnaire", "", "_id=other", 0),
        ("Questionnaire", "?_id=candidate-intake", "_id=other", 0),
        ("PlanDefinition", "?_id=candidate-triage", "", 1),
        ("Library", "", "name=candidate%20triage%20of%20others", 0),
        ("Library", "", "name=CandidateTriage", 1),
    ],
)
def test_a_search_by_form_finds_what_a_query_does(
    client: TestClient, kind: str, query: str, form: str, total: int
) -> None:
    answer = client.post(f"/fhir/{kind}/_search{query}", content=form, headers=AS_FORM)
    assert (answer.status_code, answer.json()["total"]) == (200, total)
    if not (query and form):  # a query that says a parameter twice is refused
        assert answer.json() == client.get(f"/fhir/{kind}?{query.removeprefix('?')}{form}").json()


def test_a_search_by_post_is_a_form_and_its_errors_are_outcomes(client: TestClient) -> None:
    path = "/fhir/Questionnaire/_search"
    for content_type in ("application/json", "application/fhir+json", "text/plain"):
        answer = client.post(path, content="{}", headers={"content-type": content_type, "accept-language": "ko"})
        assert (answer.status_code, answer.json()["resourceType"]) == (415, "OperationOutcome")
        assert "검색" in answer.json()["issue"][0]["diagnostics"]
    strange = client.post(path, content=b"\xff=%ff&=&&a", headers=AS_FORM | {"prefer": "handling=strict"})
    assert (strange.status_code, strange.json()["resourceType"]) == (400, "OperationOutcome")
    assert client.post("/fhir/Patient/_search", content="name=x", headers=AS_FORM).status_code == 404


def test_an_unknown_search_parameter_is_said_or_refused(client: TestClient) -> None:
    found = client.get("/fhir/Questionnaire?colour=red&_format=json").json()
    assert found["total"] == 1
    assert [entry["search"]["mode"] for entry in found["entry"]] == ["match", "outcome"]
    assert "colour" in found["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert complaints([found]) == []
    strict = client.get("/fhir/Questionnaire?colour=red", headers={"prefer": "handling=strict"})
    assert strict.status_code == 400
    assert strict.json()["resourceType"] == "OperationOutcome"


def test_the_statement_says_what_is_served(client: TestClient) -> None:
    stated = client.get("/fhir/metadata").json()
    assert stated["instantiates"] == ["http://hl7.org/fhir/uv/sdc/CapabilityStatement/sdc-form-fill-manager"]
    of = {each["type"]: each for each in stated["rest"][0]["resource"]}
    assert [each["name"] for each in of["Questionnaire"]["operation"]] == ["next-question", "populate"]
    for kind, each in of.items():
        for parameter in each["searchParam"]:
            answer = client.get(f"/fhir/{kind}?{parameter['name']}=x").json()
            assert (answer["total"], "entry" in answer) == (0, False)


@pytest.mark.parametrize("by", ["data", "context"])
def test_the_intake_is_prefilled_from_a_record(client: TestClient, by: str) -> None:
    record = bundle({"resourceType": "Patient", "id": "1", "birthDate": "1985-04-02"}, condition("L01.00"))
    given: Resource = {"name": "data", "resource": record}
    if by == "context":
        content = {"name": "content", "resource": record}
        given = {"name": "context", "part": [{"name": "name", "valueString": "patient"}, content]}
    found = posted(client, POPULATE, parameters(given, {"name": "local", "valueBoolean": True}))
    assert complaints([found]) == []
    named = {each["name"]: each["resource"] for each in found["parameter"]}
    filled = named["response"]
    assert complaints([filled, named["issues"]]) == []
    assert (filled["status"], filled["subject"]) == ("in-progress", {"reference": "Patient/1"})
    answers = {item["linkId"]: item["answer"][0] for item in filled["item"]}
    assert answers["active_skin_infection"]["valueBoolean"] is True
    origin, day = answers["active_skin_infection"]["extension"]
    assert origin["extension"] == [{"url": "source", "valueCode": "auto"}]
    assert (day["url"].rpartition("/")[2], day["valueDate"]) == ("answered-on", SEEN)
    assert isinstance(answers["age_years"]["valueInteger"], int)
    assert any("Condition/c1" in each["diagnostics"] for each in named["issues"]["issue"])


def test_populate_names_the_questionnaire_and_a_subject(client: TestClient) -> None:
    by_type = "/fhir/Questionnaire/$populate"
    named = {"name": "questionnaire", "valueUri": f"{INTAKE}|2026.3"}
    assert posted(client, by_type, parameters(named))["parameter"][0]["name"] == "response"
    other = {"name": "questionnaire", "valueUri": "http://example.org/other"}
    for path, body, status in (
        (by_type, parameters(), 404),
        (by_type, parameters(other), 404),
        (POPULATE, {"resourceType": "Parameters"}, 422),
        (POPULATE, parameters({"name": "colour", "valueString": "red"}), 422),
        (POPULATE, parameters({"name": "local", "valueString": "yes"}), 422),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == status, answer.text
        assert complaints([answer.json()]) == []


def test_the_next_question_of_the_instance_is_that_of_the_type(client: TestClient) -> None:
    assert posted(client, f"{FORM}/$next-question", going_on()) == posted(client, NEXT, going_on())


def test_an_adaptive_response_keeps_what_is_the_callers(client: TestClient) -> None:
    origin = [{"url": "http://example.org/origin", "valueCode": "auto"}]
    item = {"linkId": "pregnant", "answer": [{"valueBoolean": False, "extension": origin}]}
    given = going_on(item, authored="2026-11-20T10:00:00Z") | {
        "identifier": {"system": "urn:x", "value": "1"},
        "basedOn": [{"reference": "ServiceRequest/1"}],
        "encounter": {"reference": "Encounter/1"},
        "extension": [{"url": "http://example.org/e", "valueBoolean": True}],
        "subject": {"reference": "#p"},
        "contained": [{"resourceType": "Patient", "id": "p", "gender": "female"}],
    }
    found = posted(client, NEXT, given)
    assert complaints([found]) == []
    for name in ("identifier", "basedOn", "encounter", "extension", "subject", "authored"):
        assert found[name] == given[name]
    assert found["contained"][1:] == given["contained"]
    assert found["item"][0]["answer"][0]["extension"] == origin
    again = posted(client, NEXT, found)
    assert again == found


def test_the_contained_questionnaire_is_a_one_off_derived_from_ours(client: TestClient) -> None:
    (contained,) = posted(client, NEXT, going_on())["contained"]
    assert {"url", "version"}.isdisjoint(contained)
    assert contained["derivedFrom"] == [f"{INTAKE}|2026.3"]
    assert contained["title"]
    assert any(each["url"].endswith("questionnaireAdaptive") for each in contained["extension"])


def test_a_question_of_another_release_is_said_and_no_error(client: TestClient) -> None:
    found = posted(client, NEXT, going_on(yes_no("long_gone", True)))
    last = found["contained"][0]["item"][-1]
    assert (last["type"], "`long_gone`" in last["text"]) == ("display", True)
    assert posted(client, NEXT, found)["status"] == "in-progress"


@pytest.mark.parametrize("element", ["modifierExtension", "implicitRules"])
def test_what_may_change_the_meaning_of_a_response_is_refused(client: TestClient, element: str) -> None:
    value: Any = "urn:x" if element == "implicitRules" else [{"url": "urn:x", "valueBoolean": True}]
    answer = client.post(NEXT, json=going_on() | {element: value})
    assert answer.status_code == 422
    assert element in answer.json()["issue"][0]["diagnostics"]


def test_apply_takes_facts_by_name_in_parameters(client: TestClient, engines: Engines) -> None:
    inside = [
        {"name": "pregnant", "valueBoolean": True},
        {"name": "age_years", "valueInteger": 34},
        {"name": "elasticity_loss", "valueCode": "mild"},
    ]
    given = {"name": "parameters", "resource": {"resourceType": "Parameters", "parameter": inside}}
    facts = {"pregnant": True, "age_years": 34, "elasticity_loss": "mild"}
    plan = posted(client, APPLY, parameters(given, {"name": "useServerData", "valueBoolean": False}))
    assert complaints([plan]) == []
    assert plan["contained"][0]["identifier"][0]["value"] == client.post("/v1/triage", json=facts).json()["id"]
    for wrong, status in (({"name": "pregnent", "valueBoolean": True}, 404), ({"name": "pregnant"}, 422)):
        bad = {"name": "parameters", "resource": {"resourceType": "Parameters", "parameter": [wrong]}}
        assert client.post(APPLY, json=parameters(bad)).status_code == status


@pytest.mark.parametrize(
    ("path", "twice"),
    [
        (APPLY, [{"name": "subject", "valueString": "Patient/2"}]),
        (POPULATE, [{"name": "subject", "valueString": "Patient/2"}]),
        (APPLY, [{"name": "unknowns", "valueCode": "strict"}, {"name": "unknowns", "valueCode": "confirm"}]),
        (APPLY, [named_facts(True, False)]),
        (APPLY, [named_facts(True), named_facts(False)]),
    ],
)
def test_what_is_said_twice_is_refused_and_never_the_last_one_taken(
    client: TestClient, path: str, twice: list[Resource]
) -> None:
    answer = client.post(path, json=parameters(*twice))
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "duplicate")


@pytest.mark.parametrize("path", [APPLY, POPULATE, NEXT, "/fhir/PlanDefinition/$apply", f"{FORM}/$next-question"])
def test_an_operation_by_get_is_refused_with_what_is_right(client: TestClient, path: str) -> None:
    """A server that stores nothing could decide nothing, and a patient has no place in an address."""
    answer = client.get(f"{path}?subject=Patient/1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json()["issue"][0] == {
        "severity": "error",
        "code": "not-supported",
        "diagnostics": "this path takes POST",
    }


def test_apply_takes_prefetched_data_and_names_the_encounter(client: TestClient) -> None:
    part = {"name": "data", "resource": bundle(condition("L01.00"))}
    prefetched = {"name": "prefetchData", "part": [{"name": "key", "valueString": "conditions"}, part]}
    plan = posted(client, APPLY, parameters(prefetched, {"name": "encounter", "valueString": "Encounter/7"}))
    assert complaints([plan]) == []
    assert plan["encounter"] == plan["contained"][0]["encounter"] == {"reference": "Encounter/7"}
    assert plan["contained"][0]["reasonCode"][0]["coding"][0]["code"] == "excluded"
    for wrong in ({"name": "dataEndpoint", "valueUri": "https://x"}, {"name": "useServerData", "valueString": "no"}):
        assert client.post(APPLY, json=parameters(wrong)).status_code == 422


def test_what_the_record_leaves_open_stands_in_evaluation_messages(client: TestClient) -> None:
    data = [{"name": "data", "resource": bundle(condition("Z33.1", recordedDate="2026-11-20"))}]
    data += [{"name": "questionnaireResponse", "resource": response(yes_no("pregnant", False))}]
    plan = posted(client, APPLY, parameters(*data))
    assert complaints([plan]) == []
    guidance, messages = plan["contained"]
    assert guidance["evaluationMessage"] == [{"reference": "#messages"}]
    said = [each["diagnostics"] for each in messages["issue"] if each["code"] == "conflict"]
    assert any("pregnant" in line for line in said)


OTHERS: dict[str, tuple[Resource, str]] = {
    "a medicine of R5": (
        {"resourceType": "MedicationRequest", "status": "active", "medication": {"concept": concept(RXNORM, "6064")}},
        "MedicationRequest.medication",
    ),
    "a statement of R5": (
        {"resourceType": "MedicationStatement", "medication": {"reference": {"reference": "Medication/1"}}},
        "MedicationStatement.medication",
    ),
    "a condition of R5": (condition("L01.00") | {"participant": [{"actor": {}}]}, "Condition.participant"),
    "an allergy of R5": (
        {"resourceType": "AllergyIntolerance", "type": concept("x", "allergy")},
        "AllergyIntolerance.type",
    ),
    "a procedure of R5": ({"resourceType": "Procedure", "occurrenceDateTime": "2026"}, "Procedure.occurrenceDateTime"),
    "a device of R5": ({"resourceType": "Device", "type": [concept(ICD, "x")]}, "Device.type"),
    "a device use of R5": ({"resourceType": "DeviceUsage"}, "DeviceUsage.resourceType"),
    "a condition of STU3": (condition("L01.00") | {"clinicalStatus": "active"}, "Condition.clinicalStatus"),
    "an allergy of STU3": (
        {"resourceType": "AllergyIntolerance", "verificationStatus": "confirmed"},
        "AllergyIntolerance.verificationStatus",
    ),
    "a statement of STU3": ({"resourceType": "MedicationStatement", "taken": "y"}, "MedicationStatement.taken"),
    "a dose of R5": (
        {"resourceType": "MedicationAdministration", "medication": {"concept": concept(RXNORM, "6064")}},
        "MedicationAdministration.medication",
    ),
    "a dispense of R5": ({"resourceType": "MedicationDispense", "medication": {}}, "MedicationDispense.medication"),
    "a dose of STU3": (
        {"resourceType": "MedicationAdministration", "notGiven": False},
        "MedicationAdministration.notGiven",
    ),
    "a statement of DSTU2": (
        {"resourceType": "MedicationStatement", "wasNotTaken": True},
        "MedicationStatement.wasNotTaken",
    ),
    "an order of DSTU2": ({"resourceType": "MedicationOrder"}, "MedicationOrder.resourceType"),
    "a procedure of DSTU2": ({"resourceType": "Procedure", "notPerformed": True}, "Procedure.notPerformed"),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("path", [APPLY, POPULATE])
def test_another_fhir_is_refused_with_what_r4_has(client: TestClient, path: str, name: str) -> None:
    resource, where = OTHERS[name]
    answer = client.post(path, json=parameters({"name": "data", "resource": bundle(resource)}))
    assert answer.status_code == 422
    (issue,) = answer.json()["issue"]
    assert issue["expression"] == [where]
    assert f"FHIR {name.split()[-1]}," in issue["diagnostics"]


@pytest.mark.parametrize(("version", "status"), [("4.0", 200), ("4.0.1", 200), ("5.0", 415), ("3.0", 415)])
def test_a_media_type_that_says_another_fhir_is_refused(client: TestClient, version: str, status: int) -> None:
    headers = {"content-type": f"application/fhir+json; fhirVersion={version}"}
    answer = client.post(NEXT, content=json.dumps(going_on()), headers=headers)
    assert answer.status_code == status
    if status != 200:
        assert version in answer.json()["issue"][0]["diagnostics"]


def test_a_care_plan_ends_with_what_it_rests_on(client: TestClient) -> None:
    record = {"name": "data", "resource": bundle(condition("L01.00"))}
    plan = posted(client, APPLY, parameters(record))
    # recorded on 20 November, and an infection is relied on for six weeks
    assert plan["period"] == {"start": "2026-11-23", "end": "2027-01-01"}
    assert complaints([plan]) == []
