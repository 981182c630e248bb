"""The FHIR R4 routes: definitions, `$next-question` and `$apply`."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.api.worker import LIGHT_BYTES, in_worker
from app.core.codes import Codes
from app.core.engine import Engines, ReceiptSigner
from app.fhir import apply as application
from app.fhir.capability import capability_statement
from app.fhir.outcome import MEDIA_TYPE, outcome
from app.fhir.plan import DISPOSITIONS, PATHWAYS, code_system, plan_definition
from app.fhir.questionnaire import answer_codes, next_question, questionnaire
from app.record.elements import RecordError, Resource

ReadBody = Callable[[Request], Awaitable[Any]]
"""Reads a JSON body, or raises what the application answers with an error."""
FHIR: dict[str, Any] = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/FhirResource"}}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: FHIR | {"description": "The resource."},
    400: FHIR | {"description": "Not usable: an OperationOutcome says where and what would be right."},
    404: FHIR | {"description": "No such resource: an OperationOutcome."},
    413: FHIR | {"description": "Too large: an OperationOutcome."},
    415: FHIR | {"description": "Not JSON by its type: an OperationOutcome."},
    422: FHIR | {"description": "JSON, and not what the operation takes: an OperationOutcome."},
}


def taken(kind: str) -> dict[str, Any]:
    """Return what OpenAPI says of a body that is a FHIR resource."""
    kinds = {"type": "string", "const": kind}
    schema = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": kinds}}
    return {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}}


def today() -> date:
    """Return the day in UTC, for ages and recency."""
    return datetime.now(UTC).date()


def answered(resource: Resource, status: int = 200) -> JSONResponse:
    """Return a resource as a response."""
    return JSONResponse(resource, status, media_type=MEDIA_TYPE)


def routes(
    engines: Engines, codes: Codes, base: str, program: str, read: ReadBody, sign: ReceiptSigner | None = None
) -> APIRouter:
    """Return the routes; `base` is the public address, `sign` makes receipts."""
    router = APIRouter(prefix="/fhir", tags=["fhir"])
    engine = engines.by_id[engines.current]
    release = engine.release
    readable: dict[str, Resource] = {
        "metadata": capability_statement(release, base, program),
        "Questionnaire/candidate-intake": questionnaire(release, base),
        "PlanDefinition/candidate-triage": plan_definition(release, base),
        "CodeSystem/candidate-intake": answer_codes(release, base),
        "CodeSystem/candidate-triage-pathway": code_system(
            PATHWAYS, "CandidateTriagePathway", release.wording.pathways, release, base
        ),
        "CodeSystem/candidate-triage-disposition": code_system(
            DISPOSITIONS, "CandidateTriageDisposition", release.wording.dispositions, release, base
        ),
    }

    @router.get(
        "/metadata",
        operation_id="getCapabilityStatement",
        summary="What this FHIR server can do",
        responses={200: RESPONSES[200]},
    )
    def metadata() -> JSONResponse:
        """The CapabilityStatement."""
        return answered(readable["metadata"])

    def reads(path: str) -> None:
        """Serve one definition; a path for each leaves the operations' paths alone."""
        called = "read" + "".join(part[:1].upper() + part[1:] for part in re.split("[/-]", path))

        @router.get(f"/{path}", operation_id=called, summary=f"Read {path}", responses={200: RESPONSES[200]})
        def read_resource() -> JSONResponse:
            """The definition, made from the current release."""
            return answered(readable[path])

    for path in readable:
        if "/" in path:
            reads(path)

    async def operated(request: Request, operation: Callable[[Any], Resource]) -> JSONResponse:
        try:
            body = await read(request)
            if len(await request.body()) <= LIGHT_BYTES:
                return answered(operation(body))
            return await in_worker(lambda: answered(operation(body)))
        except RecordError as error:
            return answered(
                outcome(error.says, error.code, error.expression), 404 if error.code == "not-found" else 422
            )

    def applied(body: Any, *, named: bool) -> Resource:
        asked = application.read_parameters(body, base, named=named)
        return application.apply(asked, engine, codes, base, today(), sign)

    @router.post(
        "/Questionnaire/$next-question",
        operation_id="askNextQuestion",
        summary="Ask the next question (SDC)",
        responses=RESPONSES,
        openapi_extra=taken("QuestionnaireResponse"),
    )
    async def ask_next(request: Request) -> JSONResponse:
        """Takes and returns a QuestionnaireResponse; completed when nothing is left.

        A Parameters resource with one parameter `questionnaire-response` is taken as well, as SDC has it.
        """
        return await operated(request, lambda body: next_question(_response_in(body), engine, base))

    @router.post(
        "/PlanDefinition/candidate-triage/$apply",
        operation_id="applyCandidateTriage",
        summary="Decide from a record",
        responses=RESPONSES,
        openapi_extra=taken("Parameters"),
    )
    async def apply_named(request: Request) -> JSONResponse:
        """Takes Parameters (`subject`, `questionnaireResponse`, `data`, `unknowns`), returns a CarePlan."""
        return await operated(request, partial(applied, named=True))

    @router.post(
        "/PlanDefinition/$apply",
        operation_id="applyPlanDefinition",
        summary="Decide from a record, by canonical address",
        responses=RESPONSES,
        openapi_extra=taken("Parameters"),
    )
    async def apply_by_address(request: Request) -> JSONResponse:
        """The same; `planDefinition` names the plan definition."""
        return await operated(request, partial(applied, named=False))

    return router


def _response_in(body: Any) -> Resource:
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        listed = body.get("parameter")
        found = [p for p in listed if isinstance(p, dict)] if isinstance(listed, list) else []
        body = next((p.get("resource") for p in found if p.get("name") == "questionnaire-response"), None)
    if not isinstance(body, dict):
        raise RecordError("send one QuestionnaireResponse with its Questionnaire contained", "QuestionnaireResponse")
    return body
