"""A request answered in this process, from body to bytes, by the one endpoint of the service."""

import json
from collections.abc import Callable

from fastapi import Request, Response

from app.api.decode import readers_of
from app.api.endpoint import PATH, Endpoint
from app.core.engine import Engine
from app.engines import build_engines
from app.settings import Settings

RELEASE = "2026.2"
"""The release that is measured and compared: other engines and the function by hand know its rules."""
Respond = Callable[[bytes, bytes], Response]
"""A query and a body to the response."""


def shipped() -> Engine:
    """Return an engine of the measured release, which has answered nothing yet."""
    return build_engines(Settings()).by_id[RELEASE]


def responder(release: str = RELEASE) -> tuple[Engine, Respond]:
    """Return an engine of a release, and what answers requests by it."""
    engines = build_engines(Settings())
    endpoint = Endpoint(engines, readers_of(engines))

    def respond(query: bytes, body: bytes) -> Response:
        asked = b"&".join(filter(None, (f"ruleset={release}".encode(), query)))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        scope = {"type": "http", "method": "POST", "path": PATH, "query_string": asked, "headers": headers}
        return endpoint.respond(Request(scope), body)

    return engines.by_id[release], respond


def written(facts: object) -> bytes:
    """Return a body as programs write it."""
    return json.dumps(facts).encode()
