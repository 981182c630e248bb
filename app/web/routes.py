"""The page routes: intake, decision, rule browser, proof, sign-off."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.core.catalogue import RuleRecord, entries, fact_records, rule_record
from app.core.conditions import facts_read
from app.core.engine import Engine, Engines, Question
from app.core.facts import Fact, Value
from app.core.precedence import Decision
from app.core.rules import Law, Release
from app.proof.compare import compare
from app.proof.explain import explain
from app.proof.report import facts_in_words
from app.proof.verify import Verification, Verifier
from app.web.form import Filled, read_form
from app.web.picture import picture
from app.web.texts import count_words, load_texts
from app.web.timeline import timelines

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""No inline script or style, nothing from another host, no frame around a page."""
MOST_CHANGES = 8
STATIC = "/static"
Lang = Annotated[str | None, Query(max_length=8)]
Ruleset = Annotated[str, Query(max_length=32)]


class Pages:
    """Renders the pages of all releases; each answer is made anew, nothing is kept but proofs of immutable releases."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.texts = load_texts()
        self._environment = Environment(
            loader=PackageLoader("app.web"), autoescape=select_autoescape(("html", "svg")), undefined=StrictUndefined
        )
        self._environment.filters["in_words"] = facts_in_words
        self._proofs: dict[str, Verification] = {}

    def in_language(self, request: Request, lang: str | None) -> Engines:
        """Return the engines in the language of a request."""
        return self.engines.in_language(request.headers.get("accept-language", ""), lang)

    def current(self, request: Request, lang: str | None) -> Engine:
        """Return the engine of the current release in the language of a request."""
        engines = self.in_language(request, lang)
        return engines.by_id[engines.current]

    def page(self, request: Request, template: str, lang: str | None, release: Release, **values: Any) -> HTMLResponse:
        """Return a rendered page with its policy."""
        language = self.in_language(request, lang).language
        texts = self.texts[language]
        html = self._environment.get_template(template).render(
            t=texts, lang=language, release=release, words=lambda d: decision_in_words(release, d), **values
        )
        headers = {"Content-Security-Policy": POLICY, "Content-Language": language, "Vary": "Accept-Language"}
        headers["Cache-Control"] = "no-store"
        return HTMLResponse(html, headers=headers)

    def texts_for(self, request: Request, lang: str | None) -> Mapping[str, str]:
        """Return the words of the language of a request."""
        return self.texts[self.in_language(request, lang).language]

    def proof(self, engine: Engine) -> Verification:
        """Return the proof of a release, made once."""
        release = engine.release
        if release.id not in self._proofs:
            self._proofs[release.id] = Verifier(release).verify(release.laws)
        return self._proofs[release.id]

    def step(self, request: Request, lang: str | None, filled: Filled) -> HTMLResponse:
        """Return the next question, or the decision where nothing is left to ask."""
        engine = self.current(request, lang)
        release, texts = engine.release, self.texts_for(request, lang)
        asked = Question(filled.facts, strict=True, unavailable=filled.unavailable)
        outcome = engine.decide(asked)
        again = filled.change or (filled.wrong[0] if filled.wrong else "")
        fact = release.facts.get(again or outcome.next_fact or "")
        common = {
            "filled": filled,
            "shown": answers_shown(release, filled, texts),
            "answers": [*answer_pairs(filled), *(["unknown", name] for name in filled.unavailable)],
        }
        if filled.everything and filled.wrong:
            return self.page(request, "all.html", lang, release, filled=filled)
        if fact is None or (filled.everything and not again):
            return self._decision(request, lang, asked, common)
        left = len([name for name in outcome.missing if name not in filled.unavailable])
        return self.page(
            request,
            "intake.html",
            lang,
            release,
            fact=fact,
            chosen=None,
            asked=len(filled.facts) + len(filled.unavailable),
            at_most=max(left, 1),
            left=count_words(texts, max(left, 1)),
            possible=[decision_in_words(release, decision) for decision in outcome.possible],
            **common,
        )

    def _decision(self, request: Request, lang: str | None, asked: Question, common: dict[str, Any]) -> HTMLResponse:
        engine = self.current(request, lang)
        answer = engine.answer(asked, "all")
        changes = explain(engine, asked).changes
        useful = sorted(changes, key=lambda change: (len(change.facts), not change.actionable))
        machine = {
            "decision": {
                "disposition": answer.decision.disposition,
                "pathway": answer.decision.pathway,
                "phase": answer.decision.phase,
            },
            "id": answer.id,
            "ruleset": answer.ruleset.id,
        }
        return self.page(
            request,
            "decision.html",
            lang,
            engine.release,
            answer=answer,
            headline=decision_in_words(engine.release, answer.decision),
            machine=machine,
            changes=useful[:MOST_CHANGES],
            timelines=timelines(answer.plan) if not isinstance(answer.plan, Mapping) else [],
            picture=picture(engine, asked),
            **common,
        )


def decision_in_words(release: Release, decision: Decision) -> str:
    """Return a decision as a person reads it."""
    words = release.wording.dispositions[decision.disposition]
    return f"{words}: {release.wording.pathways[decision.pathway]}" if decision.pathway else words


def answer_pairs(filled: Filled) -> list[list[str]]:
    """Return the answers as the fields that a form posts."""
    return [
        [name, str(value).lower() if isinstance(value, bool) else str(value)] for name, value in filled.facts.items()
    ]


def answers_shown(release: Release, filled: Filled, texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return question and answer of everything that was said, for the list on the page."""
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


def routes(engines: Engines) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(engines)
    router.mount(STATIC, StaticFiles(packages=[("app.web", "static")]), name="static")

    def engine_of(request: Request, lang: str | None, ruleset: str) -> Engine:
        return pages.in_language(request, lang).find(ruleset) or pages.current(request, lang)

    @router.get("/")
    def intake(request: Request, lang: Lang = None) -> HTMLResponse:
        return pages.step(request, lang, Filled())

    @router.post("/intake")
    async def answered(request: Request, lang: Lang = None) -> HTMLResponse:
        return pages.step(request, lang, read_form(await request.body(), pages.current(request, lang).release))

    @router.get("/intake")
    def start() -> RedirectResponse:
        return RedirectResponse("/")

    @router.get("/all")
    def everything(request: Request, lang: Lang = None) -> HTMLResponse:
        return pages.page(request, "all.html", lang, pages.current(request, lang).release, filled=Filled())

    @router.get("/embed")
    def embed(request: Request, lang: Lang = None) -> HTMLResponse:
        release = pages.current(request, lang).release
        return pages.page(request, "embed.html", lang, release, base=str(request.base_url).rstrip("/"))

    @router.get("/rules")
    def rules(
        request: Request, lang: Lang = None, ruleset: Ruleset = "current", q: Annotated[str, Query(max_length=100)] = ""
    ) -> HTMLResponse:
        engine = engine_of(request, lang, ruleset)
        listed = [rule_record(entry, engine.release) for entry in entries(engine.release)]
        words = q.casefold().split()
        found = [rule for rule in listed if all(word in _searchable(rule) for word in words)]
        values: dict[str, Any] = {"listed": found, "q": q, "releases": list(engines.by_id), "picture": picture(engine)}
        return pages.page(request, "rules.html", lang, engine.release, **values)

    @router.get("/rules/{name}")
    def rule(request: Request, name: str, lang: Lang = None, ruleset: Ruleset = "current") -> HTMLResponse:
        for engine in (engine_of(request, lang, ruleset), *reversed(list(engines.by_id.values()))):
            entry = next((entry for entry in entries(engine.release) if entry.id == name), None)
            if entry:
                break
        else:
            answer = pages.page(
                request,
                "rules.html",
                lang,
                pages.current(request, lang).release,
                **_nothing(pages.current(request, lang), engines),
            )
            answer.status_code = 404
            return answer
        found = rule_record(entry, engine.release)
        report = next((r for r in pages.proof(engine).rules if r.rule == name), None)
        return pages.page(
            request,
            "rule.html",
            lang,
            engine.release,
            rule=found,
            report=report,
            example=facts_in_words(report.witness or {}) if report else "",
            laws=laws_of(found, engine.release) if found.effect else [],
        )

    @router.get("/facts")
    def facts(request: Request, lang: Lang = None, ruleset: Ruleset = "current") -> HTMLResponse:
        release = engine_of(request, lang, ruleset).release
        return pages.page(request, "facts.html", lang, release, facts=fact_records(release))

    @router.get("/sources")
    def sources(request: Request, lang: Lang = None, ruleset: Ruleset = "current") -> HTMLResponse:
        release = engine_of(request, lang, ruleset).release
        cited: dict[str, list[str]] = {}
        for entry in entries(release):
            for name in entry.sources:
                cited.setdefault(name, []).append(entry.id)
        listed = [(source, cited.get(name, [])) for name, source in release.sources.items()]
        return pages.page(request, "sources.html", lang, release, sources=listed)

    @router.get("/changes")
    def changes(request: Request, lang: Lang = None, before: Ruleset = "", after: Ruleset = "current") -> HTMLResponse:
        new = engine_of(request, lang, after).release
        old = engine_of(request, lang, before or next(iter(engines.by_id))).release
        return pages.page(request, "changes.html", lang, new, found=compare(old, new))

    @router.get("/proof")
    def proof(request: Request, lang: Lang = None, ruleset: Ruleset = "current") -> HTMLResponse:
        engine = engine_of(request, lang, ruleset)
        return pages.page(request, "proof.html", lang, engine.release, report=pages.proof(engine))

    @router.get("/sign")
    def sign(request: Request, lang: Lang = None, ruleset: Ruleset = "current") -> HTMLResponse:
        release = engine_of(request, lang, ruleset).release
        listed = [rule_record(entry, release) for entry in entries(release)]
        silences = [source for source in release.sources.values() if source.status == "project"]
        return pages.page(request, "sign.html", lang, release, rules=listed, silences=silences)

    return router


def _nothing(engine: Engine, engines: Engines) -> dict[str, Any]:
    return {"listed": [], "q": "", "releases": list(engines.by_id), "picture": picture(engine)}


def _searchable(rule: RuleRecord) -> str:
    cited = " ".join(source.id for source in rule.sources)
    return f"{rule.id} {rule.statement} {rule.condition} {rule.reading or ''} {cited}".casefold()
