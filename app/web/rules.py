"""`/rules` and what belongs to it: facts, sources, changes, proof, sign-off."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from app.core.catalogue import RuleRecord, entries, rule_record
from app.core.conditions import facts_read
from app.core.engine import Engine
from app.core.rules import Law, Release
from app.proof.report import facts_in_words
from app.web.pages import Pages, Ruleset, View, cited_sources
from app.web.picture import picture


def routes(pages: Pages) -> APIRouter:
    """Return the routes for whoever checks the rules."""
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

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
        releases = list(pages.engines.by_id)
        shown = {"listed": found, "q": q, "releases": releases, "picture": picture(engine, view.texts)}
        return view.page("rules/rules.html", engine.release, status, **shown)

    @router.get("/rules/{name}")
    def rule(name: str, view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        for engine in (view.named(ruleset), *reversed(list(pages.engines.by_id.values()))):
            entry = next((entry for entry in entries(engine.release) if entry.id == name), None)
            if entry:
                break
        else:
            return _listed(view, view.current, [], status=404)
        found = rule_record(entry, engine.release)
        report = next((r for r in pages.proofs[engine.release.id].rules if r.rule == name), None)
        return view.page(
            "rules/rule.html",
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
        found = [each for each in cited_sources(release) if each[0].id == source]
        return view.page("rules/sources.html", release, sources=found, status=200 if found else 404)

    @router.get("/changes")
    def changes(view: Asked, before: Ruleset = "", after: Ruleset = "current") -> HTMLResponse:
        oldest = next(iter(pages.engines.by_id))
        return view.made("changes", after, view.named(before or oldest).release.id)

    @router.get("/proof")
    def proof(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        return view.made("proof", ruleset)

    @router.get("/sign")
    def sign(view: Asked, ruleset: Ruleset = "current") -> HTMLResponse:
        release = view.named(ruleset).release
        listed = [rule_record(entry, release) for entry in entries(release)]
        silences = [source for source in release.sources.values() if source.status == "project"]
        return view.page("rules/sign.html", release, rules=listed, silences=silences)

    return router


def laws_of(rule: RuleRecord, release: Release) -> list[Law]:
    """Return the laws that speak of a fact that a rule reads."""
    read = set(rule.facts)
    return [
        law
        for law in release.laws
        if read & {*(facts_read(law.when) if law.when else ()), *law.changes, *([law.fact] if law.fact else [])}
    ]


def _searchable(rule: RuleRecord) -> str:
    cited = " ".join(source.id for source in rule.sources)
    return f"{rule.id} {rule.statement} {rule.condition} {rule.reading or ''} {cited}".casefold()
