"""The decision rules of 2026.3: decision.md, section 2, written out by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.independent.facts import Test, Value, at_least, below, both, either, one_of, opposite, order, true

CONSERVATIVE, EXOSOME, COMBINATION = "conservative_care", "exosome_microchanneling", "combination_therapy"
PATHWAYS = {1: CONSERVATIVE, 2: EXOSOME, 3: COMBINATION}
Step = str | int
"""What decides: `exclusion`, `scope`, `concern`, the number of the indicated phase, or `gap`."""


@dataclass(frozen=True)
class Rule:
    """A decision rule: at which steps it takes part, and how."""

    id: str
    effect: str
    steps: tuple[Step, ...]
    test: Test
    lifted_by: Mapping[str, Value] = field(default_factory=dict)
    refers: bool = False


def _label(name: str, effect: str, phases: tuple[int, ...], test: Test, **lifted_by: Value) -> Rule:
    return Rule(name, effect, phases, test, lifted_by)


EXCLUSIONS = (
    Rule(
        "EXC-INFECTION",
        "excludes",
        ("exclusion",),
        true("active_skin_infection"),
        {"active_skin_infection": False},
        refers=True,
    ),
    Rule(
        "EXC-AUTOIMMUNE",
        "excludes",
        ("exclusion",),
        one_of("autoimmune_skin_disease", "uncontrolled"),
        {"autoimmune_skin_disease": "controlled"},
        refers=True,
    ),
    Rule("EXC-IMMUNOSUPPRESSION", "excludes", ("exclusion",), true("systemic_immunosuppression")),
)
SCOPE = (
    Rule("SCOPE-WOUND", "refers", ("scope",), one_of("primary_concern", "chronic_wound"), refers=True),
    Rule("SCOPE-BURN", "refers", ("scope",), one_of("primary_concern", "burn"), refers=True),
    Rule("SCOPE-LESION", "refers", ("scope",), true("suspicious_lesion"), refers=True),
)
CONCERN = (
    Rule("REVIEW-ACNE-SCARS", "reviews", ("concern",), one_of("primary_concern", "acne_scars")),
    Rule("REVIEW-HAIR", "reviews", ("concern",), one_of("primary_concern", "hair_thinning")),
    Rule("REVIEW-VOLUME", "reviews", ("concern",), one_of("primary_concern", "volume_loss")),
    Rule("REVIEW-OTHER", "reviews", ("concern",), one_of("primary_concern", "other")),
)
SAGGING, PHOTODAMAGE = at_least("sagging", "advanced"), one_of("photodamage", "severe")
LAX, PIGMENT = at_least("elasticity_loss", "moderate"), at_least("hyperpigmentation", "mild")
PARTS = {1: (one_of("primary_concern", "dullness"),), 2: (LAX, PIGMENT), 3: (SAGGING, PHOTODAMAGE)}
"""The parts of the condition of each phase."""
PHASES = tuple(Rule(f"PHASE-{phase}", "indicates", (phase,), both(*PARTS[phase])) for phase in (3, 2, 1))
GAPS = (
    Rule("REVIEW-EARLY", "reviews", ("gap",), both(one_of("elasticity_loss", "mild"), PIGMENT)),
    Rule("REVIEW-LAXITY-ONLY", "reviews", ("gap",), both(LAX, opposite(PIGMENT))),
    Rule("REVIEW-PIGMENT-ONLY", "reviews", ("gap",), both(PIGMENT, one_of("elasticity_loss", "none"))),
    Rule(
        "REVIEW-PARTIAL-PHASE-3",
        "reviews",
        ("gap",),
        either(both(SAGGING, opposite(PHOTODAMAGE)), both(opposite(SAGGING), PHOTODAMAGE)),
    ),
    Rule(
        "REVIEW-BELOW-THRESHOLD",
        "reviews",
        ("gap",),
        both(opposite(LAX), opposite(PIGMENT), opposite(SAGGING), opposite(PHOTODAMAGE)),
    ),
)
LABEL = (
    _label("EXC-PREGNANCY", "excludes", (2, 3), true("pregnant"), pregnant=False),
    _label("EXC-BREASTFEEDING", "excludes", (2, 3), true("breastfeeding"), breastfeeding=False),
    _label("EXC-OPEN-WOUND", "excludes", (2, 3), true("open_wound_in_area"), open_wound_in_area=False),
    _label("EXC-BLEEDING-DISORDER", "excludes", (2, 3), true("bleeding_disorder")),
    _label("EXC-ISOTRETINOIN", "excludes", (2, 3), one_of("isotretinoin", "current"), isotretinoin="within_6_months"),
    _label("EXC-ALLERGY", "excludes", (2, 3), true("product_allergy")),
    _label("EXC-MINOR", "excludes", (2, 3), below("age_years", 18)),
    _label("EXC-ELECTRONIC-IMPLANT", "excludes", (3,), true("electronic_implant")),
    _label("REVIEW-MINOR", "reviews", (1,), below("age_years", 18)),
    _label("REVIEW-AGE-18-21", "reviews", (2, 3), one_of("age_years", 18, 19, 20, 21)),
    _label("REVIEW-KELOID", "reviews", (2, 3), true("keloid_history")),
    _label("REVIEW-GRANULOMA", "reviews", (2, 3), true("granuloma_history")),
    _label("REVIEW-ANTICOAGULANT", "reviews", (2, 3), true("anticoagulant_use")),
    _label(
        "REVIEW-ISOTRETINOIN-RECENT", "reviews", (2, 3), one_of("isotretinoin", "within_6_months"), isotretinoin="none"
    ),
    _label("REVIEW-MELASMA-HEAT", "reviews", (3,), true("melasma_prone")),
    _label("REVIEW-PERIOCULAR", "reviews", (2, 3), true("periocular_treatment")),
    _label("REVIEW-SKIN-ACTIVE", "reviews", (2, 3), true("active_acne_or_dermatitis"), active_acne_or_dermatitis=False),
    _label("REVIEW-RECENT-PROCEDURE", "reviews", (2, 3), true("recent_procedure"), recent_procedure=False),
    _label("REVIEW-RECENT-SUN", "reviews", (2, 3), true("recent_tan_or_sunburn"), recent_tan_or_sunburn=False),
    _label("REVIEW-DIABETES", "reviews", (2, 3), true("uncontrolled_diabetes"), uncontrolled_diabetes=False),
    _label("REVIEW-CANCER", "reviews", (2, 3), true("cancer_treatment")),
    _label("REVIEW-TATTOO", "reviews", (2, 3), true("tattoo_or_permanent_makeup")),
    _label("REVIEW-FILLER", "reviews", (3,), true("dermal_filler_in_area")),
    _label("REVIEW-METAL-IMPLANT", "reviews", (3,), true("metal_implant_in_area")),
    _label("REVIEW-HEALING", "reviews", (2, 3), true("abnormal_healing")),
    _label("REVIEW-CONNECTIVE-TISSUE", "reviews", (2, 3), true("connective_tissue_disease")),
    _label("REVIEW-HEAT-SENSATION", "reviews", (3,), true("reduced_heat_sensation")),
    _label("REVIEW-CANCER-HISTORY", "reviews", (2, 3), true("cancer_history")),
    _label("REVIEW-BODY-DYSMORPHIA", "reviews", (1, 2, 3), true("body_dysmorphic_disorder")),
)
FILES = ("exclusions.yaml", "scope.yaml", "reviews.yaml", "phases.yaml", "label_safety.yaml")


def _place(rule: Rule) -> tuple[int, int]:
    file = next(place for place, name in enumerate(FILES) if rule.id in order(name))
    return file, order(FILES[file])[rule.id]


RULES = tuple(sorted((*EXCLUSIONS, *SCOPE, *CONCERN, *PHASES, *GAPS, *LABEL), key=_place))
"""Every decision rule, as the rule book lists them."""
