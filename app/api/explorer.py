"""The API explorer, served without any other host."""

import json
from functools import partial
from hashlib import sha256
from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.core.memo import Memo

ASSETS = "/explorer-assets"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; frame-ancestors 'none'"
)
"""Both explorers start with an inline script and bring inline styles; nothing may come from another host (ReDoc would
fetch a logo from a CDN)."""


def add_explorer(app: FastAPI) -> None:
    """Serve `/docs` and `/redoc`, with assets from the installed package."""
    headers = {"content-security-policy": POLICY}
    folder = Path(fastapi_offline.__file__).parent / "static"
    written = Memo[str, tuple[bytes, str]](partial(_written, app))

    @app.get("/openapi.json", include_in_schema=False)
    def document(request: Request) -> Response:
        body, tag = written[request.scope.get("root_path", "")]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")

    app.mount(ASSETS, StaticFiles(directory=folder), name="explorer-assets")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=f"{app.title}: try it",
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon.png",
            swagger_ui_parameters={"validatorUrl": None},
        )
        return HTMLResponse(page.body, headers=headers)

    @app.get("/redoc", include_in_schema=False)
    def redoc() -> HTMLResponse:
        page = get_redoc_html(
            openapi_url="/openapi.json",
            title=f"{app.title}: reference",
            redoc_js_url=f"{ASSETS}/redoc.standalone.js",
            redoc_favicon_url=f"{ASSETS}/favicon.png",
            with_google_fonts=False,
        )
        return HTMLResponse(page.body, headers=headers)


def _written(app: FastAPI, root_path: str) -> tuple[bytes, str]:
    """Return the OpenAPI document below a path, and its tag."""
    document = app.openapi()
    if root_path:
        document = document | {"servers": [{"url": root_path, "description": "This service."}]}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return body, f'"{sha256(body).hexdigest()[:32]}"'
