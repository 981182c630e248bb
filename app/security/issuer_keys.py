"""The public keys of a token issuer, fetched when needed.

They are kept for ten minutes, and fetched anew where a token names a key that is not among them, at most once a minute,
so that made-up tokens cannot make this service call the issuer without end. Nobody waits but who needs other keys.
"""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

import httpx
from joserfc.jwk import Key

from app.security.allowance import Allowance, UnfetchedError
from app.security.fetch import Session, within
from app.security.issuer import NoIssuerError
from app.security.key_sets import usable_keys

log = logging.getLogger("triage.security")

RENEWED_SECONDS = 300.0
"""How old they are when they are fetched anew while they serve: nobody waits for that."""
KEPT_SECONDS = 600.0
"""How old they may be where the issuer can be reached: who is the first after a quiet time waits for new ones."""
AGAIN_SECONDS = 60.0
"""How soon a key that is not among those just fetched is asked for."""
RETRY_SECONDS = 10.0
"""How soon an issuer is asked again that did not give its keys."""
STALE_SECONDS = 86_400.0
"""How long the last keys still serve while the issuer cannot be reached."""
MAX_BYTES = 262_144
MOST_WAITING = 16
"""How many calls wait for keys at once: an issuer that takes its time holds up no more of the places for calls."""


class IssuerKeys:
    """The keys at an address, or that they could not be had."""

    def __init__(
        self,
        url: str,
        *,
        seconds: float = 2.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url = url
        self._seconds = seconds
        self._transport = transport
        self._clock = clock
        self._keys: list[Key] = []
        self._fetched = self._tried = float("-inf")
        self._failed = False
        self._under_way: asyncio.Task[None] | None = None
        self._waiting = 0

    async def having(self, kid: str | None) -> list[Key]:
        """Return the keys, fetched anew for an unknown `kid`, or raise `NoIssuerError`."""
        now = self._clock()
        age = now - self._fetched
        named = self._names(kid) and age <= STALE_SECONDS
        if self._under_way is None or self._under_way.done():
            self._under_way = None
            again = RETRY_SECONDS if self._failed else AGAIN_SECONDS
            if now - self._tried >= again and (not named or age > RENEWED_SECONDS):
                self._tried = now
                self._under_way = asyncio.create_task(self._fetch())
        if self._under_way is not None and (not named or (age > KEPT_SECONDS and not self._failed)):
            if self._waiting < MOST_WAITING:
                await self._wait(self._under_way)
            elif not named:
                raise NoIssuerError
        if self._clock() - self._fetched > STALE_SECONDS or (self._failed and not self._names(kid)):
            raise NoIssuerError
        return self._keys

    async def _wait(self, under_way: asyncio.Task[None]) -> None:
        self._waiting += 1
        try:
            await asyncio.shield(under_way)  # others wait for it too, whoever goes away
        finally:
            self._waiting -= 1

    def _names(self, kid: str | None) -> bool:
        """Say whether a key is among those held, or may be."""
        return bool(self._keys) and (kid is None or any(key.kid == kid for key in self._keys))

    async def _fetch(self) -> None:
        sent = {"Accept": "application/json"}
        try:
            self._keys = await within(self._seconds, sent, self._read, self._transport)
            self._fetched, self._failed = self._clock(), False
        except UnfetchedError as error:
            self._failed = True
            log.warning("the keys of a token issuer cannot be had: it %s", error)

    async def _read(self, session: Session) -> list[Key]:
        found = usable_keys(await session.json(self._url, Allowance(MAX_BYTES)))
        if not found:
            raise UnfetchedError("sent no key that can be used")
        return found
