"""People who come to the intake: what they answer, and how it ends."""

from dataclasses import dataclass, field

from app.core.facts import Value

Answers = dict[str, Value | None]
"""What differs from somebody who has nothing; `None` is "I am not sure"."""
PHASE_2: Answers = {
    "primary_concern": "uneven_pigmentation",
    "elasticity_loss": "moderate",
    "hyperpigmentation": "moderate",
}
PHASE_3: Answers = PHASE_2 | {"primary_concern": "sagging", "sagging": "severe", "photodamage": "severe"}
UNSURE: Answers = dict.fromkeys(("elasticity_loss", "hyperpigmentation", "sagging", "photodamage"))


@dataclass(frozen=True)
class Story:
    """One person: answers, disposition, heading of the result, and the most clicks."""

    answers: Answers
    disposition: str
    heading: str
    most: int = 30
    cares: tuple[str, ...] = field(default=())


GENTLE = "You can talk about gentle skin care with a clinician"
TREATMENT = "You can talk about a treatment with a clinician"
LOOK = "A clinician needs to look first"
SPEAK = "Speak to a clinician before any treatment"
FIRST = "See to this first"
OPEN = "Some things are still open"
STORIES: dict[str, Story] = {
    "dullness": Story({"primary_concern": "dullness"}, "recommended", GENTLE, 16),
    "phase 2": Story(PHASE_2, "recommended", TREATMENT),
    "phase 3": Story(PHASE_3, "recommended", TREATMENT),
    "pregnant": Story(PHASE_2 | {"pregnant": True}, "excluded", SPEAK),
    "infected burn": Story(
        {"primary_concern": "burn", "active_skin_infection": True},
        "excluded",
        FIRST,
        cares=("Get help for your burn now", "See a doctor about the infection"),
    ),
    "burn": Story({"primary_concern": "burn"}, "referred", FIRST, cares=("Get help for your burn now",)),
    "suspicious spot": Story(
        PHASE_2 | {"suspicious_lesion": True},
        "referred",
        FIRST,
        cares=("See a skin doctor in the next few days",),
    ),
    "17 years": Story({"primary_concern": "dullness", "age_years": 17}, "clinician_review", LOOK),
    "keloid": Story(PHASE_2 | {"keloid_history": True}, "clinician_review", LOOK),
    "does not know the grades": Story(UNSURE | {"primary_concern": "dullness"}, "needs_information", OPEN),
    "hair": Story({"primary_concern": "hair_thinning"}, "clinician_review", LOOK),
    "scars": Story({"primary_concern": "acne_scars"}, "clinician_review", LOOK),
    "75 with a blood thinner": Story(PHASE_2 | {"age_years": 75, "anticoagulant_use": True}, "clinician_review", LOOK),
    "wound": Story(
        {"primary_concern": "chronic_wound"},
        "referred",
        FIRST,
        cares=("See a doctor about your wound in the next few days",),
    ),
    "calm psoriasis": Story(PHASE_2 | {"autoimmune_skin_disease": "controlled"}, "recommended", TREATMENT, 32),
    "active lupus": Story(
        {"primary_concern": "dullness", "autoimmune_skin_disease": "uncontrolled"},
        "excluded",
        FIRST,
        cares=("See the doctor who treats your skin disease in the next few days",),
    ),
    "transplant": Story({"primary_concern": "dullness", "systemic_immunosuppression": True}, "excluded", SPEAK),
    "isotretinoin": Story(PHASE_2 | {"isotretinoin": "current"}, "excluded", SPEAK),
    "pacemaker": Story(PHASE_3 | {"electronic_implant": True}, "excluded", SPEAK),
    "not sure of an allergy": Story(PHASE_2 | {"product_allergy": None}, "needs_information", OPEN, 32),
    "early lines": Story(
        {"primary_concern": "elasticity_loss", "elasticity_loss": "mild", "hyperpigmentation": "mild"},
        "clinician_review",
        LOOK,
    ),
}
