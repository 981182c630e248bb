"""Writes down and counts each request: id, method, route, status, time, decision; nothing that a caller wrote.

An id from the caller is kept where it is a UUID or hexadecimal, which no name or fact can pass for; else one is made.
"""

import logging
import os
import re
from functools import lru_cache
from itertools import count
from time import perf_counter

from starlette.types import Scope

from app.core.engine import Decided
from app.observe.logs import REQUESTS
from app.observe.metrics import Metrics
from app.observe.seen import Seen, note_decision
from app.security.access import NEEDS, OPEN, OPEN_ALONE, OPEN_BELOW, is_open

log = logging.getLogger(REQUESTS)

REQUEST_ID = re.compile(rb"(?:[0-9a-f]{16,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REPLAYS = "/v1/receipts"


@lru_cache(256)
def counts(path: str) -> bool:
    """Say whether the decisions of a request for this path are a caller's: those of examples and replays are not."""
    return not is_open(path) and not path.startswith(REPLAYS)


class Watch:
    """What one service writes down; `metrics` counts where an operator asked for it."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self.metrics = metrics
        self._process = os.urandom(8).hex()
        self._count = count(1)

    def begin(self, path: str, given: bytes) -> Seen:
        """Note that a request begins; `given` is the id that the caller sent, if any."""
        if given and REQUEST_ID.fullmatch(given):
            return Seen(given.decode("latin-1").lower(), counts(path))
        return Seen(f"{self._process}{next(self._count):016x}", counts(path))

    def decided(self, told: Decided) -> None:
        """Note a decision."""
        if note_decision(told) and self.metrics is not None:
            self.metrics.decisions.add(told)

    def refused(self, kind: str) -> None:
        """Note a refusal that never became a request."""
        if self.metrics is not None:
            self.metrics.refused(kind)

    def done(self, scope: Scope, seen: Seen) -> None:
        """Note that a request is done."""
        logs = log.isEnabledFor(logging.INFO)
        if not logs and self.metrics is None:
            return
        seconds = perf_counter() - seen.started
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = route_of(scope)
        kind = scope.get("triage.problem")
        if self.metrics is not None:
            self.metrics.request(method, route, str(seen.status or "none"), seconds)
            if kind:
                self.metrics.refused(kind)
        if logs:
            fields = {
                "request": seen.request_id,
                "method": method,
                "route": route,
                "status": seen.status,
                "ms": round(seconds * 1000, 3),
            }
            if kind:
                fields["problem"] = kind
            if caller := scope.get("triage.caller"):
                fields["caller"] = caller
            if last := seen.last:
                fields |= {
                    "decisions": seen.decisions,
                    "disposition": last.decision.disposition,
                    "release": last.release,
                }
            # `log.info` looks through the stack for who called it: more work than all the rest
            log.handle(log.makeRecord(log.name, logging.INFO, "", 0, "request", (), None, None, {"fields": fields}))


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, or the part of the service where none did."""
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str):
        return template
    return part_of(scope["path"])


@lru_cache(256)
def part_of(path: str) -> str:
    """Return the part of the service that a path belongs to."""
    if path in OPEN or path in OPEN_ALONE:
        return path
    below = (*(prefix for prefix, _ in NEEDS), *OPEN_BELOW)
    return next((prefix for prefix in below if path == prefix or path.startswith(prefix + "/")), "unmatched")
