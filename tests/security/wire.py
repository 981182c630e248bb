"""A connection of `triage serve` without a network: bytes in, bytes out."""

import asyncio
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from app.security.connection import BoundedProtocol


class Wire(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.aborted = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += data

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Connection:
    """One connection after another to one application, each as long as it is kept open."""

    def __init__(self, app: Any, protocol: type[BoundedProtocol], state: ServerState | None = None) -> None:
        self._config = Config(app, log_config=None, access_log=False)
        self._config.load()
        self._state = state or ServerState()
        self._state.default_headers = [(b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")]
        self._made_by = protocol
        self.wire = Wire()
        self.wire.close()

    async def says(self, *parts: bytes) -> bytes:
        """Send a request in parts and return what is answered."""
        if self.wire.closed:
            self.wire = Wire()
            self.protocol = self._made_by(self._config, self._state, {})
            self.protocol.connection_made(self.wire)
        self.wire.written = b""
        for part in parts:
            self.protocol.data_received(part)
            await asyncio.sleep(0)
        while self._state.tasks:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.wire.written

    def leaves(self) -> None:
        """Close the connection."""
        if not self.wire.closed:
            self.protocol.connection_lost(None)
            self.wire.close()
