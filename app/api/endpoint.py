"""`POST /v1/triage` and `/v1/triage/explain`: facts in, the decision with its rationale out, and why.

Bodies are read by `candidate`; answers are serialised by one adapter each, so equal answers are equal bytes.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import ConfigDict, Field, TypeAdapter

from app.api.described import Described
from app.api.problems import MEDIA_TYPE, Problem, ProblemError
from app.api.validation import CandidateReader, body_of
from app.core.answer import Answer, DecisionView
from app.core.engine import Engine, Engines
from app.proof.explain import Explanation, explain

ANSWER = TypeAdapter[Answer | DecisionView](Answer | DecisionView)
EXPLANATION = TypeAdapter(Explanation)
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": says, "content": {MEDIA_TYPE: {}}}
    for status, says in {
        400: "Not JSON.",
        404: "No such rule set.",
        413: "Too large.",
        415: "Not JSON by its type.",
        422: "JSON, but not the facts of a candidate, or a query parameter that cannot be used.",
    }.items()
}
Body = Annotated[Any, Depends(body_of)]
AcceptLanguage = Annotated[
    str, Header(description="The language of what a patient reads: `en` or `ko`.", examples=["ko, en;q=0.5"])
]


class Options(Described):
    """By which release, and how unknown facts are treated."""

    model_config = ConfigDict(extra="forbid")

    ruleset: str = "current"
    """The release that answers: an id, or `current`."""
    unknowns: Literal["confirm", "strict"] = "confirm"
    """`confirm`: unknown confirm facts stand at their assumed value, and the answer lists those that matter.
    `strict`: nothing is assumed."""


class TriageOptions(Options):
    """How to answer."""

    view: Literal["full", "decision"] = "full"
    """`decision` answers the machine contract alone."""


class ExplainOptions(Options):
    """What to explain."""

    target: (
        Annotated[
            Literal[
                "referred",
                "excluded",
                "clinician_review",
                "recommended",
                "conservative_care",
                "exosome_microchanneling",
                "combination_therapy",
            ],
            Field(description="Keeps the changes that lead to this disposition or pathway."),
        ]
        | None
    ) = None


def engine_named(engines: Engines, name: str) -> Engine:
    """Return the engine of a release; a 404 problem where there is none."""
    found = engines.find(name)
    if found is None:
        known = ", ".join(f"`{release}`" for release in engines.by_id)
        raise ProblemError("unknown-ruleset", f"the rule sets are {known}")
    return found


def routes(engines: Engines, readers: Mapping[str, CandidateReader]) -> APIRouter:
    """Return the triage routes over these engines, with a reader for each release."""
    router = APIRouter(prefix="/v1", tags=["triage"], responses=REFUSALS)
    schema = readers[engines.current].model.model_json_schema()
    request = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

    @router.post(
        "/triage",
        summary="Which pathway applies, what comes first, or what is missing",
        response_model=Answer | DecisionView,
        openapi_extra=request,
    )
    async def triage(
        body: Body, options: Annotated[TriageOptions, Query()], accept_language: AcceptLanguage = ""
    ) -> Response:
        """Answers which documented pathway applies to a candidate, or what comes first, or exactly what is missing.

        Every fact may be unknown: left out or `null`. Unknown never means "no". The same request always gets the
        same answer for the same release; nothing is stored.
        """
        engine = engine_named(engines.in_language(accept_language), options.ruleset)
        asked = readers[engine.release.id].asked(body, strict=options.unknowns == "strict")
        answer = engine.view(asked) if options.view == "decision" else engine.answer(asked)
        headers = {"Content-Language": engine.language, "Vary": "Accept-Language"}
        return Response(ANSWER.dump_json(answer), media_type="application/json", headers=headers)

    @router.post(
        "/triage/explain",
        summary="Why this decision, and what would change it",
        response_model=Explanation,
        openapi_extra=request,
    )
    async def triage_explain(
        body: Body, options: Annotated[ExplainOptions, Query()], accept_language: AcceptLanguage = ""
    ) -> Response:
        """Explains the decision of a candidate exactly: sufficient reasons, minimal changes, the state of every rule.

        `sufficient` lists given facts that by themselves force the decision, a smallest set first. `changes` lists
        every minimal change of at most two given facts to another decision, whatever the unknown facts are.
        """
        engine = engine_named(engines.in_language(accept_language), options.ruleset)
        asked = readers[engine.release.id].asked(body, strict=options.unknowns == "strict")
        return Response(EXPLANATION.dump_json(explain(engine, asked, options.target)), media_type="application/json")

    return router
