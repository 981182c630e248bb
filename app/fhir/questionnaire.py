"""The intake Questionnaire of a release, and the codes of its answers."""

from app.core.facts import Fact
from app.fhir.localization import Localization
from app.record.answers import ANSWERS_SYSTEM, coding_of
from app.record.elements import Resource

NAME = "candidate-intake"
ADAPTIVE = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-questionnaireAdaptive"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
LEAST = "http://hl7.org/fhir/StructureDefinition/minValue"
MOST = "http://hl7.org/fhir/StructureDefinition/maxValue"
HELP = "http://hl7.org/fhir/questionnaire-item-control"
CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
UNITS = {"years": "a", "days": "d"}
"""The UCUM code of a unit as the rule book names it."""


def canonical(base: str) -> str:
    """Return the canonical address of the questionnaire."""
    return f"{base}/fhir/Questionnaire/{NAME}"


def questionnaire(locale: Localization, base: str) -> Resource:
    """Return the Questionnaire of a release."""
    release, say = locale.engine.release, locale.phrases.of
    return {
        "resourceType": "Questionnaire",
        "id": NAME,
        "language": locale.language,
        "extension": [{"url": ADAPTIVE, "valueBoolean": True}],
        "url": canonical(base),
        "version": release.id,
        "name": "CandidateIntake",
        "title": say("Candidate intake"),
        "status": "active",
        "experimental": release.reviewed is None,
        "subjectType": ["Patient"],
        "date": release.released,
        "description": say(
            "Every question that may matter for a candidate of regenerative skin treatment. Every question may be left "
            "unanswered: unknown never means no."
        ),
        "purpose": say("Decision support for a clinician; no diagnosis and no treatment order."),
        "item": [item_of(fact, locale, base) for fact in release.facts.values()],
    }


def item_of(fact: Fact, locale: Localization, base: str) -> Resource:
    """Return the question of a fact."""
    item: Resource = {"linkId": fact.name, "text": fact.question, "required": False}
    match fact.kind:
        case "boolean":
            item["type"] = "boolean"
        case "integer":
            original = locale.original.facts[fact.name].unit or "years"
            unit = {"system": "http://unitsofmeasure.org", "code": UNITS[original], "display": fact.unit or original}
            item["extension"] = [
                {"url": LEAST, "valueInteger": fact.minimum},
                {"url": MOST, "valueInteger": fact.maximum},
                {"url": UNIT, "valueCoding": unit},
            ]
            item["type"] = "integer"
        case _:
            item["type"] = "choice"
            item["answerOption"] = [{"valueCoding": coding_of(fact, value, base)} for value in fact.values]
    control = {"coding": [{"system": HELP, "code": "help", "display": "Help-Button"}]}
    item["item"] = [
        {
            "extension": [{"url": CONTROL, "valueCodeableConcept": control}],
            "linkId": f"help-{fact.name}",
            "text": fact.help,
            "type": "display",
        }
    ]
    return item


def answer_codes(locale: Localization, base: str) -> Resource:
    """Return the CodeSystem of all answers that are words."""
    release = locale.engine.release
    labels: dict[str, list[str]] = {}
    for fact in release.facts.values():
        if fact.kind in ("grade", "choice"):
            for value in fact.values:
                labels.setdefault(str(value), []).append(f"{fact.name}: {fact.labels.get(value, value)}")
    return {
        "resourceType": "CodeSystem",
        "id": NAME,
        "language": locale.language,
        "url": base + ANSWERS_SYSTEM,
        "version": release.id,
        "name": "CandidateIntakeAnswers",
        "title": locale.phrases.of("Answers of the candidate intake"),
        "status": "active",
        "experimental": release.reviewed is None,
        "caseSensitive": True,
        "content": "complete",
        "concept": [{"code": code, "display": code, "definition": "; ".join(words)} for code, words in labels.items()],
    }
