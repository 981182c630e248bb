"""RFC 9457 problem documents, with a page behind every `type`.

No problem repeats what a caller sent as a value: facts are health data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.described import Described
from app.api.messages import LANGUAGES, Message, in_language
from app.core.languages import DEFAULT, accepted_in, language_of

MEDIA_TYPE = "application/problem+json"
CALLER_LEFT = 499
NOTHING_DECIDED = Message("nothing was decided")
MOST_ERRORS = 100
"""How many errors a problem lists: twice as many as there are facts."""
MOST_SUGGESTIONS = 3
"""For how many unknown names the closest known one is looked for, which takes half a millisecond."""


@dataclass(frozen=True)
class ProblemType:
    """A kind of problem: status, title, and what to do."""

    status: int
    title: str
    remedy: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every problem of this kind."""


PROBLEMS: dict[str, ProblemType] = {
    "not-json": ProblemType(400, "The body is not JSON", "Send one JSON object in UTF-8 without a byte order mark."),
    "unknown-host": ProblemType(400, "The host is not one of this service", "Use the address that you were given."),
    "unauthorized": ProblemType(
        401,
        "A key or token is needed",
        "Send an API key in the header `X-API-Key`, or a bearer token in the header `Authorization`.",
    ),
    "forbidden": ProblemType(
        403, "The key or token does not open this", "Ask the operator for one that has the scope in `detail`."
    ),
    "not-found": ProblemType(404, "There is nothing here", "See the API explorer at /docs for every path."),
    "unknown-ruleset": ProblemType(404, "There is no such rule set", "GET /v1/rulesets lists the rule sets."),
    "unknown-rule": ProblemType(404, "There is no such rule", "GET /v1/rulesets/{id}/rules lists the rules."),
    "unknown-source": ProblemType(404, "There is no such source", "GET /v1/rulesets/{id}/sources lists the sources."),
    "method-not-allowed": ProblemType(405, "The path does not take this method", "See the `Allow` header."),
    "too-slow": ProblemType(408, "The request took too long to arrive", "Send it again."),
    "too-large": ProblemType(413, "The body is too large", "Send the facts of one candidate."),
    "headers-too-large": ProblemType(431, "The headers are too large", "Send fewer or shorter headers."),
    "overloaded": ProblemType(503, "The service is busy", "Ask again after the seconds in the header `Retry-After`."),
    "unavailable": ProblemType(
        503, "Something that is needed cannot be reached", "Ask again after the seconds in the header `Retry-After`."
    ),
    "not-acceptable": ProblemType(
        406, "No media type that is accepted is served", "Accept the media type in `detail`, or leave `Accept` out."
    ),
    "encoded": ProblemType(
        415,
        "The body has a content encoding",
        "Send the body as it is, without `Content-Encoding`. Answers are compressed for callers who accept that.",
        {"Accept-Encoding": "identity"},
    ),
    "not-json-type": ProblemType(
        415, "The content type is none that is taken", "Send the content type in `detail`, in UTF-8."
    ),
    "not-facts": ProblemType(
        422,
        "The body is JSON and not the facts of a candidate",
        "`errors` lists everything that is wrong: where, what would be right, and a suggestion where one is close.",
    ),
    "bad-parameter": ProblemType(
        422, "A query parameter cannot be used", "`errors` says which, and what would be right."
    ),
    "bad-request": ProblemType(400, "The request cannot be read", "See `detail`."),
    "internal": ProblemType(500, "The service failed", "Nothing was decided. Report the time of the request."),
}
"""Every problem this service answers with, by the last part of its `type`."""


class FieldError(Described):
    """One thing that is wrong with a body or a query."""

    model_config = ConfigDict(frozen=True)

    pointer: str
    """Where: a JSON pointer into the body, or `?name` for a query parameter."""
    code: str
    """What kind of fault, such as `unknown_fact` or `out_of_range`: stable, for programs."""
    detail: str
    """What would be right, for people."""
    suggestion: str | bool | int | None = None
    """The closest thing that would be right, where one is close."""

    _message: Message = PrivateAttr()

    def __init__(self, pointer: str, code: str, detail: Message, suggestion: str | bool | int | None = None) -> None:
        BaseModel.__init__(self, pointer=pointer, code=code, detail=detail, suggestion=suggestion)
        self._message = detail

    def in_language(self, language: str) -> dict[str, Any]:
        """Return the error as plain data, with its words in a language."""
        return self.model_dump(exclude_none=True) | {"detail": in_language(self._message, language)}


class Problem(Described):
    """What went wrong, as RFC 9457 has it."""

    type: str
    """The kind of problem: a stable address with a page behind it."""
    title: str
    """The kind of problem in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What is wrong with this request, and what would be right."""
    instance: str
    """The path that was asked."""
    errors: Annotated[list[FieldError], Field(default_factory=list)]
    """Everything that is wrong with the facts or the query, all at once."""
    line: Annotated[int, Field(default=0)]
    """In a batch alone: the line that this stands in place of, counted from 1."""


class ProblemKind(Described):
    """What a kind of problem means."""

    type: str
    """Its address, as in the `type` of a problem."""
    title: str
    """The kind in words."""
    status: int
    """The HTTP status that goes with it."""
    remedy: str
    """What to do."""


class ProblemError(Exception):
    """An error that becomes a problem document with the first errors."""

    def __init__(self, kind: str, detail: Message, *, errors: Sequence[FieldError] = (), more: int = 0) -> None:
        """`more` counts errors that stand not even in `errors`."""
        more += max(0, len(errors) - MOST_ERRORS)
        if more:
            template = "{detail}; the first {listed} are listed, {more} more are not"
            detail = Message(template, detail=detail, listed=min(len(errors), MOST_ERRORS), more=more)
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors[:MOST_ERRORS])


DATA = ("/v1/", "/fhir", "/cds-services", "/.well-known/", "/openapi.json", "/version")
"""Where programs ask: whatever they accept, a problem is data there."""
ErrorFormat = Callable[[int, str, dict[str, str] | None], JSONResponse]
"""How an interface with a format of its own writes an error: from status, text and headers."""
ProblemPage = Callable[[Request, int, Sequence[str], Mapping[str, str]], Response]
"""How people read a problem: a page from status, lines and headers, the first line its heading."""


def problem_content(
    kind: str, detail: Message, path: str, errors: Sequence[FieldError] = (), language: str = DEFAULT, root: str = ""
) -> dict[str, Any]:
    """Return a problem document; `root` is the public address' path."""
    found = PROBLEMS[kind]
    content: dict[str, Any] = {
        "type": f"{root}/problems/{kind}",
        "title": in_language(found.title, language),
        "status": found.status,
        "detail": in_language(detail, language),
        "instance": root + path,
    }
    if errors:
        content["errors"] = [error.in_language(language) for error in errors]
    return content


def path_within(path: str, root: str) -> str:
    """Return a path below the root of the public address."""
    return path.removeprefix(root) or "/" if path == root or path.startswith(root + "/") else path


def own_path(request: Request) -> str:
    """Return the path of a request, without the public root."""
    return path_within(request.url.path, request.scope.get("root_path", ""))


def language_accepted(request: Request) -> str:
    """Return the language in which problems of a request are written."""
    return language_of(None, ",".join(request.headers.getlist("accept-language")), LANGUAGES)


def problem(
    request: Request,
    kind: str,
    detail: Message,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a problem in the interface's own format, or as a page."""
    status = PROBLEMS[kind].status
    language = language_accepted(request)
    language_headers = {"Content-Language": language, "Vary": "Accept, Accept-Language"}
    headers = {**PROBLEMS[kind].headers, **language_headers, **(headers or {})}
    request.scope["triage.problem"] = kind
    app = request.scope.get("app")
    formats: dict[str, ErrorFormat] = getattr(app.state, "error_formats", {}) if app else {}
    for prefix, render in formats.items():
        if own_path(request).startswith(prefix):
            fields = [error.in_language(language) for error in errors]
            each = (f"{error['pointer']}: {error['detail']}" for error in fields)
            return render(status, "; ".join([in_language(detail, language), *each]), headers)
    page: ProblemPage | None = getattr(app.state, "problem_page", None) if app else None
    if page is not None and prefers_page(request):
        language = language_of(request.query_params.get("lang"), language, LANGUAGES)
        headers["Content-Language"] = language
        lines = [PROBLEMS[kind].title, detail, *(error.detail for error in errors)]
        return page(request, status, [in_language(text, language) for text in lines], headers)
    path, root = own_path(request).encode("utf-8", "replace").decode(), request.scope.get("root_path", "")
    content = problem_content(kind, detail, path, errors, language, root)
    return JSONResponse(content, status, headers=headers, media_type=MEDIA_TYPE)


def prefers_page(request: Request, *, otherwise: bool = False) -> bool:
    """Return whether HTML is accepted before JSON, as browsers do.

    `otherwise` is the answer where neither is named.
    """
    if own_path(request).startswith(DATA):
        return False
    weights = dict(accepted_in(",".join(request.headers.getlist("accept"))))
    page, data = weights.get("text/html", 0.0), weights.get("application/json", 0.0)
    return page > data or (otherwise and page == data)


def add_problems(app: FastAPI) -> None:
    """Make every error of an application a problem document."""

    @app.exception_handler(ProblemError)
    async def refused(request: Request, error: ProblemError) -> Response:
        return problem(request, error.kind, error.detail, error.errors)

    @app.exception_handler(HTTPException)
    async def refused_by_framework(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        match error.status_code:
            case 404:
                says = Message("this service has no such path; GET /openapi.json lists them")
                if prefers_page(request):
                    says = Message("nothing stands at this address: check it, or begin at the start")
                return problem(request, "not-found", says, headers=headers)
            case 405:
                allowed = headers["Allow"] = headers.get("Allow", "").replace("GET", "GET, HEAD")
                says = Message("this path takes {methods}", methods=allowed)
                return problem(request, "method-not-allowed", says, headers=headers)
            case status if status < 500:
                says = Message("the request cannot be read: {phrase}", phrase=HTTPStatus(status).phrase.lower())
                return problem(request, "bad-request", says, headers=headers)
        return problem(request, "internal", NOTHING_DECIDED, headers=headers)

    @app.exception_handler(ClientDisconnect)
    async def left(_: Request, __: ClientDisconnect) -> Response:
        # nobody reads it: the status is what proxies write down for a caller who went away
        return Response(status_code=CALLER_LEFT)

    @app.exception_handler(Exception)
    async def failed(request: Request, _: Exception) -> Response:
        return problem(request, "internal", NOTHING_DECIDED)


router = APIRouter(prefix="/problems", tags=["operation"])


@router.get(
    "/{kind}",
    response_class=HTMLResponse,
    operation_id="readProblemPage",
    summary="What a kind of problem means",
    responses={200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ProblemKind"}}}}},
)
async def problem_page(
    request: Request, kind: Annotated[str, Path(description="The last part of a problem's `type`.")]
) -> Response:
    """The page behind the `type` of a problem document."""
    if kind not in PROBLEMS:
        kinds = ", ".join(f"`{each}`" for each in PROBLEMS)
        raise ProblemError("not-found", Message("the kinds of problem are {kinds}", kinds=kinds))
    language, found = language_accepted(request), PROBLEMS[kind]
    about = Message("problem type `{kind}`, status {status}", kind=kind, status=found.status)
    lines = [in_language(text, language) for text in (found.title, about, found.remedy)]
    headers = {"Content-Language": language, "Vary": "Accept, Accept-Language", "Cache-Control": "no-cache"}
    if prefers_page(request, otherwise=True):
        page: ProblemPage = request.app.state.problem_page
        return page(request, 200, lines, headers)
    title, _, remedy = lines
    kind = f"{request.scope.get('root_path', '')}/problems/{kind}"
    return JSONResponse({"type": kind, "title": title, "status": found.status, "remedy": remedy}, headers=headers)
