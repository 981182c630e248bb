"""The four CDS services, with what each asks to prefetch."""

from collections.abc import Callable
from typing import Any

from app.core.codes import Codes
from app.fhir.questionnaire import canonical
from app.record.orders import PATHWAYS
from app.record.searches import searches

PREFIX = "candidate-triage-"
HOOKS = {
    "patient-view": "Which pathway applies to the patient in view, what comes first, or what is missing.",
    "order-select": "Whether a selected order for a pathway agrees with the decision.",
    "order-sign": "Whether the orders about to be signed agree with the decision.",
    "appointment-book": "What must be known or settled before the appointment that is being booked.",
}
HOOK_VERSIONS = {"patient-view": "1.1", "order-select": "1.0", "order-sign": "1.0", "appointment-book": "1.0"}
"""As the hooks are published at cds-hooks.hl7.org (STU 1)."""
VERSION = "3.0.0"
"""The CDS Hooks specification that is served, as balloted; a client of 2.0 finds everything of 2.0."""
ORDERS = frozenset({"order-select", "order-sign"})
STRICT = frozenset({*ORDERS, "appointment-book"})
"""Hooks that assume nothing: nothing unasked passes silently when something is ordered."""
OURS = "orders"
"""The prefetch key of our own orders, which are a reason to speak and no part of the record."""


def templates(base: str, codes: Codes, hook: str = "patient-view") -> dict[str, str]:
    """Return the prefetch templates of a hook: reads and searches alone."""
    patient = "{{context.patientId}}"
    found = searches(canonical(base), codes, patient)
    if hook == "patient-view":
        found[OURS] = f"ServiceRequest?patient={patient}&code={base}{PATHWAYS}|&_count=20"
    return found


def discovery(base: str, codes: Codes, say: Callable[[str], str] = str) -> dict[str, Any]:
    """Return the discovery document, in the language of `say`."""
    usage = (
        "Decision support for a clinician. A code that is absent is never read as a no; what is missing is asked for."
    )
    return {
        "services": [
            {
                "hook": hook,
                "id": PREFIX + hook,
                "title": say("Candidate triage"),
                "description": say(description),
                "version": VERSION,
                "hookVersion": HOOK_VERSIONS[hook],
                "prefetch": templates(base, codes, hook),
                "usageRequirements": say(usage),
            }
            for hook, description in HOOKS.items()
        ]
    }
