"""Content negotiation (RFC 9110): media types, content codings and `Accept`."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from starlette.types import Scope

from app.api.messages import Message
from app.api.problems import ProblemError
from app.core.languages import accepted_in

JSON = "application/json"
FHIR_JSON = "application/fhir+json"
AS_FHIR = (FHIR_JSON, JSON)
"""Names of FHIR as JSON (https://hl7.org/fhir/R4/http.html#mime-type); answers have the first."""
JWKS = (JSON, "application/jwk-set+json")
OPENAPI = (JSON, "application/vnd.oai.openapi+json")
LINES = ("application/x-ndjson", "application/jsonl", "application/ndjson")
"""Names of JSON Lines, none of which is registered."""
SERVED: Mapping[str, Sequence[str]] = {
    "/v1/triage/batch": LINES,
    "/v1/": (JSON,),
    "/openapi.json": OPENAPI,
    "/version": (JSON,),
    "/.well-known/jwks.json": JWKS,
    "/.well-known/": (JSON,),
    "/cds-services": (JSON,),
    "/fhir/": AS_FHIR,
}
"""Below which path an answer has which media type, by the first that fits.

Pages are served whatever is accepted (RFC 9110, 12.5.1).
"""
PARAMETER = re.compile(r';\s*+([^=;\s"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^;\s]*+))')


def media_type_of(content_type: str, taken: Sequence[str]) -> str:
    """Return the media type of a body, or raise a problem.

    Where JSON is taken, so is all that is built on it (RFC 6839). Parameters other than `charset` mean nothing here.
    """
    media = content_type.partition(";")[0].strip().lower()
    structured = JSON in taken and media.startswith("application/") and media.endswith("+json")
    if media not in taken and not structured:
        raise ProblemError("not-json-type", wanted(taken))
    for name, quoted, token in PARAMETER.findall(content_type):
        if name.lower() == "charset" and (quoted or token).lower() not in ("utf-8", "utf8"):
            raise ProblemError("not-json-type", Message("{says}; JSON is UTF-8", says=wanted(taken)))
    return media


def wanted(taken: Sequence[str]) -> Message:
    """Say what a body is called, by its first two names."""
    if len(taken) > 1:
        return Message("write `Content-Type: {first}` or `{second}`", first=taken[0], second=taken[1])
    return Message("write `Content-Type: {first}`", first=taken[0])


def check_coding(content_encoding: str) -> None:
    """Raise a problem where a body is compressed."""
    if content_encoding.strip().lower() not in ("", "identity"):
        says = Message("the `Content-Encoding` of the body is not served; send the body as it is, without that header")
        raise ProblemError("encoded", says)


def accepted(accept: str, served: Sequence[str], where: str = "Accept") -> str:
    """Return the served media type accepted best, or raise a problem.

    `where` it was said what is accepted.
    """
    weights: dict[str, float] = {}
    for name, weight in accepted_in(accept):
        weights[name] = max(weight, weights.get(name, 0.0))

    if not weights:
        return served[0]

    def weight_of(media: str) -> float:
        ranges = (media, f"{media.partition('/')[0]}/*", "*/*", "*")
        return next((weights[name] for name in ranges if name in weights), 0.0)

    best = max(served, key=weight_of)
    if not weight_of(best):
        raise ProblemError("not-acceptable", answered_as(served, where))
    return best


def answered_as(served: Sequence[str], where: str = "Accept") -> Message:
    """Say as what something is answered."""
    listed = ", ".join(f"`{media}`" for media in served)
    return Message("this is answered as {listed}; say so in `{where}`, or leave it out", listed=listed, where=where)


def check_headers(scope: Scope) -> None:
    """Raise a problem for a compressed body or an unmet `Accept`.

    A method without a body has nothing that could be compressed.

    Lines of `Accept-Language` become one list (RFC 9110, 5.2): frameworks read the first alone.
    """
    accept, languages, where = [], [], "Accept"
    for name, value in scope["headers"]:
        if name == b"accept":
            accept.append(value.decode("latin-1"))
        elif name == b"accept-language":
            languages.append(value)
        elif name == b"content-encoding" and scope["method"] not in ("GET", "HEAD"):
            check_coding(value.decode("latin-1"))
    if len(languages) > 1:
        others = [header for header in scope["headers"] if header[0] != b"accept-language"]
        scope["headers"] = [*others, (b"accept-language", b", ".join(languages))]
    if scope["path"].startswith("/fhir/") and (asked := dict(parse_qsl(scope["query_string"].decode("latin-1")))):
        # what a link can say, and more than `Accept` (https://hl7.org/fhir/R4/http.html#parameters)
        named = asked.get("_format", "").replace(" ", "+")  # a plus that nobody escaped
        if named:
            accept, where = [JSON if named == "json" else named], "_format"
    if accept:
        served = next((SERVED[start] for start in SERVED if scope["path"].startswith(start)), None)
        if served is not None:
            accepted(",".join(accept), served, where)
