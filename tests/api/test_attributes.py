"""The source attributes of 45 CFR 170.315(b)(11)(iv)(A) are those of the release that answers."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.rulebook.load import RuleBook

PATH = "/.well-known/source-attributes"
ASKED = [
    *("citation", "developer", "funding", "dates", "race", "ethnicity", "language", "sexual_orientation"),
    *("gender_identity", "sex", "date_of_birth", "social_determinants", "health_status"),
]
"""Paragraphs (1) to (13)."""
CONCERNS = {
    "race": r"\brace\b|racial",
    "ethnicity": r"ethnic|ancest",
    "language": r"\blanguage\b|\bspeak",
    "sexual_orientation": r"\bsexual",
    "gender_identity": r"\bgender",
    "sex": r"\bsex\b|\bmale\b|\bfemale\b|\bwom[ae]n\b|\bm[ae]n\b",
    "date_of_birth": r"\bbirth|\bhow old\b|\bage_",
    "social_determinants": r"\bincome|\bhousing|\binsur|\beducation|\bemploy|\bpoverty",
    "health_status": r"pregnan|breastfe|\bsmok|\bdisab",
}
"""How a fact of each kind would read."""


@pytest.fixture(scope="module")
def served(client: TestClient) -> dict[str, Any]:
    answer = client.get(PATH)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_each_attribute_that_is_asked_for_is_answered(served: dict[str, Any]) -> None:
    assert [each["id"] for each in served["attributes"]] == ASKED
    assert [each["id"] for each in served["attributes"] if each["used"] is None] == ASKED[:4]
    assert all(each["says"].startswith("Not used") for each in served["attributes"] if each["used"] is False)


def test_they_are_those_of_the_current_release(served: dict[str, Any], book: RuleBook) -> None:
    release = book.releases[book.current]
    assert (served["ruleset"], served["digest"]) == (release.id, release.digest)
    assert (served["released"], served["reviewed"]) == (release.released, release.reviewed)
    cited = {each["id"] for each in served["citations"]}
    others = {source.id for source in release.sources.values() if source.status not in ("document", "project")}
    assert cited == {"S0", "S1", "S2", "S3"} | others
    assert all(each["section"] for each in served["citations"] if each["id"] in others)


@pytest.mark.parametrize("attribute", CONCERNS)
def test_every_fact_that_concerns_an_attribute_is_named(attribute: str, served: dict[str, Any], book: RuleBook) -> None:
    named = next(each["facts"] for each in served["attributes"] if each["id"] == attribute)
    facts = book.releases[book.current].facts.values()
    assert {fact.name for fact in facts if concerns(attribute, f"{fact.name} {fact.question}")} == set(named)


def concerns(attribute: str, text: str) -> bool:
    return re.search(CONCERNS[attribute], text.replace("_", " ").casefold() + " " + text) is not None


def test_a_new_fact_would_be_noticed() -> None:
    assert concerns("sex", "sex_at_birth Are you male or female?")
    assert concerns("social_determinants", "low_income Is money short?")
    assert not concerns("sex", "pregnant Are you pregnant?")
