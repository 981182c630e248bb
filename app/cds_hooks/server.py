"""The caller's FHIR server, read over https from listed hosts."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from app.core.languages import Sentence
from app.record.elements import Resource, items
from app.record.lacks import next_page
from app.security.fetch import Allowance, UnfetchedError, fetched, session

PAGES = 10
"""How many pages of a search are read at most."""
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


@dataclass(frozen=True)
class FhirServer:
    """Reads from FHIR servers; `transport` stands in for the network in tests."""

    hosts: frozenset[str] = frozenset()
    seconds: float = 2.0
    max_bytes: int = 3_500_000
    transport: httpx.AsyncBaseTransport | None = field(default=None, compare=False)

    def allowance(self) -> Allowance:
        """Return how much all reads of one call may bring."""
        return Allowance(self.max_bytes)

    async def read(
        self, server: str, token: str, query: str, allowance: Allowance, *, only_first: bool = False
    ) -> Found:
        """Return a resource or the pages of a search, or raise `UnreadableError`.

        `only_first`: the first page is all that is wanted.
        """
        if _host(server) not in self.hosts:
            raise UnreadableError("the FHIR server is not one that may be read from")
        if not TOKEN.fullmatch(token):
            raise UnreadableError("the access token is none that can be sent")
        headers = {"Accept": "application/fhir+json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        pages: list[Resource] = []
        try:
            async with session(self.seconds, headers, self.transport) as client:
                await self._read_pages(client, server, f"{server}/{query}", allowance, pages, only_first=only_first)
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
        self,
        client: httpx.AsyncClient,
        server: str,
        url: str,
        allowance: Allowance,
        pages: list[Resource],
        *,
        only_first: bool,
    ) -> None:
        """Read pages into a list, which keeps them whatever follows."""
        while url:
            if _host(url) != _host(server):
                raise UnreadableError("a further page is on another server")
            if len(pages) == PAGES:
                raise UnreadableError("the search has more than {pages} pages", pages=PAGES)
            found = await fetched(client, url, allowance)
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
