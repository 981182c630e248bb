"""Puts the guard before an application, as the settings say."""

from collections.abc import Sequence

import httpx
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.observe.watch import Watch
from app.security.access import INTAKE, Access
from app.security.gate import Gate, Limits
from app.security.options import GuardOptions
from app.security.signing import Signer
from app.security.tokens import IssuerKeys, Tokens

CORS_SECONDS = 600


def guarded(
    app: ASGIApp,
    options: GuardOptions,
    watch: Watch,
    signer: Signer | None = None,
    *,
    elsewhere: Sequence[str] = (),
    transport: httpx.AsyncBaseTransport | None = None,
) -> Gate:
    """Return an application behind its guard.

    Args:
        app: What is guarded.
        options: The settings.
        watch: What writes down and counts.
        signer: What signs each answer, if anything does.
        elsewhere: Prefixes of paths whose face checks its callers by itself.
        transport: Replaces the network for the keys of the token issuer, in tests.
    """
    access = None
    if not options.anonymous:
        issuer = options.issuer
        tokens = Tokens(issuer, IssuerKeys(issuer.jwks_url, transport=transport)) if issuer else None
        app = access = Access(app, options.api_keys, tokens, (*elsewhere, *(INTAKE if options.open_intake else ())))
    if options.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=options.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=["ETag", "Retry-After", "Triage-Receipt", "X-Request-ID"],
            max_age=CORS_SECONDS,
        )
    limits = Limits(options.max_concurrency, options.max_header_bytes, options.trusted_hosts, options.hsts_seconds)
    return Gate(app, limits, watch, anonymous=options.anonymous, signer=signer)
