"""The outermost layer of every request: how much at once, from where, with which headers.

It adds the headers that protect a reader, and refuses before anything else is done: too many requests at once, a host
that is not ours, headers beyond the limit. Access is asked for further in, behind CORS, so that a browser can read a
refusal.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.guard.receipts import Signer
from app.guard.seen import CURRENT
from app.guard.telemetry import CARRIED, without_carried
from app.guard.watch import Watch
from app.rest.problems import problem

log = logging.getLogger("triage.guard")

PROBES = frozenset({"/livez", "/readyz"})
"""Never refused for load or host: a busy replica is alive, and a kubelet asks by address."""
PROTECTION = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
FRAMES = (b"content-security-policy", b"frame-ancestors 'none'")
"""For every answer that brings no policy of its own."""
ANONYMOUS = (
    "anybody who reaches this service may ask it: neither TRIAGE_API_KEYS nor TRIAGE_OAUTH_ISSUER is set; "
    "set one of them before others can reach it"
)


@dataclass(frozen=True)
class Limits:
    """What a request may take."""

    concurrency: int = 256
    header_bytes: int = 16_384
    hosts: Sequence[str] = ()
    hsts_seconds: int = 0


ADDED = frozenset({b"content-security-policy", b"referrer-policy", b"x-content-type-options", b"x-request-id"})


def _lacking(names: set[bytes], added: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [pair for pair in added if pair[0] not in names]


class Gate:
    """Guards an application; `anonymous` says that nobody is asked who they are, `signer` signs what was decided."""

    def __init__(
        self, app: ASGIApp, limits: Limits, watch: Watch, *, anonymous: bool, signer: Signer | None = None
    ) -> None:
        self._app = app
        self._signer = signer
        self._watch = watch
        self._limits = limits
        self._anonymous = anonymous
        self._hosts = tuple(host.lower() for host in limits.hosts)
        self._at_work = 0
        hsts = b"max-age=%d; includeSubDomains" % limits.hsts_seconds
        self._plain = [*PROTECTION, FRAMES]
        self._secure = [*self._plain, (b"strict-transport-security", hsts)] if limits.hsts_seconds else self._plain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan" and self._anonymous:
                log.warning(ANONYMOUS)
            await self._app(scope, receive, send)
            return
        size, host, given = 0, b"", b""
        for name, value in scope["headers"]:
            size += len(name) + len(value) + 4
            if name == b"host":
                host = value
            elif name == b"x-request-id":
                given = value
            elif name in CARRIED:
                without_carried(scope)
        seen = self._watch.begin(scope["path"], given)
        protection = self._secure if scope.get("scheme") == "https" else self._plain
        added = [*protection, (b"x-request-id", seen.request_id.encode())]

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                headers = message.get("headers", ())
                names = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(added if names.isdisjoint(ADDED) else _lacking(names, added))]
                if self._signer is not None and (last := seen.last) is not None:
                    receipt = self._signer.receipt(last.id, last.decision, last.digest)
                    message["headers"].append((b"triage-receipt", receipt.encode()))
            await send(message)

        self._at_work += 1
        within = CURRENT.set(seen)
        try:
            app = self._refusal(scope, size, host) or self._app
            await app(scope, receive, send_protected)
        finally:
            CURRENT.reset(within)
            self._at_work -= 1
            self._watch.done(scope, seen)

    def _refusal(self, scope: Scope, size: int, host: bytes) -> ASGIApp | None:
        if scope["path"] in PROBES:
            return None
        if self._at_work > self._limits.concurrency:
            return overloaded(scope)
        if size > self._limits.header_bytes:
            says = f"the headers are larger than the {self._limits.header_bytes} bytes that this service accepts"
            return problem(Request(scope), "headers-too-large", says)
        if self._hosts and not self._is_ours(host.decode("latin-1")):
            return problem(Request(scope), "unknown-host", "this service does not answer for that host")
        return None

    def _is_ours(self, host: str) -> bool:
        name = host.lower()
        name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
        return any(
            name == ours or (ours.startswith("*.") and name.endswith(ours[1:]) and name != ours[1:])
            for ours in self._hosts
        )


def overloaded(scope: Scope) -> ASGIApp:
    """Return the answer for a request too many."""
    says = "more is asked at once than this service answers well"
    return problem(Request(scope), "overloaded", says, headers={"Retry-After": "1"})
