"""Limits of a request: host, headers, body and concurrency.

The outermost layer, alike for every path. It adds the headers that protect a reader, and has each request written down.
Access is asked for further in, behind CORS, so that a browser can read a refusal.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from time import monotonic
from types import coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ASGIMessage

from app.api.messages import Message
from app.api.problems import NOTHING_DECIDED, ProblemError, problem
from app.core.decided import Decided
from app.observe.access_log import CURRENT, AccessLog, RequestInfo
from app.observe.telemetry import CARRIED, without_carried
from app.security.options import SecurityOptions

log = logging.getLogger("triage.security")

Headers = Sequence[tuple[bytes, bytes]]
PROBES = frozenset({"/livez", "/readyz"})
"""Never refused for load or host: a busy replica is alive, and a kubelet asks by address."""
PROTECTION: Headers = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
FRAMES = (b"content-security-policy", b"frame-ancestors 'none'")
"""For every answer that brings no policy of its own."""
CLOSE = (b"connection", b"close")
DRAINED = 65_536
"""The longest body that may arrive in vain without the connection being closed."""
SWEEP_SECONDS = 0.5
"""How often bodies that are too slow are looked for."""
SLOWEST = 1_000
"""Bytes a second below which a body crawls."""
TOO_MANY = Message("more is asked at once than this service answers well")
TOO_SLOW = Message("the request took too long to arrive")
CUT = Message("the body broke off before its end, or its chunks are malformed")
ANONYMOUS = (
    "anybody who reaches this service may ask it: neither TRIAGE_API_KEYS nor TRIAGE_OAUTH_ISSUER is set; "
    "set one of them before others can reach it"
)


class Limits:
    """The ASGI layer that refuses what passes a limit."""

    def __init__(
        self,
        app: ASGIApp,
        options: SecurityOptions,
        access_log: AccessLog,
        most_bytes: int,
        body_limits: Mapping[str, int] | None = None,
        receipt: Callable[[Decided], str] | None = None,
        readable: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    ) -> None:
        """`readable` lets a page of another origin read a refusal."""
        self._app = app
        self._readable = readable
        self._options = options
        self._log = access_log
        self._most_bytes = most_bytes
        self._body_limits = tuple((body_limits or {}).items())
        self._receipt = receipt
        self._hosts = tuple(host.lower() for host in options.trusted_hosts)
        self._at_work = 0
        self._waiting: set[Exchange] = set()
        self._sweeps = False
        hsts = b"strict-transport-security", b"max-age=%d; includeSubDomains" % options.hsts_seconds
        self._secure = (*PROTECTION, hsts) if options.hsts_seconds else PROTECTION

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan" and self._options.anonymous:
                log.warning(ANONYMOUS)
            await self._app(scope, receive, send)
            return
        headers: Headers = scope["headers"]
        given = dict(headers)
        for name in CARRIED:
            if name in given:
                without_carried(scope)
        info = self._log.begin(scope["path"], given.get(b"x-request-id"))
        added = self._secure if scope.get("scheme") == "https" else PROTECTION
        exchange = Exchange(receive, send, info, added, self._receipt)
        length = given.get(b"content-length")
        if length != b"0" and (length or b"transfer-encoding" in given or scope.get("http_version") == "2"):
            longer = (most for prefix, most in self._body_limits if scope["path"].startswith(prefix))
            exchange.has_body(length, next(longer, self._most_bytes), self._options.request_seconds, self._waiting)
            if not self._sweeps:
                self._sweeps = True
                asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)
        self._at_work += 1
        exchange.place = self._at_work
        within = CURRENT.set(info)
        try:
            await _next_turn()  # so that all that were handed over in one turn are counted before the first is answered
            refusal = self._refusal(scope, headers, given, exchange)
            app = self._app if refusal is None else self._readable(refusal)
            await app(scope, exchange.receive, exchange.send)
        except Exception as error:
            await self._failed(error, scope, exchange)
        finally:
            CURRENT.reset(within)
            self._at_work -= 1
            self._log.done(scope, info)

    def _refusal(
        self, scope: Scope, headers: Headers, given: Mapping[bytes, bytes], exchange: "Exchange"
    ) -> Response | None:
        """Return the refusal of a request, or `None`."""
        if scope["path"] in PROBES:
            return None
        if exchange.place > self._options.max_concurrency:
            return problem(Request(scope), "overloaded", TOO_MANY, headers={"Retry-After": "1"})
        size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        for name, value in headers:
            size += len(name) + len(value) + 4
        if size > self._options.max_header_bytes:
            return problem(Request(scope), "headers-too-large", too_large_headers(self._options.max_header_bytes))
        host = given.get(b"host", b"")
        if len(given) != len(headers) and sum(name == b"host" for name, _ in headers) > 1:
            # whoever reads another one than we do would be misled (RFC 9112, section 3.2)
            return problem(Request(scope), "unknown-host", Message("a request names one host"))
        if not host and scope.get("http_version") == "1.1":
            return problem(Request(scope), "unknown-host", Message("a request by HTTP/1.1 names its host"))
        if self._hosts and not self._is_ours(host.decode("latin-1")):
            return problem(Request(scope), "unknown-host", Message("this service does not answer for that host"))
        if exchange.declared > exchange.limit:
            return problem(Request(scope), "too-large", too_large(exchange.limit))
        return None

    async def _failed(self, error: Exception, scope: Scope, exchange: "Exchange") -> None:
        if not isinstance(error, ProblemError):
            log.error("a request failed", exc_info=error)
            error = ProblemError("internal", NOTHING_DECIDED)
        if exchange.info.status is None:
            refusal = problem(Request(scope), error.kind, error.detail)
            await self._readable(refusal)(scope, exchange.receive, exchange.send)

    def _sweep(self) -> None:
        """Give up the bodies that are too slow.

        One timer serves all of them: one for each takes 2 µs.
        """
        now = monotonic()
        for exchange in tuple(self._waiting):
            exchange.give_up_after(now)
        self._sweeps = bool(self._at_work)
        if self._sweeps:
            asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    def _is_ours(self, host: str) -> bool:
        name = host.lower()
        name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
        return any(
            name == ours or (ours.startswith("*.") and name.endswith(ours[1:]) and name != ours[1:])
            for ours in self._hosts
        )


class Exchange:
    """What has arrived of one request, and what is sent."""

    __slots__ = (
        *("_added", "_arrived", "_closes", "_left", "_receipt", "_receive", "_seconds", "_send", "_task", "_until"),
        *("_waiting", "_waits", "declared", "info", "limit", "place"),
    )

    def __init__(
        self, receive: Receive, send: Send, info: RequestInfo, added: Headers, receipt: Callable[[Decided], str] | None
    ) -> None:
        self._receive = receive
        self._send = send
        self._added = added
        self._receipt = receipt
        self._waits = self._closes = False
        self._arrived = self.limit = self.declared = self.place = 0
        self._seconds = self._left = self._until = 0.0
        self._waiting: set[Exchange]
        self._task: asyncio.Task[Any] | None = None
        self.info = info

    def has_body(self, declared: bytes | None, limit: int, seconds: float, waiting: "set[Exchange]") -> None:
        """Expect a body of the declared length, or of an unknown one."""
        self._waits = True
        self._waiting = waiting
        self._seconds = self._left = seconds
        self.limit = limit
        # servers refuse what is no number; one of 20 digits is larger than any limit
        self.declared = int(declared[:20]) if declared and declared.isdigit() else -1
        self._closes = not 0 <= self.declared <= DRAINED

    async def receive(self) -> ASGIMessage:
        """Return the next part of the body, or raise a problem."""
        if not self._waits:
            return await self._receive()
        since = monotonic()
        self._until = since + self._left
        self._task = asyncio.current_task()
        self._waiting.add(self)
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if self._task is not None:  # somebody else cancels
                raise
            if task := asyncio.current_task():
                task.uncancel()
            return self._refuse("too-slow", TOO_SLOW)
        finally:
            self._waiting.discard(self)
        if message["type"] == "http.disconnect":  # which a server says of malformed chunks too: the caller may be there
            return self._refuse("bad-request", CUT)
        size = len(message.get("body", b""))
        self._arrived += size
        # how long the caller may still be waited for: only waiting counts, and each byte gives time back
        self._left = min(self._seconds, self._left - (monotonic() - since) + size / SLOWEST)
        if self._arrived > self.limit:
            return self._refuse("too-large", too_large(self.limit))
        if self._arrived == self.declared:
            message["more_body"] = False  # known here already: some servers say it in a part of its own
        self._waits = message.get("more_body", False)
        return message

    def give_up_after(self, now: float) -> None:
        """Wait no more for a part of the body that is late."""
        if now > self._until and (task := self._task) is not None:
            self._task = None
            task.cancel()

    async def send(self, message: ASGIMessage) -> None:
        """Send a part of the answer, with the common headers."""
        if message["type"] == "http.response.start":
            self.info.status = message["status"]
            headers = [*message.get("headers", ()), *self._added, (b"x-request-id", self.info.request_id.encode())]
            for name, _ in headers:
                if name == b"content-security-policy":
                    break
            else:
                headers.append(FRAMES)
            if self._waits and self._closes:  # nobody reads the rest of the body
                headers.append(CLOSE)
            if self._receipt is not None and (last := self.info.last) is not None:
                headers.append((b"triage-receipt", self._receipt(last).encode()))
            message = {**message, "headers": headers}
        await self._send(message)

    def _refuse(self, kind: str, says: Message) -> ASGIMessage:
        self._closes = True
        if self.info.status is not None:
            return {"type": "http.disconnect"}
        raise ProblemError(kind, says)


def too_large_headers(limit: int) -> Message:
    """Say how large headers may be."""
    return Message("the headers are larger than the {limit} bytes that this service accepts", limit=limit)


def too_large(limit: int) -> Message:
    """Say how large a body may be."""
    return Message("the body is larger than the {limit} bytes that this service accepts", limit=limit)


@coroutine
def _next_turn() -> Generator[None, None, None]:
    yield


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
