"""Languages and formats as they are accepted, on every interface."""

import pytest
from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}
BATCH = "/v1/triage/batch"
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/rulesets", ""),
        ("GET", "/cds-services", ""),
        ("GET", "/fhir/Questionnaire/candidate-intake", ""),
        ("GET", "/rules", ""),
        ("POST", "/v1/triage", "{}"),
        ("POST", "/v1/triage/explain", "{}"),
        ("POST", BATCH, ""),
    ],
)
def test_several_accepted_languages_are_one_list(client: TestClient, method: str, path: str, body: str) -> None:
    given = NDJSON if path == BATCH else JSON
    headers = [*given.items(), ("accept-language", "en;q=0.1"), ("accept-language", "ko")]
    response = client.request(method, path, content=body, headers=headers)
    assert response.status_code == 200
    assert response.headers["content-language"] == "ko"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("json", 200),
        ("application/json", 200),
        ("application/fhir%2Bjson", 200),
        ("application/fhir+json", 200),
        ("xml", 406),
        ("application/fhir%2Bxml", 406),
    ],
)
def test_the_format_of_a_fhir_link_counts_more_than_accept(client: TestClient, asked: str, status: int) -> None:
    accept = "text/html, application/xml;q=0.9" if status == 200 else "application/fhir+json"
    response = client.get(f"/fhir/metadata?_format={asked}", headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (status, "application/fhir+json")


FHIR_ERRORS = [
    ("GET", "/fhir/Questionnaire", "", 200),
    ("GET", "/fhir/Questionnaire?colour=red", "", 400),
    ("POST", "/fhir/Questionnaire/_search", "x", 415),
    ("POST", "/fhir/Questionnaire/$next-question", "{}", 422),
    ("POST", "/fhir/PlanDefinition/$apply", '{"resourceType":"Parameters"}', 422),
    ("POST", "/cds-services/other", "{}", 404),
    ("POST", "/cds-services/candidate-triage-patient-view", "{}", 422),
    ("POST", "/cds-services/candidate-triage-patient-view/feedback", "{}", 422),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), FHIR_ERRORS)
def test_what_health_records_are_answered_says_its_language(
    client: TestClient, method: str, path: str, body: str, status: int
) -> None:
    for language in ("en", "ko"):
        headers = JSON | {"Accept-Language": language, "Prefer": "handling=strict"}
        response = client.request(method, path, content=body, headers=headers)
        assert (response.status_code, response.headers["content-language"]) == (status, language)
        assert "Accept-Language" in response.headers["vary"]
