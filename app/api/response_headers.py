"""The headers of answers, as the OpenAPI document declares them."""

from typing import Any

from app.api.deprecation import DECLARED
from app.api.entity_tags import VOLATILE

SIGNED = frozenset({"triage", "callCdsService", "applyCandidateTriage", "applyPlanDefinition"})
"""Operations whose answer is a decision, with its receipt beside it."""


def _text(says: str, example: str) -> dict[str, Any]:
    return {"description": says, "schema": {"type": "string", "examples": [example]}}


HEADERS = {
    "Content-Language": _text("The language of what people read.", "en"),
    "Triage-Receipt": _text("A signature of the decision (RFC 7515), where a signing key is configured.", "eyJhbGci.."),
    "ETag": _text("Send it as `If-None-Match` to read again only what changed.", '"16032cc11d9a580a9785f0839725b1a6"'),
    "Cache-Control": _text("How long it may be kept without asking again.", "public, max-age=3600"),
    "WWW-Authenticate": _text("What is asked for (RFC 6750).", 'Bearer realm="candidate-triage"'),
    "Retry-After": {"description": "After how many seconds to ask again.", "schema": {"type": "integer"}},
}
"""Each is a component of the document."""


def _named(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


OF_STATUS = {"401": _named("WWW-Authenticate"), "403": _named("WWW-Authenticate"), "503": _named("Retry-After")}
UNCHANGED = "Not changed since the `ETag` that was sent."


def declare_headers(path: str, method: str, operation: dict[str, Any]) -> None:
    """Declare the headers of each answer of an operation, and its 304."""
    responses = operation["responses"]
    named = [each["name"] for each in operation.get("parameters", ())]
    headers = _named("Content-Language") if "accept-language" in named else {}
    if operation["operationId"] in SIGNED:
        headers |= _named("Triage-Receipt")
    if method == "get" and path not in VOLATILE:
        headers |= (kept := _named("ETag", "Cache-Control"))
        responses["304"] = {"description": UNCHANGED, "headers": kept}
    if path.startswith("/v1/") and "ruleset" in named:
        headers |= DECLARED
    for status, declared in ({"200": headers} | OF_STATUS).items():
        if declared and status in responses:
            responses[status]["headers"] = declared
