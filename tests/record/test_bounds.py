"""Much of a record is read, in the stated order and the newest first, and what is not read is counted."""

from datetime import date
from typing import Any

import pytest
from app.record.patient import PatientFacts, Reader

from app.core.engine import Engines
from app.record.answers import GROUPS, answers_of
from app.record.bounds import DATES, MOST_ANSWERS, MOST_RESOURCES, PERIODS, most_important, newest
from app.rulebook.load import RuleBook
from tests.fhir.resources import INTAKE, Resource, condition, response, yes_no

KINDS = [
    *("Patient", "QuestionnaireResponse", "Condition", "MedicationRequest", "AllergyIntolerance", "Device"),
    *("Procedure", "Observation", "Encounter"),
]


def read(book: RuleBook, engines: Engines, *resources: Resource) -> PatientFacts:
    return Reader(engines.by_id[engines.current].release, book.codes, INTAKE, date(2026, 11, 23)).read(resources)


def named(count: int, **more: Any) -> list[Resource]:
    return [condition("L01.00") | {"id": f"c{n}"} | more for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, MOST_RESOURCES])
def test_up_to_the_limit_everything_is_read_as_it_came(count: int) -> None:
    assert most_important(named(count)) == (named(count), 0)


@pytest.mark.parametrize("place", range(len(KINDS) - 1))
def test_each_kind_is_read_before_the_next(place: int) -> None:
    first: list[Resource] = [{"resourceType": KINDS[place]}] * 3
    later: list[Resource] = [{"resourceType": KINDS[place + 1], "recordedDate": "2026-01-01"}] * MOST_RESOURCES
    read, left = most_important([*later, *first])
    assert read == [*first, *later[:-3]]
    assert left == 3


def test_of_the_kind_that_is_cut_the_newest_are_read() -> None:
    days = [f"{2000 + n % 27}-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(MOST_RESOURCES + 500)]
    read, left = most_important([condition("L01.00") | {"recordedDate": day} for day in days])
    assert left == 500
    assert [newest(each) for each in read] == sorted(days, reverse=True)[:MOST_RESOURCES]


def test_a_resource_without_a_date_is_the_oldest() -> None:
    undated = [{"resourceType": "Condition", "id": "undated"}]
    dated = [{"resourceType": "Condition", "recordedDate": "1990"} for _ in range(MOST_RESOURCES)]
    assert most_important(undated + dated) == (dated, 1)


@pytest.mark.parametrize("name", DATES)
def test_every_date_is_looked_at(name: str) -> None:
    assert newest({name: "2026-10-01"}) == "2026-10-01"
    assert newest({name: 7}) == ""


@pytest.mark.parametrize("name", PERIODS)
def test_of_a_period_its_end_counts_else_its_start(name: str) -> None:
    assert newest({name: {"start": "2026-01-01", "end": "2026-10-01"}}) == "2026-10-01"
    assert newest({name: {"start": "2026-01-01"}}) == "2026-01-01"


def test_what_is_beyond_the_limit_plays_no_part_and_is_said(book: RuleBook, engines: Engines) -> None:
    harmless = [{"resourceType": "Condition", "recordedDate": "2026-10-01"} for _ in range(MOST_RESOURCES)]
    oldest = condition("L01.00") | {"recordedDate": "2026-09-30"}
    assert not read(book, engines, *harmless[1:], oldest).unread
    found = read(book, engines, *harmless, oldest)
    assert "active_skin_infection" not in found.facts
    assert found.unread == ("1 resources of the record were not read: there are more than 2000",)


def test_others_resources_do_not_count(book: RuleBook, engines: Engines) -> None:
    reader = Reader(engines.by_id[engines.current].release, book.codes, INTAKE, date(2026, 11, 23), "1")
    others = named(MOST_RESOURCES, subject={"reference": "Patient/2"})
    found = reader.read([*others, condition("L01.00") | {"subject": {"reference": "Patient/1"}}])
    assert found.facts == {"active_skin_infection": True}
    assert found.unread == ()


def test_answers_beyond_the_limit_are_counted(engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    unanswered = [{"linkId": "pregnant"}] * (MOST_ANSWERS - 1)
    groups = {"linkId": f"{GROUPS}1", "item": [*unanswered, yes_no("breastfeeding", True)]}
    found = answers_of(response(groups), release, INTAKE)
    assert found is not None
    assert (found.facts, found.unread) == ({"breastfeeding": True}, 0)
    found = answers_of(response({"linkId": "pregnant"}, groups, yes_no("pregnant", True)), release, INTAKE)
    assert found is not None
    assert (found.facts, found.unread) == ({"pregnant": True}, 2)


def test_the_newest_response_alone_is_read(book: RuleBook, engines: Engines) -> None:
    broken = response({"linkId": "no such question"}, authored="2026-11-01")
    newer = response(yes_no("pregnant", True), authored="2026-11-02")
    for both in ((broken, newer), (newer, broken)):
        assert read(book, engines, *both).facts == {"pregnant": True}


def test_a_code_of_any_length_is_neither_kept_nor_shown(book: RuleBook, engines: Engines) -> None:
    found = read(book, engines, condition("L01" + "0" * 61), condition("L01" + "0" * 62))
    assert len(found.provenance) + len(found.overruled) == 1
    assert all(len(code) <= 66 for _, code in book.codes._known)
