"""The adaptive intake (SDC): a response in, the next question out."""

from typing import Any

from app.core.engine import Question
from app.fhir.localization import Localization, Localizations
from app.fhir.questionnaire import ADAPTIVE, NAME, canonical, item_of
from app.record.answers import answers_of, response_of
from app.record.bounds import MOST_ANSWERS
from app.record.elements import RecordError, Resource, items, text
from app.record.intake import KNOWN

KEPT = (
    *("id", "meta", "identifier", "basedOn", "partOf", "subject", "encounter", "authored", "author", "source"),
    "extension",
)
"""What of a response is the caller's, and stays."""
GOES_ON = "in-progress"
FINISHED = ("completed", "amended")
WANTED = "send one QuestionnaireResponse with its Questionnaire contained"


def response_in(body: Any) -> Resource:
    """Return the response of a body, or of Parameters (SDC)."""
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        listed = body.get("parameter")
        found = [p for p in listed if isinstance(p, dict)] if isinstance(listed, list) else []
        body = next((p.get("resource") for p in found if p.get("name") == "questionnaire-response"), None)
    if not isinstance(body, dict) or body.get("resourceType") != "QuestionnaireResponse":
        raise RecordError(WANTED, "QuestionnaireResponse", "structure")
    return body


def next_question(response: Resource, locales: Localizations, languages: str, base: str) -> Resource:
    """Return the response with the next question, or completed.

    A finished one is given back where nothing is left to ask, so that a call may be sent again; it is opened by its
    author alone.
    """
    locale = locales.find(languages, _preferred(response))
    engine, address = locale.engine, canonical(base)
    release = engine.release
    _check(response, address)
    answers = answers_of({**response, "status": GOES_ON}, release, address)
    if answers is None:
        says = "`questionnaire` is `#{name}` or `{address}`"
        raise RecordError(says, "QuestionnaireResponse.questionnaire", name=NAME, address=address)
    if answers.unread:
        raise RecordError(
            "at most {most} answers are read", "QuestionnaireResponse.item", "too-costly", most=MOST_ANSWERS
        )
    outcome = engine.decide(Question(answers.facts, strict=True, unavailable=answers.unavailable))
    so_far = [name for name in release.facts if name in answers.facts or name in answers.unavailable]
    shown = [*so_far, *([outcome.next_fact] if outcome.next_fact else [])]
    contained = _contained(locale, base, shown)
    if answers.unknown:
        contained.setdefault("item", []).append(_not_understood(answers.unknown, locale))
    finished = text(response.get("status")) if response.get("status") in FINISHED else ""
    if finished and outcome.next_fact:
        raise _closed(finished)
    status = GOES_ON if outcome.next_fact else finished or "completed"
    found = response_of(answers.facts, answers.unavailable, release, f"#{NAME}", base, status)
    _carry_over(response, found)
    kept: Resource = {key: response[key] for key in KEPT if key in response}
    others = [inside for inside in items(response.get("contained")) if inside.get("resourceType") != "Questionnaire"]
    language = {"language": locale.language}
    return {"resourceType": "QuestionnaireResponse", "contained": [contained, *others], **language, **kept, **found}


def _contained(locale: Localization, base: str, shown: list[str]) -> Resource:
    """Return the one-off Questionnaire of a response.

    As `sdc-questionnaire-adapt` has it: no address and no version of its own, and derived from ours.
    """
    release = locale.engine.release
    found: Resource = {
        "resourceType": "Questionnaire",
        "id": NAME,
        "language": locale.language,
        "extension": [{"url": ADAPTIVE, "valueBoolean": True}],
        "name": "CandidateIntake",
        "title": locale.phrases.of("Candidate intake"),
        "derivedFrom": [f"{canonical(base)}|{release.id}"],
        "status": "active",
        "experimental": release.reviewed is None,
        "subjectType": ["Patient"],
        "date": release.released,
    }
    return found | ({"item": [item_of(release.facts[name], locale, base) for name in shown]} if shown else {})


def _not_understood(names: tuple[str, ...], locale: Localization) -> Resource:
    listed = ", ".join(f"`{name[:64]}`" for name in names)
    says = locale.phrases.of("Not understood, as this release has no such question: {names}", names=listed)
    return {"linkId": "not-understood", "type": "display", "text": says}


def _carry_over(response: Resource, found: Resource) -> None:
    """Keep what the caller's items say beside their answers."""
    given = {text(item.get("linkId")): item for item in items(response.get("item"))}
    for item in found.get("item", ()):
        before = given.get(item["linkId"], {})
        if "answer" in item:
            extensions = [answer.get("extension") for answer in items(before.get("answer"))]
            if extensions and extensions[0]:
                item["answer"][0]["extension"] = extensions[0]
            if before.get("extension"):
                item["extension"] = before["extension"]


def _preferred(response: Resource) -> str:
    """Return the language of the contained Patient, else of the response."""
    for inside in items(response.get("contained")):
        for spoken in items(inside.get("communication")) if inside.get("resourceType") == "Patient" else ():
            if spoken.get("preferred") is True and isinstance(spoken.get("language"), dict):
                return next((text(c.get("code")) for c in items(spoken["language"].get("coding"))), "")
    return text(response.get("language"))


def _check(response: Resource, address: str) -> None:
    """Refuse another questionnaire, or what changes the meaning of a response."""
    for element in ("modifierExtension", "implicitRules"):
        if response.get(element):
            says = "`{element}` may change what the response means, and is not known here"
            raise RecordError(says, f"QuestionnaireResponse.{element}", "not-supported", element=element)
    status = response.get("status", GOES_ON)
    if status != GOES_ON and status not in FINISHED:
        raise _closed(text(status))
    for inside in items(response.get("contained")):
        if inside.get("resourceType") != "Questionnaire":
            continue
        listed = inside.get("derivedFrom")
        derived = [text(name).partition("|")[0] for name in listed] if isinstance(listed, list) else []
        named = text(inside.get("url")).partition("|")[0]
        if address not in (*derived, named, named.removesuffix("-adaptive")):
            says = "the contained Questionnaire derives from `{address}`"
            raise RecordError(says, "QuestionnaireResponse.contained.derivedFrom", address=address)


def _closed(status: str) -> RecordError:
    """Return the error about a response that is not gone on with.

    A status that FHIR does not know may be any text, and is not repeated.
    """
    says = "the next question is asked of a response that is `in-progress`, and this one is `{status}`"
    return RecordError(says, "QuestionnaireResponse.status", "business-rule", status=status if status in KNOWN else "?")
