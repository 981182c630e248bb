"""An application on a port of its own, in a thread of the test."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

HANGS = 900.0
"""After how many seconds a test gives up what hangs: what it waits for comes at once, or on a slow machine."""


@contextmanager
def serving(build: Callable[[str], ASGIApp]) -> Iterator[str]:
    """Serve what `build` makes for an address, under that address, which is yielded."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    port = int(base.rpartition(":")[2])
    server = uvicorn.Server(uvicorn.Config(build(base), port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield base
    finally:
        server.should_exit = True
        thread.join()
