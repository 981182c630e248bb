"""The PlanDefinition, and the CarePlan that applying it gives.

`success`: the decision is settled and stands on no assumption. `data-requested`: it stands on assumptions.
`data-required`: it is undecided, and `dataRequirement` names the questions.
"""

from collections.abc import Iterator, Mapping
from uuid import NAMESPACE_URL, uuid5

from app.core.answer import Answer
from app.core.precedence import phases
from app.fhir import said
from app.fhir.library import library_address
from app.fhir.localization import Localization
from app.fhir.outcome import issue
from app.fhir.questionnaire import canonical
from app.record.elements import Resource
from app.record.orders import pathway_concept, plan_address
from app.record.places import PatientFacts

NAME = "candidate-triage"
DISPOSITIONS = "/fhir/CodeSystem/candidate-triage-disposition"
PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
STATUS = {"settled": "success", "assumed": "data-requested", "open": "data-required"}


def plan_definition(locale: Localization, base: str) -> Resource:
    """Return the documented logic as a PlanDefinition, each source named once."""
    release, say = locale.engine.release, locale.phrases.of
    rules: list[Resource] = [
        {
            "title": release.wording.pathways[rule.pathway],
            "description": rule.says,
            "code": [pathway_concept(release, rule.pathway, base)],
            "documentation": [{"type": "justification", "label": name} for name in rule.sources],
        }
        for rule in reversed(phases(release.rules))
    ]
    cited = dict.fromkeys(artifact["label"] for rule in rules for artifact in rule["documentation"])
    return {
        "resourceType": "PlanDefinition",
        "id": NAME,
        "language": locale.language,
        "url": plan_address(base),
        "version": release.id,
        "name": "CandidateTriage",
        "title": say("Candidate triage"),
        "type": {"coding": [{"system": PLAN_TYPE, "code": "eca-rule", "display": "ECA Rule"}]},
        "status": "retired" if release.withdrawn else "active",
        "experimental": release.reviewed is None,
        "date": release.released,
        "description": say(
            "Which documented pathway of regenerative skin treatment applies, what comes first, or what is missing."
        ),
        "purpose": say("Decision support for a clinician; no diagnosis and no treatment order."),
        "library": [f"{library_address(base)}|{release.id}"],
        "relatedArtifact": [
            {
                "type": "justification",
                "label": name,
                "display": source.document,
                "citation": f"{source.document}, {source.section}",
                "url": f"{base}/v1/rulesets/{release.id}/sources/{name}",
            }
            for name, source in ((name, release.sources[name]) for name in cited)
        ],
        "action": rules,
    }


def code_system(address: str, title: str, named: Mapping[str, str], locale: Localization, base: str) -> Resource:
    """Return the code system of the pathways or of the dispositions."""
    return {
        "resourceType": "CodeSystem",
        "id": address.rpartition("/")[2],
        "language": locale.language,
        "url": base + address,
        "version": locale.engine.release.id,
        "name": title,
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "concept": [{"code": key, "display": words} for key, words in named.items()],
    }


def care_plan(answer: Answer, locale: Localization, record: PatientFacts, about: Resource, base: str) -> Resource:
    """Return the answer as a CarePlan with the GuidanceResponse contained.

    `about` are the references to the subject and, where it is known, the encounter.
    """
    release = locale.engine.release
    name = str(uuid5(NAMESPACE_URL, f"{answer.id} {about['subject']['reference']}"))
    guidance = guidance_response(answer, locale, record, about, base)
    contained = [guidance]
    if issues := list(_issues(record, locale)):
        contained.append({"resourceType": "OperationOutcome", "id": "messages", "issue": issues})
        guidance["evaluationMessage"] = [{"reference": "#messages"}]
    found: Resource = {
        "resourceType": "CarePlan",
        "id": name,
        "language": locale.language,
        "contained": contained,
        "instantiatesCanonical": [f"{plan_address(base)}|{release.id}"],
        "status": "draft",
        "intent": "proposal",
        "title": release.wording.dispositions[answer.decision.disposition],
        "description": answer.summary,
        **about,
        "supportingInfo": [{"reference": "#guidance"}],
        "note": [{"text": notice} for notice in (*locale.warnings, *answer.notices)],
    }
    if not found["note"]:
        del found["note"]
    if answer.valid_until and answer.asked_on:
        found["period"] = {"start": str(answer.asked_on), "end": str(answer.valid_until)}
    if answer.decision.pathway:
        detail = {
            "kind": "ServiceRequest",
            "code": pathway_concept(release, answer.decision.pathway, base),
            "status": "not-started",
            "doNotPerform": False,
            "description": answer.summary,
        }
        found["activity"] = [{"detail": detail}]
    return found


def guidance_response(
    answer: Answer, locale: Localization, record: PatientFacts, about: Resource, base: str
) -> Resource:
    """Return the guidance: decision, rationale, assumptions, and which data is asked for."""
    release = locale.engine.release
    undecided = answer.decision.disposition == "needs_information"
    status = STATUS["open" if undecided else "assumed" if answer.assumptions else "settled"]
    wanted = list(answer.missing) if undecided else [assumption.fact for assumption in answer.assumptions]
    words = release.wording.dispositions[answer.decision.disposition]
    coding = {"system": base + DISPOSITIONS, "code": answer.decision.disposition, "display": words}
    reasons = [{"coding": [coding], "text": answer.summary}]
    if answer.decision.pathway:
        reasons.append(pathway_concept(release, answer.decision.pathway, base))
    found: Resource = {
        "resourceType": "GuidanceResponse",
        "id": "guidance",
        "identifier": [{"system": f"{base}/fhir/id/answer", "value": answer.id}],
        "moduleCanonical": f"{plan_address(base)}|{release.id}",
        "status": status,
        **about,
        "reasonCode": reasons,
        "note": [{"text": text} for text in (*locale.warnings, *_notes(answer, record, locale, base))],
    }
    if wanted:
        found["dataRequirement"] = [
            {
                "id": fact,
                "type": "QuestionnaireResponse",
                "profile": ["http://hl7.org/fhir/StructureDefinition/QuestionnaireResponse"],
                "mustSupport": [f"item.where(linkId='{fact}').answer"],
                "codeFilter": [{"path": "questionnaire", "code": [{"system": canonical(base), "code": fact}]}],
            }
            for fact in wanted
        ]
    return found


def _notes(answer: Answer, record: PatientFacts, locale: Localization, base: str) -> list[str]:
    """Return rules, the record and sources as notes."""
    say = locale.phrases.of
    found = []
    for reason in answer.rationale:
        held = reason.state == "held"
        statement = reason.statement if held else say("May hold: {statement}", statement=reason.statement)
        sources = ", ".join(reason.sources)
        found.append(
            say("{rule}: {statement} Sources: {sources}.", rule=reason.rule, statement=statement, sources=sources)
        )
    found += [
        say(
            "{rule}: {statement} To: {to}. Sources: {sources}.",
            rule=each.rule,
            statement=each.statement,
            to=each.to,
            sources=", ".join(each.sources),
        )
        for each in answer.referral
        if each.rule not in {reason.rule for reason in answer.rationale}
    ]
    for title, lines in (
        ("From the record", said.used(record, locale)),
        ("Contradictions", said.contradictions(record, locale)),
        ("To be asked, because of the record", said.asked(record, locale)),
        ("Not understood", said.not_understood(record.not_understood, locale)),
        ("Without effect", said.counted(record, locale)),
        ("Not read", [*said.unread(record, locale), *said.lost(record, locale)]),
    ):
        found += [f"{say(title)}: {line}" for line in lines]
    for name, source in answer.sources.items():
        where = f"{source.document}, {source.section}. {base}{source.url}"
        found.append(say("Source {name}: {where}", name=name, where=where))
    return found or [answer.summary]


def _issues(record: PatientFacts, locale: Localization) -> Iterator[Resource]:
    """Yield what of the record is open or lost, as issues."""
    for line in said.contradictions(record, locale):
        yield issue(line, "conflict", severity="warning")
    for line in said.asked(record, locale):
        yield issue(line, "incomplete", severity="information")
    for line in said.not_understood(record.not_understood, locale):
        yield issue(line, "not-supported", severity="information")
    for line in said.unread(record, locale):
        yield issue(line, "too-costly", severity="warning")
    for line in said.lost(record, locale):
        yield issue(line, "incomplete", severity="warning")
