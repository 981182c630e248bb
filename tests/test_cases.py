"""The golden patients get what is expected of them."""

import pytest

from app.core.engine import Engines
from tests.patients import Patient, differences, patients

PATIENTS = [(patient, ruleset) for patient in patients() for ruleset in patient.rulesets]


@pytest.mark.parametrize(("patient", "ruleset"), PATIENTS, ids=[f"{p.name} [{r}]" for p, r in PATIENTS])
def test_patient(patient: Patient, ruleset: str, engines: Engines) -> None:
    assert differences(patient, engines.by_id[ruleset]) == []


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
