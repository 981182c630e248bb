"""The rows of the wire test: what a server has to do with bytes, good and bad. Each is named by its function."""

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from tests.wire.raw import Answer, EndedError, Service, facts

Row = Callable[[Service], None]

WEBSOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAA" + "A" * 16 + "AA==",
)
UPGRADES = {
    "websocket": WEBSOCKET,
    "h2c": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    "nonsense": ("Connection: upgrade", "Upgrade: nonsense/1, other"),
}
LIKE_A_REQUEST = b"GET /version HTTP/1.1\r\nHost: here\r\n\r\n"
TRAILERS = 20_000_000
PIPELINES = 1_000
GROWTH = 16_000_000
"""Bytes by which a worker may grow while it is sent something without end."""


def reference(answer: Answer) -> tuple[int, str | None]:
    """Return the status of an answer and the reference it echoes."""
    return answer.status, json.loads(answer.body).get("reference")


def kind(answer: Answer) -> tuple[int, str]:
    """Return the status of a refusal and what kind it is."""
    return answer.status, json.loads(answer.body)["type"].removeprefix("/problems/")


def upgrade(headers: tuple[str, ...], *, chunked: bool, segments: int) -> Row:
    """Return the row of a request that asks to upgrade: it is answered as it is, and so is what comes behind it."""

    def row(service: Service) -> None:
        behind = service.ask("behind", "Connection: close")
        for body, right in ((facts("first"), (200, "first")), (LIKE_A_REQUEST, (400, "not-json"))):
            head, sent = service.parts(body, *headers, chunked=chunked)
            with service.connect() as wire:
                if segments == 1:
                    wire.send(head + sent + behind)
                else:
                    wire.send(head)
                    time.sleep(0.05)  # so that they arrive apart
                    wire.send(sent + behind)
                first = wire.answer()
                assert (reference(first) if right[0] == 200 else kind(first)) == right
                assert reference(wire.answer()) == (200, "behind")
                assert wire.rest() == b""

    return row


def curl_http2(service: Service) -> None:
    """What `curl --http2` sends is answered by HTTP/1.1."""
    if curl := shutil.which("curl"):
        headers = ["-H", "Host: here", "-H", f"X-API-Key: {service.key}", "-H", "Content-Type: application/json"]
        url = f"http://127.0.0.1:{service.server.port}/v1/triage?view=decision"
        asked = subprocess.run(
            [curl, "-sS", "--max-time", "60", "--http2", *headers, "--data-binary", facts("curl").decode(), url],
            check=True,
            capture_output=True,
        )
        assert json.loads(asked.stdout)["reference"] == "curl"
        return
    with service.connect() as wire:
        assert reference(wire.send(service.ask("curl", *UPGRADES["h2c"])).answer()) == (200, "curl")


def trailers_without_end(service: Service) -> None:
    """20 MB of trailers end in an answer or with the connection, and are not kept."""
    head, sent = service.parts(facts("trailers"), chunked=True)
    before = service.server.rss()
    with service.connect() as wire:
        wire.send(head + sent.removesuffix(b"\r\n"))
        line = b"x-filler: " + b"x" * 4_000 + b"\r\n"
        with suppress(ConnectionError):
            for _ in range(TRAILERS // len(line)):
                wire.send(line)
            wire.send(b"\r\n")
        with suppress(EndedError, ConnectionError):
            status = wire.answer().status
            assert status in (200, 400, 413, 431, 499), status
    grown = service.server.rss() - before
    assert grown < GROWTH, grown


def malformed_chunks(service: Service) -> None:
    """A body whose chunks are malformed is a 400, and not an empty answer."""
    for body in (b"zz\r\n{}", b"2\r\n{}\r\nzz\r\n", b"2\r\n{}xx0\r\n\r\n"):
        head, _ = service.parts(facts("chunks"), chunked=True)
        with service.connect() as wire:
            wire.send(head + body)
            answer = wire.answer()
            assert answer.status == 400, answer.status
            assert answer.body


def head_without_end(service: Service) -> None:
    """20 MB of headers end in a refusal or with the connection, and are not kept."""
    before = service.server.rss()
    with service.connect() as wire:
        line = b"x-filler: " + b"x" * 4_000 + b"\r\n"
        with suppress(ConnectionError):
            wire.send(service.head())
            for _ in range(TRAILERS // len(line)):
                wire.send(line)
        with suppress(EndedError, ConnectionError):
            assert wire.answer().status in (400, 431)
    assert service.server.rss() - before < GROWTH


def headers_too_large(service: Service) -> None:
    """Headers beyond the limit are refused with 431."""
    with service.connect() as wire:
        wire.send(service.head("GET /version", "X-Filler: " + "x" * 17_000) + b"\r\n")
        assert kind(wire.answer()) == (431, "headers-too-large")


def nothing_sent(service: Service) -> None:
    """A connection on which nothing is sent ends."""
    with service.connect() as wire:
        assert wire.has_ended(service.patience)


def line_end_then_silence(service: Service) -> None:
    """A connection on which a line end is sent, and nothing more, ends."""
    with service.connect() as wire:
        wire.send(b"\r\n")
        assert wire.has_ended(service.patience)


def idle_after_an_answer(service: Service) -> None:
    """A connection on which nothing more is asked ends."""
    with service.connect() as wire:
        assert reference(wire.send(service.ask("idle")).answer()) == (200, "idle")
        assert wire.has_ended(service.patience)


def head_byte_by_byte(service: Service) -> None:
    """A head that arrives byte by byte is given up."""
    assert crawls(service, service.head("GET /version", "X-Filler: " + "x" * 10_000))


def body_byte_by_byte(service: Service) -> None:
    """A body that arrives byte by byte is refused with 408, or its connection ends."""
    head, sent = service.parts(b" " * 10_000 + facts("crawl"))
    with service.connect() as wire:
        wire.send(head)
        end = time.monotonic() + service.patience
        with suppress(ConnectionError):
            for place in range(len(sent)):
                assert time.monotonic() < end
                wire.send(sent[place : place + 1])
                if wire.has_ended(0.02):
                    return
                # what has_ended read was an answer, which is looked at by `test_limits.py`


def crawls(service: Service, sent: bytes) -> bool:
    """Send byte by byte; say whether the service ended that."""
    with service.connect() as wire:
        end = time.monotonic() + service.patience
        for place in range(len(sent)):
            if time.monotonic() > end:
                return False
            try:
                wire.send(sent[place : place + 1])
            except ConnectionError:
                return True
            if wire.has_ended(0.02):
                return True
    return False


def trailer_key(service: Service) -> None:
    """A trailer `X-API-Key` opens nothing."""
    with service.connect() as wire:
        head, sent = service.parts(facts("key"), "Connection: close", chunked=True)
        head = head.replace(f"X-API-Key: {service.key}\r\n".encode(), b"")
        wire.send(head + sent.removesuffix(b"\r\n") + f"X-API-Key: {service.key}\r\n\r\n".encode())
        assert kind(wire.answer()) == (401, "unauthorized")


def trailer_host(service: Service) -> None:
    """A trailer `Host` neither makes a host ours nor another's."""
    for host, trailer, status in (("elsewhere", "here", 400), ("here", "elsewhere", 200)):
        head, sent = service.parts(facts("host"), "Connection: close", chunked=True)
        with service.connect() as wire:
            head = head.replace(b"Host: here", f"Host: {host}".encode())
            wire.send(head + sent.removesuffix(b"\r\n") + f"Host: {trailer}\r\n\r\n".encode())
            assert wire.answer().status == status


def one_of_the_pipeline(service: Service, number: int, chance: random.Random) -> tuple[bytes, Callable[[Answer], bool]]:
    """Return a request at random, and whether an answer is the right one."""
    name = f"r{number}"
    json_type = "Content-Type: application/json"
    match chance.randrange(7):
        case 0 | 1:
            return service.ask(name, chunked=chance.random() < 0.5), lambda a: reference(a) == (200, name)
        case 2:
            body = f'{{"{name}":1}}'.encode()
            head = service.head("POST /v1/triage", json_type, f"Content-Length: {len(body)}")
            pointer = f"/{name}"
            return (
                head + b"\r\n" + body,
                lambda a: a.status == 422 and json.loads(a.body)["errors"][0]["pointer"] == pointer,
            )
        case 3:
            head = service.head("POST /v1/triage", json_type, "Content-Length: 1")
            return head + b"\r\n{", lambda a: kind(a) == (400, "not-json")
        case 4:
            head = service.head("POST /v1/triage", "Content-Type: text/plain", "Content-Length: 2")
            return head + b"\r\n{}", lambda a: kind(a) == (415, "not-json-type")
        case 5:
            return service.head(f"GET /{name}") + b"\r\n", lambda a: json.loads(a.body)["instance"] == f"/{name}"
        case _:
            return service.head("GET /livez") + b"\r\n", lambda a: json.loads(a.body) == {"status": "alive"}


def random_pipelines(service: Service) -> None:
    """1,000 random pipelines of good and bad requests: each is answered in its turn with what is right for it."""
    chance = random.Random(12)
    wire = service.connect()
    for number in range(PIPELINES):
        asked = [one_of_the_pipeline(service, 10 * number + place, chance) for place in range(chance.randint(1, 6))]
        data = b"".join(sent for sent, _ in asked)
        cut = chance.randrange(len(data))
        wire.send(data[:cut], data[cut:])
        for sent, is_right in asked:
            answer = wire.answer()
            assert is_right(answer), (sent, answer)
        if chance.random() < 0.3:  # what is no HTTP ends the connection, and only it
            wire.send(b"\x00\x01 nonsense\r\n\r\n")
            rest = wire.rest()
            assert rest == b"" or rest.startswith(b"HTTP/1.1 400"), rest
            wire.close()
            wire = service.connect()
    wire.close()


def head_of_what_can_be_read(service: Service) -> None:
    """HEAD is answered like GET without the body, and what comes behind it is answered."""
    with service.connect() as wire:
        wire.send(service.head("HEAD /v1/rulesets/current/facts") + b"\r\n" + service.ask("behind"))
        answer = wire.answer(to_head=True)
        assert (answer.status, answer.headers[b"content-type"]) == (200, b"application/json")
        assert reference(wire.answer()) == (200, "behind")


def half_closed(service: Service) -> None:
    """A caller who sends no more and waits gets its answer."""
    with service.connect() as wire:
        assert reference(wire.send(service.ask("half")).send_no_more().answer()) == (200, "half")


def no_host(service: Service) -> None:
    """HTTP/1.1 without `Host` is a 400."""
    with service.connect() as wire:
        wire.send(service.head("GET /version").replace(b"Host: here\r\n", b"") + b"\r\n")
        assert wire.answer().status == 400


def absolute_target(service: Service) -> None:
    """A target in absolute form is answered like its path."""
    with service.connect() as wire:
        assert wire.send(service.head("GET http://here/version") + b"\r\n").answer().status == 200


def waits_for_continue(service: Service) -> None:
    """A caller who waits for `100 Continue` is told to go on."""
    with service.connect() as wire:
        head, sent = service.parts(facts("continue"), "Expect: 100-continue")
        wire.send(head)
        line = wire._file.readline()
        assert line.startswith(b"HTTP/1.1 100")
        assert wire._file.readline() == b"\r\n"
        assert reference(wire.send(sent).answer()) == (200, "continue")


def two_lengths(service: Service) -> None:
    """A body with two lengths, or a length and chunks, gets one answer at most, and what is in it none."""
    for framing in (("Content-Length: 2", "Content-Length: 37"), ("Content-Length: 2", "Transfer-Encoding: chunked")):
        head = service.head("POST /v1/triage", "Content-Type: application/json", *framing)
        with service.connect() as wire:
            wire.send(head + b"\r\n0\r\n\r\n" + LIKE_A_REQUEST)
            assert wire.answer().status == 400
            assert wire.rest() == b""


def rows() -> Iterator[tuple[str, Row]]:
    """Yield every row with its name."""
    for name, headers in UPGRADES.items():
        for chunked in (False, True):
            for segments in (1, 2):
                framing = "chunked" if chunked else "length"
                row = upgrade(headers, chunked=chunked, segments=segments)
                yield f"upgrade to {name}, {framing}, {segments} segment{'s'[: segments - 1]}", row
    for each in (
        *(curl_http2, malformed_chunks, trailers_without_end, head_without_end, headers_too_large, nothing_sent),
        *(line_end_then_silence, idle_after_an_answer, head_byte_by_byte, body_byte_by_byte, trailer_key, trailer_host),
        *(random_pipelines, head_of_what_can_be_read, half_closed, no_host, absolute_target, waits_for_continue),
        two_lengths,
    ):
        yield each.__name__.replace("_", " "), each


ROWS = dict(rows())
