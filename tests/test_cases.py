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
