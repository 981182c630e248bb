"""Answers are compressed for who asks for it, and alike for who does not."""

import asyncio
import gzip
import json
import socket
import zlib
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.types import Message, Receive, Scope, Send

from app.api.compression import LEAST, Compression
from tests.api.test_batch import NDJSON, URL
from tests.serving import HANGS

PLAIN = {"Accept-Encoding": "identity"}
LARGE = [
    ("GET", "/openapi.json"),
    ("GET", "/"),
    ("GET", "/rules"),
    ("GET", "/static/style.css"),
    ("GET", "/explorer-assets/swagger-ui.css"),
    ("GET", "/v1/rulesets/current/facts"),
    ("GET", "/fhir/Questionnaire/candidate-intake"),
    ("GET", "/cds-services"),
    ("POST", "/v1/triage"),
    ("POST", "/v1/triage/explain"),
]


def ask(client: TestClient, method: str, path: str, encoding: str) -> Response:
    """Ask with an `Accept-Encoding`."""
    headers = {"Content-Type": "application/json", "Accept-Encoding": encoding}
    return client.request(method, path, headers=headers, content=b'{"pregnant":true}' if method == "POST" else None)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize(("method", "path"), LARGE)
def test_a_large_answer_is_compressed_where_that_is_asked_for(
    client: TestClient, method: str, path: str, encoding: str
) -> None:
    plain, small = ask(client, method, path, "identity"), ask(client, method, path, encoding)
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == encoding
    assert "accept-encoding" in small.headers["vary"].lower()
    assert small.headers["content-type"] == plain.headers["content-type"]
    sizes = [int(answer.headers.get("content-length", 0)) for answer in (small, plain)]
    assert sizes[0] < sizes[1] / 2
    if encoding == "gzip":  # what the client of the tests unpacks
        assert small.content == plain.content


@pytest.mark.parametrize("encoding", ["", "identity", "gzip;q=0", "br;q=0, *;q=0", "deflate"])
@pytest.mark.parametrize(("method", "path"), [LARGE[0], LARGE[-1]])
def test_nothing_is_compressed_that_is_not_asked_for(client: TestClient, method: str, path: str, encoding: str) -> None:
    answer = ask(client, method, path, encoding)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


def test_a_get_says_that_it_varies_even_where_it_is_not_compressed(client: TestClient) -> None:
    answer = ask(client, "GET", "/v1/rulesets/current/facts", "identity")
    assert answer.headers["vary"] == "Accept-Language, Accept-Encoding"


def test_what_is_short_is_sent_as_it_is(client: TestClient) -> None:
    answer = ask(client, "GET", "/v1/rulesets/2020.1", "gzip")
    assert answer.status_code == 404
    assert len(answer.content) < LEAST
    assert "content-encoding" not in answer.headers


def test_a_long_problem_is_compressed(client: TestClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    answer = client.post("/v1/triage", json={f"pregnent{n}": 1 for n in range(50)}, headers=headers)
    assert (answer.status_code, answer.headers["content-encoding"]) == (422, "gzip")
    assert len(answer.json()["errors"]) == 50


def test_a_tag_is_weak_where_bytes_differ_and_is_known_again(client: TestClient) -> None:
    for path in ("/v1/rulesets/2026.2/facts", "/static/style.css"):
        plain, small = ask(client, "GET", path, "identity"), ask(client, "GET", path, "gzip")
        assert small.headers["etag"] == f"W/{plain.headers['etag']}"
        for tag in (small.headers["etag"], plain.headers["etag"]):
            assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_lines_are_compressed_and_still_come_one_by_one(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=HANGS) as connection:
        head = f"POST {URL}?view=decision HTTP/1.1\r\nHost: x\r\nContent-Type: application/jsonl\r\n"
        connection.sendall(f"{head}Accept-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        connection.sendall(b'12\r\n{"pregnant":true}\n\r\n')
        received = b""
        unpacked = ""
        while '"needs_information"' not in unpacked:
            received += connection.recv(65_536)
            begun, _, body = received.partition(b"\r\n\r\n")
            unpacked = unpack(body)
        assert b"content-encoding: gzip" in begun
        connection.sendall(b"3\r\n{}\n\r\n0\r\n\r\n")
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(65_536)
    lines = unpack(received.partition(b"\r\n\r\n")[2]).splitlines()
    assert ["decision" in json.loads(line) for line in lines] == [True, True]


def unpack(body: bytes) -> str:
    """Return what is readable of a chunked body in gzip."""
    data = b""
    while b"\r\n" in body:
        size, _, body = body.partition(b"\r\n")
        data, body = data + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return zlib.decompressobj(31).decompress(data).decode()


def test_who_does_not_ask_gets_the_same_bytes(client: TestClient) -> None:
    plain = client.post(URL, content=b"{}\n" * 3, headers=NDJSON | PLAIN)
    small = client.post(URL, content=b"{}\n" * 3, headers=NDJSON | {"Accept-Encoding": "gzip"})
    assert plain.content == small.content
    assert small.headers["content-encoding"] == "gzip"


def answers_of(app: Any, method: str, headers: list[tuple[bytes, bytes]]) -> list[Message]:
    """Return what an application sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "method": method, "path": "/", "headers": headers}, receive, send))
    return sent


def test_headers_that_answers_share_are_left_as_they_are() -> None:
    shared = [(b"content-type", b"application/json"), (b"content-length", b"2000"), (b"etag", b'"a"')]
    before = list(shared)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": shared})
        await send({"type": "http.response.body", "body": b"x" * 2000})

    for _ in range(2):
        start, body = answers_of(Compression(app), "GET", [(b"accept-encoding", b"gzip")])
        assert (b"etag", b'W/"a"') in start["headers"]
        assert gzip.decompress(body["body"]) == b"x" * 2000
    assert shared == before


def test_a_post_that_does_not_ask_goes_straight_through() -> None:
    met: list[Send] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        met.append(send)

    async def send(message: Message) -> None:
        pass

    async def receive() -> Message:
        return {"type": "http.request"}

    layer = Compression(app)
    for method, headers in (("POST", []), ("POST", [(b"accept-encoding", b"gzip")]), ("GET", [])):
        asyncio.run(layer({"type": "http", "method": method, "path": "/", "headers": headers}, receive, send))
    assert [found is send for found in met] == [True, False, False]


def test_a_server_that_sends_files_itself_compresses_them_too(app: FastAPI) -> None:
    async def by_path(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {"http.response.pathsend": {}}}, receive, send)

    answer = TestClient(by_path).get("/static/style.css", headers={"accept-encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
