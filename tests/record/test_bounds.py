"""Much of a record is read, in the stated order and the newest first, and what is not read is counted."""

from typing import Any

import pytest

from app.record.answers import GROUPS, answers_of
from app.record.bounds import DATES, MOST_ANSWERS, MOST_RESOURCES, PERIODS, most_important, newest
from app.record.concepts import MOST_CODINGS
from app.record.identity import Found
from app.record.places import PatientFacts, Unread
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import ICD, INTAKE, Resource, condition, response, yes_no
from tests.record.charts import TODAY

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


def test_a_code_of_any_length_is_not_kept(book: RuleBook) -> None:
    long = condition("L01" + "0" * 62) | {"recordedDate": "2026-11-20"}
    assert read(book, condition("L01" + "0" * 61) | {"recordedDate": "2026-11-20"}).facts
    assert read(book, long).facts == {}
