"""One connection of `triage serve`: what it may send before its request is complete, and how slowly.

An ASGI application sees a request only when its headers are complete, so that slow or endless headers are a matter for
the protocol. A request that arrives whole, as nearly all do, costs one comparison here.
"""

import ipaddress
import json
from asyncio import TimerHandle
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.guard.gate import PROBES, overloaded
from app.guard.options import GuardOptions
from app.guard.watch import Watch
from app.rest.problems import MEDIA_TYPE, PROBLEMS

DRAIN_SECONDS = 25
"""How long requests may take to finish once the process is told to stop; Kubernetes waits 30 seconds."""
SLOWEST = 1_000
"""Bytes a second below which a body crawls."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP with limits on headers, on waiting and on work at once; `bounded` sets them."""

    header_bytes = 16_384
    seconds = 15.0
    at_once = 256
    watch = Watch()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving = False
        self._in_headers = True
        self._header_size = 0
        self._body_size = 0
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest where a request is not complete."""
        if self._in_headers:
            self._header_size += len(data)
        else:
            self._body_size += len(data)
        super().data_received(data)
        if self._in_headers and self._header_size > self.header_bytes:
            self._refuse("headers-too-large", "the headers are larger than this service accepts")
            return
        if self._arriving:
            if self._timer is None:
                self._wait()
        elif self._timer is not None:
            self._stop_waiting()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._arriving = self._in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its headers are complete."""
        self._in_headers = False
        self._header_size = self._body_size = 0
        if self._timer is not None:
            self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It is complete."""
        self._arriving, self._in_headers = False, True
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # requests wait here as tasks before any application sees them, so that only here can too many be noticed
        if len(self.tasks) >= self.at_once and cycle.scope["path"] not in PROBES:
            self.watch.refused("overloaded")
            app = _shed
        super()._start_asgi_task(cycle, app)

    @property
    def _last(self) -> RequestResponseCycle | None:
        return self.cycle

    def _wait(self) -> None:
        self._body_size = 0
        self._timer = self.loop.call_later(self.seconds, self._waited)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _waited(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._arriving and not self._in_headers:
            if self.flow.read_paused or self._body_size >= SLOWEST * self.seconds:
                self._wait()
                return
            self.watch.refused("too-slow")
            self.transport.close()
        elif self._arriving:
            self._refuse("too-slow", "the request took too long to arrive")
        elif self._last is None:
            self.transport.close()

    def _refuse(self, kind: str, detail: str) -> None:
        """Answer what cannot become a request, unless an answer is on its way; close in any case."""
        self.watch.refused(kind)
        if self._last is None or self._last.response_complete:
            found = PROBLEMS[kind]
            content = {"type": f"/problems/{kind}", "title": found.title, "status": found.status, "detail": detail}
            body = json.dumps(content).encode()
            head = (
                f"HTTP/1.1 {found.status} {found.title}\r\ncontent-type: {MEDIA_TYPE}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()


async def _shed(scope: Scope, receive: Receive, send: Send) -> None:
    await overloaded(scope)(scope, receive, send)


def bounded(options: GuardOptions, watch: Watch) -> type[BoundedProtocol]:
    """Return the protocol with the limits of the settings."""
    limits = {
        "header_bytes": options.max_header_bytes,
        "seconds": float(options.request_seconds),
        "at_once": options.max_concurrency,
        "watch": watch,
    }
    return type("Bounded", (BoundedProtocol,), limits)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
