"""The page routes, together."""

from collections.abc import Callable
from datetime import date

from fastapi import APIRouter
from fastapi.staticfiles import StaticFiles

from app.core.engine import Engines
from app.web import developers, intake, report, result, rules
from app.web.pages import DESIGN, Pages

STATIC = "/static"


def routes(engines: Engines, root: str, base: str, on: Callable[[], date]) -> APIRouter:
    """Return the routes of the pages.

    `root` is the public path, `base` the public address, `on` tells the day.
    """
    router = APIRouter(include_in_schema=False)
    pages = Pages(engines, root)
    router.mount(STATIC, StaticFiles(packages=[("app.web", "static"), DESIGN]), name="static")
    for part in (intake, result, rules, developers):
        router.include_router(part.routes(pages))
    router.include_router(report.routes(pages, base, on))
    return router
