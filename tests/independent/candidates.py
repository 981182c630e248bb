"""Questions to ask: candidates by the weights of the population, uniform ones, and ones whom little stands against."""

from random import Random

from tests.independent.facts import ASSUMED, ELSEWHERE, FINDINGS, STAGES, VALUES, Value, weights
from tests.independent.oracle import Asked

KNOWN = (0.2, 0.5, 0.9, 1.0)
"""How likely each fact is known."""
BARRED = ("US", "GB", "TW", "KR", "SA", "DE", "FR")
FIRST = tuple(name for stage in STAGES[:-1] for name in stage)
"""The facts that are asked before label safety."""

WANTED = (
    *("lawful_here_checked", "physician_supervised", "investigational_consent", "product_documented"),
    *("baseline_photo_taken", "realistic_expectations"),
)
QUIET: dict[str, Value] = {
    **dict.fromkeys(
        ("active_skin_infection", "systemic_immunosuppression", "sensitive_skin", "wants_non_ablative"), False
    ),
    **dict.fromkeys(("planning_pregnancy",), False),
    **dict.fromkeys(WANTED, True),
    "autoimmune_skin_disease": "none",
    "fitzpatrick_type": "II",
    **ASSUMED,
}
"""What lets a recommendation be ready, and an alternative fit."""


def draws(seed: int, count: int) -> list[Asked]:
    """Return the random questions of a seed."""
    random = Random(seed)
    return [_draw(random) for _ in range(count)]


def _draw(random: Random) -> Asked:
    kind = random.choice(("population", "uniform", "little"))
    known = random.choice(KNOWN)
    shares = dict.fromkeys(VALUES, known)
    if kind == "little":  # how much is known differs before label safety and from there on
        shares |= dict.fromkeys(FIRST, random.choice((0.9, 1.0)))
    facts = {name: _value(random, name, kind) for name in VALUES if random.random() < shares[name]}
    unknown = [name for name in VALUES if name not in facts]
    unavailable = random.sample(unknown, min(len(unknown), random.choice((0, 0, 1, 3))))
    return Asked(facts, random.random() < 0.5, tuple(unavailable))


def _value(random: Random, name: str, kind: str) -> Value:
    if name == "jurisdiction":
        return random.choice(random.choice((BARRED, ELSEWHERE, VALUES[name])))
    if name == "recovery_window_days":
        return random.choice((random.randint(0, 8), random.randint(0, 365)))
    if kind == "little":
        if name in FINDINGS and random.random() < 0.5:
            return random.choice(("advanced", "severe"))
        if name == "primary_concern" and random.random() < 0.5:
            return "dullness"
        if name in QUIET and random.random() < (0.95 if name in ASSUMED else 0.8):
            return random.randint(17, 60) if name == "age_years" else QUIET[name]
    if kind != "uniform" and name in weights():
        given = weights()[name]
        return random.choices(list(given), list(given.values()))[0]
    return random.choice(VALUES[name])
