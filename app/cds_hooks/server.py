"""The caller's FHIR server, read over https from listed hosts."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from app.core.languages import Sentence
from app.record.elements import Resource, items
from app.record.lacks import next_page
from app.security.allowance import Allowance, UnfetchedError

if TYPE_CHECKING:
    import httpx

    from app.security.fetch import Session

PAGES = 10
"""How many pages of a search are read at most."""
MOST_CALLS = 16
"""For how many calls one server is read from at once: each holds a socket for each key, and all that has come."""
MOST_IN_LINE = 16
"""How many calls wait for their turn at it; the rest go on without."""
ADDRESS = re.compile(r"https://([^/]+)(?:/[!-~]*)?")
LONGEST_ADDRESS = 8_000
REFUSED = frozenset({*range(400, 500), 501}) - {408, 429}
"""Answers that will be the same when it is asked again."""
TOKEN = re.compile(r"[!-~]*")
SCOPE = re.compile(r"(?:patient|user|system)/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(?:\?.*)?")
"""A scope for resources: `user/Patient.read` (SMART 1, CDS Hooks 2.0), `user/Patient.rs` (SMART 2, CDS Hooks 3.0)."""


class UnreadableError(Exception):
    """Something could not be read; the text says why without naming anybody.

    `refused`: the server does not give this at all, so that it is no use to ask again.
    """

    def __init__(self, says: str, *, refused: bool = False, **values: object) -> None:
        self.sentence = Sentence(says, values)
        self.refused = refused
        super().__init__(str(self.sentence))


class Found(NamedTuple):
    """What was read; `lacks` says why pages of it are missing."""

    resource: Resource
    lacks: Sentence | None = None


class _Line:
    """Calls that are read for at a server, and those waiting."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(MOST_CALLS)
        self.waiting = 0


@dataclass(frozen=True)
class FhirServer:
    """Reads from FHIR servers; `transport` stands in for the network in tests."""

    hosts: frozenset[str] = frozenset()
    seconds: float = 2.0
    max_bytes: int = 3_500_000
    transport: "httpx.AsyncBaseTransport | None" = field(default=None, compare=False)
    _lines: dict[str | None, _Line] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Import the client, a tenth of the start, where it may read."""
        if self.hosts:
            import_module("app.security.fetch")

    @asynccontextmanager
    async def place(self, server: str) -> AsyncIterator[float]:
        """Wait for a turn; yield the seconds left, or raise `UnreadableError`.

        One that takes its time holds up so many calls, and none of other servers.
        """
        host = _host(server)
        if host not in self.hosts:
            yield self.seconds
            return
        line = self._lines.setdefault(host, _Line())
        busy = UnreadableError("the FHIR server is being read from for too many other calls")
        if line.waiting == MOST_IN_LINE:
            raise busy
        since = monotonic()
        line.waiting += 1
        try:
            async with asyncio.timeout(self.seconds):
                await line.places.acquire()
        except TimeoutError:
            raise busy from None
        finally:
            line.waiting -= 1
        try:
            yield self.seconds - (monotonic() - since)
        finally:
            line.places.release()

    def allowance(self) -> Allowance:
        """Return how much all reads of one call may bring."""
        return Allowance(self.max_bytes)

    async def read(
        self,
        server: str,
        token: str,
        query: str,
        allowance: Allowance,
        *,
        only_first: bool = False,
        seconds: float | None = None,
    ) -> Found:
        """Return a resource or the pages of a search, or raise `UnreadableError`.

        `only_first`: the first page is all that is wanted. `seconds` are left of those of this server.
        """
        if _host(server) not in self.hosts:
            raise UnreadableError("the FHIR server is not one that may be read from")
        if not TOKEN.fullmatch(token):
            raise UnreadableError("the access token is none that can be sent")
        from app.security.fetch import within

        headers = {"Accept": "application/fhir+json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        pages: list[Resource] = []
        left = self.seconds if seconds is None else seconds

        async def read_pages(session: "Session") -> None:
            await _read_pages(session, server, f"{server}/{query}", allowance, pages, only_first=only_first)

        try:
            await within(left, headers, read_pages, self.transport)
        except UnfetchedError as error:
            why = UnreadableError("the FHIR server {why}", refused=error.status in REFUSED, why=error.sentence)
        except UnreadableError as error:
            why = error
        else:
            return Found(_joined(pages))
        if not pages:
            raise why
        return Found(_joined(pages), why.sentence)


async def _read_pages(
    session: "Session", server: str, url: str, allowance: Allowance, pages: list[Resource], *, only_first: bool
) -> None:
    """Read pages into a list, which keeps them whatever follows."""
    while url:
        if _host(url) != _host(server):
            raise UnreadableError("a further page is on another server")
        if len(pages) == PAGES:
            raise UnreadableError("the search has more than {pages} pages", pages=PAGES)
        found = await session.json(url, allowance)
        if not isinstance(found, dict) or found.get("resourceType") == "OperationOutcome":
            raise UnreadableError("the FHIR server sent no resource")
        pages.append(found)
        url = "" if only_first else next_page(found)


def may_read(scope: str, query: str) -> bool:
    """Return whether scopes of SMART 1 or 2 allow a query."""
    kind, _, search = query.partition("?")
    granted = [found for word in scope.split() if (found := SCOPE.fullmatch(word))]
    if not granted:  # nothing is said of resources; the server knows
        return True
    wanted = "s" if search else "r"
    return any(
        found[1] in ("*", kind.partition("/")[0])
        and (found[2] in ("read", "*") or (found[2] != "write" and wanted in found[2]))
        for found in granted
    )


def _joined(pages: list[Resource]) -> Resource:
    """Return the pages of a search as one Bundle, without links."""
    first = {key: value for key, value in pages[0].items() if key != "link"}
    if len(pages) > 1:
        first["entry"] = [entry for page in pages for entry in items(page.get("entry"))]
    return first


def _host(address: str) -> str | None:
    """Return the host and port of an https address, or `None`."""
    found = ADDRESS.fullmatch(address) if len(address) <= LONGEST_ADDRESS else None
    return found and found[1]
