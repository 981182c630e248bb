"""Key sets and tokens of others: what is usable is used, and nothing else opens anything."""

import asyncio
from base64 import urlsafe_b64encode
from time import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import int_to_base64

from app.cds_hooks import client_tokens
from app.cds_hooks.client_tokens import LEEWAY_SECONDS, ClientTokens, UsedTokens
from app.cds_hooks.trust import UntrustedError
from app.security.issuer import ASYMMETRIC, BadTokenError, Issuer, NoIssuerError
from app.security.issuer_keys import IssuerKeys
from app.security.key_sets import MOST_KEYS, usable_keys
from app.security.options import CdsClient
from app.security.tokens import Tokens
from app.settings import Settings

URL, ISSUER, AUDIENCE = "https://id.example/jwks", "https://id.example", "triage"
GOOD = ECKey.generate_key("P-256", {"kid": "good"})
KEYS: dict[str, Key] = {
    "ES256": GOOD,
    "ES384": ECKey.generate_key("P-384", {"kid": "ec384"}),
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}


def public_rsa(bits: int, exponent: int = 65_537) -> dict[str, Any]:
    return {"kty": "RSA", "n": int_to_base64(2 ** (bits - 1) + 1), "e": int_to_base64(exponent), "kid": "k"}


UNUSABLE: dict[str, Any] = {
    "a small curve": {"kty": "EC", "crv": "P-192", "x": "AA", "y": "AA", "kid": "k"},
    "for agreement": {"kty": "OKP", "crv": "X448", "x": "AA", "kid": "k"},
    "for agreement, whole": OKPKey.generate_key("X25519", {"kid": "k"}).as_dict(private=False),
    "malformed": {"kty": "RSA", "n": "!!", "e": "AQAB", "kid": "k"},
    "a point beside the curve": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    "no kty": {"x5c": ["AA"], "kid": "k"},
    "a list as kty": {"kty": ["RSA"], "kid": "k"},
    "of tomorrow": {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA", "kid": "k"},
    "empty": {},
    "text": "not an object",
    "a number": 7,
    "nothing": None,
    "a list": [],
    "shared": {"kty": "oct", "k": "AAAA", "kid": "k"},
    "of 1,024 bits": public_rsa(1_024),
    "of 16,384 bits": public_rsa(16_384),
    "of a million bits": public_rsa(1_000_000),
    "with an exponent as long as the modulus": public_rsa(2_048, 2**2047 + 1),
    "with an even exponent": public_rsa(2_048, 65_538),
    "of an even modulus": {**public_rsa(2_048), "n": int_to_base64(2**2047)},
    "with a name of 100 kB": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "k" * 100_000},
    "for encryption": RSAKey.generate_key(2048, {"use": "enc", "kid": "k"}).as_dict(private=False),
}
FOR_ELSE: dict[str, dict[str, Any]] = {
    "to encrypt": {"key_ops": ["encrypt"]},
    "to sign, which is not public": {"key_ops": ["sign"]},
    "for nothing": {"key_ops": []},
    "for encryption by algorithm": {"alg": "RSA-OAEP"},
    "for another algorithm": {"alg": "PS512"},
}
"""Of the right type and shape, and not for this."""


def public(*keys: Key) -> list[Any]:
    return [key.as_dict(private=False) for key in keys]


def tokens(listed: list[Any], **options: Any) -> Tokens:
    network = httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": listed}))
    return Tokens(Issuer(ISSUER, AUDIENCE, URL, ASYMMETRIC, **options), IssuerKeys(URL, transport=network))


def opened(by: Tokens, given: str) -> frozenset[str]:
    return frozenset(asyncio.run(by.scopes(given)))


def token(alg: str = "ES256", key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    said = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time()) + 300, "scope": "triage"} | claims
    by = key or KEYS[alg]
    return jwt.encode({"alg": alg} | (header or {}), said, by, algorithms=[alg])


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("header", [{}, {"kid": "good"}], ids=["without kid", "with kid"])
def test_one_unusable_key_leaves_the_others_usable(name: str, header: dict[str, str]) -> None:
    for listed in ([UNUSABLE[name], *public(GOOD)], [*public(GOOD), UNUSABLE[name]]):
        assert opened(tokens(listed), token(header=header)) == {"triage"}


@pytest.mark.parametrize("name", FOR_ELSE)
@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_key_that_is_for_something_else_hides_no_other(name: str, alg: str) -> None:
    other, *good = public(ECKey.generate_key("P-256") if alg == "ES256" else RSAKey.generate_key(2048), KEYS[alg])
    assert opened(tokens([other | FOR_ELSE[name], *good]), token(alg)) == {"triage"}


@pytest.mark.parametrize("name", FOR_ELSE)
def test_a_key_that_is_for_something_else_opens_nothing(name: str) -> None:
    with pytest.raises((BadTokenError, NoIssuerError)):
        opened(tokens([public(KEYS["RS256"])[0] | FOR_ELSE[name]]), token("RS256"))


def test_a_set_without_a_usable_key_is_none() -> None:
    for listed in ([], list(UNUSABLE.values())[:2], "keys", None):
        with pytest.raises(NoIssuerError):
            opened(tokens(listed), token())  # type: ignore[arg-type]


@pytest.mark.parametrize("bits", [2_048, 16_384, 1_000_000])
def test_the_private_half_of_a_key_is_never_looked_at(bits: int) -> None:
    """To find the primes from it takes seconds at 16,384 bits, and days at a million."""
    listed = [public_rsa(bits) | {"d": int_to_base64(2 ** (bits - 2))}, KEYS["RS256"].as_dict(private=True)]
    found = usable_keys({"keys": listed})
    assert [key.kid for key in found] == ["k", "rsa"][-1 if bits > 8_192 else 0 :]
    assert not any(key.is_private for key in found)


def test_so_many_keys_are_looked_at() -> None:
    many = public(*KEYS.values()) * MOST_KEYS
    assert len(usable_keys({"keys": many})) == MOST_KEYS


def test_keys_of_usual_lengths_are_usable() -> None:
    listed = [public_rsa(bits, exponent) for bits in (2_048, 3_072, 4_096, 8_192) for exponent in (3, 65_537)]
    assert len(usable_keys({"keys": listed})) == len(listed)


def raw(*parts: bytes) -> str:
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def signed(header: bytes, payload: bytes) -> str:
    """Return a token of the good key, whatever it says."""
    said = raw(header, payload)
    assert isinstance(GOOD, ECKey)
    signature = JWSRegistry.algorithms["ES256"].sign(said.encode(), GOOD)
    return f"{said}.{raw(signature)}"


ES256 = b'{"alg":"ES256"}'
FUTURE = 253_402_300_799
ODD_HEADERS = [
    *(b"", b"[]", b"{}", b'["alg"]', b'"alg"', b"7", b"null", b'{"alg":7}', b'{"alg":null}', b'{"alg":[]}'),
    *(b'{"alg":{}}', b'{"alg":"none"}', b'{"alg":"None"}', b'{"alg":"HS256"}', b'{"alg":"ES256","kid":{}}'),
    *(b'{"alg":"ES256","crit":["exp"]}', b'{"alg":"ES256","crit":["b64"],"b64":false}', b'{"alg":"ES256","crit":[]}'),
    *(b'{"alg":"ES256","crit":7}', b'{"alg":"ES256","crit":["x"],"x":1}', b'{"alg":"ES256","crit":[{}]}'),
    *(b'{"alg":"ES256","b64":false}', b'{"alg":"dir","enc":"A256GCM"}', b"[" * 5_000, b"\xff", b'{"alg":"ES256"'),
    *(b'{"alg":"ES256","x":"' + b"x" * 2_000 + b'"}', b'{"alg":NaN}', b'{"alg":"ES256","kid":' + b"9" * 400 + b"}"),
]
ODD_CLAIMS = {
    "a list": b"[]",
    "a number": b"7",
    "nothing": b"",
    "no UTF-8": b'{"iss":"\xff"}',
    "a token in a token": raw(ES256, b"{}", b"x").encode(),
    "very deep": b'{"a":' + b"[" * 9_000,
    "a very long number": b'{"exp":' + b"9" * 9_000 + b"}",
    **{
        f"exp {exp}": f'{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{exp},"scope":"triage"}}'.encode()
        for exp in (
            f'"{FUTURE}"',
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "-1e400",
            "true",
            "null",
            "[]",
            "{}",
            "[9e9]",
            "0",
        )
    },
    **{
        f"aud {aud}": f'{{"iss":"{ISSUER}","aud":{aud},"exp":{FUTURE},"scope":"triage"}}'.encode()
        for aud in ('["other"]', "[]", '[["triage"]]', '["triage",7]', "{}", '{"triage":1}', "true", "null")
    },
    **{
        f"iss {iss}": f'{{"iss":{iss},"aud":"{AUDIENCE}","exp":{FUTURE},"scope":"triage"}}'.encode()
        for iss in (f'["{ISSUER}"]', "7", "null", f'"{ISSUER}/"')
    },
}


@pytest.mark.parametrize("header", ODD_HEADERS)
def test_a_token_with_an_odd_header_is_refused_and_no_fault(header: bytes) -> None:
    claims = f'{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{FUTURE},"scope":"triage"}}'.encode()
    assert opened(tokens(public(GOOD)), signed(ES256, claims)) == {"triage"}
    with pytest.raises(BadTokenError) as refused:
        opened(tokens(public(GOOD)), signed(header, claims))
    assert str(refused.value.detail) in REASONS


REASONS = {
    f"the token is not accepted: {why}"
    for why in (
        "it has expired",
        "its issuer, audience or dates are not those of this service",
        "its algorithm is not among those allowed here",
        "its signature does not fit",
        "it is no signed token of the configured issuer",
    )
}
"""All that is ever said of a token: nothing of it."""


@pytest.mark.parametrize("name", ODD_CLAIMS)
def test_a_token_with_odd_claims_is_refused_and_no_fault(name: str) -> None:
    with pytest.raises(BadTokenError) as refused:
        opened(tokens(public(GOOD)), signed(ES256, ODD_CLAIMS[name]))
    assert str(refused.value.detail) in REASONS


@pytest.mark.parametrize("token", ["..", "a.b.c", "\u00e9.\u00e9.\u00e9", "." * 9, "a" * 15_000 + "..", "eyJ\x00.e30."])
def test_what_is_no_token_is_refused_and_no_fault(token: str) -> None:
    with pytest.raises(BadTokenError):
        opened(tokens(public(GOOD)), token)


@pytest.mark.parametrize("alg", KEYS)
def test_a_token_without_kid_is_tried_against_every_key_of_its_type(alg: str) -> None:
    strangers: list[Key] = [ECKey.generate_key("P-256"), ECKey.generate_key("P-384"), RSAKey.generate_key(2048)]
    listed = [*public(*strangers), *public(OKPKey.generate_key("Ed25519"), *KEYS.values())]
    assert opened(tokens(listed), token(alg)) == {"triage"}


@pytest.mark.parametrize("header", [{"kid": "another"}, {"kid": ""}], ids=["another", "empty"])
def test_a_token_that_names_another_key_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(BadTokenError):
        opened(tokens(public(GOOD)), token(header=header))


def test_of_two_keys_of_one_name_either_may_have_signed() -> None:
    other = ECKey.generate_key("P-256", {"kid": "good"})
    assert opened(tokens(public(other, GOOD)), token(header={"kid": "good"})) == {"triage"}


def test_a_token_of_a_stranger_is_refused_without_kid_too() -> None:
    with pytest.raises(BadTokenError, match="signature"):
        opened(tokens(public(*KEYS.values())), token(key=ECKey.generate_key("P-256")))


@pytest.mark.parametrize(
    ("options", "claims", "found"),
    [
        ({}, {"scope": "triage fhir"}, {"triage", "fhir"}),
        ({}, {"scope": "x", "scp": ["cds"]}, {"cds"}),
        ({}, {"scope": "x", "roles": ["triage"]}, set()),
        ({"scope_claims": ("scp", "roles")}, {"roles": ["triage", 7, None]}, {"triage"}),
        ({"scope_claims": ("roles",)}, {"scope": "fhir", "roles": "triage"}, {"triage"}),
        ({}, {"scope": "api://x/triage"}, set()),
        ({"scope_prefix": "api://x/"}, {"scope": "api://x/triage fhir"}, {"triage", "fhir"}),
        ({"scope_prefix": "api://x/"}, {"scope": "api://y/triage api://x/api://x/fhir"}, set()),
        ({}, {"scope": {"triage": True}}, set()),
    ],
    ids=range(9),
)
def test_scopes_stand_where_the_configuration_says(
    options: dict[str, Any], claims: dict[str, Any], found: set[str]
) -> None:
    assert opened(tokens(public(GOOD), **options), token(**claims)) == found


def test_the_settings_of_scopes_reach_the_issuer() -> None:
    settings = Settings(
        oauth_issuer=ISSUER,
        oauth_audience=AUDIENCE,
        oauth_jwks_url=URL,
        oauth_scope_claims=("scp", "roles"),
        oauth_scope_prefix="api://x/",
    )
    assert settings.issuer is not None
    assert settings.issuer.scope_claims == ("scp", "roles")
    assert settings.issuer.scope_prefix == "api://x/"


NOW = 1_700_000_000.0
HERE = "https://here.example/cds-services/x"
CLIENT = "https://ehr.example"


def checked(by: ClientTokens, header: dict[str, Any] | None = None, **claims: Any) -> None:
    said = {"iss": CLIENT, "aud": HERE, "exp": NOW + 300, "iat": NOW, "jti": "one"} | claims
    given = jwt.encode({"alg": "ES384"} | (header or {}), said, KEYS["ES384"], algorithms=["ES384"])
    asyncio.run(by.check(f"Bearer {given}", HERE))


def local(*more: Any) -> ClientTokens:
    jwks = {"keys": [*more, *public(KEYS["ES384"])]}
    # made past the checks of settings, which refuse such a key
    clients = [CdsClient.model_construct(iss=iss, jwks=jwks) for iss in (CLIENT, "https://other.example")]

    def refused(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was fetched")

    return ClientTokens(clients, now=lambda: NOW, transport=httpx.MockTransport(refused))


@pytest.mark.parametrize("jku", ["https://ehr.example/jwks.json", "https://evil.example/"])
def test_a_client_with_keys_here_may_say_where_others_find_them(jku: str) -> None:
    checked(local(), {"jku": jku, "kid": "ec384"})


@pytest.mark.parametrize("name", [name for name, key in UNUSABLE.items() if isinstance(key, dict)])
def test_one_unusable_key_of_a_client_leaves_the_others_usable(name: str) -> None:
    checked(local(UNUSABLE[name]))


@pytest.mark.parametrize(
    ("not_before", "good"),
    [(NOW, True), (NOW + LEEWAY_SECONDS, True), (NOW + LEEWAY_SECONDS + 1, False), ("x", False), (None, False)],
)
def test_a_token_counts_from_when_it_says(not_before: Any, good: bool) -> None:
    if good:
        checked(local(), nbf=not_before)
    else:
        with pytest.raises(UntrustedError, match="not valid yet"):
            checked(local(), nbf=not_before)


def test_ids_are_told_apart_however_long_they_are() -> None:
    by = local()
    checked(by, jti="x" * 300 + "1")
    checked(by, jti="x" * 300 + "2")
    with pytest.raises(UntrustedError, match="used before"):
        checked(by, jti="x" * 300 + "1")


def test_one_client_cannot_fill_the_store_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_tokens, "MOST_REMEMBERED", 3)
    by = local()
    for name in "abc":
        checked(by, jti=name)
    with pytest.raises(UntrustedError, match="too many"):
        checked(by, jti="d")
    checked(by, iss="https://other.example")


def test_an_id_is_forgotten_once_its_token_has_expired() -> None:
    used = UsedTokens()
    used.add("a", until=10, now=0)
    used.add("b", until=20, now=0)
    with pytest.raises(UntrustedError):
        used.add("a", until=30, now=9)
    used.add("a", until=30, now=10)
    with pytest.raises(UntrustedError):
        used.add("b", until=30, now=19)
    assert len(used._ends) == len(used._names) == 2
