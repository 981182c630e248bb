"""What HTTP is measured against: a bare ASGI application that sends the same responses in turn and reads nothing.

`TRIAGE_ANSWERS` names a folder. For each path that is asked it holds a file with one body a line, and a first line with
the headers of all of them, as JSON.
"""

import json
import os
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from starlette.types import Receive, Scope, Send


def _responses(file: Path) -> Iterator[tuple[bytes, list[tuple[bytes, bytes]]]]:
    first, *bodies = file.read_bytes().splitlines()
    headers = [(name.encode(), value.encode()) for name, value in json.loads(first)]
    return cycle([(body, [*headers, (b"content-length", b"%d" % len(body))]) for body in bodies])


_by_path = {f"/{file.name}": _responses(file) for file in Path(os.environ["TRIAGE_ANSWERS"]).iterdir()}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the next response of this path; any other path is answered with 200 and nothing."""
    if scope["type"] == "http":
        body, headers = next(_by_path[scope["path"]]) if scope["path"] in _by_path else (b"", [])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
