"""Receipts: a signature over what was decided, for stored answers.

A receipt is a detached JWS (RFC 7515, appendix F) by Ed25519 (RFC 8037, RFC 9864). Its payload is the JSON object with
the members `contract`, `decision`, `digest` (of the release) and `id`, in this order and without spaces: whoever has
the answer can put it together and verify with the keys of `/.well-known/jwks.json`, without this service.

joserfc and cryptography are imported where there is a key: they are a tenth of the start, and 10 MB.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.api.receipts import NotSignedError, UnknownKeyError
from app.core.answer import CONTRACT
from app.core.decided import Decided
from app.core.memo import Memo
from app.core.precedence import Decision

if TYPE_CHECKING:
    from joserfc.jwk import OKPKey

ALGORITHM = "Ed25519"
COMPACT = re.compile(r"[\w-]+\.[\w-]*\.[\w-]+", re.ASCII)
"""A JWS in one line, with or without its payload (RFC 7515, section 7.1)."""
REMEMBERED = 20_000
"""How many receipts are kept for when the same is decided again."""
Base64 = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$", examples=["32 bytes in base64url"])]


class SigningKey(BaseModel):
    """An Ed25519 key as a JSON Web Key; `d` makes it sign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    kid: Annotated[str, Field(pattern="^[A-Za-z0-9._~-]{1,64}$", examples=["a name without spaces"])]
    x: Base64
    d: Annotated[Base64 | None, Field(repr=False)] = None

    @model_validator(mode="after")
    def _halves_fit(self) -> "SigningKey":
        """Refuse halves of two keys: nobody could verify what they sign."""
        if self.d is not None:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            public = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(self.d + "=")).public_key()
            if urlsafe_b64encode(public.public_bytes_raw()).decode().rstrip("=") != self.x:
                raise ValueError("`d` and `x` are not of one key")
        return self


class Signer:
    """Signs with its first key, and knows what any of them signed."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self.signs = bool(keys)
        self.public: list[dict[str, Any]] = [
            {**key.model_dump(exclude={"d"}), "use": "sig", "alg": ALGORITHM} for key in keys
        ]
        self._keys = {key.kid: _imported(key) for key in keys}
        if keys:
            import_module("joserfc.jws")  # 20 ms, which the first request would wait, and others with it
        self._header = {"alg": ALGORITHM, "kid": keys[0].kid} if keys else {}
        self._made = Memo[tuple[str, Decision, str], str](self._make, REMEMBERED)

    def receipt(self, name: str, decision: Decision, digest: str) -> str:
        """Return the receipt for an answer's id, decision and release."""
        return self._made[name, decision, digest]

    def receipt_of(self, decided: Decided) -> str:
        """Return the receipt for an answer."""
        return self.receipt(decided.id, decided.decision, decided.digest)

    def whole_receipt_of(self, decided: Decided) -> str:
        """Return the receipt with its payload, where no answer goes along."""
        return self._signed(decided.id, decided.decision, decided.digest)

    def _make(self, signed: tuple[str, Decision, str]) -> str:
        header, _, signature = self._signed(*signed).split(".")
        return f"{header}..{signature}"

    def _signed(self, name: str, decision: Decision, digest: str) -> str:
        from joserfc import jws

        content = payload(name, asdict(decision), digest)
        return jws.serialize_compact(self._header, content, self._keys[self._header["kid"]], [ALGORITHM])

    def check(self, receipt: str, name: str, decision: object, digest: str, contract: int = CONTRACT) -> str:
        """Return the id of the signing key, or raise."""
        try:
            # a receipt may bring its payload along, as the one in a Provenance does: it is checked against the answer
            header, _, signature = receipt.split(".")
            names = json.loads(urlsafe_b64decode(header + "==").decode())
            kid, algorithm = names["kid"], names["alg"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise NotSignedError from None
        # what reads base64 passes over any other letter: with one, it is nothing that somebody else signed
        if not (isinstance(kid, str) and isinstance(algorithm, str) and COMPACT.fullmatch(receipt)):
            raise NotSignedError
        if kid not in self._keys:
            raise UnknownKeyError
        from joserfc import jws
        from joserfc.errors import JoseError

        signed = payload(name, decision, digest, contract)
        try:
            jws.deserialize_compact(f"{header}..{signature}", self._keys[kid], [ALGORITHM], payload=signed)
        except (ValueError, JoseError):
            raise NotSignedError from None
        return kid


def payload(name: str, decision: object, digest: str, contract: int = CONTRACT) -> bytes:
    """Return what is signed."""
    content = {"contract": contract, "decision": decision, "digest": digest, "id": name}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _imported(key: SigningKey) -> "OKPKey":
    from joserfc.jwk import OKPKey

    return OKPKey.import_key(key.model_dump(exclude_none=True))


def new_signing_key() -> SigningKey:
    """Return a new key, named by its thumbprint (RFC 7638)."""
    from joserfc.jwk import OKPKey

    return SigningKey.model_validate(OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True))
