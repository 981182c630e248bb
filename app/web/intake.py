"""`/` and `/intake`: the start page, and one question after another."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.core.engine import Question
from app.web.form import Filled, read_form
from app.web.pages import Pages, View, decision_in_words, fields_of
from app.web.report import answers_shown, report


def routes(pages: Pages) -> APIRouter:
    """Return the routes of the intake."""
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

    @router.get("/")
    def start(view: Asked) -> HTMLResponse:
        return view.page("start/start.html", view.current.release)

    @router.get("/intake")
    def first(view: Asked) -> HTMLResponse:
        return step(view, Filled())

    @router.post("/intake")
    async def answered(request: Request, view: Asked) -> HTMLResponse:
        return step(view, read_form(await request.body(), view.current.release))

    @router.get("/all")
    def everything(view: Asked) -> HTMLResponse:
        return view.page("intake/all.html", view.current.release, filled=Filled())

    return router


def step(view: View, filled: Filled) -> HTMLResponse:
    """Return the next question, or the decision once nothing is left."""
    release = view.current.release
    asked = Question(filled.facts, strict=True, unavailable=filled.unavailable)
    outcome = view.current.decide(asked)
    again = filled.change or (filled.wrong[0] if filled.wrong else "")
    fact = release.facts.get(again or outcome.next_fact or "")
    if filled.everything and filled.wrong:
        return view.page("intake/all.html", release, filled=filled)
    if fact is None or (filled.everything and not again):
        return report(view, filled)
    left = len([name for name in outcome.missing if name not in filled.unavailable])
    return view.page(
        "intake/intake.html",
        release,
        filled=filled,
        shown=answers_shown(release, filled, view.texts),
        answers=fields_of(filled.facts, filled.unavailable),
        fact=fact,
        chosen=None,
        asked=len(filled.facts) + len(filled.unavailable),
        at_most=max(left, 1),
        left=view.texts["at_most_one"] if left < 2 else view.texts["at_most"].format(n=left),
        possible=[decision_in_words(release, decision) for decision in outcome.possible],
    )
