"""Key sets of others (JWKS), and tokens that their keys signed.

What cannot be used is passed over (RFC 7517, section 5): a curve or kind of key that is not known here is no reason to
refuse the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwt
from joserfc.errors import BadSignatureError, DecodeError, JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.util import base64_to_int

MOST_KEYS = 50
"""How many keys of a set are looked at: a token that names none is tried against each of its type."""
PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""What is read of a key, beside what it is for. A private half is none of ours, and takes hours to complete where the
primes of a long one are left out (`rsa_recover_prime_factors`), with the interpreter's lock held."""
ABOUT = ("kty", "kid", "use", "key_ops", "alg")
LONGEST = 2_000
"""How many characters any of it has: RSA of 8,192 bits has 1,366."""
RSA_BITS = range(2_048, 8_193)
"""RFC 7518, section 3.3, asks for 2,048."""
LARGEST_EXPONENT = 2**32
"""65537 is usual. One as long as the modulus takes 6 ms for each token and key."""
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "Ed25519": "Ed25519", "EdDSA": "Ed25519"}
UNUSABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm)


def usable_keys(document: Any) -> list[Key]:
    """Return the keys of a set that can verify signatures."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found = (_usable(data) for data in (listed[:MOST_KEYS] if isinstance(listed, list) else ()))
    return [key for key in found if key is not None]


def _usable(data: Any) -> Key | None:
    """Return a key that can verify signatures, or `None`."""
    if not isinstance(data, dict) or data.get("use", "sig") != "sig" or not isinstance(data.get("kty"), str):
        return None
    names = (*ABOUT, *PUBLIC.get(data["kty"], ()))
    public = {name: data[name] for name in names if name in data}
    if any(len(value) > LONGEST for value in public.values() if isinstance(value, str | list)):
        return None
    try:
        if data["kty"] == "RSA" and not is_good_rsa(public):
            return None
        key = import_key(public)
        key.check_key_op("verify")
    except UNUSABLE:
        return None
    return key


def check_client_key(place: int, key: Mapping[str, Any]) -> None:
    """Refuse a CDS client's key that could check no token."""
    if key.get("kty") not in ("EC", "RSA") or (key["kty"] == "EC" and key.get("crv") != "P-384"):
        raise ValueError(f"key {place} is neither `RSA` nor `EC` with `P-384`")
    if "d" in key:
        raise ValueError(f"key {place} is private; give the public half alone")
    try:
        import_key(dict(key)).get_op_key("verify")
    except (JoseError, ValueError, TypeError, KeyError):
        says = "`kty`, `n` and `e`" if key["kty"] == "RSA" else "`kty`, `crv`, `x` and `y`"
        raise ValueError(f"key {place} is no public key; it has {says}") from None
    if key["kty"] == "RSA" and not is_good_rsa(key):
        says = f"key {place}: RSA is taken from 2,048 to 8,192 bits, with an exponent below 2^32, such as 65537"
        raise ValueError(says)
    algorithm = "RS384" if key["kty"] == "RSA" else "ES384"
    if not usable_keys({"keys": [key]}) or (key.get("alg") or algorithm) != algorithm:
        raise ValueError(f"key {place} is for something else; its `use` is `sig`, and its `alg` `{algorithm}`")


def is_good_rsa(key: Mapping[str, Any]) -> bool:
    """Say whether a key is long enough to be safe, and quick."""
    return base64_to_int(key["n"]).bit_length() in RSA_BITS and base64_to_int(key["e"]) < LARGEST_EXPONENT


def unchecked(token: bytes, registry: JWSRegistry | None = None) -> tuple[Mapping[str, Any], bytes]:
    """Return the header and payload of an unverified token, or raise."""
    found = extract_compact(token, registry=registry)
    header: Any = found.headers()
    if not isinstance(header, dict) or "crit" in header:  # no extension is known here (RFC 7515, section 4.1.11)
        raise DecodeError
    return header, found.payload


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
