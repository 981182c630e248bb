"""A request body into JSON, and into a question for the engine."""

from typing import Any

from fastapi import Request

from app.api.problems import ProblemError
from app.api.strict_json import read_json, repeated_keys
from app.api.validation import CandidateReader
from app.core.engine import Question


def decode(body: bytes, reader: CandidateReader, *, strict: bool) -> Question:
    """Return the question that a body asks; a problem where it is not JSON or not facts."""
    return reader.question(read_json(body), strict=strict)


def check_json_type(content_type: str) -> None:
    """Raise a problem where a content type is not JSON in UTF-8."""
    media, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    media = media.strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise ProblemError("not-json-type", "write `Content-Type: application/json`")
    if charset and charset not in ("charset=utf-8", "charset=utf8"):
        raise ProblemError("not-json-type", "write `Content-Type: application/json`; JSON is UTF-8")


async def body_of(request: Request) -> Any:
    """Return the JSON of a request body; a problem where its type or text is not JSON."""
    check_json_type(request.headers.get("content-type", ""))
    return read_json(await request.body())


async def record_of(request: Request) -> Any:
    """Return the JSON of a request body that says no key twice: of two answers none is the one that was meant."""
    data = await body_of(request)
    repeated = list(repeated_keys(data))
    if repeated:
        raise ProblemError("not-json", "an object of the body holds a key more than once", errors=repeated)
    return data
