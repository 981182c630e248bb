"""Worked examples for OpenAPI, one for each disposition; the answers are the engine's own."""

from typing import Any

from pydantic import TypeAdapter

from app.core.answer import Answer
from app.core.triage import Triage
from app.rest.candidate import CandidateReader

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


def request_examples() -> dict[str, Any]:
    """Return the request bodies, by the disposition they get."""
    return {name: {"summary": summary, "value": body} for name, (summary, body) in EXAMPLES.items()}


def response_examples(engine: Triage, reader: CandidateReader) -> dict[str, Any]:
    """Return the answers to the request examples."""
    adapter = TypeAdapter(Answer)
    return {
        name: {
            "summary": summary,
            "value": adapter.dump_python(engine.answer(reader.asked(body, strict=False)), mode="json"),
        }
        for name, (summary, body) in EXAMPLES.items()
    }
