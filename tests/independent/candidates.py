"""Questions to ask: candidates by the weights of the population, uniform ones, and ones close to a phase."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tests.independent.facts import ASSUMED, ELSEWHERE, STAGES, VALUES, Value, weights
from tests.independent.oracle import Asked

KNOWN = (0.2, 0.5, 0.9, 1.0)
"""How likely each fact is known."""
KINDS = ("population", "uniform", "close", "close")
BARRED = ("US", "GB", "TW", "KR", "KR", "KR", "SA", "DE", "FR")
"""Countries that sources speak of; Korea alone looks at the status of the product."""
FIRST = tuple(name for stage in STAGES[:-1] for name in stage)
"""The facts that are asked before label safety."""
DESIRED = (
    *("lawful_here_checked", "physician_supervised", "investigational_consent", "product_documented"),
    *("baseline_photo_taken", "realistic_expectations"),
)
OTHERWISE_ABSENT = (
    *("active_skin_infection", "systemic_immunosuppression", "sensitive_skin", "wants_non_ablative"),
    *("planning_pregnancy", "photosensitising_medicine"),
)
UNOBJECTIONABLE: dict[str, Value] = {
    **ASSUMED,
    **dict.fromkeys(OTHERWISE_ABSENT, False),
    **dict.fromkeys(DESIRED, True),
    "autoimmune_skin_disease": "none",
    "fitzpatrick_type": "II",
    "recovery_window_days": 14,
}
"""What lets a recommendation be ready, and an alternative fit."""
OF_PHASE_3 = (
    *("electronic_implant", "melasma_prone", "dermal_filler_in_area", "metal_implant_in_area"),
    "reduced_heat_sensation",
)
LIFTED = (
    *("isotretinoin", "recent_tan_or_sunburn", "recent_procedure", "active_acne_or_dermatitis"),
    *("uncontrolled_diabetes", "pregnant", "breastfeeding", "open_wound_in_area"),
)
OBJECTING = (
    tuple(sorted(ASSUMED)),
    tuple(sorted(ASSUMED)),
    OF_PHASE_3,
    LIFTED,
    ("age_years", "product_allergy"),
    ("lawful_here_checked",),
)
CRITERIA: tuple[dict[str, tuple[Value, ...]], ...] = (
    {"primary_concern": ("dullness",)},
    {"elasticity_loss": ("moderate", "severe"), "hyperpigmentation": ("mild", "severe"), "photodamage": ("mild",)},
    {"sagging": ("advanced", "severe"), "photodamage": ("severe",)},
    {"elasticity_loss": ("moderate",), "hyperpigmentation": ("none",), "sagging": ("mild",), "photodamage": ("none",)},
    {"elasticity_loss": ("mild",), "hyperpigmentation": ("none",), "sagging": ("moderate", "advanced")},
)
"""Findings of each phase, of radiofrequency, and of what lies below the phases."""


def draws(seed: int, count: int) -> list[Asked]:
    """Return the random questions of a seed."""
    random, doubting = Random(seed), Random(-1 - seed)
    return [_doubting(doubting, _draw(random)) for _ in range(count)]


def _doubting(random: Random, asked: Asked) -> Asked:
    """Return a question with some unknown facts doubted."""
    assumed = [name for name in ASSUMED if name not in asked.facts]
    count = min(len(assumed), random.choice((0, 0, 0, 1, 3)))
    return replace(asked, doubted=tuple(random.sample(assumed, count)))


def _draw(random: Random) -> Asked:
    kind, known = random.choice(KINDS), random.choice(KNOWN)
    shares = dict.fromkeys(VALUES, known)
    if kind == "close":
        shares |= dict.fromkeys(FIRST, random.choice((0.9, 1.0, 1.0)))
        values = _close(random)
    else:
        values = {name: _value(random, name, common=kind == "population") for name in VALUES}
    facts = {name: value for name, value in values.items() if random.random() < shares[name]}
    unknown = [name for name in VALUES if name not in facts]
    unavailable = random.sample(unknown, min(len(unknown), random.choice((0, 0, 0, 1, 3))))
    return Asked(facts, random.random() < 0.5, tuple(unavailable))


def _value(random: Random, name: str, *, common: bool) -> Value:
    if name == "jurisdiction":
        return random.choice(random.choice((BARRED, ELSEWHERE, VALUES[name])))
    if name == "recovery_window_days":
        return random.choice((random.randint(0, 8), random.randint(0, 365)))
    if common and name in weights():
        given = weights()[name]
        return random.choices(list(given), list(given.values()))[0]
    return random.choice(VALUES[name])


def _close(random: Random) -> dict[str, Value]:
    """Return a candidate with the findings of something, and few objections."""
    values = {name: _value(random, name, common=True) for name in VALUES} | UNOBJECTIONABLE
    for criteria in random.sample(CRITERIA, random.choice((1, 1, 2))):
        values |= {name: random.choice(answers) for name, answers in criteria.items()}
    values["age_years"] = random.randint(22, 60)
    objections = _some(random, random.choice(OBJECTING), (0, 1, 1, 1, 2))
    for name in (*objections, *_some(random, sorted(UNOBJECTIONABLE), (0, 0, 0, 1, 3))):
        others = {"age_years": range(15, 25), "recovery_window_days": range(9)}.get(name, VALUES[name])
        values[name] = random.choice([value for value in others if value != UNOBJECTIONABLE[name]])
    return values


def _some(random: Random, names: Sequence[str], counts: Sequence[int]) -> list[str]:
    return random.sample(names, min(len(names), random.choice(counts)))
