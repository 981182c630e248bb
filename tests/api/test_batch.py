"""JSON Lines: line *i* answers line *i*, whatever a line holds and however the stream is cut."""

import asyncio
import json
import socket
from collections.abc import Iterator
from itertools import count, pairwise
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from app.api import batch
from app.api.lines import Cutter
from app.api.messages import Message as Says
from app.api.problems import ProblemError
from tests.patients import patients
from tests.serving import HANGS

URL = "/v1/triage/batch"
NDJSON = {"Content-Type": "application/x-ndjson"}
LINES = [
    b'{"pregnant":true}',
    b"",
    b"{",
    b'{"primary_concern":"dullness","reference":"a:1"}\r',
    b'{"pregnant":true,"pregnant":true}',
    b'{"elasticity_loss":{"scale":"glogau","grade":"II"}}',
    b'{"elasticity_loss":"' + b"x" * 70_000 + b'"}',
    b'{"colour":"red"}',
    b'{"unavailable":["pregnant"]}',
]


def alone(client: TestClient, line: bytes, query: str = "") -> Any:
    """Return what the line gets as a request of its own."""
    return client.post(f"/v1/triage{query}", content=line, headers={"Content-Type": "application/json"}).json()


@pytest.mark.parametrize(
    "query", ["", "?view=decision", "?unknowns=strict&ruleset=2026.2", "?sources=all", "?sources=none"]
)
@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_each_line_is_answered_as_a_request_of_its_own(client: TestClient, query: str, ending: bytes) -> None:
    answer = client.post(URL + query, content=b"\n".join(LINES) + ending, headers=NDJSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    answered = [json.loads(line) for line in answer.text.splitlines()]
    assert len(answered) == len(LINES)
    for number, (line, found) in enumerate(zip(LINES, answered, strict=True), 1):
        expected = alone(client, line, query)
        if "status" in expected:
            expected |= {"instance": URL, "line": number}
        if expected.get("status") == 400:
            expected["detail"] = expected["detail"].replace("body", "line").replace("line 1,", f"line {number},")
        if expected.get("status") == 413:
            expected["detail"] = found["detail"]
        assert found == expected


def test_every_patient_is_answered_alike_in_a_batch(client: TestClient) -> None:
    bodies = [json.dumps(patient.facts).encode() for patient in patients()]
    answered = client.post(URL, content=b"\n".join(bodies), headers=NDJSON).text.splitlines()
    assert [json.loads(line) for line in answered] == [alone(client, body) for body in bodies]


def test_the_language_is_that_of_the_request(client: TestClient) -> None:
    answer = client.post(URL, content=b"{}", headers=NDJSON | {"Accept-Language": "ko"})
    assert answer.headers["content-language"] == "ko"
    assert answer.json()["next_question"]["question"] != alone(client, b"{}")["next_question"]["question"]


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Content-Type": "application/json"}, "", 415),
        ({}, "", 415),
        (NDJSON, "?view=all", 422),
        (NDJSON, "?ruleset=1999", 404),
    ],
)
def test_what_holds_for_all_lines_is_refused_at_once(
    client: TestClient, headers: dict[str, str], query: str, status: int
) -> None:
    answer = client.post(URL + query, content=b"{}", headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@given(st.lists(st.binary(max_size=12)), st.integers(1, 9), st.integers(1, 12))
def test_lines_do_not_depend_on_how_the_stream_is_cut(parts: list[bytes], step: int, most: int) -> None:
    stream = b"".join(parts)
    cutter = Cutter(most)
    found = [line for at in range(0, len(stream), step) for line in cutter.lines(stream[at : at + step])]
    found += cutter.last()
    whole = stream.split(b"\n")
    expected = [line if len(line) <= most else None for line in (whole if whole[-1] else whole[:-1])]
    assert found == expected


def test_an_endless_line_is_not_kept() -> None:
    cutter = Cutter(1_000)
    for _ in range(1_000):
        assert list(cutter.lines(b"x" * 1_000)) == []
        assert sum(map(len, cutter._begun)) <= 1_000
    assert list(cutter.lines(b"\n{}\n")) == [None, b"{}"]


class Caller:
    """A caller who sends lines for as long as somebody takes them, and may stop reading or leave."""

    def __init__(self, lines: int, reads: int = 10**9) -> None:
        self.sent = 0
        self.lines = lines
        self.reads = reads
        self.taken = 0
        self.ahead: list[int] = []

    async def receive(self) -> Message:
        self.ahead.append(self.sent - self.taken)
        if self.sent == self.lines:
            return {"type": "http.request", "body": b"", "more_body": False}
        self.sent += 1
        return {"type": "http.request", "body": b'{"pregnant":true}\n', "more_body": True}

    async def send(self, message: Message) -> None:
        if self.taken >= self.reads:
            await asyncio.Event().wait()
        self.taken += message.get("body", b"").count(b"\n")


def scope() -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": URL,
        "raw_path": URL.encode(),
        "root_path": "",
        "query_string": b"view=decision",
        "scheme": "http",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-ndjson")],
    }


def test_no_more_is_read_than_is_answered(app: FastAPI) -> None:
    caller = Caller(3_000)
    asyncio.run(app(scope(), caller.receive, caller.send))
    assert caller.taken == 3_000
    assert max(caller.ahead) <= 1


@pytest.mark.parametrize(
    ("seconds", "size", "pieces"),
    [(0.0, 1 << 30, 50), (3600.0, 1, 50), (3600.0, 1 << 30, 1)],
    ids=["time", "size", "no"],
)
def test_other_requests_get_their_turn(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, seconds: float, size: int, pieces: int
) -> None:
    """However many lines come at once: after so long, and after so many bytes."""
    monkeypatch.setattr(batch, "SECONDS_AT_ONCE", seconds)
    monkeypatch.setattr(batch, "BYTES_AT_ONCE", size)
    sent: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"pregnant":true}\n' * 50, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    asyncio.run(app(scope(), receive, send))
    assert len([body for body in sent if body]) == pieces
    assert b"".join(sent).count(b"\n") == 50


@pytest.mark.parametrize("lines", [1, 3, 50])
def test_others_get_their_turn_however_little_comes_at_once(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    """Lines that come one by one, faster than they are answered, let others wait no longer than those of one piece."""
    clock = count(step=0.001)
    monkeypatch.setattr(batch, "perf_counter", lambda: next(clock))
    parts, answered = 60 // lines, 0
    seen: list[int] = []

    async def receive() -> Message:
        nonlocal parts
        parts -= 1
        return {"type": "http.request", "body": b'{"pregnant":true}\n' * lines, "more_body": parts > 0}

    async def send(message: Message) -> None:
        nonlocal answered
        answered += message.get("body", b"").count(b"\n")

    async def other() -> None:
        while True:
            seen.append(answered)
            for _ in range(batch.TURNS):
                await asyncio.sleep(0)

    async def both() -> None:
        waiting = asyncio.create_task(other())
        await app(scope(), receive, send)
        waiting.cancel()

    asyncio.run(both())
    assert answered >= 50
    waited = [after - before for before, after in pairwise([*seen, answered])]
    assert max(waited) <= 3  # as many lines as this clock lets be answered in 3 ms


def test_a_caller_who_stops_reading_is_let_go(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "STALLED_SECONDS", 0.01)
    caller = Caller(3_000, reads=5)
    asyncio.run(asyncio.wait_for(app(scope(), caller.receive, caller.send), HANGS))
    assert caller.sent <= 7


@pytest.mark.parametrize(("begun", "status"), [(b"", 408), (b'{"pregnant"', 408), (b"{}\n{", 200), (b"{}\n" * 3, 200)])
def test_a_body_that_stops_before_the_first_answer_is_refused(app: FastAPI, begun: bytes, status: int) -> None:
    """Headers without an answer would be a 500 to some servers."""
    parts = iter([{"type": "http.request", "body": begun, "more_body": True}])
    sent: list[Message] = []

    async def receive() -> Message:
        if part := next(parts, None):
            return part
        if len(sent) > 1:  # as the limits do once the answer is begun
            return {"type": "http.disconnect"}
        raise ProblemError("too-slow", Says("the request took too long to arrive"))

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope(), receive, send))
    assert sent[0]["status"] == status
    assert sent[1]["body"]
    assert sent[1].get("more_body", False) == (status == 200)


def test_answers_come_while_the_body_is_still_sent(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=HANGS) as connection:
        head = (
            f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        connection.sendall(head.encode() + b'12\r\n{"pregnant":true}\n\r\n')
        received = b""
        while b'"excluded"' not in received and b"\n0\r\n" not in received:
            received += connection.recv(65_536)
        connection.sendall(b"3\r\n{}\n\r\n0\r\n\r\n")
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(65_536)
    assert received.count(b'"ruleset":') == 2


def test_a_caller_who_leaves_costs_nothing(address: str) -> None:
    def lines() -> Iterator[bytes]:
        for _ in range(200):
            yield b'{"pregnant":true}\n' * 50

    with httpx2.Client(base_url=address) as client:
        for _ in range(3):
            with client.stream("POST", URL, content=lines(), headers=NDJSON) as answer:
                next(answer.iter_bytes())
        assert client.get("/livez").status_code == 200
