"""A code above listed ones may mean any of them: it is asked, never a value and never silent."""

from collections.abc import Iterator

import pytest

from app.core.codes import NESTED, Table
from app.record.places import PatientFacts
from app.record.reader import Reader
from app.rulebook.load import RuleBook
from tests.fhir.resources import ATC, INTAKE, Resource, concept, condition, medication
from tests.record.charts import SYSTEMS, TODAY

ICD_SYSTEMS = ("icd-10-cm", "icd-10", "icd-10-gm", "kcd")
ATC_LEVELS = (1, 3, 4, 5)
TODAYS = TODAY.isoformat()
ORAL = {"dosageInstruction": [{"route": concept("http://snomed.info/sct", "26643006")}]}


def read(book: RuleBook, *resources: Resource) -> PatientFacts:
    return Reader(book.releases[book.current], book.codes, INTAKE, TODAY, "1").read(resources)


def listed(table: Table, system: str) -> dict[str, set[str]]:
    """Return every listed code of a system with its facts, however it is listed."""
    found: dict[str, set[str]] = {}
    for (named, code), hits in table._exact.items():
        if named == system:
            found.setdefault(code, set()).update(m.fact for hit in hits for m in hit.meanings)
    for (named, code), below in table._below.items():
        if named == system:
            found.setdefault(code, set()).update(m.fact for _, hit in below for m in hit.meanings)
    return found


def above(codes: dict[str, set[str]], lengths: Iterator[int] | range | tuple[int, ...]) -> dict[str, set[str]]:
    """Return every group that holds a listed code, with the facts in it."""
    found: dict[str, set[str]] = {}
    for code, facts in codes.items():
        for length in lengths:
            if length < len(code) and facts:
                found.setdefault(code[:length], set()).update(facts)
    return found


def diagnosis(system: str, code: str, **more: object) -> Resource:
    return condition("x", recordedDate=TODAYS) | {"code": concept(SYSTEMS[system], code)} | more


def said(found: PatientFacts) -> set[str]:
    return {said.fact for entry in found.entries() for said in entry.statements}


@pytest.mark.parametrize("system", ICD_SYSTEMS)
def test_every_group_of_diagnoses_asks_what_is_listed_in_it(book: RuleBook, system: str) -> None:
    table = book.codes.conditions
    groups = above(listed(table, system), range(3, 7))
    assert {"L91", "Z95", "M72"} <= set(groups)
    for code, facts in groups.items():
        direct = {m.fact: m.value for hit in table.of(system, code) for m in hit.meanings}
        found = read(book, diagnosis(system, code))
        assert facts <= said(found), code
        assert not found.irrelevant
        for fact in facts - set(direct):
            assert fact not in found.facts, (code, fact)
            assert fact in found.questions, (code, fact)


@pytest.mark.parametrize("written", ["L91.-", "l91", "L91 ", "L91.", "L91-", "L80-L99", "L80.0-L99.9", "L80\u2013L99"])
@pytest.mark.parametrize("system", ICD_SYSTEMS)
def test_a_group_is_asked_however_it_is_written(book: RuleBook, system: str, written: str) -> None:
    found = read(book, diagnosis(system, written))
    assert [entry.place for entry in found.entries()] == ["asked"]
    assert "keloid_history" in found.questions


def test_a_block_asks_what_is_in_it_and_gives_no_value(book: RuleBook) -> None:
    """B00-B09 begins with herpes simplex, and holds warts."""
    found = read(book, diagnosis("icd-10", "B00-B09"))
    assert not found.facts
    assert {"herpes_history", "active_skin_infection"} == set(found.questions)
    assert not read(book, diagnosis("icd-10", "C15-C26")).facts
    assert "cancer_history" in read(book, diagnosis("icd-10", "C15-C26")).questions
    assert [e.place for e in read(book, diagnosis("icd-10", "K00-K10")).entries()] == ["irrelevant"]


def test_every_group_of_medicines_asks_what_is_listed_in_it(book: RuleBook) -> None:
    table = book.codes.medicines
    groups = above(listed(table, "atc"), ATC_LEVELS)
    assert {"D10BA", "B01A", "H02A"} <= set(groups)
    for code, facts in groups.items():
        hits = table.of("atc", code)
        if any(not hit.meanings for hit in hits):
            continue  # people have looked at this group, and it concerns no fact
        direct = {meaning.fact for hit in hits for meaning in hit.meanings}
        found = read(book, medication(ATC, code, authoredOn=TODAYS) | ORAL)
        assert facts <= said(found), code
        for fact in facts - direct:
            assert fact not in found.facts, (code, fact)


def test_a_group_that_holds_nothing_listed_stays_of_no_concern(book: RuleBook) -> None:
    tables = {"icd-10": book.codes.conditions, "icd-10-gm": book.codes.conditions, "kcd": book.codes.conditions}
    for system, table in tables.items():
        held = above(listed(table, system), range(1, 7))
        others = [f"{letter}{number:02}" for letter in "AHKNQR" for number in range(100)]
        others = [code for code in others if code not in held and not table.of(system, code)]
        assert len(others) > 300
        for code in others:
            assert [e.place for e in read(book, diagnosis(system, code)).entries()] == ["irrelevant"], code


@pytest.mark.parametrize("precise", ["L91.8", "L91.9"])
def test_a_code_below_it_that_is_none_of_ours_settles_a_group(book: RuleBook, precise: str) -> None:
    codings = [{"system": SYSTEMS["icd-10"], "code": "L91"}, {"system": SYSTEMS["icd-10-cm"], "code": precise}]
    for listed_first in (codings, codings[::-1]):
        found = read(book, condition("x") | {"code": {"coding": listed_first}})
        assert [entry.place for entry in found.entries()] == ["irrelevant"]


def test_another_category_settles_nothing(book: RuleBook) -> None:
    codings = [{"system": SYSTEMS["icd-10"], "code": "L91"}, {"system": SYSTEMS["icd-10-cm"], "code": "N13.2"}]
    found = read(book, condition("x", recordedDate=TODAYS) | {"code": {"coding": codings}})
    assert [entry.place for entry in found.entries()] == ["asked"]


def test_a_listed_code_or_a_name_beside_a_group_says_what_is_meant(book: RuleBook) -> None:
    keloid = [{"system": SYSTEMS["icd-10"], "code": "L91"}, {"system": SYSTEMS["icd-10-cm"], "code": "L91.0"}]
    for listed_first in (keloid, keloid[::-1]):
        assert read(book, condition("x") | {"code": {"coding": listed_first}}).facts == {"keloid_history": True}
    coded = concept(ATC, "D10BA")
    for name, facts, places in (
        ("Isotretinoin 20 mg", {"isotretinoin": "current"}, ["used"]),
        ("paracetamol", {}, ["irrelevant"]),
        ("retinoid", {}, ["asked"]),
    ):
        order = medication("x", "x", authoredOn=TODAYS) | {"medicationCodeableConcept": coded | {"text": name}} | ORAL
        found = read(book, order)
        assert (found.facts, [entry.place for entry in found.entries()]) == (facts, places), name


def test_what_is_refuted_ended_or_answered_later_leaves_nothing_to_ask(book: RuleBook) -> None:
    assert not read(book, diagnosis("kcd", "J34", recordedDate="2015-01-01") | ended()).questions
    assert not read(book, condition("L91", verified="refuted")).questions
    keloid = read(book, condition("L91", clinical="resolved", recordedDate="2015-01-01"))
    assert set(keloid.questions) == {"keloid_history"}  # it is history all the same
    treated = {"abatementDateTime": "2026-09-01", "recordedDate": "2026-01-01"}
    assert "cancer_treatment" in read(book, condition("Z51", clinical="resolved", **treated)).questions


def ended() -> Resource:
    return {"abatementDateTime": "2015-02-01"}


@pytest.mark.parametrize("system", NESTED)
@pytest.mark.parametrize("code", ["250.00", "XII", "L", "12", "?", "L1", "A00-Z99", "L99-L80"])
def test_what_is_no_code_of_its_system_and_has_no_words_is_not_understood(
    book: RuleBook, system: str, code: str
) -> None:
    found = read(book, medication(ATC, code) if system == "atc" else diagnosis(system, code))
    assert found.facts == {}
    assert next(entry.place for entry in found.entries()) in ("not_understood", "asked")


def test_words_beside_what_is_no_code_say_what_it_is(book: RuleBook) -> None:
    for words, place in (("Type 2 diabetes", "not_understood"), ("Dental caries", "irrelevant")):
        code = concept(SYSTEMS["icd-10-cm"], "250.00") | {"text": words}
        assert [e.place for e in read(book, condition("x") | {"code": code}).entries()] == [place]
