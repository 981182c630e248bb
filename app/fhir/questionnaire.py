"""The intake Questionnaire of a release, and its adaptive use (SDC)."""

from collections.abc import Sequence

from app.core.engine import Engine, Question
from app.core.facts import Fact
from app.core.rules import Release
from app.record.answers import ANSWERS_SYSTEM, answers_of, coding_of, response_of
from app.record.bounds import MOST_ANSWERS
from app.record.elements import RecordError, Resource, items, text

NAME = "candidate-intake"
ADAPTIVE = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-questionnaireAdaptive"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
LEAST = "http://hl7.org/fhir/StructureDefinition/minValue"
MOST = "http://hl7.org/fhir/StructureDefinition/maxValue"
HELP = "http://hl7.org/fhir/questionnaire-item-control"
CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
UNITS = {"years": ("a", "years"), "days": ("d", "days")}


def canonical(base: str) -> str:
    """Return the canonical address of the questionnaire."""
    return f"{base}/fhir/Questionnaire/{NAME}"


def questionnaire(release: Release, base: str, only: Sequence[str] | None = None) -> Resource:
    """Return the Questionnaire of a release, or of `only` some facts."""
    names = list(release.facts) if only is None else list(only)
    found: Resource = {
        "resourceType": "Questionnaire",
        "id": NAME,
        "url": canonical(base),
        "version": release.id,
        "name": "CandidateIntake",
        "title": "Candidate intake",
        "status": "active",
        "experimental": release.reviewed is None,
        "subjectType": ["Patient"],
        "date": release.released,
        "description": (
            "Every question that may matter for a candidate of regenerative skin treatment. Every question may be left "
            "unanswered: unknown never means no."
        ),
        "purpose": "Decision support for a clinician; no diagnosis and no treatment order.",
    }
    if only is None:
        found["extension"] = [{"url": ADAPTIVE, "valueBoolean": True}]
    if names:
        found["item"] = [_item(release.facts[name], release, base) for name in names]
    return found


def _item(fact: Fact, release: Release, base: str) -> Resource:
    item: Resource = {"linkId": fact.name, "text": fact.question, "required": False}
    match fact.kind:
        case "boolean":
            item["type"] = "boolean"
        case "integer":
            code, words = UNITS[fact.unit or "years"]
            unit = {"system": "http://unitsofmeasure.org", "code": code, "display": words}
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


def answer_codes(release: Release, base: str) -> Resource:
    """Return the CodeSystem of all answers that are words."""
    labels: dict[str, list[str]] = {}
    for fact in release.facts.values():
        if fact.kind in ("grade", "choice"):
            for value in fact.values:
                labels.setdefault(str(value), []).append(f"{fact.name}: {fact.labels.get(value, value)}")
    return {
        "resourceType": "CodeSystem",
        "id": NAME,
        "url": base + ANSWERS_SYSTEM,
        "version": release.id,
        "name": "CandidateIntakeAnswers",
        "title": "Answers of the candidate intake",
        "status": "active",
        "experimental": release.reviewed is None,
        "caseSensitive": True,
        "content": "complete",
        "concept": [{"code": code, "display": code, "definition": "; ".join(words)} for code, words in labels.items()],
    }


def next_question(response: Resource, engine: Engine, base: str) -> Resource:
    """Return the response with the next question, or completed."""
    release, address = engine.release, canonical(base)
    if response.get("resourceType") != "QuestionnaireResponse":
        raise RecordError("send one QuestionnaireResponse with its Questionnaire contained", "QuestionnaireResponse")
    _check_contained(response, address)
    answers = answers_of({**response, "status": "in-progress"}, release, address)
    if answers is None:
        raise RecordError(f"`questionnaire` is `#{NAME}` or `{address}`", "QuestionnaireResponse.questionnaire")
    if answers.unread:
        raise RecordError(f"at most {MOST_ANSWERS} answers are read", "QuestionnaireResponse.item", "too-costly")
    asked = Question(answers.facts, strict=True, unavailable=answers.unavailable)
    outcome = engine.decide(asked)
    so_far = [name for name in release.facts if name in answers.facts or name in answers.unavailable]
    shown = [*so_far, *([outcome.next_fact] if outcome.next_fact else [])]
    contained = questionnaire(release, base, shown) | {
        "id": NAME,
        "url": f"{address}-adaptive",
        "derivedFrom": [address],
    }
    status = "in-progress" if outcome.next_fact else "completed"
    found = response_of(answers.facts, answers.unavailable, release, f"#{NAME}", base, status)
    kept: Resource = {
        key: response[key] for key in ("id", "subject", "authored", "author", "source") if key in response
    }
    return {"resourceType": "QuestionnaireResponse", "contained": [contained], **kept, **found}


def _check_contained(response: Resource, address: str) -> None:
    """Refuse a contained questionnaire that is another one."""
    for inside in items(response.get("contained")):
        if inside.get("resourceType") != "Questionnaire":
            continue
        listed = inside.get("derivedFrom")
        derived = [text(name).partition("|")[0] for name in listed] if isinstance(listed, list) else []
        named = text(inside.get("url")).partition("|")[0]
        if address not in (*derived, named, named.removesuffix("-adaptive")):
            raise RecordError(
                f"the contained Questionnaire derives from `{address}`", "QuestionnaireResponse.contained.derivedFrom"
            )
