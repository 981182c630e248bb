"""Writes down and counts each request: id, method, route, status, time, decision; nothing that a caller wrote.

An id from the caller is kept where it is a UUID or hexadecimal, which no name or fact can pass for; else one is made.
"""

import logging
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from time import perf_counter

from starlette.types import Scope

from app.guard.access import NEEDS, OPEN, OPEN_ALONE, OPEN_BELOW, is_open
from app.guard.metrics import Metrics
from app.guard.seen import Decided, Seen

log = logging.getLogger("triage.request")

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

    def begin(self, path: str, given: bytes) -> Seen:
        """Note that a request begins; `given` is the id that the caller sent, if any."""
        request_id = given.decode("latin-1").lower() if REQUEST_ID.fullmatch(given) else os.urandom(16).hex()
        return Seen(request_id, counts(path))

    def decided(self, decided: Decided, rules: Sequence[str]) -> None:
        """Note a decision."""
        if self.metrics is not None:
            self.metrics.decisions.add(decided, rules)

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
                "problem": kind,
                "caller": scope.get("triage.caller"),
                "decisions": seen.decisions or None,
                "disposition": seen.last.decision.disposition if seen.last else None,
                "release": seen.last.release if seen.last else None,
            }
            log.info("request", extra={"fields": {name: value for name, value in fields.items() if value is not None}})


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, or the part of the service where none did."""
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str):
        return template
    path = scope["path"]
    if path in OPEN or path in OPEN_ALONE:
        return str(path)
    below = (*(prefix for prefix, _ in NEEDS), *OPEN_BELOW)
    return next((prefix for prefix in below if path == prefix or path.startswith(prefix + "/")), "unmatched")
