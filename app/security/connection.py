"""One connection of `triage serve`: what it may send before its request is complete, and how slowly.

An ASGI application sees a request only when its headers are complete, so that slow or endless headers are a matter for
the protocol. A request that arrives whole, as nearly all do, costs one comparison here.
"""

import ipaddress
import json
from asyncio import TimerHandle
from collections.abc import Iterable
from typing import Any, cast

from fastapi import FastAPI
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.api.problems import MEDIA_TYPE, PROBLEMS
from app.observe.watch import Watch
from app.security.gate import FRAMES, PROBES, PROTECTION, Gate, overloaded
from app.security.options import GuardOptions

DRAIN_SECONDS = 25
"""How long requests may take to finish once the process is told to stop; Kubernetes waits 30 seconds."""
STALLED_SECONDS = 30
"""How long a caller may take none of what is sent."""
PIPELINED = 64
"""How many requests of one connection wait for their turn; the connection is closed once they are answered."""
LINGER_SECONDS = 1.0
"""How long a caller who is refused may read why, while what it still sends is thrown away."""
SLOWEST = 1_000
"""Bytes a second below which a body crawls."""


class Turn:
    """What was answered at once in this turn of the event loop, and is sent when the turn ends.

    Each of these requests waited for those before it, so that their number says how much waits. To send them together
    takes less time than to send each when it is made: whoever reads them is woken once.
    """

    def __init__(self) -> None:
        self._waiting: list[BoundedProtocol] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def sends(self, connection: "BoundedProtocol") -> None:
        """Note that a connection has an answer to send."""
        if not self._waiting:
            connection.loop.call_soon(self._ends)
        self._waiting.append(connection)

    def _ends(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.flush()


class BoundedProtocol(HttpToolsProtocol):
    """HTTP with limits on headers, on waiting and on work at once; `bounded` sets them."""

    header_bytes = 16_384
    seconds = 15.0
    at_once = 256
    service: FastAPI
    watch: Watch
    gate: Gate
    turn: Turn

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving = False
        self._in_headers = True
        self._header_size = 0
        self._body_size = 0
        self._timer: TimerHandle | None = None
        self._held: Any = None
        self._unsent: list[bytes] = []
        self._surplus = False
        self._goes_on = False
        self._stalled: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        if self._stalled is not None:
            self._stalled.cancel()
        self._unsent.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest where a request is not complete."""
        if self._surplus:
            return
        if self._in_headers:
            self._header_size += len(data)
        else:
            self._body_size += len(data)
        super().data_received(data)
        if self._held is not None and self.flow.read_paused:  # too much to wait for
            app, self._held = self._held, None
            super()._start_asgi_task(self.cycle, app)
        if self._in_headers and self._header_size > self.header_bytes:
            self._refuse("headers-too-large", "the headers are larger than this service accepts")
            return
        if self._arriving:
            if self._timer is None:
                self._wait()
        elif self._timer is not None:
            self._stop_waiting()

    def pause_writing(self) -> None:
        """The caller does not take what is sent: wait for so long, then let it go."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The caller has taken it."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def eof_received(self) -> Any:
        """The caller sends no more, and may wait for what was asked; `True` keeps the connection until that is sent."""
        self.flush()
        last = self._last
        if last is None or last.response_complete or last.more_body:
            return False
        last.keep_alive = False
        return True

    def shutdown(self) -> None:
        """The service stops: close the connection, or let it end with its answer."""
        self.flush()
        super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self.flush()
        super().send_400_response(msg)

    def flush(self) -> None:
        """Send what was answered at once in this turn."""
        unsent, self._unsent = self._unsent, []
        if unsent and not self.transport.is_closing():
            self.transport.writelines(unsent)
            if not self.cycle.keep_alive and self.cycle.response_complete:
                self.transport.close()

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
        if len(self.pipeline) >= PIPELINED and not self._surplus:
            # one read holds thousands of small requests: answer those that wait, and close then
            self._surplus = True
            self.cycle.keep_alive = False
        if not self._surplus:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of its body is here."""
        if not self._surplus:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """It is complete."""
        self._arriving, self._in_headers = False, True
        if self._surplus:
            return
        super().on_message_complete()
        app, self._held = self._held, None
        if app is not None and not self._answered(self.cycle):
            super()._start_asgi_task(self.cycle, app)

    def on_response_complete(self) -> None:
        """It is answered; go on with the next that waits, in a turn of its own: one after the other would recurse."""
        if self.pipeline:
            self.loop.call_soon(self._go_on)
        else:
            super().on_response_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """There is nothing to upgrade to, and the request is answered as it is: not worth a line."""

    def _go_on(self) -> None:
        self._goes_on = True
        super().on_response_complete()
        self._goes_on = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # requests wait here as tasks before any application sees them, so that only here can too many be noticed; the
        # task of the request before on this connection may still be among them
        if len(self.tasks) + len(self.turn) - self._goes_on >= self.at_once and cycle.scope["path"] not in PROBES:
            self._shed(cycle)
        elif cycle.more_body and not cycle.waiting_for_100_continue and self.gate.takes(cast("Scope", cycle.scope)):
            self._held = app
        else:
            super()._start_asgi_task(cycle, app)

    def _answered(self, cycle: RequestResponseCycle) -> bool:
        """Answer a request that is here whole without a task, where it is ordinary; else leave it as it was."""
        if not cycle.keep_alive or self._unsent or self.flow.write_paused or self.transport.is_closing():
            return False
        try:
            answer = self.gate.answer(cast("Scope", cycle.scope), bytes(cycle.body))
        except Exception:  # a fault of ours: the plain way meets it too, answers 500 and logs where
            return False
        if answer is None:
            return False
        self._send(cycle, b"HTTP/1.1 200 OK\r\n", *answer)
        return True

    def _shed(self, cycle: RequestResponseCycle) -> None:
        """Refuse a request for load: as little work as can be."""
        self.watch.refused("overloaded")
        said = overloaded({**cycle.scope, "app": self.service})
        headers = [*said.raw_headers, *PROTECTION, FRAMES]
        self._send(cycle, b"HTTP/1.1 503 Service Unavailable\r\n", _lines(headers), bytes(said.body))

    def _send(self, cycle: RequestResponseCycle, status: bytes, headers: bytes, body: bytes) -> None:
        """Send a whole answer when the turn ends; the connection goes on with what follows."""
        close = b"" if cycle.keep_alive else b"connection: close\r\n"
        default = _lines(self.server_state.default_headers)
        self._unsent.append(b"".join((status, default, headers, close, b"\r\n")))
        if cycle.scope["method"] != "HEAD":
            self._unsent.append(body)
        self.turn.sends(self)
        cycle.response_started = cycle.response_complete = True
        self.on_response_complete()

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
        self.flush()
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
        # to close at once would cut the answer off, while the caller still sends
        self._surplus = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


def bounded(options: GuardOptions, service: FastAPI) -> type[BoundedProtocol]:
    """Return the protocol with the limits of the settings, for an application with a `watch` and a `gate`."""
    limits = {
        "header_bytes": options.max_header_bytes,
        "seconds": float(options.request_seconds),
        "at_once": options.max_concurrency,
        "service": service,
        "watch": service.state.watch,
        "gate": service.state.gate,
        "turn": Turn(),
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
