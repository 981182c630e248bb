"""The facts of 2026.3, their values, and the truth of a test on them."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parents[2] / "rules"

Value = bool | int | str
Candidate = Mapping[str, Value]
State = bool | None
"""True, false, or `None` where completions differ."""
Test = Callable[[Candidate], State]

GRADES = ("none", "mild", "moderate", "advanced", "severe")
FINDINGS = ("elasticity_loss", "hyperpigmentation", "sagging", "photodamage")
CONCERNS = (
    *("dullness", "uneven_pigmentation", "elasticity_loss", "sagging", "photodamage", "acne_scars", "hair_thinning"),
    *("volume_loss", "chronic_wound", "burn", "other"),
)
EU = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
    *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
ELSEWHERE = ("US", "GB", "TW", "KR", "SA", "JP", "CH", "CA", "BR", "NO")
OBJECTION_FREE = (
    *("suspicious_lesion", "pregnant", "breastfeeding", "open_wound_in_area", "bleeding_disorder", "anticoagulant_use"),
    *("electronic_implant", "keloid_history", "granuloma_history", "product_allergy", "active_acne_or_dermatitis"),
    *("recent_tan_or_sunburn", "recent_procedure", "uncontrolled_diabetes", "cancer_treatment"),
    *("body_dysmorphic_disorder", "melasma_prone", "periocular_treatment", "tattoo_or_permanent_makeup"),
    *("dermal_filler_in_area", "metal_implant_in_area", "abnormal_healing", "connective_tissue_disease"),
    *("reduced_heat_sensation", "cancer_history"),
)
"""Booleans that a decision rule reads, and that may be confirmed in person."""
OTHER_BOOLEANS = (
    *("active_skin_infection", "systemic_immunosuppression", "herpes_history", "sensitive_skin", "wants_non_ablative"),
    *("realistic_expectations", "smoker", "frequent_tanning", "high_sugar_diet", "baseline_photo_taken"),
    *("planning_pregnancy", "heart_disease", "epilepsy_or_facial_palsy", "photosensitising_medicine"),
    *("lawful_here_checked", "physician_supervised", "investigational_consent", "product_documented"),
)
VALUES: dict[str, tuple[Value, ...]] = {
    "primary_concern": CONCERNS,
    **dict.fromkeys(FINDINGS, GRADES),
    "autoimmune_skin_disease": ("none", "controlled", "uncontrolled"),
    "isotretinoin": ("none", "current", "within_6_months"),
    **dict.fromkeys((*OBJECTION_FREE, *OTHER_BOOLEANS), (False, True)),
    "age_years": tuple(range(121)),
    "fitzpatrick_type": ("I", "II", "III", "IV", "V", "VI"),
    "recovery_window_days": tuple(range(366)),
    "jurisdiction": (*EU, *ELSEWHERE),
    "product_status": ("cosmetic", "approved_medicine", "approved_device", "investigational", "unapproved"),
    "product_source": ("autologous", "allogeneic_human", "ipsc", "plant", "animal"),
}
ASSUMED: dict[str, Value] = {**dict.fromkeys(OBJECTION_FREE, False), "isotretinoin": "none", "age_years": 22}
"""The no-objection values; of `age_years` any value from 22 on stands for all of them."""
STAGES = (
    ("primary_concern",),
    ("suspicious_lesion",),
    ("active_skin_infection", "autoimmune_skin_disease", "systemic_immunosuppression"),
    FINDINGS,
    tuple(name for name in ASSUMED if name != "suspicious_lesion"),
)


def assuming(given: Candidate, doubted: Collection[str] = (), *, strict: bool) -> Candidate:
    """Return a candidate with what the mode assumes of it."""
    if strict:
        return given
    return {**{name: value for name, value in ASSUMED.items() if name not in doubted}, **given}


def one_of(fact: str, *values: Value) -> Test:
    """Return the test that a fact has one of these values."""
    return lambda known: known[fact] in values if fact in known else None


def true(fact: str) -> Test:
    """Return the test that a fact is true."""
    return one_of(fact, True)


def at_least(fact: str, grade: str) -> Test:
    """Return the test that a finding has this grade or a worse one."""
    return one_of(fact, *GRADES[GRADES.index(grade) :])


def below(fact: str, number: int) -> Test:
    """Return the test that an integer lies below a number."""
    return one_of(fact, *range(number))


def opposite(test: Test) -> Test:
    """Return the test that another one fails."""

    def state(known: Candidate) -> State:
        found = test(known)
        return None if found is None else not found

    return state


def both(*tests: Test) -> Test:
    """Return the test that all tests pass.

    Exact where no fact is tested in two parts; `test_reading.py` tries the few others value by value.
    """

    def state(known: Candidate) -> State:
        found = [test(known) for test in tests]
        return False if False in found else None if None in found else True

    return state


def either(*tests: Test) -> Test:
    """Return the test that some test passes."""
    return opposite(both(*(opposite(test) for test in tests)))


def always(_: Candidate) -> State:
    """Return that everybody passes."""
    return True


@cache
def order(file: str) -> dict[str, int]:
    """Return the place of every name or id of a file of the rule book."""
    names = re.findall(r"^- (?:id|name): (\S+)$", (RULES / file).read_text("utf-8"), re.M)
    return {name: place for place, name in enumerate(names)}


def asking(names: set[str]) -> list[str]:
    """Return facts in the order in which a clinician would ask."""
    return sorted(names, key=order("facts.yaml").__getitem__)


@cache
def weights() -> Mapping[str, Mapping[Value, float]]:
    """Return how common each value is taken to be, by fact."""
    read: dict[str, Any] = yaml.safe_load((RULES / "population.yaml").read_text("utf-8"))["facts"]
    found: dict[str, dict[Value, float]] = {}
    for name, given in read.items():
        if isinstance(given, list):
            found[name] = {
                value: band["weight"] / (band["max"] - band["min"] + 1)
                for band in given
                for value in range(band["min"], band["max"] + 1)
            }
        else:  # YAML reads yes and no as true and false
            found[name] = {{"yes": True, "no": False}.get(key, key): float(weight) for key, weight in given.items()}
    return found
