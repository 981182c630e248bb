"""The caller's FHIR server, read over https from listed hosts."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.record.elements import Resource, items, text
from app.security.fetch import Allowance, UnfetchedError, fetched, session

PAGES = 10
"""How many pages of a search are read at most."""
ADDRESS = re.compile(r"https://([^/]+)(?:/[!-~]*)?")
LONGEST_ADDRESS = 8_000
TOKEN = re.compile(r"[!-~]*")


class UnreadableError(Exception):
    """Something could not be read; the text says why without naming anybody."""


@dataclass(frozen=True)
class FhirServer:
    """Reads from FHIR servers; `transport` stands in for the network in tests."""

    hosts: frozenset[str] = frozenset()
    seconds: float = 2.0
    max_bytes: int = 5_000_000
    transport: httpx.AsyncBaseTransport | None = field(default=None, compare=False)

    def allowance(self) -> Allowance:
        """Return how much all reads of one call may bring."""
        return Allowance(self.max_bytes)

    async def read(self, server: str, token: str, query: str, allowance: Allowance) -> Resource:
        """Return a resource, or all pages of a search, or raise `UnreadableError`."""
        if _host(server) not in self.hosts:
            raise UnreadableError("the FHIR server is not one that may be read from")
        if not TOKEN.fullmatch(token):
            raise UnreadableError("the access token is none that can be sent")
        headers = {"Accept": "application/fhir+json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            async with session(self.seconds, headers, self.transport) as client:
                return await self._pages(client, server, f"{server}/{query}", allowance)
        except UnfetchedError as error:
            raise UnreadableError(f"the FHIR server {error}") from None

    async def _pages(self, client: httpx.AsyncClient, server: str, url: str, allowance: Allowance) -> Resource:
        first = await self._page(client, url, allowance)
        page, count, entries = first, 1, [*items(first.get("entry"))]
        while following := next_page(page):
            if _host(following) != _host(server):
                raise UnreadableError("a further page is on another server")
            if count == PAGES:
                raise UnreadableError(f"the search has more than {PAGES} pages")
            page, count = await self._page(client, following, allowance), count + 1
            entries += items(page.get("entry"))
        if count > 1:
            first["entry"] = entries
        first.pop("link", None)
        return first

    async def _page(self, client: httpx.AsyncClient, url: str, allowance: Allowance) -> Resource:
        found = await fetched(client, url, allowance)
        if not isinstance(found, dict) or found.get("resourceType") == "OperationOutcome":
            raise UnreadableError("the FHIR server sent no resource")
        return found


def _host(address: str) -> str | None:
    """Return the host and port of an https address, or `None`."""
    found = ADDRESS.fullmatch(address) if len(address) <= LONGEST_ADDRESS else None
    return found and found[1]


def next_page(bundle: Any) -> str:
    """Return the address of a search's next page, or nothing."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        return ""
    return next((text(link.get("url")) for link in items(bundle.get("link")) if link.get("relation") == "next"), "")
