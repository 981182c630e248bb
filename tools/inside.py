"""A request answered in this process: body to bytes, as the service does it."""

import json
from collections.abc import Callable

from app.api.endpoint import ANSWER
from app.api.strict_json import read_json
from app.api.validation import readers_of
from app.core.engine import Engine
from app.main import build_engines
from app.settings import Settings

RELEASE = "2026.2"
"""The release that is measured and compared: other engines and the function by hand know its rules."""
Respond = Callable[[bytes, bytes], bytes]
"""A query and a body to the body that answers them."""


def shipped() -> Engine:
    """Return an engine of the measured release, which has answered nothing yet."""
    return build_engines(Settings()).by_id[RELEASE]


def responder() -> tuple[Engine, Respond]:
    """Return an engine of the measured release, and what answers requests by it."""
    engines = build_engines(Settings())
    engine, reader = engines.by_id[RELEASE], readers_of(engines)[RELEASE]

    def respond(query: bytes, body: bytes) -> bytes:
        asked = reader.asked(read_json(body), strict=b"strict" in query)
        return ANSWER.dump_json(engine.view(asked) if b"decision" in query else engine.answer(asked))

    return engine, respond


def written(facts: object) -> bytes:
    """Return a body as programs write it."""
    return json.dumps(facts).encode()
