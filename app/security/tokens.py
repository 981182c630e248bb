"""OAuth 2 bearer tokens: signature, issuer, audience, expiry, scopes.

The issuer's keys are fetched from its JWKS, kept for ten minutes and fetched anew where a token names a key that is not
among them, at most once a minute, so that made-up tokens cannot make this service call the issuer without end.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, extract_compact

from app.api.messages import Message
from app.security.fetch import Allowance, UnfetchedError, fetched, session
from app.security.key_sets import claims_of, usable_keys
from app.security.keys import SCOPES, Permission

log = logging.getLogger("triage.security")

KEPT_SECONDS = 600.0
AGAIN_SECONDS = 60.0
STALE_SECONDS = 86_400.0
"""How long the last keys still serve while the issuer cannot be reached."""
FETCH_SECONDS = 5.0
MAX_BYTES = 262_144
LEEWAY_SECONDS = 60
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""What an operator may allow. HMAC and `none` are not among them: a public key would be the secret of the first."""


class BadTokenError(Exception):
    """A token that is not accepted; repeats nothing of it."""

    def __init__(self, detail: Message) -> None:
        super().__init__(detail)
        self.detail = detail


class NoIssuerError(Exception):
    """The issuer's keys cannot be had."""


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are accepted, and for whom they must be made."""

    issuer: str
    audience: str
    jwks_url: str
    algorithms: Sequence[str]
    scope_claims: Sequence[str] = ("scope", "scp")
    """The claims that hold what a token opens."""
    scope_prefix: str = ""
    """What may stand before each name there."""


class IssuerKeys:
    """The public keys of an issuer, fetched when needed.

    That they could not be had is remembered as well, so that made-up tokens do not ask again and again.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float = FETCH_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url = url
        self._seconds = seconds
        self._transport = transport
        self._clock = clock
        self._keys: list[Key] = []
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def having(self, kid: str | None) -> list[Key]:
        """Return the keys, fetched anew for an unknown `kid`."""
        if not self._wanted(kid):
            return self._held()
        async with self._lock:
            if self._wanted(kid):
                self._tried = self._clock()
                try:
                    self._keys, self._fetched = await self._fetch(), self._clock()
                except UnfetchedError as error:
                    log.warning("the keys of a token issuer cannot be had: it %s", error)
        return self._held()

    def _wanted(self, kid: str | None) -> bool:
        now = self._clock()
        if now - self._tried < AGAIN_SECONDS:
            return False
        known = self._keys and (kid is None or any(key.kid == kid for key in self._keys))
        return not known or now - self._fetched > KEPT_SECONDS

    def _held(self) -> list[Key]:
        if not self._keys or self._clock() - self._fetched > STALE_SECONDS:
            raise NoIssuerError
        return self._keys

    async def _fetch(self) -> list[Key]:
        async with session(self._seconds, {"Accept": "application/json"}, self._transport) as client:
            document = await fetched(client, self._url, Allowance(MAX_BYTES))
        found = usable_keys(document)
        if not found:
            raise UnfetchedError("sent no key that can be used")
        return found


class Tokens:
    """Reads bearer tokens of one issuer."""

    def __init__(self, issuer: Issuer, keys: IssuerKeys) -> None:
        self._issuer = issuer
        self._keys = keys
        self._registry = JWSRegistry(algorithms=list(issuer.algorithms), strict_check_header=False)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer.issuer},
            aud={"essential": True, "value": issuer.audience},
            exp={"essential": True},
        )

    async def scopes(self, token: str) -> frozenset[Permission]:
        """Return what a token opens, or raise `BadTokenError` or `NoIssuerError`."""
        try:
            header = extract_compact(token.encode(), registry=self._registry).headers()
            kid = header.get("kid")
            keys = await self._keys.having(kid if isinstance(kid, str) else None)
            claims = claims_of(token, header, keys, self._registry)
            self._claims.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadTokenError(Message("the token is not accepted: {reason}", reason=_why(error))) from None
        names = {name for claim in self._issuer.scope_claims for name in _names(claims.get(claim))}
        prefix = self._issuer.scope_prefix
        return frozenset(scope for scope in SCOPES if scope in names or prefix + scope in names)


def _names(claim: object) -> list[str]:
    """Return the names in a claim: words, or a list."""
    names = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return [name for name in names if isinstance(name, str)]


def _why(error: Exception) -> Message:
    match getattr(error, "error", ""):
        case "expired_token":
            return Message("it has expired")
        case "invalid_claim" | "missing_claim":
            return Message("its issuer, audience or dates are not those of this service")
        case "unsupported_algorithm":
            return Message("its algorithm is not among those allowed here")
        case "bad_signature":
            return Message("its signature does not fit")
    return Message("it is no signed token of the configured issuer")
