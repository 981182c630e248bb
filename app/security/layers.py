"""The layers before every interface: limits, cross-origin requests, access."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.api.headers import READABLE, SENT
from app.core.decided import Decided
from app.observe.access_log import AccessLog
from app.security.access import INTAKE, Access
from app.security.issuer import Issuer
from app.security.limits import Limits
from app.security.options import SecurityOptions

if TYPE_CHECKING:
    import httpx

    from app.security.tokens import Tokens

CORS_SECONDS = 600
METHODS = ("GET", "HEAD", "POST")


def layered(
    app: ASGIApp,
    options: SecurityOptions,
    access_log: AccessLog,
    receipt: Callable[[Decided], str] | None = None,
    *,
    most_bytes: int = 65_536,
    body_limits: Mapping[str, int] | None = None,
    elsewhere: Sequence[str] = (),
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> Limits:
    """Return an application behind its layers, by the longest bodies below paths."""
    if not options.anonymous:
        tokens = _tokens_of(options.issuer, options.read_seconds, transport) if options.issuer else None
        app = Access(app, options.api_keys, tokens, (*elsewhere, *(INTAKE if options.open_intake else ())))
    readable = readable_from(options.cors_origins)
    return Limits(readable(app), options, access_log, most_bytes, body_limits, receipt, readable)


def _tokens_of(issuer: Issuer, seconds: float, transport: "httpx.AsyncBaseTransport | None") -> "Tokens":
    from app.security.issuer_keys import IssuerKeys
    from app.security.tokens import Tokens

    return Tokens(issuer, IssuerKeys(issuer.jwks_url, seconds=seconds, transport=transport))


def readable_from(origins: Sequence[str]) -> Callable[[ASGIApp], ASGIApp]:
    """Return what makes an application's answers readable to pages elsewhere."""
    if not origins:
        return lambda app: app
    return lambda app: CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=SENT,
        expose_headers=READABLE,
        max_age=CORS_SECONDS,
    )
