"""Who may ask for what, and how operations refuse, for OpenAPI."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.api.headers import EVERYWHERE, OF_STATUS, declared
from app.api.messages import Message
from app.api.negotiation import FHIR_JSON, JSON, SERVED, answered_as, wanted
from app.api.problems import MEDIA_TYPE, NOTHING_DECIDED, PROBLEMS, problem_content
from app.api.schemas import ref
from app.security.access import NO_KEY, is_open, permission_for, without
from app.security.limits import PROBES, TOO_MANY, TOO_SLOW, too_large, too_large_headers

SHOWN = "/v1/triage"
"""Of which path the problems are that are shown."""
MOST = 16_384
"""Bytes of a body of facts, and of headers, as both settings come."""
FHIR = ("/fhir", "/cds-services")
SCHEMES: dict[str, Any] = {
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "An API key, where the operator configured keys; it may come as a bearer token too.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An OAuth 2 access token of the configured issuer, where the operator configured one.",
    },
}


@dataclass(frozen=True)
class Asked:
    """An operation, as what refuses it sees it."""

    path: str
    operation: Mapping[str, Any]

    @property
    def has_body(self) -> bool:
        """Whether a body is read."""
        return "requestBody" in self.operation

    @property
    def is_probe(self) -> bool:
        """Whether it is answered whatever the load and the host."""
        return self.path in PROBES

    @property
    def names(self) -> bool:
        """Whether path, query or body name what may not be there."""
        given = {each["name"] for each in self.operation.get("parameters", ()) if each["in"] != "header"}
        return "{" in self.path or "ruleset" in given or self.path.endswith(("$apply", "$populate"))


@dataclass(frozen=True)
class Refusal:
    """A status that operations are refused with."""

    status: int
    name: str
    """Of its component in the document."""
    says: str
    sent: Callable[[Asked], bool]
    """Whether an operation can send it."""
    shown: tuple[str, Message] | None = None
    """Kind and detail of a problem that is shown; the rest is shown by examples that are asked."""


REFUSALS = (
    Refusal(
        400,
        "Unreadable",
        "What cannot be read: a body that is not JSON, a strict search by an unknown parameter, a host that is not one "
        "of this service.",
        lambda asked: not asked.is_probe,
    ),
    Refusal(
        401,
        "Unauthorized",
        "No key or token, or one that is not known here (where keys, an issuer or clients are configured).",
        lambda asked: not is_open(asked.path),
        ("unauthorized", NO_KEY),
    ),
    Refusal(
        403,
        "Forbidden",
        "The key or token does not open this.",
        lambda asked: not is_open(asked.path),
        ("forbidden", without("triage")),
    ),
    Refusal(
        404,
        "NotFound",
        "Nothing of that name; `detail` or the outcome says which names there are.",
        lambda asked: asked.names,
    ),
    Refusal(
        406,
        "NotAcceptable",
        "Nothing that is accepted is served here.",
        lambda asked: any(asked.path.startswith(start) for start in SERVED),
        ("not-acceptable", answered_as((JSON,))),
    ),
    Refusal(
        408,
        "TooSlow",
        "The body took too long to arrive.",
        lambda asked: asked.has_body,
        ("too-slow", TOO_SLOW),
    ),
    Refusal(
        412,
        "Needed",
        "Data that the decision depends on was not sent; the outcome names the prefetch keys.",
        lambda asked: asked.operation["operationId"] == "callCdsService",
    ),
    Refusal(
        413,
        "TooLarge",
        "The body is larger than is accepted; `detail` or the outcome says how large it may be.",
        lambda asked: not asked.is_probe,
        ("too-large", too_large(MOST)),
    ),
    Refusal(
        415,
        "NotTaken",
        "A media type, charset or content coding that is not taken; `detail` or the outcome says which are.",
        lambda asked: asked.has_body,
        ("not-json-type", wanted((JSON,))),
    ),
    Refusal(
        422,
        "Unusable",
        "JSON, and not what the operation takes, or a query parameter that cannot be used: everything that is wrong, "
        "with what would be right.",
        lambda _: True,
    ),
    Refusal(
        431,
        "HeadersTooLarge",
        "The request line and headers are too large.",
        lambda asked: not asked.is_probe,
        ("headers-too-large", too_large_headers(MOST)),
    ),
    Refusal(500, "Failed", "The service failed: nothing was decided.", lambda _: True, ("internal", NOTHING_DECIDED)),
    Refusal(
        503,
        "Busy",
        "Too much at once, or a token cannot be checked now; ask again after the seconds in `Retry-After`.",
        lambda asked: not asked.is_probe,
        ("overloaded", TOO_MANY),
    ),
)
"""Every status above 304 that an operation sends; 405 is none of them, whose method is an operation."""


def show_access(document: dict[str, Any], *, anonymous: bool, root: str) -> None:
    """Add security schemes, needed scopes and refusals to an OpenAPI document.

    `root` is the path of the public address.
    """
    document["components"]["securitySchemes"] = SCHEMES
    used: dict[str, Any] = {}
    document["components"]["responses"] = used
    for path, operations in document["paths"].items():
        is_fhir = path.startswith(FHIR)
        scope = permission_for(path)
        for operation in operations.values():
            _show_refusals(operation, path, used, None if is_fhir else root)
            if is_open(path):
                operation["security"] = []
                continue
            needed: list[dict[str, list[str]]] = [{"key": []}, {"token": []}]
            operation["security"] = [{}, *needed] if anonymous else needed  # an empty one: everybody is taken
            if scope:
                operation["description"] = f"{operation.get('description', '')}\n\nNeeds the scope `{scope}`.".strip()


def _show_refusals(operation: dict[str, Any], path: str, used: dict[str, Any], root: str | None) -> None:
    """Refer an operation to its refusals: outcomes without a `root`."""
    responses = operation["responses"]
    for status in [each for each in responses if each >= "400"]:  # of FastAPI
        del responses[status]
    asked = Asked(path, operation)
    for refusal in REFUSALS:
        if refusal.sent(asked):
            name = refusal.name + ("Outcome" if root is None else "")
            used.setdefault(name, _response(refusal, root))
            responses[str(refusal.status)] = {"$ref": f"#/components/responses/{name}"}


def _response(refusal: Refusal, root: str | None) -> dict[str, Any]:
    """Return a refusal as a component of an OpenAPI document."""
    schema, media_type = ("FhirResource", FHIR_JSON) if root is None else ("Problem", MEDIA_TYPE)
    headers = declared(*EVERYWHERE, "Content-Language", *OF_STATUS.get(refusal.status, ()))
    content: dict[str, Any] = {"schema": ref(schema)}
    if refusal.shown and root is not None:
        kind, detail = refusal.shown
        value = problem_content(kind, detail, SHOWN, root=root)
        content["examples"] = {kind: {"summary": PROBLEMS[kind].title, "value": value}}
    return {"description": refusal.says, "headers": headers, "content": {media_type: content}}
