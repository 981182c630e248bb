"""Answers compressed for callers who ask for it.

An answer holds nothing secret beside what the caller sent, so that its length gives nothing away (BREACH).
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from app.api.entity_tags import named
from app.api.negotiation import LINES

LEAST = 1024
"""A shorter answer fits into the packet that it would take anyway."""
BY_PATH = "http.response.pathsend"
"""By it granian sends a file itself, as it is on the disk: assets were never compressed."""
for media_type in ("application/problem+json", "application/fhir+json"):
    add_compress_type(media_type)
for media_type in LINES:
    add_compress_type(media_type, streaming=True)  # what is compressed of one part is sent before the next is made


class Compression:
    """The ASGI layer that compresses, beside which others do not wait."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressing = CompressMiddleware(self._fresh, minimum_size=LEAST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed where that is asked for."""
        if scope["type"] != "http" or (scope["method"] == "POST" and not _asks(scope)):
            # no cache keeps the answer to a POST, so that nobody needs to know that it varies
            await self._app(scope, receive, send)
            return
        if BY_PATH in (scope.get("extensions") or {}):
            scope["extensions"] = {name: each for name, each in scope["extensions"].items() if name != BY_PATH}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                tag = headers.get("etag", "W/")
                is_compressed = "content-encoding" in headers
                if message["status"] == 304 and not tag.startswith("W/"):  # it is the tag of what the caller holds
                    tags = named(scope)
                    is_compressed = tag not in tags and f"W/{tag}" in tags
                if is_compressed and not tag.startswith("W/"):
                    headers["etag"] = f"W/{tag}"  # a strong one stands for the same bytes (RFC 9110, 8.8.1)
            await send(message)

        await self._compressing(scope, receive, sent)

    async def _fresh(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with headers of its own: the compressor changes them in place."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": list(message.get("headers", ()))}
            await send(message)

        await self._app(scope, receive, sent)


def _asks(scope: Scope) -> bool:
    return any(name == b"accept-encoding" for name, _ in scope["headers"])
