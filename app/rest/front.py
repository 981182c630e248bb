"""The one hot path: `POST /v1/triage` with an ordinary body, answered before routing.

It exists because nearly every request is of this kind and the way through middleware, routing, dependencies and
serialisation costs several times the decision. It decides nothing: the same engine answers, and the bytes are those of
the plain way (`tests/rest/test_front.py` compares thousands, good and bad). Whatever is not ordinary is passed on with
its body untouched: another method, path, content type or query, a body in parts, a value that needs a closer look.
"""

from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.triage import Engines, Triage, told_of
from app.rest.kept import Given, Kept
from app.rest.quick import QuickReader
from app.rest.triage import TriageOptions
from app.rest.written import Writer

PATH = "/v1/triage"
REMEMBERED = 256
"""How many spellings of query and language are remembered."""


class Way(NamedTuple):
    """How to answer: by which engine, and in which shape; `name` tells one way from another."""

    name: bytes
    engine: Triage
    reader: QuickReader
    strict: bool
    full: bool
    headers: list[tuple[bytes, bytes]]


class Front:
    """Answers ordinary triage requests, and passes on every other.

    `limit` is the largest body in bytes, `kept_bytes` how much of answers is kept for when the same is asked again.
    """

    def __init__(self, app: ASGIApp, engines: Engines, limit: int, kept_bytes: int) -> None:
        self._app = app
        self._engines = engines
        self._limit = limit
        self._writer = Writer()
        self._kept = Kept(kept_bytes)
        self._readers = {name: QuickReader(engine.release) for name, engine in engines.by_id.items()}
        self._way = lru_cache(REMEMBERED)(self._find_way)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST" or scope.get("root_path"):
            await self._app(scope, receive, send)
            return
        way = self._way_of(scope)
        if way is None:
            await self._app(scope, receive, send)
            return
        message = await receive()
        given = None
        if message["type"] == "http.request" and not message.get("more_body", False):
            given = self._given(way, message.get("body", b""))
        if given is None:
            await self._app(scope, _again(message, receive), send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": given.headers})
        await send({"type": "http.response.body", "body": given.written})

    def _given(self, way: Way, body: bytes) -> Given | None:
        """Return the answer to a body, or `None` where that takes a closer look."""
        if len(body) > self._limit:
            return None
        key = sha256(way.name + body).digest()
        given = self._kept.get(key)
        if given is not None:
            way.engine.tell(given.told)
            return given
        asked = way.reader.asked(body, strict=way.strict)
        if asked is None:
            return None
        answer = way.engine.answer(asked) if way.full else way.engine.view(asked)
        written = self._writer.written(answer)
        headers = (*way.headers, (b"content-length", b"%d" % len(written)), (b"content-type", b"application/json"))
        given = Given(written, headers, told_of(answer))
        self._kept.keep(key, given)
        return given

    def _way_of(self, scope: Scope) -> Way | None:
        media, language, languages = b"", b"", 0
        for name, value in scope["headers"]:
            if name == b"content-type":
                media = value if not media else b"several"
            elif name == b"accept-language":
                language, languages = value, languages + 1
        if media != b"application/json" or languages > 1:
            return None
        return self._way(scope["query_string"], language)

    def _find_way(self, query: bytes, language: bytes) -> Way | None:
        """Return how to answer, or `None` where the query takes a closer look."""
        try:
            pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True) if query else []
            options = TriageOptions.model_validate(dict(pairs))
        except (ValueError, ValidationError):
            return None
        engine = self._engines.spoken(language.decode("latin-1")).find(options.ruleset)
        if engine is None or len(pairs) != len(dict(pairs)):
            return None
        headers = [(b"content-language", engine.language.encode()), (b"vary", b"Accept-Language")]
        reader = self._readers[engine.release.id]
        name = f"{engine.release.digest} {engine.language} {options.unknowns} {options.view}\n".encode()
        return Way(name, engine, reader, options.unknowns == "strict", options.view == "full", headers)


def _again(message: Message, receive: Receive) -> Receive:
    """Return a `receive` that gives a message again, then what follows it."""
    first = [message]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again
