"""`/report`: the decision for a clinician, with all that goes with it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.core.engine import Question
from app.core.facts import Fact, Value
from app.core.rules import Release
from app.proof.explain import DecisionChange, explain
from app.web.form import Filled, fields_of, read_form
from app.web.pages import Pages, View, decision_in_words
from app.web.picture import picture
from app.web.timeline import timelines

MOST_CHANGES = 8


def routes(pages: Pages) -> APIRouter:
    """Return the routes of the report.

    Answers come in the body; a link holds them after its #, where no server sees them.
    """
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

    @router.get("/report")
    def empty(view: Asked) -> HTMLResponse:
        return view.page("report/empty.html", view.current.release)

    @router.post("/report")
    async def filled(request: Request, view: Asked) -> HTMLResponse:
        return report(view, read_form(await request.body(), view.current.release))

    return router


def report(view: View, filled: Filled) -> HTMLResponse:
    """Return the report on a candidate."""
    engine = view.current
    asked = Question(filled.facts, strict=True, unavailable=filled.unavailable)
    answer = engine.answer(asked, "all")
    values: dict[str, Any] = {
        "filled": filled,
        "shown": answers_shown(engine.release, filled, view.texts),
        "answers": fields_of(filled.answers),
        "answer": answer,
        "headline": decision_in_words(engine.release, answer.decision),
        "machine": {"decision": asdict(answer.decision), "id": answer.id, "ruleset": answer.ruleset.id},
        "changes": _ways_in(explain(engine, asked).changes),
        "timelines": timelines(answer.plan, view.texts) if not isinstance(answer.plan, Mapping) else [],
        "picture": picture(engine, view.texts, asked),
    }
    return view.page("report/report.html", engine.release, **values)


def _ways_in(changes: Sequence[DecisionChange]) -> list[DecisionChange]:
    """Return the changes that time or treatment may bring, and no others.

    A page never reads as "end the pregnancy" or "stop the medicine".
    """
    return [change for change in changes if change.actionable][:MOST_CHANGES]


def answers_shown(release: Release, filled: Filled, texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return every question and answer so far, for the page."""
    rows = []
    for name, fact in release.facts.items():
        if name in filled.facts:
            rows.append({"fact": name, "question": fact.question, "answer": _label(fact, filled.facts[name], texts)})
        elif name in filled.unavailable:
            rows.append({"fact": name, "question": fact.question, "answer": texts["unknown"]})
    return rows


def _label(fact: Fact, value: Value, texts: Mapping[str, str]) -> str:
    if fact.kind == "boolean":
        return fact.labels.get(value) or texts["yes" if value else "no"]
    return fact.labels.get(value, f"{value} {fact.unit}" if fact.unit else str(value))
