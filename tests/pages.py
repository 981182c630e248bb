"""Every page for people, one of each kind."""

PAGES = (
    *("/", "/intake", "/all", "/result", "/report", "/developers", "/embed"),
    *("/rules", "/rules/PHASE-2", "/facts", "/facts/pregnant", "/sources", "/sources/S3-31"),
    *("/changes", "/proof", "/safety", "/privacy", "/sign"),
)
