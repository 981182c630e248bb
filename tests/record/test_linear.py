"""Twice the record is at most twice the work, whatever in it refers to the same.

Work is counted in steps of Python, which no other load of the machine changes.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.record.bundles import Collected, contained
from app.record.dates import Day, no_later_than_one
from app.record.elements import reference_of
from app.record.identity import COST, LARGEST_TARGET, MOST_REFERRED, Identity
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import INTAKE, Resource
from tests.record.charts import TODAY
from tests.steps import growth, steps

SUBJECT = {"reference": "Patient/1"}
HOST = "https://ehr.example/"


def ordered(count: int, **medication: Any) -> list[Resource]:
    """Return one medicine, and as many orders of it that each name it otherwise."""
    order: Resource = {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}
    orders = [dict(order) for _ in range(count)]
    for number, order in enumerate(orders):
        reference = {"reference": "Medication/1", "display": f"medicine {number}"}
        order |= {"subject": SUBJECT, "medicationReference": reference}
    first: Resource = {"resourceType": "Medication", "id": "1"}
    return [first | medication, *orders]


def refers(number: int) -> Resource:
    return {"itemReference": {"reference": f"Medication/{number}"}}


def medicines_in_medicines(count: int) -> list[Resource]:
    inside = [{"resourceType": "Medication", "id": "2", "ingredient": [refers(3)] * 20}]
    return [*ordered(count, ingredient=[refers(2)] * 20), *inside, {"resourceType": "Medication", "id": "3"}]


def patients_by_identifier(count: int) -> list[Resource]:
    named = [[{"system": f"{number}-{n}", "value": "a"} for n in range(9)] for number in range(count)]
    patients = [{"resourceType": "Patient", "id": "1", "identifier": each} for each in named]
    subject = {"identifier": {"value": "b"}}
    return [*patients, *({"resourceType": "Condition", "subject": subject} for _ in range(count))]


def births(count: int) -> list[Resource]:
    patients = [{"resourceType": "Patient", "id": "1", "birthDate": f"19{n // 10:02}-0{n % 10}"} for n in range(count)]
    contained = [{"resourceType": "Patient", "id": "p", "birthDate": "2"}]
    about = {"subject": {"reference": "#p"}, "contained": contained}
    return [*patients, *({"resourceType": "Condition"} | about for _ in range(count))]


def same_ids(count: int) -> list[Resource]:
    medicine = {"resourceType": "Medication", "id": "1"}
    entries = [{"fullUrl": f"{HOST}{n}/Medication/1", "resource": medicine} for n in range(count)]
    orders = [{"fullUrl": f"{HOST}x/MedicationRequest/{n}", "resource": o} for n, o in enumerate(ordered(count)[1:])]
    return [{"resourceType": "Bundle", "entry": [*entries, *orders]}]


def weighed(count: int) -> list[Resource]:
    """Return results that say no, and as many newer hints at a yes."""
    result = {"resourceType": "Observation", "status": "final", "subject": SUBJECT}
    says = {"code": loinc("82810-3"), "valueCodeableConcept": loinc("LA26683-5"), "effectiveDateTime": "2026-11-01"}
    hint = {"resourceType": "Condition", "subject": SUBJECT, "recordedDate": "2026-11-20"}
    hint |= {"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z33.1"}]}}
    doubt = {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "provisional"}
    return [result | says] * count + [hint | {"verificationStatus": {"coding": [doubt]}}] * count


def loinc(code: str) -> Resource:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def groups_and_leaves(count: int) -> list[Resource]:
    """Return a condition of many concepts, half of them groups of listed codes, among others."""
    system = "http://hl7.org/fhir/sid/icd-10-cm"
    concepts = [{"coding": [{"system": system, "code": code}]} for code in ("L0", "R00")] * count
    return [{"resourceType": "Condition", "subject": SUBJECT, "code": each} for each in [concepts, *concepts]]


def contained_persons(count: int) -> list[Resource]:
    """Return conditions about a contained Patient of many identifiers, beside which they lie."""
    person = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "a", "value": "b"}] * count}
    about = {"resourceType": "Condition", "subject": {"reference": "#p"}}
    return [about | {"contained": [person, *[about] * 40]}] * (count // 40)


SHAPES: dict[str, Callable[[int], list[Resource]]] = {
    "patients by identifier": patients_by_identifier,
    "dates of birth": births,
    "medicines of one id": same_ids,
    "contained in one": lambda n: [
        {"resourceType": "Condition", "subject": SUBJECT, "contained": [{"resourceType": "Condition"}] * n}
    ],
    "an extension of what is referred to": lambda n: ordered(n, extension=[{"url": "x"}] * 50 * n),
    "codings of what is referred to": lambda n: ordered(n, code={"coding": [{"code": "x"}] * 50 * n}),
    "extensions of its code": lambda n: ordered(n, code={"extension": [{"url": "x"}] * 50 * n}),
    "ingredients of what is referred to": lambda n: ordered(n, ingredient=[{"itemCodeableConcept": {}}] * 50 * n),
    "identifiers of what is referred to": lambda n: ordered(n, identifier=[0] * 50 * n),
    "groups and leaves": groups_and_leaves,
    "contained persons": contained_persons,
    "what is weighed": weighed,
    "medicines in medicines": medicines_in_medicines,
}


DAYS = st.builds(
    lambda day, length, hour: Day(
        day,
        day + timedelta(length),
        str(day),
        None if hour is None or length else datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
    ),
    st.dates(date(2026, 1, 1), date(2026, 1, 9)),
    st.sampled_from([0, 0, 3]),
    st.sampled_from([None, 0, 12]),
)


@given(DAYS, st.lists(DAYS), st.dates(date(2026, 1, 1), date(2026, 1, 9)))
def test_no_later_than_one_is_no_later_than_any(day: Day, others: list[Day], on: date) -> None:
    def is_no_later(other: Day) -> bool:
        return other.at >= day.at if day.at and other.at else other.first >= min(day.last, on)

    assert no_later_than_one(others, on)(day) == any(map(is_no_later, others))


def work(book: RuleBook, record: list[Resource]) -> int:
    reader = Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "Patient/1")
    with steps() as counted:
        reader.read(record)
    return counted[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_record_is_twice_the_work(book: RuleBook, shape: str) -> None:
    assert growth(lambda count: work(book, SHAPES[shape](count)), 120) < 2.1


def test_what_grows_with_the_square_would_be_noticed(book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Identity, "affords", lambda self, target: True)
    assert growth(lambda count: work(book, ordered(count, identifier=[0] * count)), 60) > 2.5


def places(book: RuleBook, record: list[Resource]) -> list[tuple[str, str | None]]:
    read = Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "Patient/1").read(record)
    return [(entry.place, entry.reason) for entry in read.entries()]


def test_more_than_is_read_of_what_is_referred_to_may_be_anything(book: RuleBook) -> None:
    isotretinoin = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6064"}]}
    assert places(book, ordered(1, code=isotretinoin)) == [("asked", "no_date")]
    for long in ({"note": "x" * LARGEST_TARGET}, {"code": isotretinoin | {"text": "x" * LARGEST_TARGET}}):
        assert places(book, ordered(1, **({"code": isotretinoin} | long))) == [("not_understood", "too_many")]
    narrative = {"div": "x" * LARGEST_TARGET}
    assert places(book, ordered(1, code=isotretinoin, text=narrative)) == [("asked", "no_date")]
    used = {"resourceType": "DeviceUseStatement", "subject": SUBJECT, "device": {"reference": "Device/1"}}
    device = {"resourceType": "Device", "id": "1", "deviceName": [{"name": "x" * LARGEST_TARGET}]}
    assert ("not_understood", "too_many") in places(book, [device, used])


def test_references_beyond_what_is_read_of_one_record_may_be_anything(book: RuleBook) -> None:
    often = MOST_REFERRED // (LARGEST_TARGET // 2 + COST)
    found = places(book, ordered(2 * often, note="x" * (LARGEST_TARGET // 2)))
    assert found.count(("not_understood", "too_many")) >= often


def test_nothing_long_of_a_resource_is_repeated_for_what_it_contains() -> None:
    inside = [{"resourceType": "Condition", "id": "y" * 100_000}, {"resourceType": "Condition"}]
    outer = {"resourceType": "Condition", "id": "x" * 100_000, "subject": SUBJECT, "contained": inside}
    entry = {"fullUrl": HOST + "z" * 100_000, "resource": outer}
    for kind in ("Condition", "OperationOutcome"):  # what may say that something lacks is taken on another way
        bundle = {"resourceType": "Bundle", "entry": [entry | {"resource": outer | {"resourceType": kind}}]}
        made = [each.found() for each in contained(Collected([bundle]).found, {"Condition"})]
        assert [(len(each.resource["id"]) <= 2 * 65 + 1, each.url) for each in made] == [(True, "")] * 2
        assert [reference_of(each.resource) for each in made] == ["Condition"] * 2
