"""Says in the OpenAPI document who may ask for what."""

from typing import Any

from app.api.contract import error_content
from app.security.access import is_open, permission_for
from app.security.limits import PROBES

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
REFUSALS = {
    "401": "No key or token, or one that is not known here (where keys or an issuer are configured).",
    "403": "The key or token does not open this.",
}
BUSY = "Too much at once; ask again after the seconds in `Retry-After`."


def show_access(document: dict[str, Any], *, anonymous: bool) -> None:
    """Add security schemes, needed scopes and refusals to an OpenAPI document."""
    document["components"]["securitySchemes"] = SCHEMES
    for path, operations in document["paths"].items():
        if path not in PROBES:
            for operation in operations.values():
                operation["responses"].setdefault("503", {"description": BUSY, "content": error_content(path)})
        if is_open(path):
            for operation in operations.values():
                operation["security"] = []
            continue
        scope = permission_for(path)
        needed: list[dict[str, list[str]]] = [{"key": []}, {"token": []}]
        for operation in operations.values():
            operation["security"] = [{}, *needed] if anonymous else needed  # an empty one: everybody is taken
            if scope:
                operation["description"] = f"{operation.get('description', '')}\n\nNeeds the scope `{scope}`.".strip()
            for status, says in REFUSALS.items():
                operation["responses"].setdefault(status, {"description": says, "content": error_content(path)})
