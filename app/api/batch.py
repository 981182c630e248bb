"""`POST /v1/triage/batch`: candidates streamed in, answers streamed out.

The next part of the body is read only when the answers to the last one are on their way, so that memory stays flat and
a caller who reads slowly is read from slowly. One who stops reading is let go.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.api.decode import CandidateReader
from app.api.endpoint import AcceptLanguage, TriageOptions, engine_named
from app.api.lines import BATCH_PATH, Cutter, LineAnswerer, joined
from app.api.negotiation import LINES, accepted, media_type_of
from app.core.decided import ReceiptSigner
from app.core.engine import Engines

SECONDS_AT_ONCE = 0.003
BYTES_AT_ONCE = 262_144
"""After so long, or so many bytes of answers, these are sent: a line that says little takes twenty times as long as one
that says all."""
TURNS = 8
"""How often the others get their turn after `SECONDS_AT_ONCE` of work, however many pieces that was: a request takes
several before it is answered."""
STALLED_SECONDS = 30.0
"""How long a caller may take none of what is sent."""
ANY_SIZE = sys.maxsize
BYTES = {"type": "string", "format": "binary"}
"""What OpenAPI says of lines: that they are streamed, and no text to be held at once."""


class Answers(Response):
    """The answers to a body of lines, sent while it is read.

    The headers wait for the first line: before it a body that is too slow can still be refused. They go before its
    answer, whose receipt is not that of the whole.
    """

    def __init__(self, request: Request, answerer: LineAnswerer, max_line: int, headers: dict[str, str]) -> None:
        super().__init__(None, headers=headers)
        del self.headers["content-length"]
        self._request = request
        self._answerer = answerer
        self._max_line = max_line
        self._number = 0
        self._begun = False
        self._left = SECONDS_AT_ONCE
        """How much longer it may work before the others get their turn."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answers as they are found."""
        cutter = Cutter(self._max_line)
        try:
            async for data in self._request.stream():
                await self._answer(cutter.lines(data), send)
            await self._answer(cutter.last(), send)
        except (ClientDisconnect, TimeoutError):
            if not self._begun:
                raise
            return
        await self._begin(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _answer(self, lines: Iterator[bytes | None], send: Send) -> None:
        if not self._begun:
            first = list(islice(lines, 1))
            if not first:
                return
            await self._begin(send)
            lines = chain(first, lines)
        while piece := self._piece(lines):
            async with asyncio.timeout(STALLED_SECONDS):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if self._left <= 0:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                self._left = SECONDS_AT_ONCE

    async def _begin(self, send: Send) -> None:
        if not self._begun:
            self._begun = True
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    def _piece(self, lines: Iterator[bytes | None]) -> bytes:
        answers: list[bytes] = []
        size = 0
        until = perf_counter() + self._left
        for line in lines:
            self._number += 1
            answers.append(self._answerer.answer(line, self._number))
            size += len(answers[-1])
            if size >= BYTES_AT_ONCE or perf_counter() >= until:
                break
        self._left = until - perf_counter()
        return joined(answers)


def routes(
    engines: Engines,
    readers: Mapping[str, CandidateReader],
    max_line: int,
    sign: ReceiptSigner | None = None,
    root: str = "",
) -> APIRouter:
    """Return the batch route; `max_line` counts bytes, `sign` makes receipts."""
    router = APIRouter(prefix="/v1", tags=["triage"], max_body_size=ANY_SIZE)
    content = {media: {"schema": BYTES | {"description": "One `Candidate` a line."}} for media in LINES}
    answered = {
        "description": "One answer a line, in order; in place of an answer a problem with its `line`. An answer "
        "has its `receipt` with it, where a signing key is configured.",
        "content": {media: {"schema": BYTES} for media in LINES},
    }

    @router.post(
        BATCH_PATH.removeprefix("/v1"),
        operation_id="triageBatch",
        summary="Answer many candidates, one a line",
        response_class=Response,
        responses={200: answered},
        openapi_extra={"requestBody": {"required": True, "content": content}},
    )
    async def batch(
        request: Request, options: Annotated[TriageOptions, Query()], accept_language: AcceptLanguage = ""
    ) -> Answers:
        """Answers JSON Lines: line *i* of the answer for line *i*.

        A line that cannot be answered gets a problem object with its `line`; the others are answered. There is no limit
        to the number of lines. Send and read at the same time: who sends without reading is waited for.
        """
        media_type_of(request.headers.get("content-type", ""), LINES)
        answered_as = accepted(",".join(request.headers.getlist("accept")), LINES)
        engine = engine_named(engines.in_language(accept_language), options.ruleset)
        answerer = LineAnswerer(
            engine=engine,
            reader=readers[engine.release.id],
            sign=sign,
            strict=options.unknowns == "strict",
            full=options.view == "full",
            max_bytes=max_line,
            sources=options.sources or "rationale",
            root=root,
        )
        headers = {"Content-Type": answered_as, "Content-Language": engine.sentences, "Vary": "Accept-Language"}
        return Answers(request, answerer, max_line, headers)

    return router
