"""The headers of requests and answers, for OpenAPI and for CORS."""

import json
from copy import deepcopy
from typing import Any

from app.api.entity_tags import VOLATILE

SENT = (
    *("Accept", "Accept-Language", "Authorization", "Content-Type", "If-None-Match", "Prefer", "X-API-Key"),
    *("X-Request-ID", "baggage", "traceparent", "tracestate"),
)
"""What a caller may send; the last three come from browsers that are traced."""
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of what was read before: where nothing changed, the answer is a 304 without a body.",
    "schema": {"type": "string", "examples": ['"16032cc11d9a580a9785f0839725b1a6"']},
}
SIGNED = frozenset({"triage", "callCdsService", "applyCandidateTriage", "applyPlanDefinition"})
"""Operations whose answer is a decision, with its receipt beside it."""


def _text(says: str, example: str) -> dict[str, Any]:
    return {"description": says, "schema": {"type": "string", "examples": [example]}}


HEADERS = {
    "Accept-Encoding": _text("The content codings that a body may have, where it had another.", "identity"),
    "Cache-Control": _text("How long it may be kept without asking again.", "public, max-age=3600"),
    "Content-Language": _text("The language of what people read.", "en"),
    "Deprecation": _text("Since when what was asked for is withdrawn or ends (RFC 9745); else absent.", "@1767225600"),
    "ETag": _text("Send it as `If-None-Match` to read again only what changed.", '"16032cc11d9a580a9785f0839725b1a6"'),
    "Link": _text(
        "With `Deprecation`: `rel=deprecation`, which says why, and `rel=successor-version`.",
        '</v1/rulesets/2026.1>; rel="deprecation", </v1/rulesets/2026.3>; rel="successor-version"',
    ),
    "Retry-After": {"description": "After how many seconds to ask again.", "schema": {"type": "integer"}},
    "Sunset": _text("When it stops to answer (RFC 8594).", "Fri, 01 Jan 2027 00:00:00 GMT"),
    "Triage-Receipt": _text("A signature of the decision (RFC 7515), where a signing key is configured.", "eyJhbGci.."),
    "WWW-Authenticate": _text("What is asked for (RFC 6750).", 'Bearer realm="candidate-triage"'),
    "X-Request-ID": _text(
        "The name of the request in the log: as it was sent, or made here.", "7d6e9f0a1b2c3d4e0000000000000001"
    ),
}
"""Each is a component of the document where an operation sends it."""
READABLE = (*HEADERS, "Allow")
"""What a page of another origin may read; no operation is refused with `Allow`, whose method it is."""
EVERYWHERE = ("X-Request-ID",)
GOES = ("Deprecation", "Link")
ENDS = (*GOES, "Sunset")
OF_STATUS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    415: ("Accept-Encoding",),
    503: ("Retry-After",),
}
UNCHANGED = "Not changed since the `ETag` that was sent."


def declared(*names: str) -> dict[str, Any]:
    """Return what OpenAPI says of headers, by reference."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}


def declare_headers(path: str, method: str, operation: dict[str, Any]) -> None:
    """Declare the headers of good answers, and the 304."""
    responses = operation["responses"]
    named = [each["name"] for each in operation.get("parameters", ())]
    headers = [*EVERYWHERE, *(["Content-Language"] if "Accept-Language" in named else ())]
    goes = GOES if path.startswith("/v1/") and ("ruleset" in named or "receipts" in path) else ()
    if operation["operationId"] in SIGNED:
        headers.append("Triage-Receipt")
    if method == "get" and path not in VOLATILE:
        kept = ("ETag", "Cache-Control")
        headers += kept
        operation.setdefault("parameters", []).append(deepcopy(IF_NONE_MATCH))
        responses["304"] = {"description": UNCHANGED, "headers": declared(*EVERYWHERE, *kept, *goes)}
    responses["200"]["headers"] = declared(*headers, *goes)


def show_headers(document: dict[str, Any]) -> None:
    """Add the headers that a document refers to."""
    written = json.dumps(document)
    used = {name: each for name, each in HEADERS.items() if f'"#/components/headers/{name}"' in written}
    document["components"]["headers"] = used
