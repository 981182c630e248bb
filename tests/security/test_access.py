"""Keys and tokens: who is let in, who is not, and what a refusal says."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import time
from typing import Any

import httpx
import httpx2
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from starlette.types import Receive, Scope, Send

from app.api.service import Service
from app.main import build_app
from app.observe.access_log import AccessLog
from app.rulebook.load import RuleBook
from app.security.access import Access, is_open
from app.security.issuer import NoIssuerError
from app.security.issuer_keys import AGAIN_SECONDS, KEPT_SECONDS, STALE_SECONDS, IssuerKeys
from app.security.keys import SCOPES, find_key, new_key
from app.security.layers import layered
from app.settings import Settings

ISSUER, AUDIENCE, URL = "https://id.example.org/", "candidate-triage", "https://id.example.org/jwks"
END_OF_TIME = 253_402_300_799
"""The last second of the year 9999: a run of any length ends before it."""
KEYS = {name: new_key(name, [name]) for name in SCOPES}
BOTH = new_key("rotated", ["triage", "rulesets"])
ENTRIES = [entry for _, entry in [*KEYS.values(), BOTH]]


@dataclass
class Network:
    """An issuer that counts how often it is asked."""

    keys: list[Any] = field(default_factory=lambda: [ECKey.generate_key("P-256", {"kid": "one"})])
    asked: int = 0
    broken: bool = False

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.broken:
            raise httpx.ConnectError("no route")
        return httpx.Response(200, json=KeySet(self.keys).as_dict(private=False))

    def token(self, *, key: Any = None, alg: str = "ES256", kid: str | None = None, **claims: Any) -> str:
        key = key or self.keys[0]
        said = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time()) + 300, "scope": "triage profile"} | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": kid or key.kid or "one"}, said, key, algorithms=[alg])


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def client(book: RuleBook, network: Network) -> Iterator[TestClient]:
    """A client of the service behind keys and an issuer."""
    settings = Settings(api_keys=tuple(ENTRIES), oauth_issuer=ISSUER, oauth_audience=AUDIENCE, oauth_jwks_url=URL)
    app = layered(build_app(Settings(), book), settings, AccessLog(), transport=httpx.MockTransport(network))
    with TestClient(app) as client:
        yield client


def asked(client: TestClient, path: str = "/v1/triage", **headers: str) -> httpx2.Response:
    sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    method = "POST" if path == "/v1/triage" else "GET"
    return client.request(method, path, json={} if method == "POST" else None, headers=sent)


def test_a_key_opens_what_its_scopes_say_and_nothing_else(client: TestClient) -> None:
    paths = {"triage": "/v1/triage", "rulesets": "/v1/rulesets", "cds": "/cds-services", "fhir": "/fhir/x"}
    for name in SCOPES:
        for scope, path in paths.items():
            status = asked(client, path, **{"X-API-Key": KEYS[name][0]}).status_code
            assert (status != 403) == (scope == name), (name, path)
            assert status != 401
    for scope in ("triage", "rulesets"):
        assert asked(client, paths[scope], **{"Authorization": f"Bearer {BOTH[0]}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer ctk_unknown"},
        {"X-API-Key": "ctk_unknown"},
        {"X-API-Key": KEYS["triage"][1].sha256},
        {"X-API-Key": KEYS["triage"][0][:-1]},
        {"X-API-Key": ""},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer ..\xff"},
    ],
    ids=range(10),
)
def test_without_a_key_that_is_known_the_answer_is_401(client: TestClient, headers: dict[str, str]) -> None:
    for path in ("/v1/triage", "/v1/rulesets", "/fhir/x", "/cds-services", "/something/new", "/v1/triage/"):
        response = asked(client, path, **headers)
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["www-authenticate"].startswith('Bearer realm="candidate-triage"')
        assert response.json()["type"] == "/problems/unauthorized"
        assert all(value not in response.text for value in headers.values() if value)


def test_what_machines_and_people_read_first_is_open(client: TestClient) -> None:
    for path in ("/livez", "/readyz", "/version", "/docs", "/redoc", "/openapi.json", "/problems/forbidden"):
        assert client.get(path).status_code == 200
    assert client.get("/explorer-assets/favicon.png").status_code == 200
    assert not any(map(is_open, ("/v1/triage", "/v1/rulesets", "/fhir", "/rulesets", "/livez/x", "/metrics")))


def test_a_token_of_the_issuer_opens_its_scopes(client: TestClient, network: Network) -> None:
    for claims in ({}, {"scope": None, "scp": ["triage"]}, {"aud": ["other", AUDIENCE]}):
        bearer = {"Authorization": f"Bearer {network.token(**claims)}"}
        assert asked(client, **bearer).status_code == 200
        refused = asked(client, "/v1/rulesets", **bearer)
        assert refused.status_code == 403
        assert 'error="insufficient_scope", scope="rulesets"' in refused.headers["www-authenticate"]
    assert network.asked == 1


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "dates"),
        ({"iss": "https://other.example.org/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "audience"),
        ({"nbf": END_OF_TIME}, "dates"),
        ({"scope": "profile"}, None),
        ({"scope": 7}, None),
    ],
    ids=range(9),
)
def test_a_token_for_other_purposes_is_refused(
    client: TestClient, network: Network, claims: dict[str, Any], says: str | None
) -> None:
    refused = asked(client, **{"Authorization": f"Bearer {network.token(**claims)}"})
    assert refused.status_code == (401 if says else 403)
    if says:
        assert says in refused.json()["detail"]
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_a_token_signed_by_anybody_else_or_by_a_weaker_algorithm_is_refused(
    client: TestClient, network: Network
) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "one"})
    public = json.dumps(network.keys[0].as_dict(private=False))
    rsa = RSAKey.generate_key(2048, {"kid": "two"})
    network.keys.append(rsa)
    genuine = network.token()
    forged = [
        network.token(key=stranger),
        network.token(key=OctKey.import_key(public), alg="HS256", kid="one"),
        network.token(key=rsa, alg="RS512"),
        genuine[:-4] + ("AAAA" if genuine[-4:] != "AAAA" else "BBBB"),
        "eyJhbGciOiJub25lIn0." + genuine.split(".")[1] + ".",
    ]
    for token in forged:
        assert asked(client, **{"Authorization": f"Bearer {token}"}).status_code == 401
    assert asked(client, **{"Authorization": f"Bearer {genuine}"}).status_code == 200
    assert asked(client, **{"Authorization": f"Bearer {network.token(key=rsa, alg='RS256')}"}).status_code == 200


def test_without_the_issuer_the_answer_is_503_and_keys_still_work(client: TestClient, network: Network) -> None:
    network.broken = True
    refused = asked(client, **{"Authorization": f"Bearer {network.token()}"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert asked(client, **{"X-API-Key": BOTH[0]}).status_code == 200


def test_keys_of_the_issuer_are_fetched_when_needed_and_never_more_than_once_a_minute() -> None:
    asyncio.run(_fetched_when_needed())


async def _fetched_when_needed() -> None:
    network, now = Network(), [0.0]
    keys = IssuerKeys(URL, transport=httpx.MockTransport(network), clock=lambda: now[0])
    await keys.having("one")
    for _ in range(5):
        await keys.having("two")
    assert network.asked == 1
    now[0] = AGAIN_SECONDS
    network.keys.append(ECKey.generate_key("P-256", {"kid": "two"}))
    assert {key.kid for key in await keys.having("two")} == {"one", "two"}
    now[0] += KEPT_SECONDS + 1
    network.broken = True
    await keys.having("one")
    assert network.asked == 3
    now[0] += STALE_SECONDS
    with pytest.raises(NoIssuerError):
        await keys.having("one")


def test_every_key_is_compared_and_several_serve_side_by_side() -> None:
    for name, (key, entry) in KEYS.items():
        assert find_key(ENTRIES, key) is entry
        assert entry.scopes == {name}
        assert key not in repr(entry)
        assert entry.sha256 not in repr(Settings(api_keys=(entry,)))
    assert find_key(ENTRIES, "") is None


def test_a_face_that_checks_its_callers_itself_is_passed_on() -> None:
    reached = []

    async def face(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])

    async def nothing(*_: Any) -> Any:
        return None

    access = Access(face, ENTRIES, None, ["/cds-services"])
    for path in ("/cds-services", "/cds-services/one", "/cds-services-two", "/fhir"):
        asyncio.run(
            access(
                {"type": "http", "path": path, "headers": [], "query_string": b"", "method": "GET"}, nothing, nothing
            )
        )
    assert reached == ["/cds-services", "/cds-services/one"]


def test_the_document_says_what_opens_each_path(book: RuleBook) -> None:
    operations = build_app(Settings(), book).openapi()["paths"]
    assert operations["/v1/triage"]["post"]["security"] == [{}, {"key": []}, {"token": []}]
    assert operations["/livez"]["get"]["security"] == []
    closed = build_app(Settings(api_keys=tuple(ENTRIES)), book)
    assert isinstance(closed, Service)
    document = closed.openapi()
    assert document["paths"]["/v1/triage"]["post"]["security"] == [{"key": []}, {"token": []}]
    assert set(document["components"]["securitySchemes"]) == {"key", "token"}
    assert {"401", "403", "503"} <= set(document["paths"]["/v1/rulesets"]["get"]["responses"])
