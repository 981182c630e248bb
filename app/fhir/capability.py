"""What the FHIR face can do, as a CapabilityStatement."""

from app.cohort.cql import NAME
from app.fhir.localization import Localization
from app.fhir.plan import NAME as PLAN
from app.fhir.questionnaire import NAME as INTAKE
from app.fhir.search import search_parameters
from app.record.elements import Resource

SDC = "http://hl7.org/fhir/uv/sdc"
NEXT_QUESTION = f"{SDC}/OperationDefinition/Questionnaire-next-question"
POPULATE = f"{SDC}/OperationDefinition/Questionnaire-populate"
APPLY = "http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply"
FORM_FILL_MANAGER = f"{SDC}/CapabilityStatement/sdc-form-fill-manager"
"""SDC's server that keeps forms, prefills them and asks the next question."""


def capability_statement(locale: Localization, base: str, program: str) -> Resource:
    """Return the statement of this server."""
    say, release = locale.phrases.of, locale.engine.release

    def resource(kind: str, says: str, **operations: str) -> Resource:
        found: Resource = {
            "type": kind,
            "documentation": says,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": list(search_parameters()),
        }
        named = [{"name": name.replace("_", "-"), "definition": address} for name, address in operations.items()]
        return found | ({"operation": named} if named else {})

    questions = "{name}: every question, made from the facts of the current release."
    return {
        "resourceType": "CapabilityStatement",
        "id": "candidate-triage",
        "language": locale.language,
        "url": f"{base}/fhir/metadata",
        "version": program,
        "name": "CandidateTriageServer",
        "title": "Candidate Triage",
        "status": "active",
        "date": release.released,
        "kind": "instance",
        "instantiates": [FORM_FILL_MANAGER],
        "software": {"name": "Candidate Triage", "version": program},
        "implementation": {
            "description": say("Decision support for regenerative skin treatment"),
            "url": f"{base}/fhir",
        },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": say("Stateless: nothing is stored, and no resource can be written."),
                "resource": [
                    resource(
                        "Questionnaire", say(questions, name=INTAKE), next_question=NEXT_QUESTION, populate=POPULATE
                    ),
                    resource("PlanDefinition", say("{name}: the documented pathways.", name=PLAN), apply=APPLY),
                    resource("Library", say("{name}: the decision in CQL and ELM.", name=NAME)),
                    resource("CodeSystem", say("The codes of answers, pathways and dispositions.")),
                ],
            }
        ],
    }
