"""What the FHIR face can do, as a CapabilityStatement."""

from app.core.rules import Release
from app.fhir.plan import NAME as PLAN
from app.fhir.questionnaire import NAME as INTAKE
from app.record.elements import Resource

NEXT_QUESTION = "http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-next-question"
APPLY = "http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply"


def capability_statement(release: Release, base: str, program: str) -> Resource:
    """Return the statement of this server."""

    def resource(kind: str, says: str, operation: Resource | None = None) -> Resource:
        found: Resource = {"type": kind, "interaction": [{"code": "read"}], "documentation": says}
        return found | ({"operation": [operation]} if operation else {})

    return {
        "resourceType": "CapabilityStatement",
        "id": "candidate-triage",
        "url": f"{base}/fhir/metadata",
        "version": program,
        "name": "CandidateTriageServer",
        "title": "Candidate Triage",
        "status": "active",
        "date": release.released,
        "kind": "instance",
        "software": {"name": "Candidate Triage", "version": program},
        "implementation": {"description": "Decision support for regenerative skin treatment", "url": f"{base}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Stateless: nothing is stored, and no resource can be written.",
                "resource": [
                    resource(
                        "Questionnaire",
                        f"{INTAKE}: every question, made from the facts of the current release.",
                        {"name": "next-question", "definition": NEXT_QUESTION},
                    ),
                    resource(
                        "PlanDefinition", f"{PLAN}: the documented pathways.", {"name": "apply", "definition": APPLY}
                    ),
                    resource("CodeSystem", "The codes of answers, pathways and dispositions."),
                ],
            }
        ],
    }
