"""The decision of 2026.2 for complete facts, as one would write it without a rule book."""

from collections.abc import Mapping

from app.core.facts import Value

GRADE = {"none": 0, "mild": 1, "moderate": 2, "advanced": 3, "severe": 4}


def by_hand(facts: Mapping[str, Value]) -> tuple[str, int | None]:
    """Return disposition and phase of a complete candidate."""
    get = facts.__getitem__
    if get("active_skin_infection") or get("autoimmune_skin_disease") == "uncontrolled":
        return "excluded", None
    if get("systemic_immunosuppression"):
        return "excluded", None
    concern = get("primary_concern")
    if concern in ("chronic_wound", "burn") or get("suspicious_lesion"):
        return "referred", None
    if concern in ("acne_scars", "hair_thinning", "volume_loss", "other"):
        return "clinician_review", None
    if GRADE[str(get("sagging"))] >= 3 and get("photodamage") == "severe":
        phase = 3
    elif GRADE[str(get("elasticity_loss"))] >= 2 and get("hyperpigmentation") != "none":
        phase = 2
    elif concern == "dullness":
        phase = 1
    else:
        return "clinician_review", None
    age = int(get("age_years"))
    if phase > 1:
        barred = ("pregnant", "breastfeeding", "open_wound_in_area", "bleeding_disorder", "product_allergy")
        if any(get(name) for name in barred) or get("isotretinoin") == "current" or age < 18:
            return "excluded", None
        if phase == 3 and get("electronic_implant"):
            return "excluded", None
        reviewed = (
            *("keloid_history", "granuloma_history", "anticoagulant_use", "periocular_treatment"),
            *("active_acne_or_dermatitis", "recent_procedure", "recent_tan_or_sunburn", "uncontrolled_diabetes"),
            *("cancer_treatment", "body_dysmorphic_disorder"),
        )
        if any(get(name) for name in reviewed) or get("isotretinoin") == "within_6_months" or age < 22:
            return "clinician_review", None
        if phase == 3 and get("melasma_prone"):
            return "clinician_review", None
    elif age < 18 or get("body_dysmorphic_disorder"):
        return "clinician_review", None
    return "recommended", phase
