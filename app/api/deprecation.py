"""Headers of what is deprecated or ends (RFC 9745, RFC 8594)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.headers import ENDS, declared, show_headers
from app.core.rules import Release

LEAST = timedelta(days=365)
"""Between the deprecation of something and its end, as docs/compatibility.md promises."""


@dataclass(frozen=True)
class Going:
    """A path of the API, or a query parameter, that ends."""

    path: str
    """As in openapi.json."""
    since: date
    sunset: date
    successor: str
    """The path of what comes in its place."""
    parameter: str = ""

    def __post_init__(self) -> None:
        if self.sunset - self.since < LEAST:
            raise ValueError(f"{self.path}: it ends sooner than {LEAST.days} days after its deprecation")

    def mark(self, document: dict[str, Any]) -> None:
        """Mark it in the OpenAPI document."""
        for operation in document["paths"][self.path].values():
            marked = [each for each in operation["parameters"] if each["name"] == self.parameter]
            for each in marked if self.parameter else [operation]:
                each["deprecated"] = True
            for status, response in operation["responses"].items():
                shared = document["components"]["responses"].get(response.get("$ref", "").rpartition("/")[2])
                whole = shared or response
                headers = whole.get("headers", {}) | declared(*ENDS)
                operation["responses"][status] = whole | {"headers": headers}
        show_headers(document)


GOING: tuple[Going, ...] = ()
"""What ends of this API: nothing now."""


class Deprecations:
    """The ASGI layer that says in answers that their path ends."""

    def __init__(self, app: ASGIApp, going: Sequence[Going], root: str = "") -> None:
        self._app = app
        self._headers = [
            (
                re.compile(
                    "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in each.path.split("/"))
                ),
                deprecated(each.since, f"{root}/docs", root + each.successor, each.sunset),
            )
            for each in going
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers of each path that ends."""
        found = [headers for path, headers in self._headers if path.fullmatch(scope.get("path", ""))]

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(name.lower().encode(), value.encode()) for each in found for name, value in each.items()]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self._app(scope, receive, sent if found else send)


def headers_of(release: Release, current: str, root: str = "") -> dict[str, str]:
    """Return the headers of answers by a release, below the public path."""
    if release.withdrawn is None:
        return {}
    path = f"{root}/v1/rulesets/"
    return deprecated(date.fromisoformat(release.withdrawn.date), path + release.id, path + current)


def deprecated(since: date, why: str, successor: str, sunset: date | None = None) -> dict[str, str]:
    """Return the headers of what is deprecated; `sunset` where it ends."""
    links = [f'<{why}>; rel="deprecation"', f'<{successor}>; rel="successor-version"']
    found = {"Deprecation": f"@{int(_midnight(since).timestamp())}"}
    if sunset is not None:
        found["Sunset"] = format_datetime(_midnight(sunset), usegmt=True)
        links.append(f'<{why}>; rel="sunset"')
    return found | {"Link": ", ".join(links)}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
