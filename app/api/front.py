"""The one hot path: `POST /v1/triage` with an ordinary body, answered without middleware, routing or a task of its own.

It exists because nearly every request is of this kind, and all that stands around the decision costs several times the
decision. It decides nothing: the same engine answers, and the bytes are those of the plain way
(`tests/security/test_whole.py` compares thousands, good and bad). Whatever is not ordinary is left to the plain way:
another method, path, content type or query, a value that needs a closer look.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.types import Scope

from app.api.endpoint import TriageOptions
from app.api.kept import Given, Kept
from app.api.quick import QuickReader
from app.api.written import Writer
from app.core.engine import Engine, Engines
from app.core.traits import Traits

PATH = "/v1/triage"
REMEMBERED = 256
"""How many spellings of query and language are remembered."""


class Way(NamedTuple):
    """How to answer: by which engine, and in which shape; `name` tells one way from another."""

    name: bytes
    engine: Engine
    reader: QuickReader
    strict: bool
    full: bool
    headers: bytes


class Front:
    """Answers ordinary triage requests.

    `limit` is the largest body in bytes, `kept_bytes` how much of answers is kept for when the same is asked again,
    `vary` names the headers that answers vary by.
    """

    def __init__(
        self,
        engines: Engines,
        quick: Callable[[Traits], QuickReader],
        writer: Writer,
        limit: int,
        kept_bytes: int,
        vary: str = "Accept-Language",
    ) -> None:
        self._engines = engines
        self._limit = limit
        self._vary = vary
        self._writer = writer
        self._kept = Kept(kept_bytes)
        self._way = lru_cache(REMEMBERED)(self._find_way)
        self._quick = quick

    @staticmethod
    def takes(scope: Scope) -> bool:
        """Say whether a request is for this path."""
        return bool(scope["path"] == PATH and scope["method"] == "POST" and not scope.get("root_path"))

    def given(self, scope: Scope, body: bytes) -> Given | None:
        """Return the answer to a request that this path takes, or `None` where it takes a closer look."""
        way = self._way_of(scope)
        if way is None or len(body) > self._limit:
            return None
        key = sha256(way.name + body).digest()
        given = self._kept.get(key)
        if given is not None:
            way.engine.give(given.told)
            return given
        asked = way.reader.asked(body, strict=way.strict)
        if asked is None:
            return None
        written, told = self._writer.answer(way.engine, asked, full=way.full)
        headers = b"%bcontent-length: %d\r\ncontent-type: application/json\r\n" % (way.headers, len(written))
        given = Given(written, headers, told)
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
        engine = self._engines.in_language(language.decode("latin-1")).find(options.ruleset)
        if engine is None or len(pairs) != len(dict(pairs)):
            return None
        headers = f"content-language: {engine.language}\r\nvary: {self._vary}\r\n".encode()
        name = f"{engine.release.digest} {engine.language} {options.unknowns} {options.view}\n".encode()
        return Way(
            name, engine, self._quick(engine.traits), options.unknowns == "strict", options.view == "full", headers
        )
