"""Much of a record is read, in the stated order and the newest first, and what is not read is counted."""

from typing import Any

import pytest

from app.record.answers import GROUPS, answers_of
from app.record.bounds import DATES, MOST_ANSWERS, MOST_RESOURCES, MOST_SEEN, PERIODS, most_important, newest
from app.record.bundles import Found
from app.record.concepts import MOST_CODINGS
from app.record.conditions import MOST_REACTIONS
from app.record.elements import RecordError
from app.record.medicines import MOST_INGREDIENTS
from app.record.observations import MOST_PARTS
from app.record.places import PatientFacts, Unread
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import ICD, INTAKE, Resource, condition, medication, response, yes_no
from tests.record.charts import TODAY

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
KINDS = [
    *("Patient", "QuestionnaireResponse", "Condition", "MedicationRequest", "AllergyIntolerance", "Device"),
    *("Procedure", "Observation", "Encounter"),
]


def read(book: RuleBook, *resources: Resource) -> PatientFacts:
    return Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "1").read(resources)


def named(count: int, **more: Any) -> list[Resource]:
    return [condition("L01.00") | {"id": f"c{n}"} | more for n in range(count)]


def important(resources: list[Resource]) -> tuple[list[Resource], int]:
    read, left = most_important([Found(resource, resource["resourceType"]) for resource in resources])
    return [found.resource for found in read], left


@pytest.mark.parametrize("count", [0, 1, MOST_RESOURCES])
def test_up_to_the_limit_everything_is_read_as_it_came(count: int) -> None:
    assert important(named(count)) == (named(count), 0)


@pytest.mark.parametrize("place", range(len(KINDS) - 1))
def test_each_kind_is_read_before_the_next(place: int) -> None:
    first: list[Resource] = [{"resourceType": KINDS[place]}] * 3
    later: list[Resource] = [{"resourceType": KINDS[place + 1], "recordedDate": "2026-01-01"}] * MOST_RESOURCES
    read, left = important([*later, *first])
    assert read == [*first, *later[:-3]]
    assert left == 3


def test_of_the_kind_that_is_cut_the_newest_are_read() -> None:
    days = [f"{2000 + n % 27}-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(MOST_RESOURCES + 500)]
    read, left = important([condition("L01.00") | {"recordedDate": day} for day in days])
    assert left == 500
    assert [newest(each) for each in read] == sorted(days, reverse=True)[:MOST_RESOURCES]


def test_a_resource_without_a_date_is_the_oldest() -> None:
    undated = [{"resourceType": "Condition", "id": "undated"}]
    dated = [{"resourceType": "Condition", "recordedDate": "1990"} for _ in range(MOST_RESOURCES)]
    assert important(undated + dated) == (dated, 1)


@pytest.mark.parametrize("name", DATES)
def test_every_date_is_looked_at(name: str) -> None:
    assert newest({name: "2026-10-01"}) == "2026-10-01"
    assert newest({name: 7}) == ""


@pytest.mark.parametrize("name", PERIODS)
def test_of_a_period_its_end_counts_else_its_start(name: str) -> None:
    assert newest({name: {"start": "2026-01-01", "end": "2026-10-01"}}) == "2026-10-01"
    assert newest({name: {"start": "2026-01-01"}}) == "2026-01-01"


def test_what_is_beyond_the_limit_plays_no_part_and_is_said(book: RuleBook) -> None:
    harmless = [condition("I10") | {"recordedDate": "2026-11-20"} for _ in range(MOST_RESOURCES)]
    oldest = condition("L01.00") | {"recordedDate": "2026-11-19"}
    assert read(book, *harmless[1:], oldest).facts == {"active_skin_infection": True}
    found = read(book, *harmless, oldest)
    assert found.facts == {}
    assert found.unread == (Unread("unread_resources", 1, MOST_RESOURCES),)


def test_others_resources_do_not_count(book: RuleBook) -> None:
    others = named(MOST_RESOURCES, subject={"reference": "Patient/2"})
    found = read(book, *others, condition("L01.00") | {"recordedDate": "2026-11-20"})
    assert found.facts == {"active_skin_infection": True}
    assert found.unread == ()
    assert len(found.set_aside) == MOST_RESOURCES


def test_answers_beyond_the_limit_are_counted(book: RuleBook) -> None:
    release = book.releases[book.current]
    unanswered = [{"linkId": "pregnant"}] * (MOST_ANSWERS - 1)
    groups = {"linkId": f"{GROUPS}1", "item": [*unanswered, yes_no("breastfeeding", True)]}
    found = answers_of(response(groups), release, INTAKE)
    assert found is not None
    assert (found.facts, found.unread) == ({"breastfeeding": True}, 0)
    found = answers_of(response({"linkId": "pregnant"}, groups, yes_no("pregnant", True)), release, INTAKE)
    assert found is not None
    assert (found.facts, found.unread) == ({"pregnant": True}, 2)
    more = response({"linkId": "pregnant"}, groups, yes_no("pregnant", True), authored="2026-11-25")
    assert read(book, more).unread == (Unread("unread_answers", 2, MOST_ANSWERS),)


def test_codings_beyond_the_limit_are_counted_and_never_pass_for_nothing(book: RuleBook) -> None:
    many = [{"system": ICD, "code": "I10", "display": ""}] * MOST_CODINGS
    pregnant = {"system": ICD, "code": "Z33.1"}

    def coded(codings: list[Resource]) -> Resource:
        return condition("I10") | {"recordedDate": "2026-11-20", "code": {"coding": codings}}

    assert read(book, coded([*many[1:], pregnant])).facts == {"pregnant": True}
    found = read(book, coded([*many, pregnant]))
    assert (found.facts, len(found.not_understood)) == ({}, 1)
    assert found.unread == (Unread("unread_codings", 1, MOST_CODINGS),)


def test_parts_beyond_the_limit_are_counted_and_never_pass_for_nothing(book: RuleBook) -> None:
    known, isotretinoin, lidocaine = (
        {"coding": [{"system": RXNORM, "code": code, "display": display}]}
        for code, display in (("723", "Amoxicillin"), ("6064", "isotretinoin"), ("6387", "lidocaine"))
    )
    pregnant = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "82810-3"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
    }
    other = {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}]}}

    def mixed(left: int) -> Resource:
        ingredients = [{"itemCodeableConcept": known}] * left + [{"itemCodeableConcept": isotretinoin}]
        mixture = {"resourceType": "Medication", "id": "m", "ingredient": ingredients}
        ordered = medication(RXNORM, "723") | {"contained": [mixture], "medicationReference": {"reference": "#m"}}
        return {key: value for key, value in ordered.items() if key != "medicationCodeableConcept"}

    def allergic(left: int) -> Resource:
        reactions = [{"substance": known}] * left + [{"substance": lidocaine}]
        return condition("I10") | {"resourceType": "AllergyIntolerance", "code": known, "reaction": reactions}

    def measured(left: int) -> Resource:
        panel = {"coding": [{"system": "http://loinc.org", "code": "85354-9", "display": "Panel"}]}
        components = [other] * left + [pregnant]
        return {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "subject": {"reference": "Patient/1"},
            "code": panel,
            "effectiveDateTime": "2026-11-20",
            "component": components,
        }

    for made, most in ((mixed, MOST_INGREDIENTS), (allergic, MOST_REACTIONS), (measured, MOST_PARTS)):
        assert read(book, made(most - 1)).facts, made
        found = read(book, made(most))
        assert (found.facts, len(found.not_understood)) == ({}, 1), made
        assert found.not_understood[0].reason == "too_many"
        assert [each.reason for each in found.unread] == ["unread_codings"]


def test_a_code_of_any_length_is_not_kept(book: RuleBook) -> None:
    long = condition("L01" + "0" * 62) | {"recordedDate": "2026-11-20"}
    assert read(book, condition("L01" + "0" * 61) | {"recordedDate": "2026-11-20"}).facts
    assert read(book, long).facts == {}


def test_of_resources_of_nobody_or_others_as_many_are_placed_and_the_rest_is_said(book: RuleBook) -> None:
    nobodys = [{"resourceType": "Condition", "id": f"n{n}"} for n in range(MOST_RESOURCES + 3)]
    found = read(book, *nobodys, condition("L01.00"))
    assert found.facts == {"active_skin_infection": True}
    assert len(found.not_understood) == MOST_RESOURCES
    assert found.unread == (Unread("unread_resources", 3, MOST_RESOURCES),)


def test_of_very_many_resources_the_first_kinds_are_looked_at(book: RuleBook) -> None:
    many: list[Resource] = [{"resourceType": "Observation"}] * MOST_SEEN
    found = read(book, *many, condition("L01.00"))
    assert found.facts == {"active_skin_infection": True}
    assert found.unread == (Unread("unread_resources", MOST_SEEN + 1 - MOST_RESOURCES - 1, MOST_RESOURCES),)


def test_another_release_of_fhir_is_refused_where_it_is_read(book: RuleBook) -> None:
    newer = condition("L01.00") | {"participant": []}
    with pytest.raises(RecordError, match="R5"):
        read(book, *[condition("I10")] * MOST_RESOURCES, newer)


@pytest.mark.parametrize("count", [80, MOST_RESOURCES + 40])
def test_what_lies_inside_counts_as_what_lies_beside(book: RuleBook, count: int) -> None:
    inside = [{key: value for key, value in each.items() if key != "subject"} for each in named(count)]
    report = {"resourceType": "DiagnosticReport", "id": "r", "subject": {"reference": "Patient/1"}, "contained": inside}
    found = read(book, report)
    ends = [entry.resource for entry in found.entries()]
    assert len(set(ends)) == len(ends) == min(count, MOST_RESOURCES) + (count < MOST_RESOURCES)
    assert sum(left.count for left in found.unread) == max(0, count + 1 - MOST_RESOURCES)
    assert found.facts == {"active_skin_infection": True}


def test_of_what_lies_inside_the_most_important_is_read_first(book: RuleBook) -> None:
    """Conditions stand before observations, wherever they lie."""
    seen = [{"resourceType": "Observation", "id": f"o{number}"} for number in range(MOST_RESOURCES + 40)]
    infected = {key: value for key, value in condition("L01.00").items() if key != "subject"}
    report = {"resourceType": "DiagnosticReport", "id": "r", "subject": {"reference": "Patient/1"}}
    found = read(book, report | {"contained": [*seen, infected]})
    assert found.facts == {"active_skin_infection": True}
