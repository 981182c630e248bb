"""The PlanDefinition, and the CarePlan that applying it gives.

`success`: the decision is settled and stands on no assumption. `data-requested`: it stands on assumptions.
`data-required`: it is undecided, and `dataRequirement` names the questions.
"""

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from app.core.answer import Answer
from app.core.engine import Engine
from app.core.precedence import phases
from app.core.rules import Release
from app.fhir.questionnaire import canonical
from app.record.elements import Resource
from app.record.patient import PatientFacts

NAME = "candidate-triage"
PATHWAYS = "/fhir/CodeSystem/candidate-triage-pathway"
DISPOSITIONS = "/fhir/CodeSystem/candidate-triage-disposition"
PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
STATUS = {"settled": "success", "assumed": "data-requested", "open": "data-required"}


def plan_address(base: str) -> str:
    """Return the canonical address of the plan definition."""
    return f"{base}/fhir/PlanDefinition/{NAME}"


def plan_definition(release: Release, base: str) -> Resource:
    """Return the documented logic as a PlanDefinition, each source told once."""
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
        "url": plan_address(base),
        "version": release.id,
        "name": "CandidateTriage",
        "title": "Candidate triage",
        "type": {"coding": [{"system": PLAN_TYPE, "code": "eca-rule", "display": "ECA Rule"}]},
        "status": "retired" if release.withdrawn else "active",
        "experimental": release.reviewed is None,
        "date": release.released,
        "description": (
            "Which documented pathway of regenerative skin treatment applies, what comes first, or what is missing."
        ),
        "purpose": "Decision support for a clinician; no diagnosis and no treatment order.",
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


def pathway_concept(release: Release, pathway: str, base: str) -> Resource:
    """Return a pathway as a concept."""
    return {"coding": [{"system": base + PATHWAYS, "code": pathway, "display": release.wording.pathways[pathway]}]}


def code_system(address: str, title: str, named: Mapping[str, str], release: Release, base: str) -> Resource:
    """Return the code system of the pathways or of the dispositions."""
    return {
        "resourceType": "CodeSystem",
        "id": address.rpartition("/")[2],
        "url": base + address,
        "version": release.id,
        "name": title,
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "concept": [{"code": key, "display": words} for key, words in named.items()],
    }


def care_plan(answer: Answer, engine: Engine, record: PatientFacts, subject: str, base: str) -> Resource:
    """Return the answer as a CarePlan with the GuidanceResponse contained."""
    release = engine.release
    name = str(uuid5(NAMESPACE_URL, f"{answer.id} {subject}"))
    found: Resource = {
        "resourceType": "CarePlan",
        "id": name,
        "contained": [guidance_response(answer, engine, record, subject, base)],
        "instantiatesCanonical": [f"{plan_address(base)}|{release.id}"],
        "status": "draft",
        "intent": "proposal",
        "title": release.wording.dispositions[answer.decision.disposition],
        "description": answer.summary,
        "subject": {"reference": subject},
        "supportingInfo": [{"reference": "#guidance"}],
        "note": [{"text": notice} for notice in (*engine.release.warnings, *answer.notices)],
    }
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


def guidance_response(answer: Answer, engine: Engine, record: PatientFacts, subject: str, base: str) -> Resource:
    """Return the guidance: decision, rationale, assumptions, and which data is asked for."""
    undecided = answer.decision.disposition == "needs_information"
    status = STATUS["open" if undecided else "assumed" if answer.assumptions else "settled"]
    wanted = list(answer.missing) if undecided else [assumption.fact for assumption in answer.assumptions]
    words = engine.release.wording.dispositions[answer.decision.disposition]
    coding = {"system": base + DISPOSITIONS, "code": answer.decision.disposition, "display": words}
    reasons = [{"coding": [coding], "text": answer.summary}]
    if answer.decision.pathway:
        reasons.append(pathway_concept(engine.release, answer.decision.pathway, base))
    found: Resource = {
        "resourceType": "GuidanceResponse",
        "id": "guidance",
        "identifier": [{"system": f"{base}/fhir/id/answer", "value": answer.id}],
        "moduleCanonical": f"{plan_address(base)}|{engine.release.id}",
        "status": status,
        "subject": {"reference": subject},
        "reasonCode": reasons,
        "note": [{"text": text} for text in (*engine.release.warnings, *_notes(answer, record, base))],
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


def _notes(answer: Answer, record: PatientFacts, base: str) -> list[str]:
    """Return rules, facts and sources as notes."""
    said = []
    for reason in answer.rationale:
        statement = reason.statement if reason.state == "held" else f"May hold: {reason.statement}"
        said.append(f"{reason.rule}: {statement} Sources: {', '.join(reason.sources)}.")
    said += [
        f"{r.rule}: {r.statement} To: {r.to}. Sources: {', '.join(r.sources)}."
        for r in answer.referral
        if r.rule not in {x.rule for x in answer.rationale}
    ]
    said += [f"{s.fact}: from {s.resource} ({s.code}). {s.why}" for s in record.provenance.values()]
    said += [f"{s.fact}: {s.resource} ({s.code}) says otherwise and is overruled." for s in record.overruled]
    said += [f"{s.fact}: to be asked. {s.resource} ({s.code}): {s.why}" for s in record.hints]
    said += [f"{note}." for note in (*record.unread, *record.notes)]
    said += [f"Source {name}: {s.document}, {s.section}. {base}{s.url}" for name, s in answer.sources.items()]
    return said or [answer.summary]
