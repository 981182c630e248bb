"""An order with more dosages than are looked at is never taken for local or ended."""

from datetime import date

import pytest

from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.record.test_statuses import read

CREAM = {"route": {"text": "cream, on the skin"}}
ENDED = {"timing": {"repeat": {"boundsPeriod": {"end": "2026-11-01"}}}}


@pytest.mark.parametrize("dosage", [CREAM, ENDED], ids=["local", "ended"])
@pytest.mark.parametrize(("count", "is_open"), [(8, False), (9, True)])
def test_a_dosage_that_was_not_looked_at_may_be_otherwise(
    book: RuleBook, dosage: dict[str, object], count: int, is_open: bool
) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-11-10",
        "medicationCodeableConcept": {"text": "Tacrolimus"},
        "dosageInstruction": [dosage] * count,
    }
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1985-04-02"}
    reader = Reader(book.releases[book.current], book.codes, "https://x.example/q", date(2026, 11, 25), "p1")
    found = reader.read([patient, order])
    assert [each.resource for each in found.asked] == (["MedicationRequest/m1"] if is_open else [])


def taken(text: str, dosage: str, **more: object) -> dict[str, object]:
    """An order by name, with the text of its dosage."""
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "authoredOn": "2026-11-10",
        "medicationCodeableConcept": {"text": text},
        "dosageInstruction": [{"text": dosage} | more],
    }


@pytest.mark.parametrize(
    ("name", "dosage", "place"),
    [
        ("Isotretinoin 20 mg", "20 mg daily with food. Apply lip ointment.", "asked"),
        ("로아큐탄", "하루 1회, 입술 연고 도포", "asked"),
        ("Methotrexate", "10 mg weekly; stop nasal spray", "asked"),
        ("Isotretinoin 20 mg", "20 mg daily with food", "used"),
        ("Isotretinoin 20 mg liqui-gels", "", "asked"),
        ("Isotretinoin gel", "once daily", "set_aside"),
        ("Tacrolimus", f"ointment at night; {'1 ' * 450}", "set_aside"),
        ("Tacrolimus", f"ointment at night; {'1 ' * 500} and swallow one capsule", "asked"),
        ("Isotretinoin 0.05 % gel", "apply to the face", "set_aside"),
        ("Tacrolimus", "apply a thin layer", "set_aside"),
    ],
)
def test_what_else_is_to_be_applied_makes_no_medicine_local(book: RuleBook, name: str, dosage: str, place: str) -> None:
    decides = {"isotretinoin", "systemic_immunosuppression"}
    found = read(book, taken(name, dosage))
    assert {s.place for entry in found.entries() for s in entry.statements if s.fact in decides} == {place}


def test_a_route_that_is_local_is(book: RuleBook) -> None:
    (entry,) = read(book, taken("Isotretinoin", "daily", route={"text": "topical"})).entries()
    assert entry.place == "set_aside"
