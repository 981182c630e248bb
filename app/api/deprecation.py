"""Headers of what is deprecated or ends (RFC 9745, RFC 8594)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ASGIMessage

from app.api.headers import ENDS, declared, show_headers
from app.core.memo import Memo
from app.core.rules import Release

LEAST = timedelta(days=365)
"""Between the deprecation of something and its end, as docs/compatibility.md promises."""
RULESETS = "/v1/rulesets/"
FIRST_ERROR = 400


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


@dataclass(frozen=True)
class Notice:
    """Since when something is deprecated, why, what follows, when it ends."""

    since: date
    why: str
    successor: str
    sunset: date | None = None


class Deprecations:
    """The ASGI layer that says what is withdrawn or ends.

    A release may be named anywhere: in the path, as what another is compared with, or in the query. All of it that is
    withdrawn is said in good answers, and what ends in errors too.
    """

    def __init__(
        self,
        app: ASGIApp,
        going: Sequence[Going] = (),
        releases: Iterable[Release] = (),
        current: str = "current",
        root: str = "",
    ) -> None:
        self._app = app
        self._withdrawn = {
            release.id: notice for release in releases if (notice := notice_of(release, current, root)) is not None
        }
        self._going = [
            (
                re.compile(
                    "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in each.path.split("/"))
                ),
                Notice(each.since, f"{root}/docs", root + each.successor, each.sunset),
            )
            for each in going
        ]
        self._headers = Memo[tuple[Notice, ...], list[tuple[bytes, bytes]]](
            lambda said: [(name.lower().encode(), value.encode()) for name, value in headers_of(said).items()]
        )

        self._asked = Memo[bytes, frozenset[str]](
            lambda query: frozenset(value for name, value in parse_qsl(query.decode("latin-1")) if name == "ruleset")
        )

    @property
    def says_anything(self) -> bool:
        """Whether there is an answer that it changes."""
        return bool(self._withdrawn or self._going)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers of what is withdrawn or ends."""
        ends = [notice for path, notice in self._going if path.fullmatch(scope.get("path", ""))]
        withdrawn = self._named(scope)

        async def sent(message: ASGIMessage) -> None:
            if message["type"] == "http.response.start":
                said = (*ends, *(withdrawn if message["status"] < FIRST_ERROR else ()))
                message = {**message, "headers": [*message.get("headers", ()), *self._headers[said]]}
            await send(message)

        await self._app(scope, receive, sent if ends or withdrawn else send)

    def _named(self, scope: Scope) -> list[Notice]:
        """Return the notices of the withdrawn releases that a request names."""
        path: str = scope.get("path", "")
        if not self._withdrawn or not path.startswith("/v1/"):
            return []
        named = self._asked[scope["query_string"]] if scope.get("query_string") else frozenset[str]()
        if path.startswith(RULESETS):
            named = named.union(path.split("/"))
        return [notice for name, notice in self._withdrawn.items() if name in named]


def notice_of(release: Release, current: str, root: str = "") -> Notice | None:
    """Return the notice of a withdrawn release, below the public path."""
    if release.withdrawn is None:
        return None
    path = root + RULESETS
    return Notice(date.fromisoformat(release.withdrawn.date), path + release.id, path + current)


def headers_of(notices: Sequence[Notice]) -> dict[str, str]:
    """Return the headers of deprecations: first days, and every link."""
    if not notices:
        return {}
    links = [(each.why, "deprecation") for each in notices] + [
        (each.successor, "successor-version") for each in notices
    ]
    found = {"Deprecation": f"@{int(_midnight(min(each.since for each in notices)).timestamp())}"}
    if ends := [each.sunset for each in notices if each.sunset is not None]:
        found["Sunset"] = format_datetime(_midnight(min(ends)), usegmt=True)
        links += [(each.why, "sunset") for each in notices if each.sunset is not None]
    return found | {"Link": ", ".join(f'<{address}>; rel="{relation}"' for address, relation in dict.fromkeys(links))}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
