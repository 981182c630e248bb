"""Orders for a pathway, as resources."""

from app.core.rules import Release
from app.record.elements import Resource

PATHWAYS = "/fhir/CodeSystem/candidate-triage-pathway"
PLAN = "/fhir/PlanDefinition/candidate-triage"


def plan_address(base: str) -> str:
    """Return the canonical address of the plan definition."""
    return base + PLAN


def pathway_concept(release: Release, pathway: str, base: str) -> Resource:
    """Return a pathway as a concept."""
    return {"coding": [{"system": base + PATHWAYS, "code": pathway, "display": release.wording.pathways[pathway]}]}


def draft_order(release: Release, pathway: str, base: str) -> Resource:
    """Return a drafted order for a pathway, without its patient."""
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "instantiatesCanonical": [f"{plan_address(base)}|{release.id}"],
        "code": pathway_concept(release, pathway, base),
    }
