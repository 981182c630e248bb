"""`/result`: what a patient reads at the end, on one page."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from app.core.answer import Answer, most_urgent_first
from app.core.engine import Question
from app.core.facts import Value
from app.web.code import code_of
from app.web.form import Filled, fields_of, machine
from app.web.pages import Pages, View
from app.web.topics import Topics

MOST_REASONS = 5
"""How many answers are named as the reason; the others stand under "More"."""
CARE = {"emergency": "emergency", "today": "urgent"}
"""The care card of an urgency; `non-urgent` otherwise."""


def routes(pages: Pages) -> APIRouter:
    """Return the routes of the patient's result."""
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

    @router.get("/result")
    def empty(view: Asked) -> HTMLResponse:
        return view.page("result/empty.html", view.current.release, connects=True)

    @router.post("/result")
    async def filled(request: Request, view: Asked) -> HTMLResponse:
        return result(view, view.read(await request.body()), str(request.base_url).rstrip("/"))

    return router


def result(view: View, filled: Filled, base: str) -> HTMLResponse:
    """Return the result of a patient; `base` is the address for links."""
    engine = view.current
    release = engine.release
    answer = engine.answer(Question(filled.facts, strict=True, unavailable=filled.unavailable), "none")
    topics = Topics(release, view.texts)
    state = [*fields_of(filled.answers), *filled.carried]
    words = release.patient
    asks = words.get(f"ask.{answer.decision.pathway}", words["ask"])
    report = f"{base}/report?lang={view.engines.language}#code={code_of(filled.answers, release)}"
    return view.page(
        "result/result.html",
        release,
        outcome=words[_outcome(answer)],
        cares=[(CARE.get(each.urgency, "non-urgent"), words[each.rule]) for each in most_urgent_first(answer.referral)],
        reasons=[_said(topics, name, value) for name, value in _because(answer)][:MOST_REASONS],
        left=_left(topics, answer, filled),
        more=answer.next_question is not None,
        before=words["before"],
        asks=asks,
        after=words["next"],
        report=report,
        qr=_qr(report),
        fields=state,
        state=state,
        filled=filled,
        connects=True,
        alerts=view.alerts(filled),
        machine=machine(answer, filled),
    )


def _outcome(answer: Answer) -> str:
    disposition, pathway = answer.decision.disposition, answer.decision.pathway
    return f"{disposition}.{pathway}" if pathway else disposition


def _because(answer: Answer) -> Iterator[tuple[str, Value]]:
    """Yield the answers that decide, those about other care first."""
    reasons = [reason.because for reason in answer.rationale if reason.decides and reason.state == "held"]
    known = [fact for because in [*(each.because for each in answer.referral), *reasons] for fact in because]
    yield from {fact.fact: fact.value for fact in known}.items()


def _said(topics: Topics, name: str, value: Value) -> str:
    """Return an answer as the patient gave it."""
    fact, words = topics.facts[name], topics.words[name]
    if value is True:
        return words.says
    return f"{words.says}: {topics.label(fact, value)}"


def _left(topics: Topics, answer: Answer, filled: Filled) -> Sequence[str]:
    """Return the topics that the decision still waits for."""
    if answer.decision.disposition != "needs_information":
        return []
    return topics.titles({*answer.missing, *filled.unavailable})


def _qr(text: str) -> Markup:
    """Return a QR code as SVG."""
    code = segno.make(text, error="m", micro=False)
    svg: Any = code.svg_inline(
        scale=4, border=4, svgclass="ct-qr", lineclass=None, omitsize=True, dark="#000", light="#fff"
    )
    return Markup(svg)  # noqa: S704 - made of the code alone
