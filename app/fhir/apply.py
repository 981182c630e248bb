"""`PlanDefinition/$apply`: Parameters in, a CarePlan out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from app.core.codes import Codes
from app.core.engine import Engine, Question, ReceiptSigner, event_of
from app.fhir.plan import care_plan, plan_address
from app.fhir.provenance import provenance
from app.fhir.questionnaire import canonical
from app.record.elements import RecordError, Resource, entries, items, text
from app.record.patient import Reader

PARAMETERS = frozenset(
    {
        *("planDefinition", "subject", "questionnaireResponse", "data", "unknowns"),
        *("encounter", "practitioner", "organization", "userType", "userLanguage", "userTaskContext", "setting"),
        "settingContext",
    }
)
"""What `$apply` takes; those of R4 that the decision does not need are accepted and play no part."""


@dataclass(frozen=True)
class Application:
    """What somebody asks to be applied."""

    subject: str
    resources: list[Resource]
    strict: bool


def read_parameters(body: Any, base: str, *, named: bool) -> Application:
    """Read Parameters; `named` means that the path names the plan."""
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise RecordError("send a Parameters resource", "Parameters", "structure")
    subject, strict, plan = "", False, ""
    resources: list[Resource] = []
    for place, parameter in enumerate(items(body.get("parameter") or [])):
        where = f"Parameters.parameter[{place}]"
        match text(parameter.get("name")):
            case "subject":
                subject = _subject(parameter, where)
            case "planDefinition":
                plan = text(parameter.get("valueCanonical") or parameter.get("valueUri"))
            case "questionnaireResponse" | "data":
                resource = parameter.get("resource")
                if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                    raise RecordError("`resource` holds a FHIR resource", where, "structure")
                resources += entries(resource)
            case "unknowns":
                word = parameter.get("valueCode") or parameter.get("valueString")
                if word not in ("confirm", "strict"):
                    raise RecordError("`unknowns` is `confirm` or `strict`", where, "code-invalid")
                strict = word == "strict"
            case name if name not in PARAMETERS:
                raise RecordError(
                    f"the parameters are {', '.join(sorted(PARAMETERS))}", f"{where}.name", "not-supported"
                )
    if not subject:
        raise RecordError("`subject` names the patient, such as `Patient/1`", "Parameters.parameter", "required")
    if not named and plan.partition("|")[0] != plan_address(base):
        raise RecordError(f"`planDefinition` is `{plan_address(base)}`", "Parameters.parameter", "not-found")
    return Application(subject, resources, strict)


def _subject(parameter: Resource, where: str) -> str:
    reference = parameter.get("valueReference")
    found = text(parameter.get("valueString") or parameter.get("valueId") or parameter.get("valueUri"))
    if isinstance(reference, dict):
        found = text(reference.get("reference"))
    kind, _, name = found.rpartition("/")
    if not name or len(found) > 500 or kind.rpartition("/")[2] not in ("Patient", ""):
        raise RecordError("`subject` names the patient, such as `Patient/1`", where, "value")
    return found if kind else f"Patient/{name}"


def apply(
    application: Application, engine: Engine, codes: Codes, base: str, on: date, sign: ReceiptSigner | None = None
) -> Resource:
    """Return the care plan for a subject; `sign` adds a Provenance."""
    patient = application.subject.rpartition("/")[2]
    reader = Reader(engine.release, codes, canonical(base), on, patient)
    record = reader.read(application.resources)
    answer = engine.answer(Question(dict(record.facts), application.strict, record.unavailable))
    plan = care_plan(answer, engine, record, application.subject, base)
    if sign is not None:
        plan["contained"].append(provenance(sign(event_of(answer)), base, datetime.now(UTC)))
    return plan
