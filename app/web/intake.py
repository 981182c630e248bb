"""`/` and `/intake`: page by page to the check of answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.api.worker import in_worker
from app.core.answer import Answer, PlanShown
from app.core.conditions import facts_read
from app.core.engine import Engine, Question
from app.core.intake import Section, Topic
from app.core.memo import Memo
from app.web.check import row_of
from app.web.form import WAS, Answers, Choices, Filled, as_field, fields_of
from app.web.pages import Pages, View
from app.web.topics import Field, Topics

PRACTICAL, CHECK = "practical", "check"
"""The pages that are no topic."""
ONLY, AND, TICKED = ".", "-", "!"
"""After a topic, and between the facts of it that a page asks, where that is not all; after a fact that was ticked
among others, and is asked alone next."""
EVERYTHING = b"everything"
"""What a form has from the page of all questions, which takes 50 ms to make: beside the event loop."""
LEAVING = ("back", "finish")
"""The buttons that leave a page as it is: what is missing on it is no error."""


def routes(pages: Pages) -> APIRouter:
    """Return the routes of the intake."""
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

    def made(language: str) -> HTMLResponse:
        return Intake(View(pages, pages.engines.in_language("", language), kept=True), Filled()).all_on_one_page()

    empty = Memo[str, HTMLResponse](made)

    @router.get("/")
    def start(view: Asked) -> HTMLResponse:
        return view.page("start/start.html", view.current.release)

    @router.get("/intake")
    def first(view: Asked) -> HTMLResponse:
        return Intake(view, Filled()).respond()

    @router.post("/intake")
    async def answered(request: Request, view: Asked) -> HTMLResponse:
        body = await request.body()
        step = Intake(view, view.read(body))
        return await in_worker(step.respond) if EVERYTHING in body else step.respond()

    @router.get("/all")
    def everything(view: Asked) -> HTMLResponse:
        return empty[view.engines.language]

    @router.post("/all")
    async def everything_so_far(request: Request, view: Asked) -> HTMLResponse:
        return await in_worker(Intake(view, view.read(await request.body())).everything_so_far)

    return router


class Intake:
    """One step of one intake."""

    def __init__(self, view: View, filled: Filled) -> None:
        self.view = view
        self.filled = filled
        self.engine: Engine = view.current
        self.topics = Topics(self.engine.release, view.texts, filled.recorded)
        self.answers: Answers = filled.answers
        self._pending: tuple[str, ...] = ()

    def respond(self) -> HTMLResponse:
        """Return the page that follows from what was posted."""
        filled = self.filled
        go, _, wanted = filled.go.partition(":")
        posted = bool(filled.choices.asked)
        if posted and go == "stay":
            return self._asked_again(self._faults())
        if "everything" in filled.flags:
            return self._everything(go)
        if posted:
            errors = self._take(needed=filled.page != PRACTICAL and go not in LEAVING, alone=filled.page == PRACTICAL)
            if errors and go not in LEAVING:
                return self._asked_again(errors)
        changing = "changing" in self.filled.flags
        self._flag(changing=False)
        match go:
            case "back" if changing:
                return self._check()
            case "back":
                self._flag(finished=False)
                before = self._before(filled.page)
                topic, names = self._named(filled.page)
                is_next = topic is not None and topic.id == before and filled.page.endswith(TICKED)
                ticked = [name for name in names if is_next and name not in self.answers]
                return self._show(before, ticked) if before else self._go_on()
            case "change":
                self._flag(changing=True)
                return self._show(wanted)
            case "finish":
                self._flag(finished=True)
                return self._check()
            case "more":
                self._flag(finished=False)
                return self._go_on()
        if not posted and filled.page:
            return self._show(filled.page)
        if self._pending:
            name = self._pending[0]
            topic = self.topics.of[name]
            return self._ask(topic, [name], f"{topic.id}{ONLY}{name}{TICKED}")
        if posted and filled.page == PRACTICAL:
            self._flag(skipped=True)
        return self._go_on()

    def _go_on(self) -> HTMLResponse:
        """Return the page of the next question.

        It asks that fact, and what else of its topic is missing.
        """
        page = self._next()
        topic = self.topics.by_id.get(page)
        if topic is None:
            return self._show(page)
        _, missing = self._open()
        names = [name for name in topic.names if name in missing]
        whole = not any(name in self.answers for name in topic.names)
        return self._ask(topic, names, page if whole else f"{page}{ONLY}{AND.join(names)}")

    def _flag(self, **flags: bool) -> None:
        given = {name for name, is_set in flags.items() if is_set}
        self.filled = replace(self.filled, flags=(self.filled.flags - flags.keys()) | given)

    def _take(self, *, needed: bool, alone: bool = False) -> dict[str, str]:
        """Take over what was chosen on the page, and return its errors."""
        errors: dict[str, str] = {}
        asked = self.filled.choices.asked
        for topic in {
            self.topics.of[name].id: self.topics.of[name] for name in asked if name in self.topics.of
        }.values():
            read = self.topics.read(topic, self.filled.choices, self.answers, needed=needed, alone=alone)
            self.answers = {name: read.answers[name] for name in self._order(read.answers)}
            self._pending += read.pending
            if self.filled.page and self.filled.go not in LEAVING:
                self._confirm(name for name in topic.names if name in asked and name in read.answers)
            errors |= read.errors
        return errors

    def _faults(self) -> dict[str, str]:
        """Return what was wrong on the page, where it said so."""
        if "faults" not in self.filled.flags:
            return {}
        alone = "everything" in self.filled.flags or self.filled.page == PRACTICAL
        return self._take(needed=not alone, alone=alone)

    def _confirm(self, names: Iterable[str]) -> None:
        self.filled = replace(self.filled, confirmed=self.filled.confirmed.union(names))

    def _named(self, page: str) -> tuple[Topic | None, list[str]]:
        """Return the topic of a page, and its facts, where not all."""
        name, _, only = page.partition(ONLY)
        topic = self.topics.by_id.get(name)
        asked = only.removesuffix(TICKED).split(AND)
        return topic, [each for each in topic.names if each in asked] if topic else []

    @property
    def question(self) -> Question:
        """The question that the answers so far put to the engine."""
        facts = {name: value for name, value in self.answers.items() if value is not None}
        unavailable = tuple(name for name, value in self.answers.items() if value is None)
        return Question(facts, strict=True, unavailable=unavailable)

    def _open(self) -> tuple[str | None, set[str]]:
        """Return the fact to ask next, and all that are open."""
        outcome = self.engine.decide(self.question)
        asked = outcome.next_fact if outcome.next_fact in self.topics.of else None
        return asked, {*outcome.missing, *([asked] if asked else [])} - self.answers.keys()

    def _next(self) -> str:
        asked, _ = self._open()
        if asked and "finished" not in self.filled.flags:
            return self.topics.of[asked].id
        done = self.filled.flags & {"finished", "skipped"}
        return PRACTICAL if not done and self._practical() else CHECK

    def _show(self, page: str, ticked: Sequence[str] = ()) -> HTMLResponse:
        if page == PRACTICAL:
            if not (names := self._practical(again=True)):
                return self._check()
            return self._ask_practical(self.topics.chosen(names, self.answers), names, {})
        topic, names = self._named(page)
        if topic is None:
            return self._check()
        if not self.topics.section_of[topic.id].stages:
            return self._show(PRACTICAL)
        if not names:
            _, missing = self._open()
            names = [name for name in topic.names if name in missing or name in self.answers]
        chosen = Choices(yes=frozenset(ticked)).over(self.topics.chosen(names, self.answers)) if ticked else None
        return self._ask(topic, names, page, chosen) if names else self._go_on()

    def _asked_again(self, errors: Mapping[str, str]) -> HTMLResponse:
        """Return the page as it was posted, with what was wrong."""
        choices = self.filled.choices
        if "everything" in self.filled.flags:
            return self.all_on_one_page(errors)
        if self.filled.page == PRACTICAL:
            return self._ask_practical(choices, choices.asked, errors)
        topic, _ = self._named(self.filled.page)
        topic = topic or next((self.topics.of[name] for name in choices.asked if name in self.topics.of), None)
        if topic is None:
            return self._go_on()
        return self._ask(topic, choices.asked, self.filled.page or topic.id, choices, errors)

    def _ask(
        self,
        topic: Topic,
        names: Sequence[str],
        page: str,
        choices: Choices | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        section = self.topics.section_of[topic.id]
        chosen = choices or self.topics.chosen(names, self.answers)
        fields = list(self.topics.fields(topic, names, chosen, errors or {}, alone=len(names) == 1))
        return self._page("intake/questions.html", page, names, fields, section)

    def _ask_practical(self, choices: Choices, names: Sequence[str], errors: Mapping[str, str]) -> HTMLResponse:
        fields = list(self._fields_of(names, choices, errors))
        section = next(each for each in self.topics.sections if not each.stages)
        return self._page("intake/practical.html", PRACTICAL, names, fields, section)

    def _fields_of(self, names: Sequence[str], choices: Choices, errors: Mapping[str, str]) -> Iterator[Field]:
        for topic in self.topics.by_id.values():
            yield from self.topics.fields(topic, names, choices, errors, alone=True)

    def everything_so_far(self) -> HTMLResponse:
        """Return every question on one page, with what was wrong so far."""
        return self.all_on_one_page(self._faults() if "everything" in self.filled.flags else self._take(needed=False))

    def all_on_one_page(self, errors: Mapping[str, str] | None = None) -> HTMLResponse:
        """Return every question on one page, with what was chosen so far."""
        names = list(self.topics.of)
        chosen = self.filled.choices
        if "everything" not in self.filled.flags:
            chosen = chosen.over(self.topics.chosen(names, self.answers))
        parts = [
            (
                section,
                [
                    f
                    for topic in section.topics
                    for f in self.topics.fields(topic, names, chosen, errors or {}, alone=True)
                ],
            )
            for section in self.topics.sections
        ]
        fields = [field for _, each in parts for field in each]
        return self._page("intake/all.html", "", names, fields, parts=parts)

    def _everything(self, go: str) -> HTMLResponse:
        """Return what follows the page with every question."""
        errors = self._take(needed=False, alone=True)
        self._flag(everything=False)
        if go == "one":
            return self._go_on()
        if errors:
            self._flag(everything=True)
            return self.all_on_one_page(errors)
        self._flag(finished=True)
        return self._check()

    def _practical(self, *, again: bool = False) -> list[str]:
        """Return what only what goes with this decision still waits for.

        `again`: with what was answered there before.
        """
        answer = self.engine.answer(self.question, "none")
        if answer.decision.disposition == "needs_information" or answer.referral:
            return []
        waits = {*_waiting(answer, self.engine)}
        practical = {
            name for each in self.topics.sections if not each.stages for topic in each.topics for name in topic.names
        }
        given = {name for name in self.answers if name in practical} if again else set()
        return [name for name in self.topics.of if name in given or (name in waits and name not in self.answers)]

    def _order(self, names: Iterable[str]) -> list[str]:
        """Return facts in the order in which they were first asked."""
        found = {*names}
        return [name for name in dict.fromkeys([*self.filled.order, *names]) if name in found]

    def _sequence(self) -> list[str]:
        """Return the pages so far, in the order of the answers."""
        practical = {topic.id for each in self.topics.sections if not each.stages for topic in each.topics}
        here, _ = self._named(self.filled.page)
        names = self._order([*self.answers, *(here.names if here else ())])
        topics = dict.fromkeys(self.topics.of[name].id for name in names if name in self.topics.of)
        pages = [topic for topic in topics if topic not in practical]
        return [*pages, PRACTICAL] if "skipped" in self.filled.flags and self._practical(again=True) else pages

    def _before(self, page: str) -> str:
        """Return the page before a page; empty before the first."""
        topic, only = self._named(page)
        if topic and only and topic.names != tuple(only) and topic.id in self._sequence():
            return topic.id
        pages = self._sequence()
        at = pages.index(page) if page in pages else len(pages)
        return pages[at - 1] if at else ""

    def _check(self) -> HTMLResponse:
        asked, missing = self._open()
        left = missing if asked else ()
        rows = [
            (section, [row for topic in section.topics if (row := row_of(topic, self.topics, self.answers, left))])
            for section in self.topics.sections
        ]
        shown = [(section, each) for section, each in rows if each]
        return self._page("intake/check.html", CHECK, (), (), rows=shown, left=self.topics.titles(left))

    def _page(
        self,
        template: str,
        page: str,
        names: Sequence[str],
        fields: Sequence[Field],
        section: Section | None = None,
        **values: Any,
    ) -> HTMLResponse:
        flags = sorted(self.filled.flags - {"everything", "faults"})
        was = {**self.filled.choices.was, **self.answers}
        given = dict(zip(self.answers, fields_of(self.answers), strict=True)) | {
            name: ["asked", name] for name in names
        }
        return self.view.page(
            template,
            self.engine.release,
            page=page,
            names=names,
            fields=fields,
            hidden=[
                *(given[name] for name in self._order(given)),
                *([WAS, f"{name}={as_field(was[name])}"] for name in names if was.get(name) is not None),
                *([flag, "1"] for flag in flags),
                *self.filled.carried,
            ],
            state=[*fields_of(self.answers), *([flag, "1"] for flag in flags), *self.filled.carried, ["page", page]],
            filled=self.filled,
            errors=[(field.name, field.error) for field in fields if field.error],
            alerts=self.view.alerts(self.filled),
            section=section,
            place=self.topics.sections.index(section) + 1 if section else 0,
            sections=self.topics.sections,
            is_first="changing" not in self.filled.flags and page == next(iter(self._sequence()), page),
            emergency=self._emergency() if page != "" else None,
            **values,
        )

    def _emergency(self) -> Any:
        """Return what a patient reads of an emergency that is known."""
        standings = self.engine.rationale.referral(self.engine.standings(self.question))
        rule = next((each.rule for each in standings if each.urgency == "emergency"), None)
        return self.engine.release.patient.get(rule) if rule else None


def _waiting(answer: Answer, engine: Engine) -> Iterator[str]:
    """Yield the facts that what goes with a decision waits for."""
    for each in answer.unresolved:
        yield from each.ask
    for precondition in answer.preconditions:
        yield from precondition.ask
    if isinstance(answer.plan, PlanShown):
        for component in answer.plan.components:
            yield from component.ask
    open_rows = {shown.rule for shown in answer.alternatives if shown.fits == "unknown"}
    for alternative in engine.release.alternatives:
        if alternative.id in open_rows and alternative.fits:
            yield from facts_read(alternative.fits.yes)
            yield from facts_read(alternative.fits.no)
