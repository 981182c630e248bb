"""Golden patients: YAML files in `tests/cases` that a clinician can read, and what is checked of each.

A file has a `title`, the `rulesets` that its patients are asked of, facts that they share (`base`, or `starts_from`, a
file in `bases`; a case may start from another), and `cases`. A case names what it varies, `why` it is there, its
`facts`, how it is asked (`strict`, `unavailable`, `rulesets`), and what is expected. A release is asked about the facts
that it knows. Only what a case names is checked:

- `decision`: the disposition, with the pathway where one is recommended
- `indicated`, `ready`, `possible`, `missing`, `next_question`, `assumptions`
- `rules`: the ids of the rationale, exactly; `referral`, `also_matched`, `near_misses`: ids, exactly
- `cautions`, `unresolved`: ids, exactly; `cautions_with`, `cautions_without`: ids among others
- `preconditions`: id to status; `components`: id to status; `alternatives`: id to whether it fits
- `if_resolved`: the decision then, or null; `resolved_when`: when that is, as sentences
- `urgency`: of each referral; `for`: what the next question is for; `notices_with`: how a notice begins, among others
- `states`: rule to its state, the same in the rationale and in `/explain`; `actionable`: the facts shown as a way in
- `says`, `korean`: id (or part of a plan, `notices`, `question`) to words that its sentences hold, in that language

A case with a `story` is walked in a browser as well, from the start page to the result (`tests/web/ways.py`): `ends`,
the heading there, in the language of the way; `cares`, the headings of other care that comes first; `clicks`, the most
that it may take; `way`, how that person goes, if not by mouse; `long`, whether it is left to the long run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from app.core.answer import Answer, PlanShown
from app.core.engine import Engine, Question
from app.core.precedence import Decision
from app.proof.explain import explain
from app.rulebook.files import read

EXPLAINED = {"states", "actionable", "says", "korean"}
"""What is expected of an explanation or of texts, and checked apart from the decision."""
FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Story:
    """How a patient goes through the pages, and how it ends."""

    ends: str
    cares: tuple[str, ...] = ()
    clicks: int = 30
    way: str = "mouse"
    long: bool = False


@dataclass(frozen=True)
class Patient:
    """One golden patient."""

    name: str
    why: str
    facts: dict[str, Any]
    strict: bool
    unavailable: tuple[str, ...]
    rulesets: tuple[str, ...]
    expect: Mapping[str, Any]
    story: Story | None = None


KEYS = {"name", "why", "starts_from", "facts", "strict", "unavailable", "rulesets", "expect", "story"}


def patients() -> Iterator[Patient]:
    """Yield every patient of every file."""
    for path in sorted(FOLDER.glob("*.yaml")):
        data = read(path).data
        for case in data["cases"]:
            strange = set(case) - KEYS
            assert not strange, f"{path.name}: {case['name']}: {strange}"
            yield Patient(
                name=f"{path.stem}: {case['name']}",
                why=case.get("why", ""),
                facts={
                    **base(case.get("starts_from", data.get("starts_from"))),
                    **data.get("base", {}),
                    **case["facts"],
                },
                strict=case.get("strict", False),
                unavailable=tuple(case.get("unavailable", ())),
                rulesets=tuple(case.get("rulesets", data["rulesets"])),
                expect=case["expect"],
                story=_story(case["story"]) if "story" in case else None,
            )


def _story(told: dict[str, Any]) -> Story:
    return Story(**told | {"cares": tuple(told.get("cares", ()))})


def stories() -> dict[str, Patient]:
    """Return the patients that are walked in a browser, by name."""
    return {patient.name.partition(": ")[2]: patient for patient in patients() if patient.story}


def base(name: str | None) -> dict[str, Any]:
    """Return the facts of a file in `bases`."""
    return read(FOLDER / "bases" / f"{name}.yaml").data if name else {}


def differences(patient: Patient, engine: Engine) -> list[str]:
    """Return how an engine's answer differs from what is expected of a patient."""
    known = engine.release.facts
    facts = {name: value for name, value in patient.facts.items() if value is not None and name in known}
    answer = engine.answer(Question(facts, patient.strict, patient.unavailable))
    found = observed(answer)
    wrong = []
    for key, expected in patient.expect.items():
        if key in EXPLAINED:
            continue
        match key:
            case "cautions_with":
                bad = sorted(set(expected) - set(found["cautions"]))
            case "notices_with":
                bad = [start for start in expected if not any(text.startswith(start) for text in answer.notices)]
            case "cautions_without":
                bad = sorted(set(expected) & set(found["cautions"]))
            case "preconditions" | "components" | "alternatives" | "blocked_by":
                bad = [f"{k}: {found[key].get(k)}" for k, v in expected.items() if found[key].get(k) != v]
            case _:
                bad = [] if found[key] == expected else [found[key]]
        if bad:
            wrong.append(f"{patient.name}: {key}: expected {expected}, found {bad}")
    return wrong


def observed(answer: Answer) -> dict[str, Any]:
    """Return what of an answer a case may name."""
    plan = answer.plan
    return {
        "decision": in_words(answer.decision),
        "indicated": answer.indicated.pathway if answer.indicated else None,
        "ready": answer.ready,
        "possible": [in_words(decision) for decision in answer.possible],
        "missing": list(answer.missing),
        "next_question": answer.next_question.fact if answer.next_question else None,
        "assumptions": [assumption.fact for assumption in answer.assumptions],
        "rules": [reason.rule for reason in answer.rationale],
        "referral": [referral.rule for referral in answer.referral],
        "also_matched": [also.rule for also in answer.also_matched],
        "near_misses": {miss.rule: list(miss.unmet) for miss in answer.near_misses},
        "cautions": [caution.rule for caution in answer.cautions],
        "unresolved": [caution.rule for caution in answer.unresolved],
        "preconditions": {p.rule: p.status for p in answer.preconditions},
        "components": {c.id: c.status for c in plan.components} if isinstance(plan, PlanShown) else {},
        "alternatives": {alternative.rule: alternative.fits for alternative in answer.alternatives},
        "blocked_by": {alternative.rule: list(alternative.blocked_by) for alternative in answer.alternatives},
        "urgency": {referral.rule: referral.urgency for referral in answer.referral},
        "for": answer.next_question.for_ if answer.next_question else None,
        "resolved_when": list(answer.if_resolved.when) if answer.if_resolved else [],
        "if_resolved": in_words(answer.if_resolved.decision) if answer.if_resolved else None,
    }


def in_words(decision: Decision) -> str:
    """Return a decision in a word or two."""
    return f"{decision.disposition} {decision.pathway}" if decision.pathway else decision.disposition


def differences_of_texts(patient: Patient, engine: Engine, korean: Engine) -> list[str]:
    """Return how explanation and texts differ from what is expected of a patient."""
    question = Question({name: value for name, value in patient.facts.items() if value is not None}, patient.strict)
    expect, wrong = patient.expect, []
    if "states" in expect or "actionable" in expect:
        explained = explain(engine, question)
        standing = {rule.rule: rule.state for rule in explained.rules}
        reasons = {reason.rule: reason.state for reason in engine.answer(question).rationale}
        for rule, state in expect.get("states", {}).items():
            if (reasons.get(rule), standing[rule]) != (state, state):
                wrong.append(f"{rule}: {reasons.get(rule)} in the rationale, {standing[rule]} when explained")
        ways_in = sorted({to.fact for change in explained.changes if change.actionable for to in change.facts})
        if "actionable" in expect and ways_in != expect["actionable"]:
            wrong.append(f"actionable: {ways_in}")
    for key, asked in (("says", engine), ("korean", korean)):
        said = texts(asked.answer(question)) if key in expect else {}
        wrong += [
            f"{key}: {name}: no `{words}`"
            for name, words in expect.get(key, {}).items()
            if words not in said.get(name, "")
        ]
    return [f"{patient.name}: {fault}" for fault in wrong]


def texts(answer: Answer) -> dict[str, str]:
    """Return the sentences of an answer by the id of what says them."""
    shown = msgspec.to_builtins(answer)
    plan = shown["plan"] or {}
    named = [
        *shown["rationale"],
        *shown["cautions"],
        *shown["preconditions"],
        *shown["alternatives"],
        *shown["referral"],
    ]
    found = {part["rule"]: part for part in named}
    found |= {part["id"]: part for part in plan.get("components", ())}
    found |= {part["name"]: part for part in plan.get("parts", ())}
    found |= {"notices": shown["notices"], "question": shown["next_question"] or {}}
    return {name: " ".join(strings(part)) for name, part in found.items()}


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inside in value.values():
            yield from strings(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from strings(inside)
