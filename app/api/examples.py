"""Worked examples for OpenAPI, which the service itself answers.

Each is asked as it stands, in English and at one moment, so that the document does not change from day to day.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message, Scope

from app.core.catalogue import entries
from app.core.engine import Engines

MOMENT = datetime(2026, 11, 27, 12, tzinfo=UTC)
"""At which examples are asked."""
ASKED: ContextVar[bool] = ContextVar("triage_example", default=False)
"""Whether an example is being asked."""
LONG = 6_000
"""Characters above which an answer is shown in part."""
FIRST = 2
"""So many entries of each list are shown then, and no text above a thousand characters."""
LONGEST = 1_000
FORM = "application/x-www-form-urlencoded"
NOTHING_AGAINST = {
    "active_skin_infection": False,
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": False,
}
MODERATE = {
    "primary_concern": "uneven_pigmentation",
    "elasticity_loss": "moderate",
    "hyperpigmentation": "mild",
    "sagging": "none",
}


@dataclass(frozen=True)
class Example:
    """A request that is shown: body and names in its path."""

    summary: str
    body: Any = None
    places: Mapping[str, str] = field(default_factory=dict)
    in_part: bool = False
    """Whether a long answer is shown in part."""


Examples = Mapping[str, Mapping[str, Example]]
"""By id of an operation, and by name."""
EXAMPLES = {
    "recommended": Example(
        "Moderate loss of elasticity with uneven pigment",
        {**MODERATE, "photodamage": {"scale": "glogau", "grade": "II"}, **NOTHING_AGAINST, "age_years": 41},
    ),
    "excluded": Example(
        "The same, and pregnant", {**MODERATE, "photodamage": "mild", **NOTHING_AGAINST, "pregnant": True}
    ),
    "referred": Example("A burn", {"primary_concern": "burn", **NOTHING_AGAINST}),
    "clinician_review": Example(
        "Acne scars: no documented phase", {"primary_concern": "acne_scars", **NOTHING_AGAINST}
    ),
    "needs_information": Example("Hardly anything is known", {"primary_concern": "sagging", "sagging": "advanced"}),
}
WRONG = Example("Four mistakes", {"elasticity_loss": "moderat", "age": 34, "age_years": 130, "jurisdiction": "UK"})
"""Facts that are refused, with suggestions."""
HALF = Example("Half a body", '{"primary_concern": ')
LINES = """{"primary_concern": "burn", "reference": "first"}
{"pregnent": true}
"""
STORED = {
    "answer": {
        "id": "sha256:68047ad36a3ebfbd16be265bce7394dba1ee6793981c4ed88f3a5c70fac7fbf3",
        "decision": {"disposition": "needs_information", "pathway": None, "phase": None},
        "ruleset": {
            "id": "2026.3",
            "digest": "sha256:c21759b3809f9b3d2fb41cc5a49841eb0f08fd8d0875699e2ba14b56c7a3c81e",
            "contract": 1,
        },
    },
    "receipt": (
        "eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoiM3BTUEpCSDNfWnFteFFtTG1qT253RW1pUjBDaHF6U2IzcDJQc3dEaFI0VSJ9.."
        "MfGVXzwDmd2kFiImW5cFR1GFM7h6ZthDH9xsf1z8rAY5ipATenvREbhNKbRDkKNojsBHjIz4YrknCAvwFdtzAg"
    ),
    "facts": {"primary_concern": "sagging", "sagging": "advanced"},
}
"""A decision as it was signed with a key that nobody has any more."""
BASIC: Examples = {
    "triage": {**EXAMPLES, "mistakes": WRONG, "half": HALF},
    "explain": EXAMPLES,
    "triageBatch": {"two_lines": Example("A line that is answered, and one with a mistake", LINES)},
    "verifyReceipt": {"unknown_key": Example("A receipt by a key that is not known here", STORED)},
}
"""Those that any release answers, of operations with a body."""


def on_the_day(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that stands still for examples."""
    return lambda: MOMENT if ASKED.get() else clock()


def comparison_of(engines: Engines) -> Examples:
    """Return comparisons with the current release, one of them with none."""
    places = {"ruleset": next(iter(engines.by_id)), "other": "current"}
    return {
        "compareRulesets": {
            "no_release": Example("A release that is not there", None, {"ruleset": "1999.1", "other": "current"}),
            "older": Example("The oldest and the current one", None, places, in_part=True),
        }
    }


def places_of(engines: Engines) -> dict[str, str]:
    """Return a name that is there for each name in a path."""
    release = engines.by_id[engines.current].release
    rule, source = next(iter(entries(release))).id, next(iter(release.sources))
    return {"ruleset": "current", "rule": rule, "source": source, "kind": "not-facts"}


def show_examples(document: dict[str, Any], app: ASGIApp, examples: Examples, places: Mapping[str, str]) -> None:
    """Add to a document what an application answers to examples."""
    context = Context()
    context.run(ASKED.set, True)
    context.run(asyncio.run, _show(document, app, examples, places))


async def _show(document: dict[str, Any], app: ASGIApp, examples: Examples, places: Mapping[str, str]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = operation["operationId"]
            shown = examples.get(name) or {name: Example(operation["summary"], in_part=True)}
            for called, example in shown.items():
                named = {**places, **example.places}
                for parameter in operation.get("parameters", ()):
                    if parameter["in"] == "path":
                        parameter["schema"]["examples"] = [named[parameter["name"]]]
                await _show_one(document, app, method, path.format_map(named), operation, called, example)


async def _show_one(
    document: dict[str, Any],
    app: ASGIApp,
    method: str,
    path: str,
    operation: dict[str, Any],
    called: str,
    example: Example,
) -> None:
    """Ask one example, and show it."""
    contents = operation.get("requestBody", {}).get("content", {})
    given = next(iter(contents), "")
    status, media, text = await _asked(app, method.upper(), path, given, _written(example.body, given))
    answered: Any = text if "ndjson" in media else json.loads(text)
    summary = example.summary
    if example.in_part and len(text) > LONG:
        answered, summary = shortened(answered), f"{summary} (in part)"
    response = operation["responses"][str(status)]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    elif contents:
        asked = {"summary": example.summary, "value": example.body}
        contents[given].setdefault("examples", {})[called] = asked
    response["content"][media].setdefault("examples", {})[called] = {"summary": summary, "value": answered}


def shortened(value: Any) -> Any:
    """Return the first entries of each list, without long texts."""
    if isinstance(value, list):
        return [shortened(each) for each in value[:FIRST]]
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if not (isinstance(each, str) and len(each) > LONGEST)}
        return {key: shortened(each) for key, each in kept.items()}
    return value


def _written(body: Any, media: str) -> bytes:
    if body is None or isinstance(body, str):
        return (body or "").encode()
    return (urlencode(body) if media == FORM else json.dumps(body)).encode()


async def _asked(app: ASGIApp, method: str, path: str, media: str, body: bytes) -> tuple[int, str, str]:
    """Return status, media type and text of what an application answers."""
    headers = [(b"host", b"localhost"), (b"accept", b"application/json, */*;q=0.1")]
    scope: Scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": ""},
        **{"method": method, "path": path, "raw_path": path.encode(), "query_string": b""},
        **{"headers": [*headers, *([(b"content-type", media.encode())] if media else ())]},
    }
    bodies: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])
    parts: list[Message] = []

    async def receive() -> Message:
        return next(bodies, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        parts.append(message)

    await app(scope, receive, send)
    found = dict(parts[0]["headers"])[b"content-type"].decode().partition(";")[0]
    return parts[0]["status"], found, b"".join(part.get("body", b"") for part in parts).decode()
