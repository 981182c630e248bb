"""Access: an API key or bearer token for each path.

A path that this module does not know needs a key or token, whatever its scope: a face that is added later is closed
until somebody decides otherwise here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.messages import Message
from app.api.problems import path_within, problem
from app.security.issuer import BadTokenError, NoIssuerError
from app.security.keys import SCOPES, ApiKey, Permission, find_key

if TYPE_CHECKING:
    from app.security.tokens import Tokens

OPEN = frozenset(
    {"/livez", "/readyz", "/version", "/docs", "/redoc", "/openapi.json", "/favicon.ico", "/fhir/metadata"}
)
"""FHIR has the statement of capabilities read before a token is asked for."""
OPEN_BELOW = (
    "/explorer-assets",
    "/problems",
    "/.well-known",
    "/static",
    "/rules",
    "/facts",
    "/sources",
    "/changes",
    "/proof",
    "/safety",
    "/privacy",
    "/sign",
    "/developers",
)
"""The pages that decide nothing, and what operators and machines must read before they have a key."""
INTAKE = ("/", "/intake", "/all", "/result", "/report", "/embed", "/launch", "/launched", "/chart")
"""The pages that decide: a browser has no key, so that they open to everybody or to nobody."""
NEEDS: tuple[tuple[str, Permission], ...] = (
    ("/v1/triage", "triage"),
    ("/v1/receipts", "triage"),
    ("/v1/rulesets", "rulesets"),
    ("/cds-services", "cds"),
    ("/fhir", "fhir"),
    ("/metrics", "metrics"),
)
REPLAYS = "/v1/receipts"
"""Where stored answers are decided again."""
OPEN_PATHS = OPEN | frozenset(OPEN_BELOW)
OPEN_STARTS = tuple(f"{prefix}/" for prefix in OPEN_BELOW)
BELOW = (*(prefix for prefix, _ in NEEDS), *OPEN_BELOW)
PARTS = OPEN_PATHS | frozenset(BELOW)
REALM = 'Bearer realm="candidate-triage"'
NO_KEY = Message("send an API key as `X-API-Key`, or a bearer token as `Authorization`")


def is_open(path: str) -> bool:
    """Say whether anybody may ask for a path."""
    return path in OPEN_PATHS or path.startswith(OPEN_STARTS)


def permission_for(path: str) -> Permission | None:
    """Return what opens a path; `None` where any key or token does."""
    return next((permission for prefix, permission in NEEDS if _below(path, (prefix,))), None)


def counts(path: str) -> bool:
    """Say whether a path's decisions are a caller's: not of replays."""
    return not is_open(path) and not path.startswith(REPLAYS)


def part_of(path: str) -> str:
    """Return the part of the service that has a path."""
    if path in PARTS:
        return path
    return next((part for part in BELOW if path.startswith(part + "/")), "unmatched")


def _below(path: str, prefixes: Sequence[str]) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)


@dataclass(frozen=True)
class Access:
    """The ASGI layer that asks for a key or token.

    Below the prefixes `elsewhere` a face checks its callers by itself, or lets everybody in.
    """

    app: ASGIApp
    keys: Sequence[ApiKey]
    tokens: "Tokens | None" = None
    elsewhere: Sequence[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        app = self.app
        if scope["type"] == "http":
            path = path_within(scope["path"], scope.get("root_path", ""))
            if not is_open(path) and not _below(path, self.elsewhere):
                app = await self._refusal(scope, permission_for(path)) or app
        await app(scope, receive, send)

    async def _refusal(self, scope: Scope, needed: Permission | None) -> ASGIApp | None:
        request = Request(scope)
        given = credential(Headers(scope=scope))
        if given is None:
            return problem(request, "unauthorized", NO_KEY, headers={"WWW-Authenticate": REALM})
        try:
            scopes = await self._scopes(scope, given)
        except BadTokenError as error:
            challenge = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
            return problem(request, "unauthorized", error.detail, headers=challenge)
        except NoIssuerError:
            says = Message("whether the token is good cannot be checked now")
            return problem(request, "unavailable", says, headers={"Retry-After": "10"})
        if not scopes or (needed is not None and needed not in scopes):
            challenge = {"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{needed or SCOPES[0]}"'}
            says = without(needed) if needed else Message("the key or token opens nothing here")
            return problem(request, "forbidden", says, headers=challenge)
        return None

    async def _scopes(self, scope: Scope, given: str) -> frozenset[Permission]:
        if (key := find_key(self.keys, given)) is not None:
            scope["triage.caller"] = key.name
            return key.scopes
        if self.tokens is not None and given.count(".") == 2:
            return await self.tokens.scopes(given)
        raise BadTokenError(Message("the key is not known here"))


def without(scope: Permission) -> Message:
    """Say which scope is lacking."""
    return Message("this needs the scope `{scope}`", scope=scope)


def credential(headers: Headers) -> str | None:
    """Return the key or token of a request."""
    if key := headers.get("x-api-key"):
        return key.strip()
    kind, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() or None if kind.lower() == "bearer" else None
