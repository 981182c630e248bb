"""Entity tags: what is read again is answered by 304.

A tag is a digest of the bytes, so that it holds for whatever release, language and setting they come from.
"""

from collections.abc import Sequence
from hashlib import sha256

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VOLATILE = frozenset({"/livez", "/readyz", "/metrics"})
KEPT = frozenset({b"etag", b"cache-control", b"vary", b"content-location", b"expires"})
"""What a 304 repeats of the headers (RFC 9110, section 15.4.5), beside those of every answer."""


class EntityTags:
    """The ASGI layer that tags what GET reads."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, by 304 where the caller has it already."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"] in VOLATILE:
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def sent(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_be_tagged(message):
                start = message
            elif start is not None:
                begun, start = start, None
                for each in (begun, message) if message.get("more_body") else _tagged(begun, message, scope):
                    await send(each)
            else:
                await send(_asked_again(message) if message["type"] == "http.response.start" else message)

        await self._app(scope, receive, sent)


def named(scope: Scope) -> list[str]:
    """Return the tags of `If-None-Match`, over all its lines."""
    return [each.strip() for line in Headers(scope=scope).getlist("if-none-match") for each in line.split(",")]


def matches(tags: Sequence[str], tag: str) -> bool:
    """Say whether one of these tags is a tag, weakly compared."""
    return "*" in tags or tag in (each.removeprefix("W/") for each in tags)


def _may_be_tagged(start: Message) -> bool:
    headers = Headers(raw=start.get("headers", []))
    return start["status"] == 200 and "etag" not in headers and "no-store" not in headers.get("cache-control", "")


def _asked_again(start: Message) -> Message:
    """Return the start of an answer with its own tag.

    Browsers keep it for a tenth of its age else, and a page of the next version would run the script of the last one.
    """
    headers = MutableHeaders(raw=list(start.get("headers", [])))
    if "etag" in headers:
        headers.setdefault("cache-control", "no-cache")
    if start["status"] == 304:
        headers.add_vary_header("Accept-Encoding")  # as the answer itself says, by the layer around this one
    return {**start, "headers": headers.raw}


def _tagged(start: Message, body: Message, scope: Scope) -> tuple[Message, Message]:
    tag = f'"{sha256(body.get("body", b"")).hexdigest()[:32]}"'
    headers = MutableHeaders(raw=list(start.get("headers", [])))
    headers["etag"] = tag
    headers.setdefault("cache-control", "no-cache")
    if not matches(named(scope), tag):
        return {**start, "headers": headers.raw}, body
    headers.add_vary_header("Accept-Encoding")  # as the answer itself says
    kept = [(name, value) for name, value in headers.raw if name in KEPT]
    return {**start, "status": 304, "headers": kept}, {**body, "body": b""}
