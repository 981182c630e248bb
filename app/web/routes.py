"""The page routes: intake, decision, rule browser, proof, sign-off."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, select_autoescape

from app.core.catalogue import RuleRecord, entries, fact_records, rule_record
from app.core.conditions import facts_read
from app.core.engine import Engine, Engines, Question
from app.core.facts import Fact, Value
from app.core.languages import DEFAULT
from app.core.memo import Memo
from app.core.precedence import Decision
from app.core.rules import Law, Release, Source
from app.proof.compare import compare
from app.proof.explain import DecisionChange, explain
from app.proof.report import facts_in_words
from app.proof.verify import Verification, Verifier
from app.web.form import Filled, read_form
from app.web.picture import picture
from app.web.timeline import timelines

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, nothing from another host, no frame around a page."""
MOST_CHANGES = 8
STATIC = "/static"
DESIGN = ("wagtailnhsukfrontend", "static/wagtailnhsukfrontend")
"""The compiled files of NHS.UK frontend, in the package that carries them; none of its code runs."""
LANGUAGES = ("en", "ko")
Ruleset = Annotated[str, Query(max_length=32)]


class Words(dict[str, str]):
    """The words of the pages in one language; a missing one fails the page."""

    def __missing__(self, name: str) -> str:
        # no LookupError: Jinja takes that for an undefined value, and writes nothing
        raise ValueError(f"the pages have no word `{name}`")


def load_texts() -> dict[str, Words]:
    """Return the words of the pages by language: data in `texts/`."""
    folder = files("app.web") / "texts"
    return {name: Words(json.loads((folder / f"{name}.json").read_text("utf-8"))) for name in LANGUAGES}


def design_css() -> str:
    """Return the name of the design system's style sheet."""
    folder = files(DESIGN[0]).joinpath(DESIGN[1], "css")
    return next(file.name for file in folder.iterdir() if file.name.endswith(".min.css"))


class Pages:
    """The pages of all releases: templates, words of every language, proofs."""

    def __init__(self, engines: Engines, root: str = "") -> None:
        self.engines = engines
        self.texts = load_texts()
        self.environment = Environment(
            loader=ChoiceLoader([PackageLoader("app.web"), PackageLoader("nhsuk_frontend_jinja")]),
            autoescape=select_autoescape(("html", "svg", "jinja")),
            undefined=ChainableUndefined,
        )
        self.environment.filters["in_words"] = facts_in_words
        self.environment.globals |= {"root": root, "design_css": design_css()}
        self.proofs = Memo[str, Verification](self._proof)
        self.made = Memo[tuple[str, str, str, str], str](lambda asked: self._made(*asked))
        """Pages that are functions of a release, by name, release, older release and language."""

    def _proof(self, name: str) -> Verification:
        release = self.engines.by_id[name].release
        return Verifier(release).verify(release.laws)

    def render(self, template: str, language: str, release: Release, **values: Any) -> str:
        """Return a page as HTML."""
        return self.environment.get_template(template).render(
            t=self.texts[language],
            lang=language,
            said=language if release.id == self.engines.current else DEFAULT,  # an older release is English in part
            release=release,
            words=lambda d: decision_in_words(release, d),
            **values,
        )

    def _made(self, page: str, name: str, older: str, language: str) -> str:
        engines = self.engines.in_language("", language)
        engine = engines.by_id[name]
        release = engine.release
        values: dict[str, Any] = {}
        if page == "rules":
            listed = [rule_record(entry, release) for entry in entries(release)]
            values = {
                "listed": listed,
                "q": "",
                "releases": list(engines.by_id),
                "picture": picture(engine, self.texts[language]),
            }
        elif page == "facts":
            values = {"facts": fact_records(release)}
        elif page == "sources":
            values = {"sources": _cited(release)}
        elif page == "changes":
            values = {"found": compare(engines.by_id[older].release, release)}
        elif page == "proof":
            values = {"report": self.proofs[name], "says": {law.name: law.says for law in release.laws}}
        return self.render(f"{page}.html", language, release, **values)


class View:
    """One request for a page, in the language it is answered in."""

    def __init__(self, pages: Pages, engines: Engines, *, kept: bool) -> None:
        """`kept`: what is shown says nothing of anybody, and may be kept."""
        self.kept = kept
        self.pages = pages
        self.engines = engines
        self.current = engines.by_id[engines.current]
        self.texts = pages.texts[engines.language]

    def named(self, ruleset: str) -> Engine:
        """Return the engine of a release, or the current one."""
        return self.engines.find(ruleset) or self.current

    def page(self, template: str, release: Release, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a rendered page with its policy."""
        return self._respond(self.pages.render(template, self.engines.language, release, **values), status)

    def made(self, page: str, ruleset: str, older: str = "") -> HTMLResponse:
        """Return a page that is a function of a release, made once."""
        return self._respond(self.pages.made[page, self.named(ruleset).release.id, older, self.engines.language])

    def _respond(self, html: str, status: int = 200) -> HTMLResponse:
        language = self.engines.language
        headers = {"Content-Security-Policy": POLICY, "Content-Language": language, "Vary": "Accept-Language"}
        headers["Cache-Control"] = "no-cache" if self.kept else "no-store"
        return HTMLResponse(html, status, headers)

    def step(self, filled: Filled) -> HTMLResponse:
        """Return the next question, or the decision once nothing is left."""
        release = self.current.release
        asked = Question(filled.facts, strict=True, unavailable=filled.unavailable)
        outcome = self.current.decide(asked)
        again = filled.change or (filled.wrong[0] if filled.wrong else "")
        fact = release.facts.get(again or outcome.next_fact or "")
        common: dict[str, Any] = {
            "filled": filled,
            "shown": answers_shown(release, filled, self.texts),
            "answers": [
                *([name, str(v).lower() if isinstance(v, bool) else str(v)] for name, v in filled.facts.items()),
                *(["unknown", name] for name in filled.unavailable),
            ],
        }
        if filled.everything and filled.wrong:
            return self.page("all.html", release, filled=filled)
        if fact is None or (filled.everything and not again):
            return self._decision(asked, common)
        left = len([name for name in outcome.missing if name not in filled.unavailable])
        return self.page(
            "intake.html",
            release,
            fact=fact,
            chosen=None,
            asked=len(filled.facts) + len(filled.unavailable),
            at_most=max(left, 1),
            left=self.texts["at_most_one"] if left < 2 else self.texts["at_most"].format(n=left),
            possible=[decision_in_words(release, decision) for decision in outcome.possible],
            **common,
        )

    def _decision(self, asked: Question, common: dict[str, Any]) -> HTMLResponse:
        engine = self.current
        answer = engine.answer(asked, "all")
        return self.page(
            "decision.html",
            engine.release,
            answer=answer,
            headline=decision_in_words(engine.release, answer.decision),
            machine={"decision": asdict(answer.decision), "id": answer.id, "ruleset": answer.ruleset.id},
            changes=_ways_in(explain(engine, asked).changes),
            timelines=timelines(answer.plan, self.texts) if not isinstance(answer.plan, Mapping) else [],
            picture=picture(engine, self.texts, asked),
            **common,
        )


def _ways_in(changes: Sequence[DecisionChange]) -> list[DecisionChange]:
    """Return the changes that time or treatment may bring, and no others.

    A page never reads as "end the pregnancy" or "stop the medicine".
    """
    return [change for change in changes if change.actionable][:MOST_CHANGES]


def decision_in_words(release: Release, decision: Decision) -> str:
    """Return a decision as a person reads it."""
    words = release.wording.dispositions[decision.disposition]
    return f"{words}: {release.wording.pathways[decision.pathway]}" if decision.pathway else words


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


def laws_of(rule: RuleRecord, release: Release) -> list[Law]:
    """Return the laws that speak of a fact that a rule reads."""
    read = set(rule.facts)
    return [
        law
        for law in release.laws
        if read & {*(facts_read(law.when) if law.when else ()), *law.changes, *([law.fact] if law.fact else [])}
    ]


def routes(engines: Engines, root: str = "") -> APIRouter:
    """Return the routes of the pages; `root` is the public path."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(engines, root)
    router.mount(STATIC, StaticFiles(packages=[("app.web", "static"), DESIGN]), name="static")

    async def viewed(request: Request, lang: Annotated[str | None, Query(max_length=8)] = None) -> View:
        spoken = engines.in_language(request.headers.get("accept-language", ""), lang)
        return View(pages, spoken, kept=request.method == "GET")

    Asked = Annotated[View, Depends(viewed)]

    @router.get("/")
    def intake(view: Asked) -> HTMLResponse:
        return view.step(Filled())

    @router.post("/intake")
    async def answered(request: Request, view: Asked) -> HTMLResponse:
        return view.step(read_form(await request.body(), view.current.release))

    @router.get("/intake")
    def start() -> RedirectResponse:
        return RedirectResponse(f"{root}/")

    @router.get("/all")
    def everything(view: Asked) -> HTMLResponse:
        return view.page("all.html", view.current.release, filled=Filled())

    @router.get("/embed")
    def embed(request: Request, view: Asked) -> HTMLResponse:
        return view.page("embed.html", view.current.release, base=str(request.base_url).rstrip("/"))

    @router.get("/rules")
    def rules(view: Asked, ruleset: Ruleset = "current", q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
        if not q:
            return view.made("rules", ruleset)
        engine = view.named(ruleset)
        words = q.casefold().split()
        listed = [rule_record(entry, engine.release) for entry in entries(engine.release)]
        found = [rule for rule in listed if all(word in _searchable(rule) for word in words)]
        return _listed(view, engine, found, q)

    def _listed(view: View, engine: Engine, found: list[RuleRecord], q: str = "", status: int = 200) -> HTMLResponse:
        shown = {"listed": found, "q": q, "releases": list(engines.by_id), "picture": picture(engine, view.texts)}
        return view.page("rules.html", engine.release, status, **shown)

    @router.get("/rules/{name}")
    def rule(name: str, view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        for engine in (view.named(ruleset), *reversed(list(engines.by_id.values()))):
            entry = next((entry for entry in entries(engine.release) if entry.id == name), None)
            if entry:
                break
        else:
            return _listed(view, view.current, [], status=404)
        found = rule_record(entry, engine.release)
        report = next((r for r in pages.proofs[engine.release.id].rules if r.rule == name), None)
        return view.page(
            "rule.html",
            engine.release,
            rule=found,
            report=report,
            example=facts_in_words(report.witness or {}) if report else "",
            laws=laws_of(found, engine.release) if found.effect else [],
        )

    @router.get("/facts")
    def facts(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        return view.made("facts", ruleset)

    @router.get("/sources")
    def sources(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        return view.made("sources", ruleset)

    @router.get("/sources/{source}")
    def source(view: Asked, source: str, ruleset: Ruleset = "current") -> HTMLResponse:
        release = view.named(ruleset).release
        found = [each for each in _cited(release) if each[0].id == source]
        return view.page("sources.html", release, sources=found, status=200 if found else 404)

    @router.get("/changes")
    def changes(view: Asked, before: Ruleset = "", after: Ruleset = "current") -> HTMLResponse:
        return view.made("changes", after, view.named(before or next(iter(engines.by_id))).release.id)

    @router.get("/proof")
    def proof(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        return view.made("proof", ruleset)

    @router.get("/sign")
    def sign(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        release = view.named(ruleset).release
        listed = [rule_record(entry, release) for entry in entries(release)]
        silences = [source for source in release.sources.values() if source.status == "project"]
        return view.page("sign.html", release, rules=listed, silences=silences)

    return router


def _cited(release: Release) -> list[tuple[Source, list[str]]]:
    """Return every source with the ids of the entries that cite it."""
    citing: dict[str, list[str]] = {}
    for entry in entries(release):
        for name in entry.sources:
            citing.setdefault(name, []).append(entry.id)
    return [(source, citing.get(name, [])) for name, source in release.sources.items()]


def _searchable(rule: RuleRecord) -> str:
    cited = " ".join(source.id for source in rule.sources)
    return f"{rule.id} {rule.statement} {rule.condition} {rule.reading or ''} {cited}".casefold()
