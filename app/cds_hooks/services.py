"""The four CDS services, with what each asks to prefetch."""

from typing import Any

from app.fhir.questionnaire import canonical

PREFIX = "candidate-triage-"
HOOKS = {
    "patient-view": "Which pathway applies to the patient in view, what comes first, or what is missing.",
    "order-select": "Whether a selected order for a pathway agrees with the decision.",
    "order-sign": "Whether the orders about to be signed agree with the decision.",
    "appointment-book": "What must be known or settled before the appointment that is being booked.",
}
STRICT = frozenset({"order-select", "order-sign", "appointment-book"})
"""Hooks that assume nothing: nothing unasked passes silently when something is ordered."""
ORDERS = frozenset({"order-select", "order-sign"})


def templates(base: str) -> dict[str, str]:
    """Return the prefetch templates: reads and searches alone."""
    patient = "{{context.patientId}}"
    return {
        "patient": f"Patient/{patient}",
        "conditions": f"Condition?patient={patient}",
        "medications": f"MedicationRequest?patient={patient}",
        "observations": f"Observation?patient={patient}&code=http://loinc.org|66555-4,http://loinc.org|82810-3",
        "intake": (
            f"QuestionnaireResponse?subject=Patient/{patient}&questionnaire={canonical(base)}&_sort=-authored&_count=1"
        ),
    }


def discovery(base: str, release: str) -> dict[str, Any]:
    """Return the discovery document."""
    return {
        "services": [
            {
                "hook": hook,
                "id": PREFIX + hook,
                "title": "Candidate triage",
                "description": says,
                "version": release,
                "prefetch": templates(base),
                "usageRequirements": (
                    "Decision support for a clinician. A code that is absent is never read as a no; what is missing is "
                    "asked for."
                ),
            }
            for hook, says in HOOKS.items()
        ]
    }
