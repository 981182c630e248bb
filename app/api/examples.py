"""Worked examples for OpenAPI, one for each disposition; the answers are the engine's own."""

import json
from typing import Any

from app.api.decode import CandidateReader
from app.api.encode import encode
from app.core.engine import Engine
from app.proof.explain import explain

EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "recommended": (
        "Moderate loss of elasticity with uneven pigment",
        {
            "primary_concern": "uneven_pigmentation",
            "elasticity_loss": "moderate",
            "hyperpigmentation": "mild",
            "sagging": "none",
            "photodamage": {"scale": "glogau", "grade": "II"},
            "active_skin_infection": False,
            "autoimmune_skin_disease": "none",
            "systemic_immunosuppression": False,
            "age_years": 41,
        },
    ),
    "excluded": (
        "The same, and pregnant",
        {
            "primary_concern": "uneven_pigmentation",
            "elasticity_loss": "moderate",
            "hyperpigmentation": "mild",
            "sagging": "none",
            "photodamage": "mild",
            "active_skin_infection": False,
            "autoimmune_skin_disease": "none",
            "systemic_immunosuppression": False,
            "pregnant": True,
        },
    ),
    "referred": (
        "A burn",
        {
            "primary_concern": "burn",
            "active_skin_infection": False,
            "autoimmune_skin_disease": "none",
            "systemic_immunosuppression": False,
        },
    ),
    "clinician_review": (
        "Acne scars: no documented phase",
        {
            "primary_concern": "acne_scars",
            "active_skin_infection": False,
            "autoimmune_skin_disease": "none",
            "systemic_immunosuppression": False,
        },
    ),
    "needs_information": ("Hardly anything is known", {"primary_concern": "sagging", "sagging": "advanced"}),
}


def examples(engine: Engine, reader: CandidateReader) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return worked examples by path: the request bodies and the answers to them, each by the disposition they get."""
    asked = {name: {"summary": summary, "value": body} for name, (summary, body) in EXAMPLES.items()}
    answered, explained = {}, {}
    for name, (summary, body) in EXAMPLES.items():
        question = reader.question(body, strict=False)
        answer = json.loads(encode(engine.answer(question)))
        explanation = json.loads(encode(explain(engine, question)))
        answered[name] = {"summary": summary, "value": answer}
        explained[name] = {"summary": summary, "value": explanation}
    return {"/v1/triage": (asked, answered), "/v1/triage/explain": (asked, explained)}
