"""What may be newer than an answer is asked, however little is known of its day."""

from datetime import timedelta
from typing import Any

import pytest

from app.rulebook.load import RuleBook
from tests.fhir.resources import RXNORM, Resource, answers, concept, condition, medication
from tests.record.charts import TODAY
from tests.record.test_statuses import SNOMED, read

ANSWERED = "2026-11-20"
RADIOTHERAPY = "108290001"
LASTS = {"value": 6, "unit": "months", "code": "mo"}


def suspected(code: str, day: str | None) -> Resource:
    """A condition that is not confirmed."""
    found = condition(code, verified="provisional", recordedDate=day)
    return {name: value for name, value in found.items() if value is not None}


def ended(day: str, kind: str = "MedicationRequest", **more: Any) -> Resource:
    """A course of isotretinoin that is over."""
    times = {"authoredOn": day} if kind == "MedicationRequest" else {"effectivePeriod": {"start": day}}
    bare = {name: value for name, value in medication(RXNORM, "6064", "completed").items() if name != "authoredOn"}
    return bare | {"resourceType": kind} | times | more


def treated(status: str = "completed", **times: Any) -> Resource:
    """A radiotherapy."""
    return {
        "resourceType": "Procedure",
        "id": "p1",
        "status": status,
        "subject": {"reference": "Patient/1"},
        "code": concept(SNOMED, RADIOTHERAPY),
        **times,
    }


@pytest.mark.parametrize(
    ("day", "is_asked"),
    [
        (None, True),
        ("2026", True),
        ("2026-11", True),
        ("2026-11-21", True),
        ("2026-11-20", False),
        ("2026-10", False),
        ("2025", False),
        ("2026-11-19", False),
    ],
)
def test_a_hint_is_settled_by_a_no_that_is_surely_no_earlier(book: RuleBook, day: str | None, is_asked: bool) -> None:
    no = answers({"pregnant": False}, book.releases[book.current])
    assert no["authored"] == ANSWERED
    found = read(book, no, suspected("Z33.1", day))
    assert ("pregnant" in found.doubted) == is_asked
    assert found.facts == ({} if is_asked else {"pregnant": False})
    today = read(book, no | {"authored": TODAY.isoformat()}, suspected("Z33.1", day))
    assert today.facts == {"pregnant": False}
    until = today.last_days["pregnant"]
    assert until == (TODAY if day in (None, "2026", "2026-11") else TODAY + timedelta(days=14))


@pytest.mark.parametrize(
    ("times", "place"),
    [
        ({"performedDateTime": "2025-11-24"}, "set_aside"),
        ({"performedDateTime": "2025-11"}, "asked"),
        ({"performedDateTime": "2025"}, "asked"),
        ({"performedDateTime": "2024"}, "set_aside"),
        ({"performedPeriod": {"start": "2025-03-01", "end": "2025-06-01"}}, "set_aside"),
        ({"performedPeriod": {"start": "2025-03-01"}}, "asked"),
        ({"performedPeriod": {"start": "2025-03-01", "end": "2025-06-01"}, "status": "in-progress"}, "asked"),
        ({"performedDateTime": "2026-03"}, "used"),
    ],
)
def test_a_procedure_is_over_where_its_span_has_surely_passed(
    book: RuleBook, times: dict[str, Any], place: str
) -> None:
    assert {entry.place for entry in read(book, treated(**times)).entries()} == {place}


@pytest.mark.parametrize(
    ("course", "place"),
    [
        (ended("2026-04-01"), "set_aside"),
        (ended("2026-04-01", dispenseRequest={"expectedSupplyDuration": {"value": 30, "code": "d"}}), "set_aside"),
        (
            ended(
                "2026-04-01",
                dispenseRequest={"expectedSupplyDuration": {"value": 30, "code": "d"}, "numberOfRepeatsAllowed": 5},
            ),
            "asked",
        ),
        (ended("2026-04-01", dispenseRequest={"numberOfRepeatsAllowed": 1}), "asked"),
        (ended("2026-04-01", dispenseRequest={"expectedSupplyDuration": {"value": 30, "code": "{x}"}}), "asked"),
        (ended("2026-04-01", dosageInstruction=[{"timing": {"repeat": {"boundsDuration": LASTS}}}]), "asked"),
        (ended("2026-04-01", dosageInstruction=[{"timing": {"repeat": {"boundsRange": {"high": LASTS}}}}]), "asked"),
        (ended("2025-04-01", dosageInstruction=[{"timing": {"repeat": {"boundsDuration": LASTS}}}]), "set_aside"),
        (ended("2026-04-01", "MedicationStatement"), "asked"),
        (ended("2026-04-01", "MedicationStatement", dateAsserted="2026-05-01"), "set_aside"),
        (ended("2026-04-01", "MedicationStatement", dateAsserted="2026-11-01"), "used"),
        (ended("2026-08-01", "MedicationStatement"), "used"),
    ],
)
def test_a_course_has_ended_when_it_surely_has(book: RuleBook, course: Resource, place: str) -> None:
    found = read(book, course)
    said = [s.place for entry in found.entries() for s in entry.statements if s.fact == "isotretinoin"]
    assert said == [place]
    assert found.facts.get("isotretinoin") == ("within_6_months" if place == "used" else None)


@pytest.mark.parametrize("day", [None, "2026-11-22"])
@pytest.mark.parametrize("code", ["T30.0", "T20.20XA"])
def test_a_concern_says_nothing_of_a_burn(book: RuleBook, code: str, day: str | None) -> None:
    concern = answers({"primary_concern": "uneven_pigmentation"}, book.releases[book.current])
    found = read(book, concern, suspected(code, day))
    assert "primary_concern" not in found.facts
    assert "primary_concern" in found.questions
    later = read(book, concern | {"authored": "2026-11-23"}, suspected("T20.20XA", "2026-11-22"))
    assert later.facts["primary_concern"] == "uneven_pigmentation"
    same = answers({"primary_concern": "burn"}, book.releases[book.current])
    assert read(book, same, suspected("T20.20XA", day)).facts == {"primary_concern": "burn"}


@pytest.mark.parametrize(("day", "is_asked"), [("2026-11-22", True), ("2026-11-19", False)])
def test_isotretinoin_handed_out_after_it_was_over_is_asked(book: RuleBook, day: str, is_asked: bool) -> None:
    over = answers({"isotretinoin": "within_6_months"}, book.releases[book.current])
    handed = ended("2026-11-01", "MedicationDispense") | {"whenHandedOver": day}
    found = read(book, over, handed)
    assert ("isotretinoin" in found.doubted) == is_asked
    assert found.facts == ({} if is_asked else {"isotretinoin": "within_6_months"})


def test_a_course_that_goes_on_is_not_asked_for_an_older_one(book: RuleBook) -> None:
    now = medication(RXNORM, "6064", authoredOn="2026-11-01")
    assert read(book, now, ended("2026-01", "MedicationStatement") | {"id": "m2"}).facts == {"isotretinoin": "current"}
