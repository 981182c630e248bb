"""The FHIR R4 routes: definitions, `$next-question`, `$populate` and `$apply`."""

import re
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import QueryParams

from app.api.negotiation import AS_FHIR, PARAMETER
from app.api.worker import LIGHT_BYTES, in_worker
from app.core.codes import Codes
from app.core.decided import ReceiptSigner
from app.core.languages import Sentence
from app.fhir import apply as application
from app.fhir import populate as population
from app.fhir.adaptive import next_question, response_in
from app.fhir.definitions import definitions
from app.fhir.localization import Localizations
from app.fhir.outcome import MEDIA_TYPE, outcome
from app.fhir.search import query_parameters, search
from app.record.elements import RecordError, Resource

ReadBody = Callable[[Request], Awaitable[Any]]
"""Reads a JSON body, or raises what the application answers with an error."""
Operation = Callable[[Any, str], Resource]
"""From a body and the header `Accept-Language` to a resource."""
FORM = "application/x-www-form-urlencoded"
NO_FORM = Sentence("a search by `POST` is a form in UTF-8: `application/x-www-form-urlencoded`", {})
R4 = ("4.0", "4.3")
"""The versions of R4, and of R4B, which does not differ in what is read."""


class FhirResponse(JSONResponse):
    """A FHIR resource as it is sent."""

    media_type = MEDIA_TYPE


ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The resource.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/FhirResource"}}},
    }
}


FORMAT: dict[str, Any] = {
    "name": "_format",
    "in": "query",
    "required": False,
    "description": "The media type of the answer, where a link says it and no header: `json`, or one of JSON.",
    "schema": {"type": "string", "examples": ["json"]},
}
"""A parameter of every operation (https://hl7.org/fhir/R4/http.html#parameters)."""


def taking(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what OpenAPI says of an operation with these parameters."""
    return {"parameters": [deepcopy(FORMAT), *parameters], **more}


def taken(kind: str) -> dict[str, Any]:
    """Return what OpenAPI says of a body that is a FHIR resource."""
    kinds = {"type": "string", "const": kind}
    properties = {"resourceType": kinds}
    schema = {"type": "object", "required": [*properties], "properties": properties, "additionalProperties": True}
    return {"requestBody": {"required": True, "content": {media: {"schema": deepcopy(schema)} for media in AS_FHIR}}}


def now() -> datetime:
    """Return the moment in UTC; its day is today."""
    return datetime.now(UTC)


def today() -> date:
    """Return the day in UTC."""
    return now().date()


def answered(resource: Resource, status: int = 200, language: str = "") -> JSONResponse:
    """Return a resource as a response; its own language comes first."""
    headers = {"Vary": "Accept-Language"}
    parts = (resource, *(part.get("resource", {}) for part in resource.get("parameter", ())))
    if language := next((part["language"] for part in parts if "language" in part), language):
        headers["Content-Language"] = language
    return FhirResponse(resource, status, headers=headers)


def check_version(content_type: str) -> None:
    """Raise `RecordError` where a media type says another FHIR than R4."""
    for name, quoted, token in PARAMETER.findall(content_type):
        version = quoted or token
        if name.lower() == "fhirversion" and not version.startswith(R4):
            says = "this is FHIR {version} by its media type, and R4 is read here: `fhirVersion=4.0`"
            raise RecordError(says, "", "not-supported", version=version[:8])


def is_form(content_type: str) -> bool:
    """Say whether a content type is a form in UTF-8."""
    media = content_type.partition(";")[0].strip().lower()
    charsets = [quoted or token for name, quoted, token in PARAMETER.findall(content_type) if name.lower() == "charset"]
    return media == FORM and all(each.lower() in ("utf-8", "utf8") for each in charsets)


def routes(
    locales: Localizations,
    codes: Codes,
    base: str,
    program: str,
    read: ReadBody,
    sign: ReceiptSigner | None = None,
    clock: Callable[[], datetime] = now,
) -> APIRouter:
    """Return the routes; `base` is the public address, `sign` makes receipts."""
    router = APIRouter(prefix="/fhir", tags=["fhir"], default_response_class=FhirResponse)
    release = locales.find("").engine.release
    readable = {code: definitions(locale, base, program) for code, locale in locales.by_language.items()}
    paths = list(readable[locales.default])

    def definition(request: Request, path: str) -> JSONResponse:
        language = locales.find(request.headers.get("accept-language", "")).language
        return answered(readable[language][path])

    @router.get(
        "/metadata",
        operation_id="getCapabilityStatement",
        summary="What this FHIR server can do",
        responses=ANSWERED,
        openapi_extra=taking(),
    )
    def metadata(request: Request) -> JSONResponse:
        """The CapabilityStatement."""
        return definition(request, "metadata")

    def reads(path: str) -> None:
        """Serve one definition; a path for each leaves the operations' paths alone."""
        called = "read" + "".join(part[:1].upper() + part[1:] for part in re.split("[/-]", path))

        @router.get(f"/{path}", operation_id=called, summary=f"Read {path}", responses=ANSWERED, openapi_extra=taking())
        def read_resource(request: Request) -> JSONResponse:
            """The definition, made from the current release."""
            return definition(request, path)

    def searches(kind: str) -> None:
        """Serve the search of one type."""
        summary = f"Search {kind}"

        def searched(request: Request, posted: str = "") -> JSONResponse:
            """Return the searchset of a query, and of a form beside it."""
            locale = locales.find(request.headers.get("accept-language", ""))
            listed = [each for path, each in readable[locale.language].items() if path.startswith(f"{kind}/")]
            strict = "handling=strict" in request.headers.get("prefer", "").replace(" ", "")
            try:
                asked = [*request.query_params.multi_items(), *QueryParams(posted).multi_items()]
                found = search(listed, asked, f"{base}/fhir/{kind}", locale, strict=strict)
                return answered(found, language=locale.language)
            except RecordError as error:
                return answered(outcome(locale.phrases.of(error.sentence), error.code), 400, locale.language)

        @router.get(
            f"/{kind}",
            operation_id=f"search{kind}",
            summary=summary,
            responses=ANSWERED,
            openapi_extra=taking(*query_parameters()),
        )
        def search_resources(request: Request) -> JSONResponse:
            """By `url`, `version`, `status`, `name`, `title`, `experimental` or `_id`; a searchset."""
            return searched(request)

        *fields, prefer = query_parameters()
        properties = {each["name"]: each["schema"] | {"description": each["description"]} for each in fields}
        content = {FORM: {"schema": {"type": "object", "properties": properties}}}
        form = taking(prefer, requestBody={"content": content})
        name, path = f"search{kind}ByForm", f"/{kind}/_search"

        @router.post(path, operation_id=name, summary=f"{summary} by form", responses=ANSWERED, openapi_extra=form)
        async def search_by_form(request: Request) -> JSONResponse:
            """As the search by query, with the parameters in a form."""
            body = await request.body()
            if body and not is_form(request.headers.get("content-type", "")):
                locale = locales.find(request.headers.get("accept-language", ""))
                return answered(outcome(locale.phrases.of(NO_FORM), "not-supported"), 415, locale.language)
            return searched(request, body.decode(errors="replace"))

    for path in paths:
        if "/" in path:
            reads(path)
    for kind in dict.fromkeys(path.partition("/")[0] for path in paths if "/" in path):
        searches(kind)

    async def operated(request: Request, operation: Operation) -> JSONResponse:
        languages = request.headers.get("accept-language", "")
        locale, status = locales.find(languages), 415
        try:
            check_version(request.headers.get("content-type", ""))
            status = 422
            body = await read(request)
            if len(await request.body()) <= LIGHT_BYTES:
                return answered(operation(body, languages))
            return await in_worker(lambda: answered(operation(body, languages)))
        except RecordError as error:
            status = 404 if error.code == "not-found" else status
            says = locale.phrases.of(error.sentence)
            return answered(outcome(says, error.code, error.expression), status, locale.language)

    def operates(path: str, name: str, summary: str, about: str, operation: Operation, takes: str) -> None:
        """Serve one operation on one path."""

        @router.post(
            path,
            operation_id=name,
            summary=summary,
            description=about,
            responses=ANSWERED,
            openapi_extra=taking(**taken(takes)),
        )
        async def operate(request: Request) -> JSONResponse:
            return await operated(request, operation)

    def asked_next(body: Any, languages: str) -> Resource:
        return next_question(response_in(body), locales, languages, base)

    def populated(body: Any, languages: str, *, named: bool) -> Resource:
        asked = population.read_population(body, base, named=named)
        return population.populate(asked, locales, languages, codes, base, clock().date())

    def applied(body: Any, languages: str, *, named: bool) -> Resource:
        asked = application.read_application(body, release, base, named=named)
        return application.apply(asked, locales, languages, codes, base, clock(), sign)

    form, plan = "/Questionnaire/candidate-intake", "/PlanDefinition/candidate-triage"
    about = (
        "Takes and returns a QuestionnaireResponse; completed when nothing is left. A Parameters resource with one "
        "parameter `questionnaire-response` is taken as well, as SDC has it."
    )
    summary = "Ask the next question (SDC)"
    operates("/Questionnaire/$next-question", "askNextQuestion", summary, about, asked_next, "QuestionnaireResponse")
    operates(f"{form}/$next-question", "askNextQuestionOfIntake", summary, about, asked_next, "QuestionnaireResponse")
    about = (
        "Takes Parameters (`subject`, `data` or `context`), returns Parameters with the `response`, filled in from the "
        "record, and the `issues` that say where answers come from."
    )
    summary = "Prefill the intake from a record (SDC)"
    operates(f"{form}/$populate", "populateIntake", summary, about, partial(populated, named=True), "Parameters")
    about += " `questionnaire` names the questionnaire."
    operation = partial(populated, named=False)
    operates("/Questionnaire/$populate", "populateQuestionnaire", summary, about, operation, "Parameters")
    about = (
        "Takes Parameters (`subject`, `questionnaireResponse`, `data`, `parameters` with facts by name, `unknowns`), "
        "returns a CarePlan."
    )
    operation = partial(applied, named=True)
    operates(f"{plan}/$apply", "applyCandidateTriage", "Decide from a record", about, operation, "Parameters")
    about += " `planDefinition` names the plan definition."
    summary, operation = "Decide from a record, by canonical address", partial(applied, named=False)
    operates("/PlanDefinition/$apply", "applyPlanDefinition", summary, about, operation, "Parameters")
    return router
