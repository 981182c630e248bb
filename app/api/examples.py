"""Worked examples for OpenAPI, one for each disposition."""

import json
from typing import Any

from app.api.decode import CandidateReader
from app.api.encode import encode
from app.api.problems import ProblemError, problem_content
from app.core.engine import Engine
from app.proof.explain import explain

NOTHING_AGAINST = {
    "active_skin_infection": False,
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": False,
}
MODERATE = {
    "primary_concern": "uneven_pigmentation",
    "elasticity_loss": "moderate",
    "hyperpigmentation": "mild",
    "sagging": "none",
}
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "recommended": (
        "Moderate loss of elasticity with uneven pigment",
        {**MODERATE, "photodamage": {"scale": "glogau", "grade": "II"}, **NOTHING_AGAINST, "age_years": 41},
    ),
    "excluded": ("The same, and pregnant", {**MODERATE, "photodamage": "mild", **NOTHING_AGAINST, "pregnant": True}),
    "referred": ("A burn", {"primary_concern": "burn", **NOTHING_AGAINST}),
    "clinician_review": ("Acne scars: no documented phase", {"primary_concern": "acne_scars", **NOTHING_AGAINST}),
    "needs_information": ("Hardly anything is known", {"primary_concern": "sagging", "sagging": "advanced"}),
}


PATH = "/v1/triage"
EXPLAINED = (PATH, f"{PATH}/explain")
"""The paths that are shown with examples."""
WRONG = ("Four mistakes", {"elasticity_loss": "moderat", "age": 34, "age_years": 130, "jurisdiction": "UK"})
"""Facts that are refused, with suggestions."""


def mistaken(reader: CandidateReader, path: str) -> dict[str, Any]:
    """Return the problem that answers facts with mistakes, as an example."""
    summary, body = WRONG
    try:
        reader.question(body, strict=False)
    except ProblemError as error:
        found = problem_content(error.kind, error.detail, path, error.errors)
        return {"summary": summary, "value": found}
    raise ValueError("the example of mistakes has none")


def examples(engine: Engine, reader: CandidateReader) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return request and answer examples by path, named by disposition."""
    asked = {name: {"summary": summary, "value": body} for name, (summary, body) in EXAMPLES.items()}
    answered, explained = {}, {}
    for name, (summary, body) in EXAMPLES.items():
        question = reader.question(body, strict=False)
        answer = json.loads(encode(engine.answer(question)))
        explanation = json.loads(encode(explain(engine, question)))
        answered[name] = {"summary": summary, "value": answer}
        explained[name] = {"summary": summary, "value": explanation}
    return dict(zip(EXPLAINED, ((asked, answered), (asked, explained)), strict=True))
