"""The JWT of a CDS client, checked as CDS Hooks requires.

Checked are the signature (ES384 or RS384, never `none` or a shared secret), the issuer and where its keys are (both
allow-listed), the audience (the exact address that was called), the times, and that a token is used once.
"""

import heapq
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeGuard

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

from app.cds_hooks.trust import Trust, UntrustedError
from app.security.issuer import NoIssuerError
from app.security.issuer_keys import IssuerKeys
from app.security.key_sets import claims_of, unchecked, usable_keys
from app.security.options import CdsClient

ALGORITHMS = ["ES384", "RS384"]
LEEWAY_SECONDS = 30
LONGEST_SECONDS = 3600
"""A token that is valid for longer is refused: it would have to be remembered for as long."""
LATEST = 1e12
"""A time beyond it is none: a whole number may be larger than any float."""
MOST_REMEMBERED = 20_000
"""How many tokens of one client are remembered: five a second for an hour. None fills the place of another client."""
REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


@dataclass
class ClientTokens(Trust):
    """The check of the tokens of listed clients."""

    clients: Sequence[CdsClient]
    now: Callable[[], float] = time.time
    seconds: float = 2.0
    transport: httpx.AsyncBaseTransport | None = None
    is_open = False
    _used: dict[str, "UsedTokens"] = field(init=False)
    _local: dict[str, list[Key]] = field(init=False)
    _keys_at: dict[str, IssuerKeys] = field(init=False)

    def __post_init__(self) -> None:
        self._used = {client.iss: UsedTokens() for client in self.clients}
        self._local = {client.iss: usable_keys(client.jwks) for client in self.clients if client.jwks is not None}
        self._keys_at = {
            address: IssuerKeys(address, seconds=self.seconds, transport=self.transport)
            for address in {client.jku for client in self.clients}
            if address
        }

    async def check(self, authorization: str | None, address: str) -> None:
        """Accept a call to an address, or raise `UntrustedError`."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UntrustedError("send `Authorization: Bearer` with the client's JWT")
        client, header = self._client(token)
        keys = await self._keys(client, header)
        try:
            claims = claims_of(token, header, keys, REGISTRY)
        except (JoseError, ValueError, TypeError, RecursionError):
            raise UntrustedError("the token is not signed by a key of its issuer, with ES384 or RS384") from None
        self._check(claims, client, address)

    def _client(self, token: str) -> tuple[CdsClient, Mapping[str, Any]]:
        """Return the client that an unverified token names."""
        try:
            header, payload = unchecked(token.encode("ascii"))
            claims = json.loads(payload)
        except (JoseError, ValueError, TypeError, RecursionError):
            raise UntrustedError("the token is no signed JWT") from None
        if header.get("alg") not in ALGORITHMS:
            raise UntrustedError("the token is signed with ES384 or RS384")
        issuer = claims.get("iss") if isinstance(claims, dict) else None
        client = next((client for client in self.clients if client.iss == issuer), None)
        if client is None:
            raise UntrustedError("the issuer of the token is not known here")
        return client, header

    async def _keys(self, client: CdsClient, header: Mapping[str, Any]) -> list[Key]:
        if client.iss in self._local:  # wherever the token says that they are
            return self._local[client.iss]
        if "jku" in header and header["jku"] != client.jku:
            raise UntrustedError("the keys of the issuer are not where the token says")
        name = header.get("kid")
        try:
            return await self._keys_at[client.jku or ""].having(name if isinstance(name, str) else None)
        except NoIssuerError:
            raise UntrustedError("the keys of the issuer could not be read") from None

    def _check(self, claims: Mapping[str, Any], client: CdsClient, address: str) -> None:
        now = self.now()
        expires, issued, name = claims.get("exp"), claims.get("iat"), claims.get("jti")
        audience = claims.get("aud")
        if address not in (audience if isinstance(audience, list) else [audience]):
            raise UntrustedError("the audience of the token is `{address}`", address=address)
        if not _is_number(expires) or not _is_number(issued) or not isinstance(name, str) or not name:
            raise UntrustedError("the token has `exp`, `iat` and `jti`")
        if expires <= now - LEEWAY_SECONDS:
            raise UntrustedError("the token has expired")
        if issued > now + LEEWAY_SECONDS or expires - issued > LONGEST_SECONDS:
            says = "the token was issued in the past, for at most {seconds} seconds"
            raise UntrustedError(says, seconds=LONGEST_SECONDS)
        not_before = claims.get("nbf", 0)
        if not _is_number(not_before) or not_before > now + LEEWAY_SECONDS:
            raise UntrustedError("the token is not valid yet")
        self._used[client.iss].add(name, expires + LEEWAY_SECONDS, now)


class UsedTokens:
    """The ids of one client's tokens, until these expire."""

    def __init__(self) -> None:
        self._names: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []

    def add(self, name: str, until: float, now: float) -> None:
        """Remember an id, or raise `UntrustedError`."""
        while self._ends and self._ends[0][0] <= now:
            self._names.discard(heapq.heappop(self._ends)[1])
        digest = sha256(name.encode("utf-8", "replace")).digest()
        if digest in self._names:
            raise UntrustedError("the token was used before; make a new one for each call")
        if len(self._names) >= MOST_REMEMBERED:
            raise UntrustedError("too many tokens of this client are in use; let them expire sooner")
        self._names.add(digest)
        heapq.heappush(self._ends, (until, digest))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LATEST < value < LATEST
