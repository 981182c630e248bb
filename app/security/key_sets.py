"""Key sets of others (JWKS), and tokens that their keys signed.

What cannot be used is passed over (RFC 7517, section 5): a curve or kind of key that is not known here is no reason to
refuse the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

MOST_KEYS = 50
"""How many keys of a set are looked at: a token that names none is tried against each of its type."""
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "Ed25519": "Ed25519", "EdDSA": "Ed25519"}
UNUSABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm)


def usable_keys(document: Any) -> list[Key]:
    """Return the keys of a set that can verify signatures."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found: list[Key] = []
    for data in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        if not isinstance(data, dict) or data.get("use", "sig") != "sig" or data.get("kty") == "oct":
            continue
        try:
            key = import_key(data)
            key.check_key_op("verify")
        except UNUSABLE:
            continue
        found.append(key)
    return found


def claims_of(token: str, header: Mapping[str, Any], keys: Sequence[Key], registry: JWSRegistry) -> dict[str, Any]:
    """Return the claims of a token that one of these keys signed."""
    for key in keys:
        if ("kid" in header and key.kid != header["kid"]) or not _fits(key, header.get("alg")):
            continue
        try:
            return jwt.decode(token, key, registry=registry).claims
        except BadSignatureError:
            continue
    raise BadSignatureError


def _fits(key: Key, algorithm: Any) -> bool:
    """Say whether a key may be used with an algorithm."""
    if key.alg and key.alg != algorithm:
        return False
    match key:
        case RSAKey():
            return isinstance(algorithm, str) and algorithm.startswith(("RS", "PS"))
        case ECKey() | OKPKey():
            return key.curve_name == CURVES.get(str(algorithm))
    return False
