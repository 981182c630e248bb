"""`/rules` and what belongs to it: facts, sources, changes, proof, safety, sign-off."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from app.api.messages import Message
from app.api.problems import ProblemError
from app.core.catalogue import entries, fact_records, rule_record
from app.core.engine import Engine
from app.core.languages import DEFAULT
from app.proof.report import facts_in_words
from app.proof.traceability import laws_of, names_of
from app.web.listing import cited_by, items, listing, one_in
from app.web.names import Names
from app.web.pages import Pages, Ruleset, View

Search = Annotated[str, Query(max_length=100)]
Kind = Annotated[Literal["all", "rules", "facts", "sources"] | None, Query()]


def routes(pages: Pages) -> APIRouter:
    """Return the routes for whoever checks the rules."""
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

    def listed(view: View, page: str, ruleset: str, q: str, of: str | None) -> HTMLResponse:
        if not q and of in (None, page):
            return view.made(page, ruleset)
        engine = view.named(ruleset)
        english = items(pages.engines.by_id[engine.release.id], pages.texts[DEFAULT])
        found = listing(engine, view.texts, list(pages.engines.by_id), of or page, q, english)
        return view.page(f"rules/{page}.html", engine.release, **found)

    def searched(view: View, name: str, ruleset: str) -> Iterator[Engine]:
        """Yield the release that is named, then the others, newest first."""
        yield view.named(ruleset)
        yield from reversed(list(view.engines.by_id.values()))

    @router.get("/rules")
    def rules(view: Asked, ruleset: Ruleset = "current", q: Search = "", of: Kind = None) -> HTMLResponse:
        return listed(view, "rules", ruleset, q, of)

    @router.get("/facts")
    def facts(view: Asked, ruleset: Ruleset = "current", q: Search = "", of: Kind = None) -> HTMLResponse:
        return listed(view, "facts", ruleset, q, of)

    @router.get("/sources")
    def sources(view: Asked, ruleset: Ruleset = "current", q: Search = "", of: Kind = None) -> HTMLResponse:
        return listed(view, "sources", ruleset, q, of)

    @router.get("/rules/{name}")
    def rule(name: str, view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        for engine in searched(view, name, ruleset):
            entry = next((entry for entry in entries(engine.release) if entry.id == name), None)
            if entry:
                break
        else:
            raise ProblemError("unknown-rule", Message("there is no such rule in any release"))
        release, names = engine.release, Names(engine.release, view.texts)
        found = rule_record(entry, release)
        report = next((r for r in pages.proofs[release.id].rules if r.rule == name), None)
        return view.page(
            "rules/rule.html",
            release,
            rule=found,
            title=names.title(entry),
            condition=names.condition(entry.when),
            names=names,
            report=report,
            share=one_in(pages.shares[release.id][name], view.texts) if report else "",
            example=facts_in_words(report.witness or {}) if report else "",
            laws=list(laws_of(entry, release)),
            own=names_of(entry),
            # the hazard log is of the current release
            hazards_of=pages.safety[view.engines.language].hazards_of if release is view.current.release else None,
        )

    @router.get("/facts/{name}")
    def fact(name: str, view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        for engine in searched(view, name, ruleset):
            record = next((each for each in fact_records(engine.release) if each.name == name), None)
            if record:
                break
        else:
            raise ProblemError("not-found", Message("there is no such fact in any release"))
        names = Names(engine.release, view.texts)
        by_id = {entry.id: names.title(entry) for entry in entries(engine.release)}
        used_by = [(rule, by_id[rule]) for rule in record.used_by]
        return view.page("rules/fact.html", engine.release, fact=record, title=names.fact(name), used_by=used_by)

    @router.get("/sources/{name}")
    def source(name: str, view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        for engine in searched(view, name, ruleset):
            found = engine.release.sources.get(name)
            if found:
                break
        else:
            raise ProblemError("unknown-source", Message("there is no such source in any release"))
        names = Names(engine.release, view.texts)
        asking = [(fact.name, names.fact(fact.name)) for fact in engine.release.facts.values() if name in fact.sources]
        cited = cited_by(engine.release, names, name)
        return view.page("rules/source.html", engine.release, source=found, cited_by=cited, asking=asking)

    @router.get("/changes")
    def changes(view: Asked, before: Ruleset = "", after: Ruleset = "current") -> HTMLResponse:
        names = list(pages.engines.by_id)
        earlier = names[max(0, names.index(view.named(after).release.id) - 1)]
        return view.made("changes", after, view.named(before or earlier).release.id)

    @router.get("/proof")
    def proof(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        return view.made("proof", ruleset)

    @router.get("/safety")
    def safety(view: Asked) -> HTMLResponse:
        return view.made("safety", "current")

    @router.get("/privacy")
    def privacy(view: Asked) -> HTMLResponse:
        return view.page("rules/privacy.html", view.current.release)

    @router.get("/sign")
    def sign(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        release = view.named(ruleset).release
        names = Names(release, view.texts)
        rows = [(names.title(e), names.condition(e.when), rule_record(e, release)) for e in entries(release)]
        silences = [source for source in release.sources.values() if source.status == "project"]
        laws = [(law, names.condition(law.when) if law.when else "") for law in release.laws]
        return view.page("rules/sign.html", release, rules=rows, silences=silences, laws=laws)

    return router
