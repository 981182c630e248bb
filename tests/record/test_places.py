"""Laws of reading, over random records of one patient.

Every resource ends in one place, and of our intake every answer. No order of resources and no spelling of references
changes a fact. What concerns nobody's fact changes nothing. What is absent never makes a fact false.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.engines import rules_folder
from app.record.places import PLACES, PatientFacts
from app.record.reader import INSIDE, Reader
from app.rulebook.load import load
from tests.fhir.resources import INTAKE, Resource
from tests.record.charts import TODAY, charts

BOOK = load(rules_folder())
RELEASE = BOOK.releases[BOOK.current]
BASE = "https://ehr.example/fhir"
POOL = [
    entry["resource"]
    for chart in charts()
    for bundle in chart.record
    for entry in bundle["entry"]
    if entry["resource"]["resourceType"] not in ("Patient", "Medication", "Device", "DeviceUseStatement")
]
"""Every resource of the golden charts, whoever it is about."""
DATES = st.sampled_from(
    ["2026-11-26", "2026-11-20T10:00:00Z", "2026-10", "2024-01-01", "2010", "2027-03-01", "no date"]
)
SPELLINGS: list[Callable[[], Resource]] = [
    lambda: {"reference": "Patient/p1"},
    lambda: {"reference": "Patient/p1/_history/3"},
    lambda: {"reference": f"{BASE}/Patient/p1"},
    lambda: {"reference": f"{BASE}/Patient/p1/_history/1"},
    lambda: {"reference": "urn:uuid:0b1a6c0e-6f0e-4d0b-9a55-000000000001"},
    lambda: {"identifier": {"system": "urn:x-mrn", "value": "17"}},
    lambda: {"reference": "Patient?identifier=urn:x-mrn|17"},
]
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "birthDate": "1985-04-02",
    "identifier": [{"system": "urn:x-mrn", "value": "17"}],
}


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    """Return a resource of the charts, with other dates and perhaps another status."""
    found: Resource = deepcopy(draw(st.sampled_from(POOL)))
    for name in ("recordedDate", "onsetDateTime", "authoredOn", "effectiveDateTime", "authored"):
        if name in found and draw(st.booleans()):
            found[name] = draw(DATES)
    if draw(st.booleans()):
        found.pop(draw(st.sampled_from(sorted(found))), None)
    return found if "resourceType" in found else deepcopy(POOL[0])


RECORDS = st.lists(resources(), max_size=8)


def numbered(record: list[Resource]) -> list[Resource]:
    return [resource | {"id": f"r{place}"} for place, resource in enumerate(record)]


def owned(record: list[Resource], spelling: Callable[[], Resource] = SPELLINGS[0]) -> list[Resource]:
    found = []
    for resource in record:
        name = "patient" if resource["resourceType"] == "AllergyIntolerance" else "subject"
        found.append({k: v for k, v in resource.items() if k not in ("patient", "subject")} | {name: spelling()})
    return found


def read(record: list[Resource]) -> PatientFacts:
    """Read resources beside the patient, in one Bundle."""
    me: Resource = {"fullUrl": "urn:uuid:0b1a6c0e-6f0e-4d0b-9a55-000000000001", "resource": PATIENT}
    bundle = {"resourceType": "Bundle", "entry": [me, *({"resource": each} for each in record)]}
    return Reader(RELEASE, BOOK.codes, INTAKE, TODAY, "p1", server=BASE).read([bundle])


def answers(resource: Resource) -> int:
    """Return how many answers a response has, in groups too."""

    def count(items: Any) -> int:
        return sum(count(item.get("item", [])) + ("answer" in item) for item in items)

    return count(resource.get("item", []))


def inside(resource: Resource) -> int:
    """Return how many resources lie inside that are read by themselves."""
    is_read = resource["resourceType"] != "FamilyMemberHistory" and "subject" in resource
    return sum(each["resourceType"] in INSIDE for each in resource.get("contained", [])) if is_read else 0


def is_ours(resource: Resource) -> bool:
    named = str(resource.get("questionnaire", ""))
    inside = [q for each in resource.get("contained", []) for q in [each.get("url"), *each.get("derivedFrom", [])]]
    return any(str(name).partition("|")[0] == INTAKE for name in ([*inside] if named.startswith("#") else [named]))


@given(RECORDS)
def test_every_resource_ends_in_exactly_one_place(record: list[Resource]) -> None:
    found = read(numbered(record))
    ends = [(entry.resource, entry.link_id) for entry in found.entries()]
    assert len(set(ends)) == len(ends)
    wanted = sum(answers(r) if r["resourceType"] == "QuestionnaireResponse" and is_ours(r) else 1 for r in record)
    assert len(ends) == wanted + sum(map(inside, record))
    for place in PLACES:
        assert {entry.place for entry in getattr(found, place)} <= {place}


@given(RECORDS, st.randoms(use_true_random=False))
def test_no_order_of_resources_changes_a_fact(record: list[Resource], random: Any) -> None:
    listed = owned(numbered(record))
    shuffled = list(listed)
    random.shuffle(shuffled)
    assert said(read(listed)) == said(read(shuffled))


@given(RECORDS, st.data())
def test_no_spelling_of_references_changes_a_fact(record: list[Resource], data: st.DataObject) -> None:
    spellings = [data.draw(st.sampled_from(SPELLINGS)) for _ in record]
    spelt = [owned([each], spelling)[0] for each, spelling in zip(numbered(record), spellings, strict=True)]
    assert said(read(owned(numbered(record)))) == said(read(spelt))


IRRELEVANT = [
    {"resourceType": "Condition", "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]}},
    {"resourceType": "Encounter", "status": "finished"},
    {"resourceType": "QuestionnaireResponse", "questionnaire": "https://forms.example/Questionnaire/mood"},
]


@given(RECORDS, st.sampled_from(IRRELEVANT))
def test_what_concerns_no_fact_changes_nothing(record: list[Resource], other: Resource) -> None:
    listed = owned(numbered(record))
    more = read([*listed, owned([other | {"id": "other"}])[0]])
    *facts, ends = said(more)
    *before, ends_before = said(read(listed))
    assert facts == before
    name = f"{other['resourceType']}/other"
    assert [end for end in ends if end[0] != name] == ends_before
    assert name in {entry.resource for entry in more.irrelevant}


@given(RECORDS)
def test_what_is_absent_never_makes_a_fact_false(record: list[Resource]) -> None:
    found = read(owned(numbered(record)))
    for fact, value in found.facts.items():
        assert fact == "age_years" or any(
            (said.fact, said.value) == (fact, value) for entry in found.reasons[fact] for said in entry.statements
        )


@given(RECORDS)
def test_what_is_asked_is_doubted_and_known_to_nobody(record: list[Resource]) -> None:
    found = read(owned(numbered(record)))
    for fact in found.doubted:
        assert fact not in found.facts
        assert RELEASE.facts[fact].policy == "confirm"
    asked = {fact for fact in found.questions if fact not in found.facts}
    assert {fact for fact in asked if RELEASE.facts[fact].policy == "confirm"} == set(found.doubted)


def said(found: PatientFacts) -> Any:
    """Return what a record says, whatever its order."""
    ends = sorted((e.resource, e.link_id or "", e.place, e.reason) for e in found.entries())
    return found.facts, found.ranges, found.unavailable, found.doubted, ends
