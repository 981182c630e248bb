"""What HTTP is measured against: a bare ASGI application that sends the same answers in turn and reads nothing.

`TRIAGE_ANSWERS` names a file with one answer a line.
"""

import os
from itertools import cycle
from pathlib import Path

from starlette.types import Receive, Scope, Send

_lines = Path(os.environ["TRIAGE_ANSWERS"]).read_bytes().splitlines()
_answers = cycle(
    [(line, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(line))]) for line in _lines]
)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the next answer."""
    if scope["type"] == "http":
        body, headers = next(_answers)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
