"""`POST /v1/triage` and `/v1/triage/explain`: facts to decision, and why."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.api.decode import CandidateReader, body_of, check_json_type, decode
from app.api.described import Described
from app.api.encode import encode
from app.api.messages import Message
from app.api.negotiation import JSON, accepted, check_coding
from app.api.problems import CALLER_LEFT, ProblemError, problem
from app.api.query import read_query, unusable_values
from app.api.schemas import ref
from app.core.answer import Answer, DecisionView
from app.core.engine import Engine, Engines, Sources
from app.core.memo import Memo
from app.proof.explain import Explanation, Target, explain

PATH = "/v1/triage"
Body = Annotated[Any, Depends(body_of)]
SPOKEN = "The language of what people read: `en` or `ko`; an answer says which it is in `Content-Language`."
AcceptLanguage = Annotated[str, Header(alias="Accept-Language", description=SPOKEN, examples=["ko, en;q=0.5"])]


class Options(Described):
    """By which release, and how unknown facts are treated."""

    model_config = ConfigDict(extra="forbid")

    ruleset: str = "current"
    """The release that answers: an id, or `current`."""
    unknowns: Literal["confirm", "strict"] = "confirm"
    """`confirm`: unknown facts that are `confirm` under `/v1/rulesets/current/facts` stand at the value no rule objects
    to, and those that matter are `assumptions`. `strict`: nothing is assumed, and all that matters is asked."""


class TriageOptions(Options):
    """How to answer."""

    view: Literal["full", "decision"] = "full"
    """`decision` leaves out summary, rationale, cautions, preconditions, plan, alternatives and the facts as they were
    read, and lists the ids of the `rules`."""
    sources: Sources | None = None
    """Of which parts the answer tells the sources: of referral and `rationale` (the default), of `all`, or of `none`.
    `view=decision` tells none, and does not take it."""

    @field_validator("sources")
    @classmethod
    def _told(cls, sources: Sources | None, read: ValidationInfo) -> Sources | None:
        """Refuse sources where none are told."""
        if read.data.get("view") == "decision":
            raise PydanticCustomError("not_with_view", "with view=decision")
        return sources


class ExplainOptions(TriageOptions):
    """What to explain."""

    view: Literal["full", "decision"] = "full"
    """Taken, so that the query of a decision explains it; an explanation has one view."""
    sources: Sources | None = None
    """Taken, so that the query of a decision explains it; an explanation tells no sources."""
    target: Target | None = None
    """Keeps the changes that lead to this disposition or pathway."""


def engine_named(engines: Engines, name: str) -> Engine:
    """Return the engine of a release, or raise a 404 problem."""
    found = engines.find(name)
    if found is None:
        known = ", ".join(f"`{release}`" for release in engines.by_id)
        raise ProblemError("unknown-ruleset", Message("the rule sets are {known}", known=known))
    return found


def headers_of(engine: Engine) -> dict[str, str]:
    """Return the headers of answers by an engine."""
    return {"content-type": JSON, "content-language": engine.sentences, "vary": "Accept-Language"}


class Handler(NamedTuple):
    """Answers requests of one query, language and `Accept`."""

    engine: Engine
    reader: CandidateReader
    options: TriageOptions
    headers: list[tuple[bytes, bytes]]

    def answer(self, body: bytes) -> bytes:
        """Return the answer to a body, as JSON."""
        question = decode(body, self.reader, strict=self.options.unknowns == "strict")
        if self.options.view == "decision":
            return encode(self.engine.view(question))
        return encode(self.engine.answer(question, self.options.sources or "rationale"))


class Endpoint:
    """Answers `POST /v1/triage`; an ASGI application for this path alone."""

    def __init__(self, engines: Engines, readers: Mapping[str, CandidateReader]) -> None:
        self._engines = engines
        self._readers = readers
        self._handlers = Memo[tuple[bytes, str, str], Handler](self._handler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a request, and send its response."""
        request = Request(scope, receive)
        try:
            response = self.respond(request, await request.body())
        except ProblemError as error:
            response = problem(request, error.kind, error.detail, error.errors)
        except ClientDisconnect:
            response = Response(status_code=CALLER_LEFT)
        await response(scope, receive, send)

    def respond(self, request: Request, body: bytes) -> Response:
        """Return the response to a request, or raise a problem."""
        content_type, languages, accept = "", [], []
        for name, value in request.scope["headers"]:
            if name == b"content-type" and not content_type:
                content_type = value.decode("latin-1")
            elif name == b"accept-language":
                languages.append(value.decode("latin-1"))
            elif name == b"accept":
                accept.append(value.decode("latin-1"))
            elif name == b"content-encoding":
                check_coding(value.decode("latin-1"))
        if content_type != "application/json":
            check_json_type(content_type)
        handler = self._handlers[request.scope["query_string"], ",".join(languages), ",".join(accept)]
        response = Response(handler.answer(body))
        response.raw_headers += handler.headers
        return response

    def _handler(self, key: tuple[bytes, str, str]) -> Handler:
        query, languages, accept = key
        accepted(accept, (JSON,))
        values = read_query(query, TriageOptions.model_fields)
        try:
            options = TriageOptions.model_validate(values)
        except ValidationError as error:
            raise unusable_values(error.errors(include_url=False)) from None
        engine = engine_named(self._engines.in_language(languages), options.ruleset)
        raw = [(name.encode(), value.encode()) for name, value in headers_of(engine).items()]
        return Handler(engine, self._readers[engine.release.id], options, raw)


def routes(endpoint: Endpoint, engines: Engines, readers: Mapping[str, CandidateReader]) -> APIRouter:
    """Return the triage routes, with a reader for each release."""
    router = APIRouter(prefix="/v1", tags=["triage"])
    content = {"requestBody": {"required": True, "content": {JSON: {"schema": ref("Candidate")}}}}

    @router.post(
        "/triage",
        operation_id="triage",
        summary="Which pathway applies, what comes first, or what is missing",
        response_model=Answer | DecisionView,
        openapi_extra=content,
    )
    async def triage(
        request: Request, _: Annotated[TriageOptions, Query()], accept_language: AcceptLanguage = ""
    ) -> Response:
        """Answers which documented pathway applies, what comes first, or what is missing.

        Every fact may be unknown: left out or `null`. Unknown never means "no". The same request always gets the
        same answer for the same release; nothing is stored.
        """
        return endpoint.respond(request, await request.body())

    @router.post(
        "/triage/explain",
        operation_id="explain",
        summary="Why this decision, and what would change it",
        response_model=Explanation,
        openapi_extra=content,
    )
    async def triage_explain(
        body: Body, options: Annotated[ExplainOptions, Query()], accept_language: AcceptLanguage = ""
    ) -> Response:
        """Explains a decision exactly: sufficient reasons, minimal changes, state of every rule.

        `sufficient` lists given facts that by themselves force the decision, a smallest set first. `changes` lists
        every minimal change of at most two given facts to another decision, whatever the unknown facts are.
        """
        engine = engine_named(engines.in_language(accept_language), options.ruleset)
        question = readers[engine.release.id].question(body, strict=options.unknowns == "strict")
        found = encode(explain(engine, question, options.target))
        return Response(found, headers=headers_of(engine))

    return router
