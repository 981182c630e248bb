"""The definitions that can be read and searched, in one language."""

from app.cohort.cql import NAME
from app.fhir.capability import capability_statement
from app.fhir.library import library
from app.fhir.localization import Localization
from app.fhir.plan import DISPOSITIONS, code_system, plan_definition
from app.fhir.questionnaire import answer_codes, questionnaire
from app.record.elements import Resource
from app.record.orders import PATHWAYS


def definitions(locale: Localization, base: str, program: str) -> dict[str, Resource]:
    """Return each definition by its path."""
    wording = locale.engine.release.wording
    return {
        "metadata": capability_statement(locale, base, program),
        "Questionnaire/candidate-intake": questionnaire(locale, base),
        "PlanDefinition/candidate-triage": plan_definition(locale, base),
        f"Library/{NAME}": library(locale, base),
        "CodeSystem/candidate-intake": answer_codes(locale, base),
        "CodeSystem/candidate-triage-pathway": code_system(
            PATHWAYS, "CandidateTriagePathway", wording.pathways, locale, base
        ),
        "CodeSystem/candidate-triage-disposition": code_system(
            DISPOSITIONS, "CandidateTriageDisposition", wording.dispositions, locale, base
        ),
    }
