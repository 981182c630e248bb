"""The issuer of bearer tokens, and why a token cannot be taken.

What reads tokens needs joserfc, cryptography and httpx, a tenth of the start: it is imported where an issuer is set.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.api.messages import Message

ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""What an operator may allow. HMAC and `none` are not among them: a public key would be the secret of the first."""


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


class BadTokenError(Exception):
    """A token that is not accepted; repeats nothing of it."""

    def __init__(self, detail: Message) -> None:
        super().__init__(detail)
        self.detail = detail


class NoIssuerError(Exception):
    """The issuer's keys cannot be had."""
