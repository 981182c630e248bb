"""The decision of 2026.2 as one would write it with FastAPI alone: a model, the function by hand, a small answer."""

from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from tools.peers.by_hand import by_hand

Grade = Literal["none", "mild", "moderate", "advanced", "severe"]


class Candidate(BaseModel):
    """What is known of a candidate, all of it."""

    model_config = ConfigDict(extra="forbid")

    primary_concern: Literal[
        "dullness",
        "uneven_pigmentation",
        "elasticity_loss",
        "sagging",
        "photodamage",
        "acne_scars",
        "hair_thinning",
        "volume_loss",
        "chronic_wound",
        "burn",
        "other",
    ]
    elasticity_loss: Grade
    hyperpigmentation: Grade
    sagging: Grade
    photodamage: Grade
    active_skin_infection: bool
    autoimmune_skin_disease: Literal["none", "controlled", "uncontrolled"]
    systemic_immunosuppression: bool
    suspicious_lesion: bool
    pregnant: bool
    breastfeeding: bool
    open_wound_in_area: bool
    bleeding_disorder: bool
    anticoagulant_use: bool
    electronic_implant: bool
    keloid_history: bool
    granuloma_history: bool
    product_allergy: bool
    active_acne_or_dermatitis: bool
    recent_tan_or_sunburn: bool
    recent_procedure: bool
    uncontrolled_diabetes: bool
    cancer_treatment: bool
    body_dysmorphic_disorder: bool
    herpes_history: bool
    isotretinoin: Literal["none", "current", "within_6_months"]
    age_years: Annotated[int, Field(ge=0, le=120)]
    fitzpatrick_type: Literal["I", "II", "III", "IV", "V", "VI"]
    melasma_prone: bool
    sensitive_skin: bool
    periocular_treatment: bool
    recovery_window_days: Annotated[int, Field(ge=0, le=365)]
    wants_non_ablative: bool
    realistic_expectations: bool
    smoker: bool
    frequent_tanning: bool
    high_sugar_diet: bool
    baseline_photo_taken: bool
    jurisdiction: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    physician_supervised: bool
    investigational_consent: bool
    product_documented: bool
    product_source: Literal["autologous", "allogeneic_human", "ipsc", "plant", "animal"]


class Decided(BaseModel):
    """The decision."""

    disposition: Literal["referred", "excluded", "clinician_review", "recommended"]
    phase: int | None


app = FastAPI()


@app.post("/v1/triage")
async def triage(candidate: Candidate) -> Decided:
    """Decide."""
    disposition, phase = by_hand(vars(candidate))
    return Decided.model_validate({"disposition": disposition, "phase": phase})
