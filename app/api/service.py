"""The FastAPI application of this service."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.examples import BASIC, Example, comparison_of, places_of, show_examples
from app.api.negotiation import check_headers
from app.api.problems import ProblemError, path_within, problem
from app.api.query import check_query, unusable_values
from app.core.engine import Engines


class Service(FastAPI):
    """A FastAPI application behind layers, whose document shows worked examples."""

    def __init__(self, engines: Engines, root: str = "", **options: Any) -> None:
        servers = [{"url": root or "/", "description": "This service."}]
        super().__init__(
            dependencies=[Depends(check_query)],
            servers=servers,
            root_path_in_servers=False,
            redirect_slashes=False,
            **options,
        )
        self.add_exception_handler(RequestValidationError, refused)
        self.root = root
        """The path of the public address, without a slash at its end."""
        self._engines = engines
        self.endpoints: dict[tuple[str, str], ASGIApp] = {}
        """What answers a method and path without routing and middleware."""
        self.front: ASGIApp = self.dispatch
        """What takes each request first: the layers around `dispatch`."""
        self.examples: dict[str, Mapping[str, Example]] = dict(BASIC)
        """What is asked for the OpenAPI document, by operation and name."""
        self.amendments: list[Callable[[dict[str, Any]], None]] = []
        """What is added to the OpenAPI document once it is made."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, beginning with the layers."""
        scope["app"] = self
        if self.root and scope["type"] == "http":  # a proxy may leave it in the path, or take it off
            scope = {**scope, "root_path": self.root, "path": path_within(scope["path"], self.root)}
        await self.front(scope, receive, send)

    async def dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by its endpoint, else by FastAPI."""
        endpoint = self.endpoints.get((scope.get("method", ""), scope.get("path", "")))
        if endpoint:
            await endpoint(scope, receive, send)
            return
        if scope["type"] == "http":
            try:
                check_headers(scope)
            except ProblemError as error:
                await problem(Request(scope), error.kind, error.detail)(scope, receive, send)
                return
        is_head = scope.get("method") == "HEAD"  # answered like GET; it is the server that leaves the body out
        if is_head or (self.root and scope["type"] == "http"):
            method = "GET" if is_head else scope["method"]
            asked = {**scope, "method": method, "path": self.root + scope["path"]}
            await super().__call__(asked, receive, send)
            scope.update({name: asked[name] for name in ("route", "triage.problem") if name in asked})
        else:
            await super().__call__(scope, receive, send)

    async def _within(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of its own, behind the layers."""
        scope.update(app=self, root_path=self.root)
        await self.dispatch(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, with examples that are answered here."""
        if self.openapi_schema is None:
            document = super().openapi()
            for amend in self.amendments:
                amend(document)
            examples = {**self.examples, **comparison_of(self._engines)}
            show_examples(document, self._within, examples, places_of(self._engines))
            self.openapi_schema = document
        return self.openapi_schema


async def refused(request: Request, error: Exception) -> Response:
    """Answer query parameters that FastAPI refused."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 (it is the handler of these alone)
    found = unusable_values(error.errors())
    return problem(request, found.kind, found.detail, found.errors)
