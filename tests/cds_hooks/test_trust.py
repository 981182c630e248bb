"""Only tokens as CDS Hooks has them open a configured service."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.cds_hooks.client_tokens import LONGEST_SECONDS, ClientTokens
from app.cds_hooks.trust import UntrustedError
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.issuer_keys import MAX_BYTES
from app.security.keys import SCOPES, new_key
from app.security.options import CdsClient
from app.settings import Settings
from tests.cds_hooks.calls import call, path
from tests.fhir.resources import BASE

_, ENTRY = new_key("tests", SCOPES)
NOW = 1_700_000_000.0
HERE = BASE + path()
ISSUER = "https://ehr.example"
JKU = "https://ehr.example/jwks.json"
EC = ECKey.generate_key("P-384", {"kid": "ec"}, private=True)
RSA = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)
STRANGER = ECKey.generate_key("P-384", {"kid": "ec"}, private=True)
KEYS: dict[str, list[dict[str, Any]]] = {"keys": [key.as_dict(private=False) for key in (EC, RSA)]}


def claims(**changed: Any) -> dict[str, Any]:
    found = {"iss": ISSUER, "aud": HERE, "exp": NOW + 300, "iat": NOW, "jti": "one"} | changed
    return {name: value for name, value in found.items() if value is not None}


def token(key: Any = EC, algorithm: str = "ES384", header: dict[str, Any] | None = None, **changed: Any) -> str:
    return jwt.encode(
        {"alg": algorithm, "kid": key.kid} | (header or {}), claims(**changed), key, algorithms=[algorithm]
    )


def trust(**options: Any) -> ClientTokens:
    return ClientTokens([CdsClient(iss=ISSUER, jwks=KEYS)], now=lambda: NOW, **options)


def check(given: str | None, by: ClientTokens | None = None) -> None:
    asyncio.run((by or trust()).check(given, HERE))


@pytest.mark.parametrize(("key", "algorithm"), [(EC, "ES384"), (RSA, "RS384")])
def test_a_good_token_is_trusted_once(key: Any, algorithm: str) -> None:
    by = trust()
    check(f"Bearer {token(key, algorithm)}", by)
    with pytest.raises(UntrustedError, match="used before"):
        check(f"Bearer {token(key, algorithm)}", by)
    check(f"Bearer {token(key, algorithm, jti='two', aud=[HERE, 'x'])}", by)


def _unsigned() -> str:
    parts = [{"alg": "none"}, claims()]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."


WRONG: dict[str, Callable[[], str | None]] = {
    "nothing": lambda: None,
    "no bearer": lambda: f"Basic {token()}",
    "junk": lambda: "Bearer a.b.c",
    "not ascii": lambda: "Bearer \u00e9.\u00e9.\u00e9",
    "none": lambda: f"Bearer {_unsigned()}",
    "hmac": lambda: f"Bearer {token(OctKey.import_key('secret-' * 8, {'kid': 'ec'}), 'HS384')}",
    "another algorithm": lambda: f"Bearer {token(RSA, 'RS256')}",
    "signed again by a stranger": lambda: f"Bearer {token(STRANGER)}",
    "another issuer": lambda: f"Bearer {token(iss='https://other.example')}",
    "another audience": lambda: f"Bearer {token(aud=BASE)}",
    "no audience": lambda: f"Bearer {token(aud=None)}",
    "expired": lambda: f"Bearer {token(exp=NOW - 60, iat=NOW - 120)}",
    "no expiry": lambda: f"Bearer {token(exp=None)}",
    "valid for ever": lambda: f"Bearer {token(exp=NOW + LONGEST_SECONDS + 60)}",
    "from the future": lambda: f"Bearer {token(iat=NOW + 600, exp=NOW + 700)}",
    "expiry that is no number": lambda: f"Bearer {token(exp=float('nan'))}",
    "expiry without end": lambda: f"Bearer {token(exp=float('inf'))}",
    "expiry beyond every float": lambda: f"Bearer {token(exp=10**400)}",
    "issued before all time": lambda: f"Bearer {token(iat=-(10**400))}",
    "issued at no number": lambda: f"Bearer {token(iat=float('nan'))}",
    "no id": lambda: f"Bearer {token(jti=None)}",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_token_is_refused(name: str) -> None:
    with pytest.raises(UntrustedError):
        check(WRONG[name]())


def test_keys_elsewhere_are_neither_believed_nor_fetched() -> None:
    def refused(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was fetched")

    by = ClientTokens([CdsClient(iss=ISSUER, jku=JKU)], now=lambda: NOW, transport=httpx.MockTransport(refused))
    with pytest.raises(UntrustedError, match="not where the token says"):
        check(f"Bearer {token(header={'jku': 'https://evil.example/jwks.json'})}", by)


def test_keys_are_read_from_the_listed_address_alone_and_kept_for_a_while() -> None:
    asked: list[str] = []

    def keys(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json=KEYS)

    by = ClientTokens([CdsClient(iss=ISSUER, jku=JKU)], now=lambda: NOW, transport=httpx.MockTransport(keys))
    check(f"Bearer {token(header={'jku': JKU})}", by)
    check(f"Bearer {token(header={'jku': JKU}, jti='two')}", by)
    assert asked == [JKU]
    for answer in (httpx.Response(500), httpx.Response(200, text="x"), httpx.Response(302, headers={"location": JKU})):
        by = ClientTokens(
            [CdsClient(iss=ISSUER, jku=JKU)], now=lambda: NOW, transport=httpx.MockTransport(lambda _, a=answer: a)
        )
        with pytest.raises(UntrustedError, match="could not be read"):
            check(f"Bearer {token()}", by)


def unreadable(answer: Callable[[httpx.Request], httpx.Response], times: int) -> int:
    """Ask for keys that cannot be had so many times; return how often the client was asked for them."""
    asked = 0

    def keys(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return answer(request)

    by = ClientTokens(
        [CdsClient(iss=ISSUER, jku=JKU)], now=lambda: NOW, seconds=0.05, transport=httpx.MockTransport(keys)
    )
    for _ in range(times):
        with pytest.raises(UntrustedError, match="could not be read"):
            check(f"Bearer {token(STRANGER)}", by)
    return asked


class Trickle(httpx.AsyncByteStream):
    """A body that takes a second, each part of which comes soon."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(200):
            await asyncio.sleep(0.005)
            yield b" "


BAD_KEYS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "failing": lambda _: httpx.Response(500),
    "too large": lambda _: httpx.Response(200, json=KEYS | {"more": "x" * MAX_BYTES}),
    "too slow": lambda _: httpx.Response(200, stream=Trickle()),
    "no keys": lambda _: httpx.Response(200, json={"keys": [1]}),
    "a list": lambda _: httpx.Response(200, json=[]),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_keys_that_cannot_be_had_are_not_asked_for_with_every_token(name: str) -> None:
    assert unreadable(BAD_KEYS[name], 3) == 1


@pytest.mark.parametrize(
    ("protected", "open_"), [({}, True), ({"api_keys": (ENTRY,)}, False)], ids=["open", "with keys"]
)
def test_that_anybody_may_call_is_said_where_it_is_so(
    book: RuleBook, caplog: pytest.LogCaptureFixture, protected: dict[str, Any], open_: bool
) -> None:
    app = build_app(Settings(**protected), book)
    assert ("anybody may call the CDS services" in caplog.text) == open_
    assert (TestClient(app).post(path(), json=call()).status_code == 200) == open_


def test_a_configured_service_refuses_strangers_with_an_outcome(book: RuleBook) -> None:
    settings = Settings(cds_clients=(CdsClient(iss=ISSUER, jwks=KEYS),))
    with TestClient(build_app(settings, book)) as client:
        refused = client.post(path(), json=call())
        assert refused.status_code == 401
        assert refused.json()["resourceType"] == "OperationOutcome"
        assert refused.headers["www-authenticate"] == "Bearer"
        assert client.post(f"{path()}/feedback", json={}).status_code == 401
        assert client.get("/cds-services").status_code == 200


def test_without_clients_it_is_open_for_a_try_out(client: TestClient) -> None:
    assert client.post(path(), json=call()).status_code == 200
