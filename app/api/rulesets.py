"""`GET /v1/rulesets…`: the releases laid open. What is versioned is immutable and may be cached by its `ETag`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from app.api.encode import encode
from app.api.endpoint import engine_named
from app.api.problems import MEDIA_TYPE, Problem, ProblemError
from app.core.catalogue import (
    FactRecord,
    RuleRecord,
    RuleSetRecord,
    entries,
    fact_records,
    rule_record,
    rule_set_record,
)
from app.core.engine import Engines
from app.core.rules import Source
from app.proof.compare import Comparison, compare
from app.proof.verify import Verification, Verifier

NOT_FOUND: dict[int | str, dict[str, Any]] = {
    304: {"description": "Not changed since the `ETag` that was sent."},
    404: {"model": Problem, "description": "No such rule set, rule or source.", "content": {MEDIA_TYPE: {}}},
}
RuleSetName = Annotated[str, Path(description="A release, such as `2026.2`, or `current`.")]


@dataclass
class RuleSets:
    """The releases of this service."""

    current: str
    rulesets: list[RuleSetRecord]


def routes(engines: Engines) -> APIRouter:
    """Return the rule set routes over these engines."""
    router = APIRouter(prefix="/v1/rulesets", tags=["rule sets"], responses=NOT_FOUND)

    @cache
    def found(kind: str, release: str, detail: str | None = None) -> tuple[bytes, str]:
        value = _records(engines, kind, release, detail)
        body: bytes = encode(value)
        return body, f'"{sha256(body).hexdigest()[:32]}"'

    def answer(request: Request, kind: str, name: str, detail: str | None = None) -> Response:
        release = engine_named(engines, name).release.id if name else ""
        body, tag = found(kind, release, detail)
        fixed = name not in ("", "current")
        headers = {"ETag": tag, "Cache-Control": "public, max-age=3600" if fixed else "no-cache"}
        sent = [given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")]
        if tag in sent or "*" in sent:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")

    @router.get("", response_model=RuleSets, summary="The rule sets side by side")
    def rulesets(request: Request) -> Response:
        """Every release that answers, oldest first, and which one answers by default."""
        return answer(request, "rulesets", "")

    @router.get("/{ruleset}", response_model=RuleSetRecord, summary="One rule set")
    def ruleset(request: Request, ruleset: RuleSetName) -> Response:
        """What a release is: its digests, what changed with it, who signed it, whether it was withdrawn."""
        return answer(request, "ruleset", ruleset)

    @router.get("/{ruleset}/facts", response_model=list[FactRecord], summary="The facts of a rule set")
    def facts(request: Request, ruleset: RuleSetName) -> Response:
        """Every fact that may be asked, in asking order, with its question, answers and readers."""
        return answer(request, "facts", ruleset)

    @router.get("/{ruleset}/rules", response_model=list[RuleRecord], summary="The rules of a rule set")
    def rules(request: Request, ruleset: RuleSetName) -> Response:
        """Every rule and every other entry that goes with a decision, in the order of the rule book."""
        return answer(request, "rules", ruleset)

    @router.get("/{ruleset}/rules/{rule}", response_model=RuleRecord, summary="One rule")
    def rule(
        request: Request, ruleset: RuleSetName, rule: Annotated[str, Path(description="The id of a rule.")]
    ) -> Response:
        """One rule: its condition, statement, reading and sources."""
        return answer(request, "rule", ruleset, rule)

    @router.get("/{ruleset}/verification", response_model=Verification, summary="The proof report of a rule set")
    def verification(request: Request, ruleset: RuleSetName) -> Response:
        """Every law, proved for every fully known candidate, exact counts, and a witness that every rule is alive."""
        return answer(request, "verification", ruleset)

    @router.get("/{ruleset}/diff/{other}", response_model=Comparison, summary="What changes between two rule sets")
    def diff(
        request: Request, ruleset: RuleSetName, other: Annotated[str, Path(description="The release to compare with.")]
    ) -> Response:
        """Which decisions become which, for exactly how many candidates, by which rules, with an example of each."""
        release = engine_named(engines, other).release.id
        return answer(request, "diff", ruleset, release)

    @router.get("/{ruleset}/sources", response_model=list[Source], summary="The sources of a rule set")
    def sources(request: Request, ruleset: RuleSetName) -> Response:
        """Everything that may be cited: statements of the documents, public evidence, conflicts and silences."""
        return answer(request, "sources", ruleset)

    @router.get("/{ruleset}/sources/{source}", response_model=Source, summary="One source")
    def source(
        request: Request, ruleset: RuleSetName, source: Annotated[str, Path(description="The id of a source.")]
    ) -> Response:
        """One source: its document, where in it, what it says in our words, and how far it was verified."""
        return answer(request, "source", ruleset, source)

    return router


def _records(engines: Engines, kind: str, name: str, detail: str | None) -> object:
    if kind == "rulesets":
        listed = [rule_set_record(engine.release) for engine in engines.by_id.values()]
        return RuleSets(current=engines.current, rulesets=listed)
    release = engines.by_id[name].release
    if kind == "rule":
        entry = next((entry for entry in entries(release) if entry.id == detail), None)
        if entry is None:
            raise ProblemError("unknown-rule", f"release {release.id} has no such rule")
        return rule_record(entry, release)
    if kind == "source":
        found = release.sources.get(detail or "")
        if found is None:
            raise ProblemError("unknown-source", f"release {release.id} has no such source")
        return found
    made: dict[str, Callable[[], object]] = {
        "ruleset": lambda: rule_set_record(release),
        "facts": lambda: fact_records(release),
        "rules": lambda: [rule_record(entry, release) for entry in entries(release)],
        "sources": lambda: list(release.sources.values()),
        "verification": lambda: Verifier(release).verify(release.laws),
        "diff": lambda: compare(release, engines.by_id[detail or name].release),
    }
    return made[kind]()
