"""The hot path answers as the plain way does, byte for byte, and leaves to it whatever is not ordinary."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest
from starlette.types import Scope
from uvicorn.server import ServerState

from app.api.front import Front
from app.core.engine import Engine
from app.main import build_app
from app.observe.logs import REQUESTS as REQUEST_LOG
from app.rulebook.load import RuleBook
from app.security.connection import PIPELINED, bounded
from app.security.gate import Gate
from app.security.keys import new_key
from app.security.options import GuardOptions
from app.security.signing import new_signing_key
from app.settings import Settings
from tests.books import random_candidate
from tests.security.wire import Connection

REQUESTS = 10_000
GUARDED = 2_000
MADE = [new_key("clinic", ["triage"]), new_key("other", ["fhir"])]
KEYS = [key for key, _ in MADE]
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


def requests(book: RuleBook, count: int) -> Iterator[list[bytes]]:
    """Yield random requests in parts: half of them ordinary, the others odd in one way or several."""
    random = Random(2026)
    facts = book.releases["2026.2"].facts
    for number in range(count):
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
        headers = [(b"host", b"testserver"), (b"x-request-id", b"%032x" % number)]
        headers += [(b"content-type", media) for media in [random.choice(TYPES if odd else TYPES[:1])] if media]
        headers += [(b"accept-language", spoken) for spoken in [random.choice(LANGUAGES)] if spoken]
        headers += [(b"content-type", b"text/plain")] * sometimes(0.05)
        headers += [(b"accept-language", b"en")] * sometimes(0.05)
        headers += [(b"connection", b"close")] * sometimes(0.05)
        headers += [(b"origin", b"https://clinic.example")] * sometimes(0.3)
        headers += [(b"x-forwarded-proto", b"https")] * sometimes(0.05)
        headers += [(b"x-api-key", random.choice(KEYS).encode())] * (not sometimes(0.1))
        headers += [(b"expect", b"100-continue")] * sometimes(0.05)
        version = b"1.0" if sometimes(0.05) else b"1.1"
        path = random.choice([b"/v1/triage", b"/v1/triage/explain"]) if sometimes(0.1) else b"/v1/triage"
        query = random.choice(QUERIES if odd else QUERIES[:7]).encode()
        method = random.choice([b"GET", b"HEAD", b"PUT"]) if sometimes(0.05) else b"POST"
        if sometimes(0.1):
            headers.append((b"transfer-encoding", b"chunked"))
            chunked = b"".join([b"%x\r\n%b\r\n" % (len(p), p) for p in (body[:7], body[7:]) if p]) + b"0\r\n\r\n"
            body = chunked
        else:
            headers.append((b"content-length", b"%d" % len(body)))
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        whole = b"%b %b%b HTTP/%b\r\n%b\r\n%b" % (method, path, b"?" + query if query else b"", version, lines, body)
        cut = random.randrange(1, len(whole)) if sometimes(0.2) else len(whole)
        yield [part for part in (whole[:cut], whole[cut:]) if part]


class Plain(Gate):
    """A gate that leaves everything to the plain way."""

    def __init__(self) -> None:
        pass

    def takes(self, scope: Scope) -> bool:
        return False


class Counted(Gate):
    """A gate that counts what it answers at once."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.count = 0

    def takes(self, scope: Scope) -> bool:
        return self.gate.takes(scope)

    def answer(self, scope: Scope, body: bytes) -> tuple[bytes, bytes] | None:
        answer = self.gate.answer(scope, body)
        self.count += answer is not None
        return answer


class Lines(logging.Handler):
    """Keeps the fields of request lines, but for their time."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        fields = dict(record.__dict__["fields"])
        assert fields.pop("ms") >= 0
        self.lines.append(fields)


GUARD: dict[str, Any] = {
    "api_keys": tuple(entry for _, entry in MADE),
    "signing_keys": (new_signing_key(),),
    "cors_origins": ("https://clinic.example",),
    "trusted_hosts": ("testserver",),
    "hsts_seconds": 60,
}


def counted(app: FastAPI) -> str:
    """Return the counts of one service, without times and without what the process as a whole takes."""
    text = generate_latest(app.state.watch.metrics.registry).decode()
    lines = [line for line in text.splitlines() if line.startswith("triage_")]
    return "\n".join(line for line in lines if "_seconds" not in line and "_created" not in line)


def compared(
    book: RuleBook, count: int, made: Callable[[Gate], Counted] = Counted, **settings: Any
) -> tuple[int, dict[bytes, int]]:
    """Send the same requests to the hot path and the plain way; return how many were answered at once, and statuses."""
    options = {"kept_bytes": KEPT, "metrics": "path", **settings}
    services = [build_app(Settings(**options), book) for _ in range(2)]
    gate = made(services[0].state.gate)
    heard = [Lines(), Lines()]
    statuses: dict[bytes, int] = {}
    log = logging.getLogger(REQUEST_LOG)

    async def sent() -> None:
        connections = []
        for service, each in zip(services, (gate, Plain()), strict=True):
            protocol = type("Decided", (bounded(GuardOptions(), service),), {"gate": each})
            connections.append(Connection(service, protocol))
        for parts in requests(book, count):
            answers = []
            for connection, lines in zip(connections, heard, strict=True):
                log.addHandler(lines)
                answers.append(await connection.says(*parts))
                log.removeHandler(lines)
            assert answers[0] == answers[1], parts
            status = answers[0].split(b" ", 2)[1]
            statuses[status] = statuses.get(status, 0) + 1
        for connection in connections:
            connection.leaves()

    level = log.level
    log.setLevel(logging.INFO)
    try:
        asyncio.run(sent())
    finally:
        log.setLevel(level)
    assert heard[0].lines == heard[1].lines
    assert counted(services[0]) == counted(services[1])
    return gate.count, statuses


def test_the_hot_path_is_the_plain_way_byte_for_byte(book: RuleBook) -> None:
    answered, statuses = compared(book, REQUESTS)
    assert {b"200", b"400", b"404", b"405", b"415", b"422"} <= set(statuses)
    assert statuses[b"200"] > answered > REQUESTS / 3


def test_it_is_so_with_keys_receipts_origins_and_hosts_too(book: RuleBook) -> None:
    answered, statuses = compared(book, GUARDED, **GUARD)
    assert {b"200", b"401", b"403"} <= set(statuses)
    assert statuses[b"200"] > answered > GUARDED / 8


class ForgetsLanguage(Counted):
    def answer(self, scope: Scope, body: bytes) -> tuple[bytes, bytes] | None:
        headers = [pair for pair in scope["headers"] if pair[0] != b"accept-language"]
        return super().answer({**scope, "headers": headers}, body)


class ForgetsKeys(Counted):
    def answer(self, scope: Scope, body: bytes) -> tuple[bytes, bytes] | None:
        headers = [pair for pair in scope["headers"] if pair[0] != b"x-api-key"]
        return super().answer({**scope, "headers": [*headers, (b"x-api-key", KEYS[0].encode())]}, body)


class ForgetsOrigin(Counted):
    def answer(self, scope: Scope, body: bytes) -> tuple[bytes, bytes] | None:
        headers = [pair for pair in scope["headers"] if pair[0] != b"origin"]
        return super().answer({**scope, "headers": headers}, body)


class ForgetsQuery(Counted):
    def answer(self, scope: Scope, body: bytes) -> tuple[bytes, bytes] | None:
        return super().answer({**scope, "query_string": b""}, body)


class CountsTwice(Counted):
    def answer(self, scope: Scope, body: bytes) -> tuple[bytes, bytes] | None:
        super().answer(scope, body)
        return super().answer(scope, body)


@pytest.mark.parametrize("wrong", [ForgetsLanguage, ForgetsKeys, ForgetsOrigin, ForgetsQuery, CountsTwice])
def test_a_wrong_hot_path_is_noticed(book: RuleBook, wrong: type[Counted]) -> None:
    with pytest.raises(AssertionError):
        compared(book, 500, wrong, **GUARD)


def whole(service: FastAPI, *parts: bytes, **options: Any) -> tuple[bytes, int]:
    """Return what is answered on one connection, and how many requests were answered at once."""
    gate = Counted(service.state.gate)
    protocol = type("Decided", (bounded(GuardOptions(**options), service),), {"gate": gate})
    connection = Connection(service, protocol)
    answer = asyncio.run(connection.says(*parts))
    connection.leaves()
    return answer, gate.count


def asking(body: bytes, path: bytes = b"/v1/triage?view=decision") -> bytes:
    head = b"POST %b HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (path, len(body)) + body


def test_a_body_beyond_the_limit_and_other_paths_are_left_to_the_plain_way(book: RuleBook) -> None:
    service = build_app(Settings(max_body_bytes=1000), book)
    for size, at_once, status in ((1000, 1, b"200"), (1001, 0, b"413")):
        answer, count = whole(service, asking(b'{"pregnant":true' + b" " * (size - 17) + b"}"))
        assert (count, answer.split()[1]) == (at_once, status)
    assert whole(service, asking(b"{}", b"/v1/triage/explain"))[1] == 0


def test_pipelined_requests_are_answered_in_order(book: RuleBook) -> None:
    service = build_app(Settings(), book)
    bodies = [b'{"reference":"r%d"}' % number for number in range(20)]
    bodies[7], bodies[8] = b"[]", b"{"
    answer, count = whole(service, b"".join(map(asking, bodies)))
    assert answer.count(b"HTTP/1.1 200 OK") == 18
    assert count >= 1
    places = [answer.index(b'"reference":"r%d"' % number) for number in range(20) if number not in (7, 8)]
    assert places == sorted(places)
    assert places[6] < answer.index(b"/problems/not-facts") < answer.index(b"/problems/not-json") < places[7]


def test_what_is_no_http_after_a_request_is_answered_after_it(book: RuleBook) -> None:
    answer, count = whole(build_app(Settings(), book), asking(b"{}") + b"no such thing\r\n\r\n")
    assert count == 1
    assert answer.index(b"HTTP/1.1 200") < answer.index(b"HTTP/1.1 400")


def test_a_fault_on_the_hot_path_is_a_500_of_the_plain_way(book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    service = build_app(Settings(), book)

    def fails(*_: Any) -> None:
        raise ArithmeticError

    monkeypatch.setattr(Front, "given", fails)
    assert whole(service, asking(b"{}"))[0].startswith(b"HTTP/1.1 200")
    monkeypatch.setattr(Engine, "view", fails)
    answer, _ = whole(service, asking(b"{}"))
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"/problems/internal" in answer


def test_beyond_so_many_in_one_turn_requests_are_shed(book: RuleBook) -> None:
    service = build_app(Settings(metrics="path"), book)

    async def crowd(paths: list[bytes]) -> list[bytes]:
        protocol = bounded(GuardOptions(max_concurrency=4), service)
        state = ServerState()
        crowd = [Connection(service, protocol, state) for _ in paths]
        return await asyncio.gather(*(each.says(asking(b"{}", path)) for each, path in zip(crowd, paths, strict=True)))

    answers = asyncio.run(crowd([b"/v1/triage"] * 6 + [b"/fhir/PlanDefinition/$apply", b"/livez"]))
    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200"] * 4 + [b"503"] * 3 + [b"405"]
    for answer in answers[4:7]:
        assert b"\r\nretry-after: 1\r\n" in answer.lower()
        assert b"\r\nx-content-type-options: nosniff\r\n" in answer
    assert b'"/problems/overloaded"' in answers[4]
    assert b'"OperationOutcome"' in answers[6]
    assert 'triage_refusals_total{kind="overloaded"} 3.0' in counted(service)
    assert asyncio.run(crowd([b"/v1/triage"])) != answers[4:5]


def test_a_long_pipeline_is_answered_in_part_and_closed(book: RuleBook) -> None:
    service = build_app(Settings(), book)
    asked = b"GET /version HTTP/1.1\r\nhost: here\r\n\r\n"
    answer, _ = whole(service, asked * 3000)
    assert answer.count(b"HTTP/1.1 200") == PIPELINED + 1
    assert answer.count(b"connection: close") == 1
    short, _ = whole(service, asked * PIPELINED)
    assert short.count(b"HTTP/1.1 200") == PIPELINED
    assert b"connection: close" not in short


def test_one_pipeline_alone_is_not_shed_and_a_pipeline_of_refusals_ends(book: RuleBook) -> None:
    service = build_app(Settings(), book)
    asked = b"GET /version HTTP/1.1\r\nhost: here\r\n\r\n" * 50
    assert whole(service, asked, max_concurrency=1)[0].count(b"HTTP/1.1 200") == 50

    async def crowd() -> list[bytes]:
        state = ServerState()
        protocol = bounded(GuardOptions(max_concurrency=1), service)
        busy, other = (Connection(service, protocol, state) for _ in range(2))
        return list(await asyncio.gather(busy.says(asking(b"{}", b"/v1/triage/explain")), other.says(asked)))

    _, refused = asyncio.run(crowd())
    assert refused.count(b"HTTP/1.1 ") == 50
    assert refused.startswith(b"HTTP/1.1 503")


def test_who_takes_nothing_is_let_go(book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.security.connection.STALLED_SECONDS", 0.01)
    service = build_app(Settings(), book)

    async def stalls(*, goes_on: bool) -> bool:
        connection = Connection(service, bounded(GuardOptions(), service))
        await connection.says(asking(b"{}"))
        connection.protocol.pause_writing()
        if goes_on:
            connection.protocol.resume_writing()
        await asyncio.sleep(0.05)
        return connection.wire.aborted

    assert asyncio.run(stalls(goes_on=False))
    assert not asyncio.run(stalls(goes_on=True))
