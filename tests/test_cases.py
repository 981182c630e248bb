"""The golden patients get what is expected of them."""

import pytest

from app.core.engine import Engine, Engines
from app.core.languages import translated
from app.rulebook.load import RuleBook
from tests.patients import EXPLAINED, Patient, differences, differences_of_texts, patients

PATIENTS = [(patient, ruleset) for patient in patients() for ruleset in patient.rulesets]
SHOWN = [patient for patient in patients() if EXPLAINED & set(patient.expect)]


@pytest.mark.parametrize(("patient", "ruleset"), PATIENTS, ids=[f"{p.name} [{r}]" for p, r in PATIENTS])
def test_patient(patient: Patient, ruleset: str, engines: Engines) -> None:
    assert differences(patient, engines.by_id[ruleset]) == []


@pytest.fixture(scope="module")
def korean(book: RuleBook, engines: Engines) -> Engine:
    """The current release in Korean."""
    current = engines.by_id[engines.current]
    return current.in_language(translated(current.release, book.languages["ko"]), "ko", "ko")


@pytest.mark.parametrize("patient", SHOWN, ids=[patient.name for patient in SHOWN])
def test_what_a_patient_is_shown(patient: Patient, engines: Engines, korean: Engine) -> None:
    assert patient.rulesets == (engines.current,)
    assert differences_of_texts(patient, engines.by_id[engines.current], korean) == []


def test_a_wrong_text_or_explanation_is_noticed(engines: Engines, korean: Engine) -> None:
    expect = {
        "states": {"EXC-PREGNANCY": "undecided"},
        "actionable": ["pregnant"],
        "says": {"EXC-PREGNANCY": "shingles"},
        "korean": {"EXC-PREGNANCY": "pregnancy"},
    }
    patient = Patient("wrong", "", {"pregnant": True}, strict=False, unavailable=(), rulesets=(), expect=expect)
    found = differences_of_texts(patient, engines.by_id[engines.current], korean)
    assert len(found) == 4


def test_every_decision_rule_decides_for_some_patient(engines: Engines) -> None:
    for name, engine in engines.by_id.items():
        named = {rule for patient, ruleset in PATIENTS if ruleset == name for rule in patient.expect.get("rules", ())}
        assert {rule.id for rule in engine.release.rules} - named == set(), name


def test_every_fact_of_a_patient_is_one_of_some_release(engines: Engines) -> None:
    known = {name for engine in engines.by_id.values() for name in engine.release.facts}
    assert {name for patient in patients() for name in patient.facts} <= known


def test_a_patient_of_the_current_release_alone_says_why(engines: Engines) -> None:
    silent = [p.name for p in patients() if p.rulesets == (engines.current,) and not p.why.endswith(".")]
    assert silent == []
