"""The access log: one JSON line and its counts a request.

The lines of requests do not go through `logging`: a record cost more than everything else around an answer. An id from
the caller is kept where it is a UUID or hexadecimal, which no name or fact can pass for; else one is made.
"""

import asyncio
import os
import re
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from time import perf_counter, time
from typing import TYPE_CHECKING, TextIO

from starlette.types import Scope

from app.core.decided import Decided
from app.observe.logs import second_of

if TYPE_CHECKING:
    from app.observe.metrics import Metrics

REQUEST_ID = re.compile(rb"(?:[0-9a-f]{16,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LINE = (
    '{"time":"%s.%03d+00:00","level":"info","logger":"triage.request","message":"request","request":"%s",'
    '"method":"%s","route":"%s","status":%s,"ms":%.3f%s}\n'
)


class RequestInfo:
    """What is logged of a request: its decision, never its facts."""

    __slots__ = ("counts", "decisions", "last", "request_id", "started", "status")

    def __init__(self, request_id: str, *, counts: bool) -> None:
        self.request_id = request_id
        self.counts = counts
        """Whether its decisions are a caller's: those of examples and of replays are not."""
        self.started = perf_counter()
        self.status: int | None = None
        self.decisions = 0
        self.last: Decided | None = None


CURRENT: ContextVar[RequestInfo | None] = ContextVar("triage_request", default=None)


class AccessLog:
    """The access log and counts of one process; no lines without `lines`.

    `part_of` gives the part of the service that a path belongs to, one of a known few; `counts` says whether decisions
    of a path are a caller's.
    """

    def __init__(
        self,
        lines: TextIO | None = None,
        metrics: "Metrics | None" = None,
        part_of: Callable[[str], str] = lambda path: "unmatched",
        counts: Callable[[str], bool] = lambda path: True,
    ) -> None:
        self.lines = lines
        self.metrics = metrics
        self._part_of = part_of
        self._counts = counts
        self._process = os.urandom(8).hex()
        self._number = count(1)
        self._unwritten: list[str] = []
        self._second = 0, ""

    def begin(self, path: str, given: bytes | None) -> RequestInfo:
        """Return a begun request; `given` is the caller's id, if any."""
        if given and REQUEST_ID.fullmatch(given):
            request_id = given.decode("latin-1").lower()
        else:
            request_id = f"{self._process}{next(self._number):016x}"
        return RequestInfo(request_id, counts=self._counts(path))

    def decided(self, decided: Decided) -> None:
        """Note a decision on the request that caused it."""
        info = CURRENT.get()
        if info is None or not info.counts:
            return
        info.decisions += 1
        info.last = decided
        if self.metrics is not None:
            self.metrics.decisions.add(decided)

    def done(self, scope: Scope, info: RequestInfo) -> None:
        """Note that a request is done."""
        if self.lines is None and self.metrics is None:
            return
        seconds = perf_counter() - info.started
        method = scope["method"] if scope["method"] in METHODS else "other"
        template = getattr(scope.get("route"), "path", None)
        route = template if isinstance(template, str) else self._part_of(scope["path"])
        kind = scope.get("triage.problem")
        if self.metrics is not None:
            self.metrics.request(method, route, str(info.status or "none"), seconds)
            if kind:
                self.metrics.refused(kind)
        if self.lines is not None:
            # every value is one of a known few or hexadecimal, so that nothing needs to be escaped
            more = f',"problem":"{kind}"' if kind else ""
            if caller := scope.get("triage.caller"):
                more += f',"caller":"{caller}"'
            if last := info.last:
                more += (
                    f',"decisions":{info.decisions},"disposition":"{last.decision.disposition}",'
                    f'"release":"{last.release}"'
                )
            now = time()
            if self._second[0] != int(now):
                self._second = int(now), second_of(now)
            values = info.request_id, method, route, info.status or "null", seconds * 1000, more
            line = LINE % (self._second[1], now % 1 * 1000, *values)
            if not self._unwritten:
                asyncio.get_running_loop().call_soon(self.flush)
            self._unwritten.append(line)

    def flush(self) -> None:
        """Write the lines of this turn of the event loop."""
        lines, self._unwritten = self._unwritten, []
        if self.lines is not None and not self.lines.closed:
            self.lines.write("".join(lines))
            self.lines.flush()
