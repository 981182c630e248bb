"""OAuth 2 bearer tokens: signature, issuer, audience, expiry, scopes."""

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from app.api.messages import Message
from app.security.issuer import BadTokenError, Issuer
from app.security.issuer_keys import IssuerKeys
from app.security.key_sets import claims_of, unchecked
from app.security.keys import SCOPES, Permission

LEEWAY_SECONDS = 60


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
            header, _ = unchecked(token.encode(), self._registry)
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
