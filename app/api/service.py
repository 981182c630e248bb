"""The FastAPI application of this service: its document with worked examples, and what goes before its middleware."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.examples import examples
from app.api.problems import problem
from app.api.validation import readers_of
from app.core.engine import Engines


class Service(FastAPI):
    """A FastAPI application whose document shows worked examples, and whose refusals are problems in every case."""

    def __init__(self, engines: Engines, **options: Any) -> None:
        super().__init__(**options)
        self._engines = engines
        self.first: dict[str, ASGIApp] = {}
        """By path: what answers a POST there before middleware and routing, which cost several times an answer."""
        self.body_limits: dict[str, int] = {}
        self.front: ASGIApp = self._dispatch
        """What takes each request first; whoever wraps it stands before telemetry and routing."""
        self.amendments: list[Callable[[dict[str, Any]], None]] = []
        """What is added to the OpenAPI document once it is made."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, beginning with whatever stands in front."""
        scope["app"] = self
        await self.front(scope, receive, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = self.first.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (first or super().__call__)(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; its examples are put in here, since FastAPI drops each `null` of an example."""
        if self.openapi_schema is None:
            document = super().openapi()
            current = self._engines.by_id[self._engines.current]
            reader = readers_of(self._engines)[self._engines.current]
            for path, (asked, answered) in examples(current, reader).items():
                operation = document["paths"][path]["post"]
                operation["requestBody"]["content"]["application/json"]["examples"] = asked
                operation["responses"]["200"]["content"]["application/json"]["examples"] = answered
            for amend in self.amendments:
                amend(document)
            self.openapi_schema = document
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application with `DeclaredSize` before everything else."""
        stack = super().build_middleware_stack()
        return stack if self.max_body_size is None else DeclaredSize(stack, self.max_body_size, self.body_limits)


class DeclaredSize:
    """Refuses a body whose declared length is beyond the limit.

    Starlette refuses it as well, in plain text that no exception handler sees; what turns out too large only while it
    is read reaches the handlers.
    """

    def __init__(self, app: ASGIApp, limit: int, limits: Mapping[str, int]) -> None:
        self._app = app
        self._limit = limit
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413, or pass the request on."""
        if scope["type"] == "http":
            declared = Headers(scope=scope).get("content-length", "")
            path: str = scope["path"]
            limit = next((most for prefix, most in self._limits.items() if path.startswith(prefix)), self._limit)
            if declared.isdecimal() and int(declared[:20]) > limit:
                says = f"the body is larger than the {limit} bytes that this service accepts"
                await problem(Request(scope), "too-large", says)(scope, receive, send)
                return
        await self._app(scope, receive, send)
