"""What is wrong, as an OperationOutcome."""

from fastapi.responses import JSONResponse

from app.api.negotiation import FHIR_JSON
from app.record.elements import Resource

MEDIA_TYPE = FHIR_JSON
CODES = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    412: "required",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
    429: "throttled",
    431: "too-long",
    500: "exception",
    503: "transient",
}
"""The issue type that goes with an HTTP status."""


def outcome(says: str, code: str = "invalid", expression: str = "", severity: str = "error") -> Resource:
    """Return an OperationOutcome with one issue."""
    return {"resourceType": "OperationOutcome", "issue": [issue(says, code, expression, severity)]}


def issue(says: str, code: str = "invalid", expression: str = "", severity: str = "error") -> Resource:
    """Return one issue; `expression` is the FHIRPath of the element."""
    found: Resource = {"severity": severity, "code": code, "diagnostics": says}
    return found | ({"expression": [expression]} if expression else {})


def outcome_response(status: int, says: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error as a FHIR OperationOutcome."""
    return JSONResponse(outcome(says, CODES.get(status, "processing")), status, headers=headers, media_type=MEDIA_TYPE)
