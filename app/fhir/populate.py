"""`Questionnaire/$populate` (SDC): the intake, prefilled from a record."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.core.codes import Codes, is_no
from app.fhir import said
from app.fhir.localization import Localization, Localizations
from app.fhir.outcome import issue
from app.fhir.parameters import REFERENCE, Parameter, parameters, unknown
from app.fhir.questionnaire import NAME, canonical
from app.record.answers import mark_recorded, response_of
from app.record.elements import RecordError, Resource, text
from app.record.places import PatientFacts
from app.record.reader import Reader

PARAMETERS = frozenset(
    {"identifier", "canonical", "questionnaire", "questionnaireRef", "subject", "context", "data", "local"}
)
"""What `$populate` takes, of SDC 3 and of SDC 4."""


@dataclass
class Population:
    """What somebody asks to be prefilled."""

    subject: str = ""
    named: bool = False
    """Whether the questionnaire is named."""
    record: list[Resource] = field(default_factory=list)


def read_population(body: Any, base: str, *, named: bool) -> Population:
    """Read the Parameters of `$populate`; `named`: the path names the form."""
    found = Population(named=named)
    for parameter in parameters(body, frozenset({"subject"})):
        _take(parameter, found, canonical(base))
    if not found.named:
        says = "`questionnaire` is `{address}`"
        raise RecordError(says, "Parameters.parameter", "not-found", address=canonical(base))
    if not found.subject:
        raise RecordError(REFERENCE, "Parameters.parameter", "required", name="subject", kind="Patient")
    return found


def _take(parameter: Parameter, found: Population, address: str) -> None:
    match parameter.name:
        case "subject":
            found.subject = parameter.reference("Patient")
        case "data":
            found.record.append(parameter.resource())
        case "context":
            # a reference is not followed: nothing is stored here
            content = [part for part in parameter.parts() if part.name == "content" and "resource" in part.given]
            found.record += [part.resource() for part in content]
        case "local":
            parameter.flag()
        case "canonical" | "questionnaire" | "questionnaireRef":
            _check_named(parameter, address)
            found.named = True
        case "identifier":
            says = "name the questionnaire by its address, in `questionnaire`"
            raise RecordError(says, parameter.where, "not-supported")
        case _:
            raise unknown(parameter, PARAMETERS)


def _check_named(parameter: Parameter, address: str) -> None:
    """Refuse another questionnaire."""
    given = parameter.given
    reference = given.get("valueReference")
    named = text(given.get("valueCanonical") or given.get("valueUri") or given.get("valueString"))
    if isinstance(reference, dict):
        named = text(reference.get("reference"))
    if "resource" in given:
        named = text(parameter.resource().get("url"))
    named = named.partition("|")[0]
    if named not in (address, f"Questionnaire/{NAME}"):
        says = "`questionnaire` is `{address}`"
        raise RecordError(says, parameter.where, "not-found", address=address)


def populate(asked: Population, locales: Localizations, languages: str, codes: Codes, base: str, on: date) -> Resource:
    """Return Parameters with the response and the issues around it."""
    release = locales.find("").engine.release
    record = Reader(release, codes, canonical(base), on, asked.subject).read(asked.record)
    locale = locales.find(languages, record.language)
    release = locale.engine.release
    unread = {fact for fact, each in record.might_concern.items() if any(e.reason == "too_many" for e in each)}
    facts = {
        name: value
        for name, value in record.facts.items()
        if name not in record.ranges and not (name in unread and is_no(value))  # what was not read may say yes
    }
    address = f"{canonical(base)}|{release.id}"
    response = response_of(facts, record.unavailable, release, address, base, "in-progress")
    response |= {"language": locale.language, "subject": {"reference": asked.subject}, "authored": on.isoformat()}
    taken = {name for name, each in record.reasons.items() if any(e.link_id is None for e in each)}
    days = {name: max(entry.day for entry in each) for name, each in record.reasons.items() if name in facts and each}
    mark_recorded(response, taken, days, base)
    found: list[Resource] = [{"name": "response", "resource": response}]
    if issues := list(_issues(record, locale)):
        found.append({"name": "issues", "resource": {"resourceType": "OperationOutcome", "issue": issues}})
    return {"resourceType": "Parameters", "parameter": found}


def _issues(record: PatientFacts, locale: Localization) -> Iterator[Resource]:
    """Yield where answers come from, and why others are open."""
    say = locale.phrases.of
    for title, lines, code, severity in (
        ("From the record", said.used(record, locale), "informational", "information"),
        ("Contradictions", said.contradictions(record, locale), "conflict", "warning"),
        ("To be asked, because of the record", said.asked(record, locale), "incomplete", "information"),
        ("Not understood", said.not_understood(record.not_understood, locale), "not-supported", "information"),
        ("Without effect", said.counted(record, locale), "informational", "information"),
        ("Not read", said.unread(record, locale), "too-costly", "warning"),
        ("Not read", said.lost(record, locale), "incomplete", "warning"),
    ):
        for line in lines:
            yield issue(f"{say(title)}: {line}", code, severity=severity)
