"""The least that an answer takes: a body read and checked, the decision and the id, then the bytes of a constant.

No limits, no access log, no words of an answer: what it takes beside the constant application, no service spares.
"""

from fastapi import Request
from starlette.types import Receive, Scope, Send

from app.api.decode import decode, readers_of
from app.engines import build_engines
from app.settings import Settings
from tools.bench.constant import app as constant
from tools.inside import RELEASE

_engines = build_engines(Settings())
_engine, _reader = _engines.by_id[RELEASE], readers_of(_engines)[RELEASE]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Decide about what is sent, and answer as the constant application does."""
    if scope["type"] == "http" and (body := await Request(scope, receive).body()):
        question = decode(body, _reader, strict=False)
        _engine.decide(question)
        _engine.identity(question)
    await constant(scope, receive, send)
