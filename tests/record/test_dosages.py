"""An order with more dosages than are looked at is never taken for local or ended."""

from datetime import date

import pytest

from app.record.reader import Reader
from app.rulebook.load import RuleBook

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
