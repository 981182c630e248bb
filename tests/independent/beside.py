"""What goes with a decision in 2026.3: decision.md, section 3, written out by hand."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from tests.independent.decision_rules import (
    COMBINATION,
    CONSERVATIVE,
    EXCLUSIONS,
    EXOSOME,
    LABEL,
    LAX,
    PHASES,
    PHOTODAMAGE,
    PIGMENT,
    RULES,
    SAGGING,
    SCOPE,
    Rule,
)
from tests.independent.facts import (
    EU,
    Candidate,
    State,
    Test,
    always,
    at_least,
    below,
    both,
    either,
    one_of,
    opposite,
    order,
    true,
)

Statuses = list[tuple[str, str]]
"""Ids, each with its status."""
EVERY = (CONSERVATIVE, EXOSOME, COMBINATION)
PRODUCT = (EXOSOME, COMBINATION)
DARKER = one_of("fitzpatrick_type", "IV", "V", "VI")
FRESHLY_INJURED = tuple(
    true(name)
    for name in ("open_wound_in_area", "recent_tan_or_sunburn", "active_acne_or_dermatitis", "recent_procedure")
)
EXPECTING = tuple(true(name) for name in ("pregnant", "breastfeeding", "planning_pregnancy"))

CAUTIONS: dict[str, tuple[tuple[str, ...], Test]] = {
    "CAUTION-AGE-YOUNG": (PRODUCT, below("age_years", 30)),
    "CAUTION-AGE-OLDER": (PRODUCT, opposite(below("age_years", 50))),
    "CAUTION-SKIN-TYPE-NEEDLE": ((EXOSOME,), DARKER),
    "CAUTION-SKIN-TYPE-HEAT": ((COMBINATION,), DARKER),
    "CAUTION-MELASMA-NEEDLE": ((EXOSOME,), true("melasma_prone")),
    "CAUTION-MELASMA-HEAT": ((COMBINATION,), true("melasma_prone")),
    "CAUTION-SENSITIVE-SKIN": (PRODUCT, true("sensitive_skin")),
    "CAUTION-SEVERE-PHOTODAMAGE-PHASE-2": ((EXOSOME,), PHOTODAMAGE),
    "CAUTION-SEVERE-PHOTODAMAGE": ((*EVERY, ""), PHOTODAMAGE),
    "CAUTION-SEVERE-PIGMENT": ((EXOSOME,), one_of("hyperpigmentation", "severe")),
    "CAUTION-AUTOIMMUNE-CONTROLLED": (EVERY, one_of("autoimmune_skin_disease", "controlled")),
    "CAUTION-HERPES": (PRODUCT, true("herpes_history")),
    "CAUTION-HEART-DISEASE": (PRODUCT, true("heart_disease")),
    "CAUTION-EPILEPSY-PALSY": ((COMBINATION,), true("epilepsy_or_facial_palsy")),
    "CAUTION-ISOTRETINOIN-PHASE-1": ((CONSERVATIVE,), one_of("isotretinoin", "current", "within_6_months")),
    "CAUTION-PHOTOSENSITISING": ((*EVERY, ""), true("photosensitising_medicine")),
    "CAUTION-BODY-DYSMORPHIA": ((CONSERVATIVE,), true("body_dysmorphic_disorder")),
    "CAUTION-PREGNANT-PHASE-1": ((CONSERVATIVE,), either(*EXPECTING)),
    "CAUTION-OPEN-SKIN-PHASE-1": ((CONSERVATIVE,), either(*FRESHLY_INJURED)),
    "CAUTION-ALLERGY-PHASE-1": ((CONSERVATIVE,), true("product_allergy")),
    "CAUTION-SMOKING": (EVERY, true("smoker")),
    "CAUTION-TANNING": (EVERY, true("frequent_tanning")),
    "CAUTION-SUGAR": (EVERY, true("high_sugar_diet")),
    "CAUTION-EXPECTATIONS": (EVERY, one_of("realistic_expectations", False)),
    "CAUTION-RECOVERY-PHASE-2": ((EXOSOME,), below("recovery_window_days", 2)),
    "CAUTION-RECOVERY-PHASE-3": ((COMBINATION,), below("recovery_window_days", 3)),
    "CAUTION-PLANT": (PRODUCT, one_of("product_source", "plant")),
    "CAUTION-ANIMAL": (PRODUCT, one_of("product_source", "animal")),
    "CAUTION-AUTOLOGOUS": (PRODUCT, one_of("product_source", "autologous")),
    "CAUTION-HUMAN-DONOR": (PRODUCT, one_of("product_source", "allogeneic_human")),
    "CAUTION-IPSC": (PRODUCT, one_of("product_source", "ipsc")),
    "CAUTION-UNSUPERVISED": (PRODUCT, one_of("physician_supervised", False)),
    "CAUTION-NON-ABLATIVE-WISH": (PRODUCT, true("wants_non_ablative")),
    "CAUTION-UNDOCUMENTED": (PRODUCT, one_of("product_documented", False)),
    "CAUTION-INTRADERMAL-HARM": ((COMBINATION,), always),
    "CAUTION-RF-PANEL": ((COMBINATION,), always),
    "CAUTION-DEVICE-UNDEFINED": ((COMBINATION,), always),
    "CAUTION-ROUTE": ((COMBINATION,), always),
    "CAUTION-STERILE-TOPICALS": ((EXOSOME,), always),
    "CAUTION-TOPICAL-ANAESTHETIC": (PRODUCT, always),
    "CAUTION-INVESTIGATIONAL": (PRODUCT, always),
    "CAUTION-US-DEVICE": ((EXOSOME,), one_of("jurisdiction", "US")),
}
"""The pathways that a caution concerns, `""` where none is indicated, and its condition."""

HUMAN = one_of("product_source", "autologous", "allogeneic_human", "ipsc")
NO_HUMAN_PRODUCT = one_of("jurisdiction", *EU, "US", "GB", "TW")
UNAPPROVED = one_of("product_status", "unapproved")
FORBIDDEN_BY_NEEDLE = either(
    both(HUMAN, NO_HUMAN_PRODUCT),
    both(one_of("jurisdiction", "KR"), one_of("product_status", "cosmetic")),
    both(one_of("jurisdiction", "US"), UNAPPROVED),
)
FORBIDDEN_INJECTED = either(
    both(HUMAN, NO_HUMAN_PRODUCT),
    both(one_of("jurisdiction", *EU, "KR", "US"), one_of("product_status", "cosmetic", "unapproved")),
    one_of("jurisdiction", "SA"),
)
LEGAL_NEEDS = ("jurisdiction", "product_status", "product_source")


def _said(fact: str) -> tuple[Test, Test]:
    return true(fact), one_of(fact, False)


def _known(*names: str) -> Test:
    return lambda known: all(name in known for name in names)


def _lawful(forbidden: Test) -> tuple[Test, Test]:
    allowed = opposite(either(forbidden, UNAPPROVED))
    return both(_known(*LEGAL_NEEDS), true("lawful_here_checked"), allowed), forbidden


IN_PERSON = "PRE-IN-PERSON"
PRECONDITIONS: dict[str, tuple[tuple[str, ...], tuple[Test, Test]]] = {
    "PRE-CONSENT": (PRODUCT, _said("investigational_consent")),
    "PRE-SUPERVISION": (PRODUCT, _said("physician_supervised")),
    "PRE-DOCUMENTS": (PRODUCT, _said("product_documented")),
    "PRE-LEGAL-STATUS": ((EXOSOME,), _lawful(FORBIDDEN_BY_NEEDLE)),
    "PRE-LEGAL-STATUS-INJECTION": ((COMBINATION,), _lawful(FORBIDDEN_INJECTED)),
    "PRE-PHOTO": (EVERY, _said("baseline_photo_taken")),
    "PRE-EXPECTATIONS": (EVERY, _said("realistic_expectations")),
    IN_PERSON: (EVERY, (opposite(always), opposite(always))),
}
"""The pathways that a precondition concerns, when it is met and when unmet."""

ON_INJURED_SKIN = (*FRESHLY_INJURED, true("active_skin_infection"))
ON_THE_SKIN = (*ON_INJURED_SKIN, true("product_allergy"))
NEEDLED = (
    *(rule.test for rule in (*EXCLUSIONS, *SCOPE)),
    *(rule.test for rule in LABEL if 2 in rule.steps),
)
HEATED = (
    *(rule.test for rule in (*EXCLUSIONS, *SCOPE)),
    *(rule.test for rule in LABEL if 3 in rule.steps),
)
OF_HEAT_ALONE = ("EXC-ELECTRONIC-IMPLANT", "REVIEW-METAL-IMPLANT", "REVIEW-HEAT-SENSATION", "REVIEW-MELASMA-HEAT")
INJECTED = (
    *(rule.test for rule in (*EXCLUSIONS, *SCOPE)),
    *(rule.test for rule in LABEL if 3 in rule.steps and rule.id not in OF_HEAT_ALONE),
)
COMPONENTS: dict[str, dict[str, tuple[Test, ...]]] = {
    CONSERVATIVE: {
        "sun-protection": (),
        "sunscreen": ON_INJURED_SKIN,
        "antioxidant-topicals": ON_THE_SKIN,
        "growth-factor-topicals": (
            *ON_THE_SKIN,
            *EXPECTING,
            true("suspicious_lesion"),
            true("cancer_treatment"),
            true("cancer_history"),
            one_of("jurisdiction", *EU, "GB", "TW"),
        ),
        "topical-retinoid": (*ON_THE_SKIN, *EXPECTING, one_of("isotretinoin", "current", "within_6_months")),
    },
    EXOSOME: {"micro-channels-first": NEEDLED, "exosomes-on-the-skin": NEEDLED},
    COMBINATION: {"non-ablative-energy-device": HEATED, "conditioned-media-injection": INJECTED},
}
"""By pathway, what its plan consists of and what stands against each."""

LASER_FITS = both(
    PIGMENT,
    opposite(DARKER),
    opposite(below("recovery_window_days", 7)),
    *(one_of(name, False) for name in ("melasma_prone", "sensitive_skin", "wants_non_ablative")),
)
NO_LASER = either(DARKER, true("melasma_prone"), true("sensitive_skin"), below("recovery_window_days", 3))
RADIOFREQUENCY_FITS = both(
    one_of("elasticity_loss", "moderate", "advanced"), opposite(PIGMENT), opposite(SAGGING), opposite(PHOTODAMAGE)
)
NO_RADIOFREQUENCY = either(SAGGING, PHOTODAMAGE, both(one_of("elasticity_loss", "none"), one_of("sagging", "none")))
IMPLANTS = ("EXC-ELECTRONIC-IMPLANT", "REVIEW-METAL-IMPLANT")


def row_of(phases: tuple[int, ...], without: tuple[str, ...] = ()) -> list[Rule]:
    """Return what may stand against something: all exclusions, scope, and label safety."""
    of_phases = {rule.id for rule in LABEL if not set(rule.steps).isdisjoint(phases)} - set(without)
    against = {rule.id for rule in (*EXCLUSIONS, *SCOPE)} | of_phases
    return [rule for rule in RULES if rule.id in against]


class Modality(NamedTuple):
    """A modality of the documented comparison."""

    fits: Test
    unfit: Test
    row: list[Rule]
    asks: Test = opposite(always)


MODALITIES = {
    "ALT-SECRETOME": Modality(both(LAX, PIGMENT), below("recovery_window_days", 1), row_of((2,))),
    "ALT-LASER-TONING": Modality(
        LASER_FITS, NO_LASER, row_of((2, 3), without=IMPLANTS), true("photosensitising_medicine")
    ),
    "ALT-MONOPOLAR-RF-2": Modality(RADIOFREQUENCY_FITS, NO_RADIOFREQUENCY, row_of((3,))),
}
CONSULTATIONS: dict[str, Test] = {
    "ALT-SURGERY": SAGGING,
    "ALT-DERMATOLOGY": either(PHOTODAMAGE, at_least("hyperpigmentation", "advanced")),
    "ALT-FILLER-OR-SURGERY": one_of("primary_concern", "volume_loss"),
    "ALT-SCAR-CARE": one_of("primary_concern", "acne_scars"),
    "ALT-HAIR-CARE": one_of("primary_concern", "hair_thinning"),
}
Alternative = tuple[str, str, list[str]]
"""Its id, whether it fits, and what blocks it."""


def cautions(given: Candidate, pathways: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the cautions that hold, and those that may."""
    states: dict[State, list[str]] = {True: [], None: [], False: []}
    for name in sorted(CAUTIONS, key=order("cautions.yaml").__getitem__):
        concerns, test = CAUTIONS[name]
        if not set(concerns).isdisjoint(pathways or ("",)):
            states[test(given)].append(name)
    return states[True], states[None]


def preconditions(given: Candidate, pathways: Collection[str]) -> Statuses:
    """Return the preconditions of pathways, with their status."""
    found = []
    for name in sorted(PRECONDITIONS, key=order("preconditions.yaml").__getitem__):
        concerns, (met, unmet) = PRECONDITIONS[name]
        if not set(concerns).isdisjoint(pathways):
            found.append((name, "met" if met(given) else "unmet" if unmet(given) else "to_confirm"))
    return found


def components(given: Candidate, pathway: str | None) -> Statuses:
    """Return the components of a plan, with their status."""
    statuses = {True: "left_out", False: "included", None: "to_confirm"}
    against = COMPONENTS[pathway] if pathway else {}
    return [(name, statuses[either(*tests)(given)]) for name, tests in against.items()]


def alternatives(given: Candidate, decision: str, indicated: int | None) -> list[Alternative]:
    """Return what else may be discussed; while undecided, consultations alone."""
    found = []
    for name in sorted(MODALITIES | CONSULTATIONS, key=order("alternatives.yaml").__getitem__):
        if name in CONSULTATIONS:
            if CONSULTATIONS[name](given):
                found.append((name, "yes", list[str]()))
        elif decision != "needs_information":
            each = MODALITIES[name]
            unfit = each.unfit(given)
            fits = "no" if unfit else "yes" if each.fits(given) and unfit is False else "unknown"
            found.append((name, *_weighed(given, fits, each.row, each.asks)))
    return [*found, *_lower_phases(given, decision, indicated)]


def _lower_phases(given: Candidate, decision: str, indicated: int | None) -> Iterator[Alternative]:
    if indicated and decision in ("excluded", "clinician_review"):
        for rule in PHASES:
            if int(rule.steps[0]) < indicated:
                fits = {True: "yes", False: "no", None: "unknown"}[rule.test(given)]
                yield rule.id, *_weighed(given, fits, row_of((int(rule.steps[0]),)), opposite(always))


def _weighed(given: Candidate, fits: str, row: list[Rule], asks: Test) -> tuple[str, list[str]]:
    """Return whether something fits that has this row, and what blocks it."""
    states = {rule.id: rule.test(given) for rule in row}
    held = [rule for rule in row if states[rule.id]]
    if any(rule.effect in ("excludes", "refers") for rule in held):
        fits = "no"
    elif fits == "yes" and (held or None in states.values() or asks(given) is not False):
        fits = "unknown"
    return fits, [rule.id for rule in held]
