"""`/report`: the decision for a clinician, on one screen and in depth."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from app.api.encode import encode_indented
from app.api.messages import Message
from app.api.problems import ProblemError
from app.core.engine import Question
from app.record.answers import mark_recorded, response_of
from app.record.orders import draft_order
from app.web.clinician import Report
from app.web.code import code_of
from app.web.form import MOST_FIELDS, REFERENCE, UNKNOWN, Filled, fields_of, machine
from app.web.note import note
from app.web.pages import Pages, View
from app.web.picture import picture
from app.web.recorded import doubted, notes_of
from app.web.timeline import amount, timelines

QUESTIONNAIRE = "/fhir/Questionnaire/candidate-intake"
Form = Literal["page", "text", "fhir", "json", "order"]


def routes(pages: Pages, base: str, on: Callable[[], date]) -> APIRouter:
    """Return the routes of the report.

    `base` is the public address, `on` tells the day. Answers come in the body; a link holds them after its #, where no
    server sees them.
    """
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

    @router.get("/report")
    def empty(view: Asked) -> HTMLResponse:
        return view.page("report/empty.html", view.current.release, connects=True)

    @router.post("/report")
    async def filled(request: Request, view: Asked, form: Annotated[Form, Query(alias="as")] = "page") -> Response:
        answers = read_answers(await request.body(), view)
        # a link may hold answers of another day: the page says so, and data would claim to be of today
        older = any("" < each.date < on().isoformat() for each in answers.unchanged.values())
        made = make(view, answers, None if form == "json" or older else on())
        match form:
            case "text":
                return _file(note(made, on()), "text/plain; charset=utf-8", "report.txt")
            case "json":
                return _file(encode_indented(made.answer), "application/json", "report.json")
            case "fhir":
                release = view.current.release
                address = f"{base}{QUESTIONNAIRE}|{release.id}"
                response = response_of(answers.facts, answers.unavailable, release, address, base)
                kept = answers.unchanged
                taken = [name for name, each in kept.items() if each.kind != "QuestionnaireResponse"]
                mark_recorded(response, taken, {name: each.date for name, each in kept.items()}, base)
                response |= {"language": view.engines.language, "authored": on().isoformat()}
                text = json.dumps(response, ensure_ascii=False, indent=2)
                return _file(text, "application/fhir+json", "answers.json")
            case "order":
                pathway = made.answer.decision.pathway
                if pathway is None:
                    raise ProblemError("not-found", Message("no pathway is recommended that could be ordered"))
                order = draft_order(made.release, pathway, base)
                return _file(json.dumps(order, ensure_ascii=False), "application/fhir+json", "order.json")
        return page(view, made, answers, on())

    return router


def read_answers(body: bytes, view: View) -> Filled:
    """Return the answers of a posted report."""
    release = view.current.release
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        return Filled(damaged=True)
    # what is confirmed here goes before "not known" of the intake
    confirmed = {name for name, text in fields if name in release.facts and text.strip()}
    return view.read(urlencode([(n, v) for n, v in fields if not (n == UNKNOWN and v in confirmed)]).encode())


def make(view: View, filled: Filled, today: date | None) -> Report:
    """Return the report on a candidate; `today`, where answers are of today."""
    unsure = doubted(filled.recorded, filled.facts, view.current.release)
    reference = filled.reference or None
    asked = Question(filled.facts, unavailable=filled.unavailable, reference=reference, doubted=unsure, asked_on=today)
    return Report(view.current, asked, view.texts)


def page(view: View, made: Report, filled: Filled, today: date) -> HTMLResponse:
    """Return the report as a page."""
    answer, texts = made.answer, view.texts
    plan = None if isinstance(answer.plan, Mapping) else answer.plan
    wrong = [[name, text] for name, text in filled.wrong.items() if name != REFERENCE]
    state = [*fields_of(filled.answers), *filled.carried, *wrong]
    return view.page(
        "report/report.html",
        made.release,
        report=made,
        answer=answer,
        fields=[each for each in state if each[0] != REFERENCE and each not in wrong],
        state=state,
        notes=notes_of(filled.recorded, made.release.facts, texts),
        filled=filled,
        connects=True,
        code=code_of(filled.answers, made.release),
        alerts=view.alerts(filled),
        wrong=filled.wrong,
        machine=machine(answer, filled),
        timelines=timelines(plan, texts) if plan else [],
        amount=lambda figure: amount(figure, texts),
        picture=picture(view.current, texts, made.asked),
        note=note(made, today),
        today=today.isoformat(),
    )


def _file(text: str, media: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, media_type=media, headers=headers)
