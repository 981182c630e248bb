"""The outermost layer of every request: how much at once, from where, with which headers.

It adds the headers that protect a reader, and refuses before anything else is done: too many requests at once, a host
that is not ours, headers beyond the limit. Access is asked for further in, behind CORS, so that a browser can read a
refusal.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.front import Front
from app.api.problems import problem
from app.observe.seen import CURRENT, Seen
from app.observe.telemetry import CARRIED, without_carried
from app.observe.watch import Watch
from app.security.access import Access
from app.security.signing import Signer

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


class Whole(NamedTuple):
    """What may answer a request that has arrived whole at once: an ordinary one, whose caller is known by a key."""

    front: Front
    access: Access | None
    cors: bool
    """Whether an `Origin` takes the plain way."""


@dataclass(frozen=True)
class Limits:
    """What a request may take."""

    concurrency: int = 256
    header_bytes: int = 16_384
    hosts: Sequence[str] = ()
    hsts_seconds: int = 0


ELSEWHERE = frozenset({b"origin", b"x-forwarded-proto"})
"""What CORS and uvicorn read on the plain way."""
ADDED = frozenset({b"content-security-policy", b"referrer-policy", b"x-content-type-options", b"x-request-id"})


def _lacking(names: set[bytes], added: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [pair for pair in added if pair[0] not in names]


class Gate:
    """Guards an application.

    `anonymous` says that nobody is asked who they are, `signer` signs what was decided, `whole` answers ordinary
    requests that have arrived whole.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        watch: Watch,
        *,
        anonymous: bool,
        signer: Signer | None = None,
        whole: Whole | None = None,
    ) -> None:
        self._app = app
        self._signer = signer
        self._whole = whole
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
        size, host, given = _looked_at(scope)
        seen = self._watch.begin(scope["path"], given)
        added = [*self._protection(scope), (b"x-request-id", seen.request_id.encode())]

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                headers = message.get("headers", ())
                names = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(added if names.isdisjoint(ADDED) else _lacking(names, added))]
                if (receipt := self._receipt(seen)) is not None:
                    message["headers"].append((b"triage-receipt", receipt))
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

    def takes(self, scope: Scope) -> bool:
        """Say whether a request is for what `answer` may answer."""
        return self._whole is not None and self._whole.front.takes(scope)

    def answer(self, scope: Scope, body: bytes) -> tuple[bytes, bytes] | None:
        """Answer a request that has arrived whole: the lines of the headers of a 200, and the body.

        `None` leaves the request to the plain way, as if nothing had been done. The bytes are those of the plain way.
        """
        size, host, given = _looked_at(scope)
        front, access, cors = self._whole or (None, None, False)
        if front is None or self._is_refused(size, host) or (access and not access.knows(scope)):
            return None
        if (cors or self._limits.hsts_seconds) and any(name in ELSEWHERE for name, _ in scope["headers"]):
            return None
        seen = self._watch.begin(scope["path"], given)
        within = CURRENT.set(seen)
        try:
            answer = front.given(scope, body)
        finally:
            CURRENT.reset(within)
        if answer is None:
            return None
        seen.status = 200
        added = b"".join([b"%b: %b\r\n" % pair for pair in self._protection(scope)])
        head = b"%b%bx-request-id: %b\r\n" % (answer.headers, added, seen.request_id.encode())
        if (receipt := self._receipt(seen)) is not None:
            head += b"triage-receipt: %b\r\n" % receipt
        self._watch.done(scope, seen)
        return head, answer.written

    def _protection(self, scope: Scope) -> Sequence[tuple[bytes, bytes]]:
        return self._secure if scope.get("scheme") == "https" else self._plain

    def _receipt(self, seen: Seen) -> bytes | None:
        if self._signer is None or (last := seen.last) is None:
            return None
        return self._signer.receipt(last.id, last.decision, last.digest).encode()

    def _is_refused(self, size: int, host: bytes | None) -> bool:
        if self._at_work > self._limits.concurrency or size > self._limits.header_bytes or host is None:
            return True
        return bool(self._hosts) and not self._is_ours(host.decode("latin-1"))

    def _refusal(self, scope: Scope, size: int, host: bytes | None) -> ASGIApp | None:
        if scope["path"] in PROBES or not self._is_refused(size, host):
            return None
        if self._at_work > self._limits.concurrency:
            return overloaded(scope)
        if size > self._limits.header_bytes:
            says = f"the headers are larger than the {self._limits.header_bytes} bytes that this service accepts"
            return problem(Request(scope), "headers-too-large", says)
        says = "a request names one host" if host is None else "this service does not answer for that host"
        return problem(Request(scope), "unknown-host", says)

    def _is_ours(self, host: str) -> bool:
        name = host.lower()
        name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
        return any(
            name == ours or (ours.startswith("*.") and name.endswith(ours[1:]) and name != ours[1:])
            for ours in self._hosts
        )


def _looked_at(scope: Scope) -> tuple[int, bytes | None, bytes]:
    """Return how large a request is without its body, its host and the id it brings; take out what is carried.

    The host is `None` where the request names several: whoever reads another one than we do would be misled (RFC 9112,
    section 3.2).
    """
    size, host, given = len(scope.get("raw_path") or b"") + len(scope["query_string"]), None, b""
    hosts = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value) + 4
        if name == b"host":
            host, hosts = value, hosts + 1
        elif name == b"x-request-id":
            given = value
        elif name in CARRIED:
            without_carried(scope)
    return size, host if hosts == 1 else b"" if not hosts else None, given


def overloaded(scope: Scope) -> Response:
    """Return the answer for a request too many."""
    says = "more is asked at once than this service answers well"
    return problem(Request(scope), "overloaded", says, headers={"Retry-After": "1"})
