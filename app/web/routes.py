"""The page routes, together."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from app.web import developers, intake, launch, report, result, rules
from app.web.launch import Chart, ReadBody
from app.web.pages import DESIGN, Pages

STATIC = "/static"


def routes(pages: Pages, base: str, chart: Chart, read: ReadBody) -> APIRouter:
    """Return the routes of the pages; `base` is the public address."""
    router = APIRouter(include_in_schema=False)
    icon = (files("app.web") / "static" / "icon.svg").read_bytes()

    @router.get("/favicon.ico")
    def favicon() -> Response:
        return Response(icon, media_type="image/svg+xml")

    router.mount(STATIC, StaticFiles(packages=[("app.web", "static"), DESIGN]), name="static")
    for part in (intake, result, rules, developers):
        router.include_router(part.routes(pages))
    router.include_router(report.routes(pages, base, chart.on))
    router.include_router(launch.routes(pages, base, chart, read))
    return router
