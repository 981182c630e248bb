"""The API explorer, served without any other host."""

import json
from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.api.negotiation import OPENAPI, accepted
from app.core.memo import Memo

ASSETS = "/explorer-assets"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; frame-ancestors 'none'"
)
"""Both explorers start with an inline script and bring inline styles; nothing may come from another host (ReDoc would
fetch a logo from a CDN)."""


BACK = """
<nav style="padding: .8rem 1.2rem; font: 1rem system-ui, sans-serif">
<a href="{root}/" style="color: inherit">Candidate Triage</a> ·
<a href="{root}/developers" style="color: inherit">Developers</a> ·
<a href="{root}/openapi.json" style="color: inherit">openapi.json</a>
</nav>
"""
DARK = """
<meta name="color-scheme" content="light dark">
<script>
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
</script>
<style>html.dark-mode { color: #e8eff2 }</style>
"""
"""Swagger UI has dark colours, and leaves it to the page when to show them."""


def add_explorer(app: FastAPI, root: str = "") -> None:
    """Serve `/docs` and `/redoc`, with assets from the installed package."""
    headers = {"content-security-policy": POLICY}
    folder = Path(fastapi_offline.__file__).parent / "static"
    written = Memo[FastAPI, bytes](_written)

    @app.get("/openapi.json", include_in_schema=False)
    def document(request: Request) -> Response:
        media = accepted(",".join(request.headers.getlist("accept")), OPENAPI)
        return Response(written[app], headers={"Cache-Control": "no-cache", "Vary": "Accept"}, media_type=media)

    app.mount(ASSETS, StaticFiles(directory=folder), name="explorer-assets")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url=f"{root}/openapi.json",
            title=f"{app.title}: try it",
            swagger_js_url=f"{root}{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{root}{ASSETS}/favicon.png",
            swagger_ui_parameters={"validatorUrl": None},
        )
        return HTMLResponse(_framed(page.body, root, DARK), headers=headers)

    @app.get("/redoc", include_in_schema=False)
    def redoc() -> HTMLResponse:
        page = get_redoc_html(
            openapi_url=f"{root}/openapi.json",
            title=f"{app.title}: reference",
            redoc_js_url=f"{root}{ASSETS}/redoc.standalone.js",
            redoc_favicon_url=f"{root}{ASSETS}/favicon.png",
            with_google_fonts=False,
        )
        return HTMLResponse(_framed(page.body, root), headers=headers)


def _framed(page: bytes | memoryview, root: str, script: str = "") -> str:
    """Return a page in English that leads back to the service."""
    return (
        bytes(page)
        .decode()
        .replace("<html>", '<html lang="en">')
        .replace("<body>", f"{script}<body>{BACK.format(root=root)}")
    )


def _written(app: FastAPI) -> bytes:
    """Return the OpenAPI document as JSON."""
    document = json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
    app.openapi_schema = None  # 3 MB of objects, of which nothing is asked for but this text
    return document
