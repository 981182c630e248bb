"""`GET /v1/rulesets…`: immutable releases in each language, cached by their `ETag`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.encode import encode
from app.api.endpoint import AcceptLanguage, engine_named
from app.api.messages import Message
from app.api.problems import ProblemError
from app.core import catalogue
from app.core.engine import Engines
from app.core.memo import Memo
from app.core.rules import Source
from app.proof.compare import Comparison, compare
from app.proof.texts import current_in
from app.proof.verify import Verification, Verifier

RuleSetName = Annotated[str, Path(description="A release, such as `2026.2`, or `current`.")]


@dataclass
class RuleSets:
    """The releases of this service."""

    current: str
    rulesets: list[catalogue.RuleSetRecord]


def routes(engines: Engines) -> APIRouter:
    """Return the rule set routes over these engines."""
    router = APIRouter(prefix="/v1/rulesets", tags=["rule sets"])

    def made(asked: tuple[str, str, str, str]) -> bytes:
        language, kind, name, detail = asked
        if kind == "diff":
            one, other = (engines.by_id[each].release for each in (name, detail))
            return encode(compare(one, other, current_in(engines, language)))
        return encode(_records(engines.in_language("", language), kind, name, detail))

    found = Memo[tuple[str, str, str, str], bytes](made, 4_096)

    def answer(languages: str, kind: str, name: str, detail: str = "") -> Response:
        spoken = engines.in_language(languages)
        named = engine_named(engines, name).release if name else None
        # a comparison says of each text in which language it is
        language = engine_named(spoken, name).sentences if name and kind != "diff" else spoken.language
        # a record says whether the release is withdrawn and signed, which changes, and `current` moves
        fixed = kind not in ("rulesets", "ruleset") and "current" not in (name, detail)
        headers = {
            "Cache-Control": "public, max-age=3600" if fixed else "no-cache",
            "Content-Language": language,
            "Vary": "Accept-Language",
        }
        what = engine_named(engines, detail).release.id if kind == "diff" else detail
        body = found[language, kind, named.id if named else "", what]
        return Response(body, headers=headers, media_type="application/json")

    @router.get("", operation_id="listRulesets", response_model=RuleSets, summary="The rule sets side by side")
    def rulesets(accept_language: AcceptLanguage = "") -> Response:
        """Every release that answers, oldest first, and which one answers by default."""
        return answer(accept_language, "rulesets", "")

    @router.get("/{ruleset}", operation_id="getRuleset", response_model=catalogue.RuleSetRecord, summary="One rule set")
    def ruleset(ruleset: RuleSetName, accept_language: AcceptLanguage = "") -> Response:
        """A release: its digests, changes, reviewer, and whether it was withdrawn."""
        return answer(accept_language, "ruleset", ruleset)

    @router.get(
        "/{ruleset}/facts",
        operation_id="listFacts",
        response_model=list[catalogue.FactRecord],
        summary="The facts of a rule set",
    )
    def facts(ruleset: RuleSetName, accept_language: AcceptLanguage = "") -> Response:
        """Every fact in asking order, with question, answers and readers."""
        return answer(accept_language, "facts", ruleset)

    @router.get(
        "/{ruleset}/rules",
        operation_id="listRules",
        response_model=list[catalogue.RuleRecord],
        summary="The rules of a rule set",
    )
    def rules(ruleset: RuleSetName, accept_language: AcceptLanguage = "") -> Response:
        """Every rule and other entry, in the order of the rule book."""
        return answer(accept_language, "rules", ruleset)

    @router.get(
        "/{ruleset}/rules/{rule}", operation_id="getRule", response_model=catalogue.RuleRecord, summary="One rule"
    )
    def rule(
        ruleset: RuleSetName,
        rule: Annotated[str, Path(description="The id of a rule.")],
        accept_language: AcceptLanguage = "",
    ) -> Response:
        """One rule: its condition, statement, reading and sources."""
        return answer(accept_language, "rule", ruleset, rule)

    @router.get(
        "/{ruleset}/verification",
        operation_id="getVerification",
        response_model=Verification,
        summary="The proof report of a rule set",
    )
    def verification(ruleset: RuleSetName, accept_language: AcceptLanguage = "") -> Response:
        """Every law proved, exact counts, and a witness for every rule."""
        return answer(accept_language, "verification", ruleset)

    @router.get(
        "/{ruleset}/diff/{other}",
        operation_id="compareRulesets",
        response_model=Comparison,
        summary="What changes between two rule sets",
    )
    def diff(
        ruleset: RuleSetName,
        other: Annotated[str, Path(description="The release to compare with.")],
        accept_language: AcceptLanguage = "",
    ) -> Response:
        """Each change of decision, counted by rule; every text that differs."""
        return answer(accept_language, "diff", ruleset, other)

    @router.get(
        "/{ruleset}/sources",
        operation_id="listSources",
        response_model=list[Source],
        summary="The sources of a rule set",
    )
    def sources(ruleset: RuleSetName, accept_language: AcceptLanguage = "") -> Response:
        """Every citable source: statements, public evidence, conflicts and silences."""
        return answer(accept_language, "sources", ruleset)

    @router.get("/{ruleset}/sources/{source}", operation_id="getSource", response_model=Source, summary="One source")
    def source(
        ruleset: RuleSetName,
        source: Annotated[str, Path(description="The id of a source.")],
        accept_language: AcceptLanguage = "",
    ) -> Response:
        """One source: document, section, paraphrase, and how far it was verified."""
        return answer(accept_language, "source", ruleset, source)

    return router


def _records(engines: Engines, kind: str, name: str, detail: str) -> object:
    if kind == "rulesets":
        listed = [catalogue.rule_set_record(engine.release) for engine in engines.by_id.values()]
        return RuleSets(current=engines.current, rulesets=listed)
    release = engines.by_id[name].release
    rules = {entry.id: entry for entry in catalogue.entries(release)}
    if (kind == "rule" and detail not in rules) or (kind == "source" and detail not in release.sources):
        template = "release {release} has no such rule; GET /v1/rulesets/{release}/rules lists them"
        if kind == "source":
            template = "release {release} has no such source; GET /v1/rulesets/{release}/sources lists them"
        raise ProblemError(f"unknown-{kind}", Message(template, release=release.id))
    made: dict[str, Callable[[], object]] = {
        "rule": lambda: catalogue.rule_record(rules[detail], release),
        "source": lambda: release.sources[detail],
        "ruleset": lambda: catalogue.rule_set_record(release),
        "facts": lambda: catalogue.fact_records(release),
        "rules": lambda: [catalogue.rule_record(entry, release) for entry in catalogue.entries(release)],
        "sources": lambda: list(release.sources.values()),
        "verification": lambda: Verifier(release).verify(release.laws),
    }
    return made[kind]()
