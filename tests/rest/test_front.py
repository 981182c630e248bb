"""The hot path answers as the plain way does, byte for byte, and leaves to it whatever is not ordinary."""

import asyncio
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from starlette.types import Message, Scope

from app.core.triage import Engines
from app.main import build_app, build_engines
from app.rest.front import Front
from app.rest.service import Service
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.books import random_candidate

REQUESTS = 10_000
KEPT = 100_000
QUERIES = [
    *("", "", "", "view=decision", "unknowns=strict", "view=decision&unknowns=strict", "ruleset=2026.1"),
    *(
        "view=full&view=decision",
        "view=",
        "view",
        "colour=red",
        "unknowns=%73trict",
        "view=decision&",
        "ruleset=2026%FF",
    ),
]
LANGUAGES = [b"", b"", b"", b"en", b"ko", b"de, ko;q=0.5", b"*", b"ko;q=zzz", b"ko\xff"]
TYPES = [b"application/json"] * 6
TYPES += [b"application/json; charset=utf-8", b"text/plain", b"application/fhir+json", b""]
ODD: list[Any] = [None, "", "none", "Mild", 1, 0, 34.0, 1.5, -1, 10**20, 1e300, True, False, [], ["x"], {}, {"a": 1}]
RAW = [
    *(
        b"",
        b"{}",
        b" {} ",
        b"[]",
        b"null",
        b"{",
        b"\xef\xbb\xbf{}",
        b"{}{}",
        b'{"a":NaN}',
        b"\xff",
        b'{"pregnant":true,}',
    ),
    *(b'{"pregnant":true,"pregnant":true}', b'{"pregnant":true,"pregnant":false}', b'{"preg\\u006eant":true}'),
    *(b'{"\\ud800":true}', b'{"age_years":034}', b'{"age_years":-0}'),
    *(b'{"pregnant":true,"preg\\u006eant":null}', b'{"reference":"a:b"}', b'{"reference":"a\\n"}', b'{"a":' * 999),
    *(b'{"pregnant" : true , "reference" : "\\u003a"}', b'{"unavailable":["pregnant","pregnant"]}'),
    *(b'{"unavailable":["pregnant"],"pregnant":null}', b'{"unavailable":["pregnant"],"pregnant":false}'),
]


@pytest.fixture(scope="module")
def plain(book: RuleBook) -> Service:
    app = build_app(Settings(), book)
    assert isinstance(app, Service)
    return app


@pytest.fixture(scope="module")
def engines(book: RuleBook) -> Engines:
    return build_engines(Settings(), book)


def call(app: Any, scope: Scope, parts: list[bytes]) -> list[Message]:
    """Return what an application sends for a request whose body comes in these parts."""
    waiting = [
        {"type": "http.request", "body": part, "more_body": place + 1 < len(parts)} for place, part in enumerate(parts)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    asyncio.run(app(scope, receive, send))
    return sent


def answered(app: Any, scope: Scope, parts: list[bytes]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    sent = call(app, dict(scope), list(parts))
    start = sent[0]
    return start["status"], list(start["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def requests(engines: Engines) -> Iterator[tuple[Scope, list[bytes]]]:
    """Yield random requests: most of them ordinary, the others odd in one way or several."""
    random = Random(2026)
    facts = engines.by_id["2026.2"].release.facts
    for number in range(REQUESTS):
        odd = number % 2 == 1

        def sometimes(share: float, odd: bool = odd) -> bool:
            return odd and random.random() < share

        order = list(random_candidate(random, facts, random.choice((0.1, 0.5, 0.9, 1.0))).items())
        random.shuffle(order)
        candidate: dict[str, Any] = dict(order)
        if sometimes(0.4):
            candidate[random.choice([*facts, "colour"])] = random.choice(ODD)
        if sometimes(0.2):
            candidate["elasticity_loss"] = {"scale": "glogau", "grade": random.choice(["I", "III", "V", 2])}
        if sometimes(0.4):
            candidate["reference"] = random.choice(["a", "case-1", "", "x" * 65, "a b", None, 1])
        if sometimes(0.4):
            candidate["unavailable"] = random.choice([[], random.sample(list(facts), 3), ["colour"], "pregnant", [1]])
        body = json.dumps(candidate, separators=random.choice([None, (",", ":"), (" , ", " : ")])).encode()
        if sometimes(0.2):
            body = random.choice(RAW)
        headers = [(b"host", b"testserver")]
        headers += [(b"content-type", media) for media in [random.choice(TYPES if odd else TYPES[:1])] if media]
        headers += [(b"accept-language", spoken) for spoken in [random.choice(LANGUAGES)] if spoken]
        headers += [(b"content-type", b"text/plain")] * sometimes(0.05)
        headers += [(b"accept-language", b"en")] * sometimes(0.05)
        parts = [body[:9], body[9:]] if sometimes(0.2) else [body]
        query = random.choice(QUERIES if odd else QUERIES[:7])
        yield scope_of(headers, query, "GET" if sometimes(0.05) else "POST"), parts


def scope_of(headers: list[tuple[bytes, bytes]], query: str = "", method: str = "POST") -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/v1/triage",
        "raw_path": b"/v1/triage",
        "root_path": "",
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }


class Counted:
    """The plain way, and how often it is gone."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.count = 0

    async def __call__(self, *arguments: Any) -> None:
        self.count += 1
        await self.app(*arguments)


def test_the_hot_path_is_the_plain_way_byte_for_byte(plain: Service, engines: Engines) -> None:
    way = super(Service, plain).__call__

    async def routed(scope: Scope, receive: Any, send: Any) -> None:
        await way(scope, receive, send)

    counted = Counted(routed)
    hot = Front(counted, engines, 65_536, KEPT)
    statuses: dict[int, int] = {}
    for scope, parts in requests(engines):
        expected = answered(routed, scope, parts)
        assert answered(hot, scope, parts) == expected, (scope, parts)
        statuses[expected[0]] = statuses.get(expected[0], 0) + 1
    assert {200, 400, 404, 405, 415, 422} <= set(statuses)
    by_the_hot_path = REQUESTS - counted.count
    assert statuses[200] > by_the_hot_path > REQUESTS / 3


def test_a_body_beyond_the_limit_is_left_to_the_plain_way(plain: Service, engines: Engines) -> None:
    counted = Counted(super(Service, plain).__call__)
    body = b'{"pregnant":true}'
    for limit, passed_on in ((len(body), 0), (len(body) - 1, 1)):
        counted.count = 0
        answered(Front(counted, engines, limit, KEPT), scope_of([(b"content-type", b"application/json")]), [body])
        assert counted.count == passed_on


def test_other_paths_and_a_caller_who_leaves_are_passed_on(plain: Service, engines: Engines) -> None:
    counted = Counted(super(Service, plain).__call__)
    hot = Front(counted, engines, 65_536, KEPT)
    scope = scope_of([(b"content-type", b"application/json")])
    answered(hot, {**scope, "path": "/v1/triage/explain"}, [b"{}"])
    answered(hot, {**scope, "root_path": "/api", "path": "/api/v1/triage"}, [b"{}"])
    answered(hot, {**scope, "method": "GET", "path": "/livez"}, [b""])
    assert counted.count == 3
