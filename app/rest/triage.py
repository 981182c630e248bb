"""`POST /v1/triage`: the facts of a candidate in, the decision with its rationale out."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.core.answer import Answer, DecisionView
from app.core.triage import Engines, Triage
from app.rest.candidate import CandidateReader, body_of
from app.rest.examples import request_examples, response_examples
from app.rest.problems import MEDIA_TYPE, Problem, ProblemError


class Options(BaseModel):
    """How to answer."""

    model_config = ConfigDict(extra="forbid")

    ruleset: Annotated[str, Field(description="The release that answers: an id, or `current`.")] = "current"
    unknowns: Annotated[
        Literal["confirm", "strict"],
        Field(
            description="`confirm`: unknown confirm facts stand at their assumed value, and the answer lists them. "
            "`strict`: nothing is assumed."
        ),
    ] = "confirm"
    view: Annotated[
        Literal["full", "decision"],
        Field(description="`decision` answers the machine contract alone."),
    ] = "full"


def engine_named(engines: Engines, name: str) -> Triage:
    """Return the engine of a release; a 404 problem where there is none."""
    found = engines.find(name)
    if found is None:
        known = ", ".join(f"`{release}`" for release in engines.by_id)
        raise ProblemError("unknown-ruleset", f"the rule sets are {known}")
    return found


def routes(engines: Engines) -> APIRouter:
    """Return the triage routes over these engines."""
    router = APIRouter(prefix="/v1", tags=["triage"])
    first: dict[str, str] = {}
    for engine in engines.by_id.values():
        for name in engine.release.facts:
            first.setdefault(name, engine.release.id)
    readers = {name: CandidateReader(engine.release, first) for name, engine in engines.by_id.items()}
    current = engines.by_id[engines.current]
    candidate = readers[engines.current].model.model_json_schema()
    examples = response_examples(current, readers[engines.current])

    @router.post(
        "/triage",
        summary="Which pathway applies, what comes first, or what is missing",
        response_model=Answer | DecisionView,
        responses={
            200: {"description": "The answer.", "content": {"application/json": {"examples": examples}}},
            **{
                status: {"model": Problem, "description": says, "content": {MEDIA_TYPE: {}}}
                for status, says in {
                    400: "Not JSON.",
                    404: "No such rule set.",
                    413: "Too large.",
                    415: "Not JSON by its type.",
                    422: "JSON, but not the facts of a candidate.",
                }.items()
            },
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": candidate,
                        "examples": request_examples(),
                    }
                },
            }
        },
    )
    async def triage(
        body: Annotated[Any, Depends(body_of)], options: Annotated[Options, Query()]
    ) -> Answer | DecisionView:
        """Answers which documented pathway applies to a candidate, or what comes first, or exactly what is missing.

        Every fact may be unknown: left out or `null`. Unknown never means "no". The same request always gets the
        same answer for the same release; nothing is stored.
        """
        engine = engine_named(engines, options.ruleset)
        asked = readers[engine.release.id].asked(body, strict=options.unknowns == "strict")
        return engine.view(asked) if options.view == "decision" else engine.answer(asked)

    return router
