"""Every page for people, one of each kind."""

PAGES = (
    *("/", "/intake", "/all", "/result", "/report", "/developers", "/embed"),
    *("/rules", "/rules/PHASE-2", "/facts", "/facts/pregnant", "/sources", "/sources/S3-31"),
    *("/changes", "/proof", "/safety", "/privacy", "/sign"),
)

PLACES = {
    "ruleset": "2026.2",
    "other": "2026.1",
    "rule": "PHASE-1",
    "source": "S3-31",
    "kind": "not-json",
    "name": "candidate-triage-patient-view",
}
"""What the places in paths of the document may be."""
