"""`/developers` and `/embed`: for whoever builds on the service."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.web.pages import Pages, View


def routes(pages: Pages) -> APIRouter:
    """Return the routes for developers."""
    router = APIRouter(include_in_schema=False)
    Asked = Annotated[View, Depends(pages.viewed)]

    @router.get("/developers")
    def developers(view: Asked) -> HTMLResponse:
        return view.page("developers/developers.html", view.current.release)

    @router.get("/embed")
    def embed(request: Request, view: Asked) -> HTMLResponse:
        base = str(request.base_url).rstrip("/")
        return view.page("developers/embed.html", view.current.release, base=base)

    return router
