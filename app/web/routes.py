"""The page routes, together."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from app.web import developers, intake, report, result, rules
from app.web.pages import DESIGN, Pages

STATIC = "/static"


def routes(pages: Pages, base: str, on: Callable[[], date]) -> APIRouter:
    """Return the routes of the pages.

    `base` is the public address, `on` tells the day.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/favicon.ico")
    def favicon() -> FileResponse:
        return FileResponse(str(files("app.web") / "static" / "icon.svg"), media_type="image/svg+xml")

    router.mount(STATIC, StaticFiles(packages=[("app.web", "static"), DESIGN]), name="static")
    for part in (intake, result, rules, developers):
        router.include_router(part.routes(pages))
    router.include_router(report.routes(pages, base, on))
    return router
