"""`PlanDefinition/$apply`: Parameters in, a CarePlan out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.codes import Codes
from app.core.decided import ReceiptSigner, event_of
from app.core.engine import Question
from app.core.facts import Value
from app.core.rules import Release
from app.fhir.localization import Localizations
from app.fhir.parameters import REFERENCE, Parameter, parameters, unknown
from app.fhir.plan import care_plan
from app.fhir.provenance import provenance
from app.fhir.questionnaire import canonical
from app.record.answers import response_of, value_of
from app.record.elements import RecordError, Resource, codings, text
from app.record.orders import plan_address
from app.record.reader import Reader

UNUSED = frozenset(
    {
        *("practitioner", "organization", "userType", "userTaskContext", "setting", "settingContext"),
        *("contentEndpoint", "terminologyEndpoint"),
    }
)
"""Parameters of R4 and CPG that the decision does not need; they are accepted and play no part."""
PARAMETERS = UNUSED | {
    *("planDefinition", "subject", "questionnaireResponse", "data", "unknowns", "parameters", "useServerData"),
    *("prefetchData", "encounter", "userLanguage"),
}
"""What `$apply` takes, of R4, of CPG, and `unknowns` of our own."""
ONCE = frozenset({"planDefinition", "subject", "unknowns", "useServerData", "encounter", "userLanguage"})
NOTHING_STORED = "this server stores nothing: send the data itself in `data`"


@dataclass
class Application:
    """What somebody asks to be applied."""

    subject: str = ""
    encounter: str = ""
    language: str = ""
    plan: str = ""
    strict: bool = False
    record: list[Resource] = field(default_factory=list)
    """Bundles and resources."""
    facts: dict[str, Value] = field(default_factory=dict)


def read_application(body: Any, release: Release, base: str, *, named: bool) -> Application:
    """Read the Parameters of `$apply`; `named`: the path names the plan."""
    found = Application()
    for parameter in parameters(body, ONCE):
        _take(parameter, found, release)
    if not found.subject:
        raise RecordError(REFERENCE, "Parameters.parameter", "required", name="subject", kind="Patient")
    if not named and found.plan.partition("|")[0] != plan_address(base):
        says = "`planDefinition` is `{address}`"
        raise RecordError(says, "Parameters.parameter", "not-found", address=plan_address(base))
    return found


def _take(parameter: Parameter, found: Application, release: Release) -> None:
    """Take one parameter into what is asked."""
    given = parameter.given
    match parameter.name:
        case "subject":
            found.subject = parameter.reference("Patient")
        case "encounter":
            found.encounter = parameter.reference("Encounter") if parameter.written else ""
        case "planDefinition":
            found.plan = text(given.get("valueCanonical") or given.get("valueUri") or given.get("valueString"))
        case "questionnaireResponse" | "data":
            found.record.append(parameter.resource())
        case "prefetchData":
            found.record += [part.resource() for part in parameter.parts() if part.name == "data"]
        case "parameters":
            for inside in parameters(parameter.resource()):
                value = _fact(inside, release, parameter)
                if inside.name in found.facts:
                    said = f"{parameter.where}.resource.{inside.where}"
                    raise RecordError("`{name}` is answered twice", said, "duplicate", name=inside.name)
                found.facts[inside.name] = value
        case "unknowns":
            word = given.get("valueCode") or given.get("valueString")
            if word not in ("confirm", "strict"):
                raise RecordError("`unknowns` is `confirm` or `strict`", parameter.where, "code-invalid")
            found.strict = word == "strict"
        case "useServerData":
            parameter.flag()  # true asks for nothing that is here, false for what is done anyway
        case "userLanguage":
            found.language = next((code for _, code, _ in codings(given.get("valueCodeableConcept"))), "")
        case "dataEndpoint":
            raise RecordError(NOTHING_STORED, parameter.where, "not-supported")
        case name if name not in UNUSED:
            raise unknown(parameter, PARAMETERS)


def _fact(parameter: Parameter, release: Release, outer: Parameter) -> Value:
    """Return the fact that a parameter inside `parameters` says."""
    fact = release.facts.get(parameter.name)
    where = f"{outer.where}.resource.{parameter.where}"
    if fact is None:
        says = "release {release} has no such fact"
        raise RecordError(says, f"{where}.name", "not-found", release=release.id)
    given = parameter.given
    if word := given.get("valueCode") or given.get("valueString"):
        given = {"valueCoding": {"code": word}}
    return value_of(given, fact, where)


def apply(
    application: Application,
    locales: Localizations,
    languages: str,
    codes: Codes,
    base: str,
    now: datetime,
    sign: ReceiptSigner | None = None,
) -> Resource:
    """Return the care plan for a subject; `sign` adds a Provenance.

    `now` is in UTC; its day is today.
    """
    release = locales.find("").engine.release
    record = [*application.record]
    if application.facts:
        said = response_of(application.facts, (), release, canonical(base), base)
        record.append(said | {"subject": {"reference": application.subject}, "authored": now.date().isoformat()})
    read = Reader(release, codes, canonical(base), now.date(), application.subject).read(record)
    locale = locales.find(languages, application.language or read.language)
    doubted = () if application.strict else read.doubted
    question = Question(
        dict(read.facts),
        application.strict,
        read.unavailable,
        doubted=doubted,
        asked_on=now.date(),
        last_days=read.last_days,
    )
    answer = locale.engine.answer(question)
    about: Resource = {"subject": {"reference": application.subject}}
    if application.encounter:
        about["encounter"] = {"reference": application.encounter}
    plan = care_plan(answer, locale, read, about, base)
    if sign is not None:
        plan["contained"].append(provenance(sign(event_of(answer)), base, now))
    return plan
