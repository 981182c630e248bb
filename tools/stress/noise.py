"""Noise: a good request made wrong in some ways, always the same for the same seed and number.

Bodies, queries, headers, methods and media types are changed within what HTTP allows, so that an answer is due; some
requests have their bytes corrupted instead, and are owed none.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

from tools.stress.faces import Face
from tools.stress.odd import MARKER, TOKENS, changed, corrupted, odd

RAW = 0.12
"""The part of requests whose bytes are corrupted."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
MEDIA = (
    *("application/json", "application/json; charset=utf-16", "application/fhir+json", "application/x-ndjson"),
    *("text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"),
    *("", "json", f"application/{MARKER}", "application/json, application/json"),
)
HEADERS = (
    *(
        "accept-language: ko",
        "accept-language: ko;q=x, *;q=0.1, en-GB",
        f"accept-language: {MARKER}",
        "accept: text/html",
    ),
    *("if-none-match: *", f'if-none-match: "{MARKER}"', "range: bytes=0-0", "range: bytes=5-1,-9", "if-match: x"),
    *(f"authorization: Bearer {MARKER}", "authorization: Basic", f"x-api-key: {MARKER}", f"cookie: a={MARKER}"),
    *("content-encoding: gzip", "accept-encoding: br;q=1.0", "expect: 100-continue", f"x-request-id: {MARKER}"),
    *("x-request-id: 0123456789abcdef", f"origin: https://{MARKER}.example", f"traceparent: 00-{MARKER}-01"),
    *(f"x-forwarded-for: {MARKER}", "x-forwarded-proto: https", f"x-http-method-override: {MARKER}", "te: trailers"),
    *(f"host: {MARKER}", "content-type: text/plain", "if-modified-since: Thu, 32 Foo 2026", "accept: " + "a/b," * 500),
    *("connection: keep-alive", "cache-control: no-cache", "content-language: \xff\xfe", f"baggage: {MARKER}=1"),
)

PLAIN = ("2026.1", "2026.2", "current", "strict", "decision", "full", "ko", "en", "excluded", "PHASE-2")
"""Values of query parameters that may be right."""
STEPS = (MARKER, "%00", "%ff", "..", "", "a" * 3_000, "%2e%2e%2f", "{name}", quote("시술"), "%", "%ED%A0%80", ";x")
"""Steps of a path."""
ODD = (MARKER, "", "%", "%zz", "%ff", "%00", "%ED%A0%80", "a" * 2_000, "1e400", "[]", "+", "%20", "x&y", quote("한"))


@dataclass(frozen=True)
class Noise:
    """A request: its bytes, the path it goes to, and whether HTTP owes it an answer."""

    number: int
    method: str
    path: str
    sent: bytes
    is_whole: bool


def noise(seed: int, number: int, faces: Sequence[Face]) -> Noise:
    """Return a request."""
    random = Random(f"{seed}/{number}")
    face = random.choice(faces)
    method = random.choice(METHODS) if random.random() < 0.05 else face.method
    path = _path(random, face) + _query(random, face)
    body = None if face.body is None else _body(random, face.body)
    if body is None and random.random() < 0.05:
        body = b"{}"
    media = random.choice(MEDIA) if random.random() < 0.05 else face.media
    lines = random.sample(HEADERS, random.choice((0, 0, 0, 1, 2, 4)))
    head = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *lines]
    if body is not None:
        head += [f"content-type: {media}", f"content-length: {len(body)}"]
    sent = "\r\n".join([*head, "", ""]).encode("latin-1") + (body or b"")
    is_whole = random.random() >= RAW
    return Noise(number, method, face.path, sent if is_whole else corrupted(random, sent), is_whole)


def _path(random: Random, face: Face) -> str:
    if random.random() > 0.1:
        return face.path
    steps = face.path.split("/")
    place = random.randrange(len(steps))
    steps[place] = random.choice(STEPS)
    return "/" + "/".join(steps).lstrip("/")


def _query(random: Random, face: Face) -> str:
    if random.random() < 0.5:
        return ""
    names = (*face.names, "ruleset", "view", "unknowns", MARKER, "lang", "target", "")
    values = random.choice((PLAIN, ODD))
    pairs = [f"{random.choice(names)}={random.choice(values)}" for _ in range(random.choice((1, 1, 1, 2, 5, 40)))]
    return "?" + random.choice(("&", "&", "&", ";", "&&")).join(pairs)


def _body(random: Random, good: Any) -> bytes:
    if isinstance(good, str):
        return _text(random, good)
    value = json.loads(json.dumps(good))
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 8))):
        value = changed(random, value)
    if random.random() < 0.01:
        value = _nested(random, value)
    text = json.dumps(value, ensure_ascii=random.random() < 0.5, allow_nan=True)
    for name, token in TOKENS.items():
        text = text.replace(f'"{name}"', token)
    if random.random() < 0.1:
        text = text.replace("{", '{"' + random.choice(("reference", "pregnant", MARKER, "resourceType")) + '": 1, ', 1)
    written = text.encode("utf-8", "surrogatepass")
    return corrupted(random, written) if random.random() < 0.1 else written


def _text(random: Random, good: str) -> bytes:
    """Return lines or a form with some of it changed."""
    separator = "\n" if "\n" in good else "&"
    parts = good.split(separator)
    for _ in range(random.choice((0, 1, 2))):
        place = random.randrange(len(parts))
        parts[place] = random.choice(
            (parts[0], "", MARKER, f"{MARKER}=1", str(odd(random)), '{"pregnant": tru', "%ff=%")
        )
    written = separator.join(parts).encode("utf-8", "surrogatepass")
    return corrupted(random, written) if random.random() < 0.2 else written


def _nested(random: Random, value: Any) -> Any:
    for _ in range(random.choice((50, 200, 400))):
        value = [value] if random.random() < 0.5 else {"item": value}
    return value
