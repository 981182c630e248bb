"""Liveness, readiness and version, answered without a thread."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.core.engine import Engines


class Health(BaseModel):
    """Whether the service can answer."""

    status: str


class Version(BaseModel):
    """Which program and which releases answer."""

    program: str
    current: str
    rulesets: dict[str, str]


def routes(engines: Engines, program: str) -> APIRouter:
    """Return the operation routes; `program` is the version of this program."""
    router = APIRouter(tags=["operation"])

    @router.get("/livez", operation_id="checkLiveness", summary="The process is alive")
    async def livez() -> Health:
        """Answers as long as the process can answer at all."""
        return Health(status="alive")

    @router.get("/readyz", operation_id="checkReadiness", summary="The service is ready to decide")
    async def readyz() -> Health:
        """Answers once every release is loaded, checked and compiled."""
        return Health(status="ready")

    @router.get("/version", operation_id="getVersion", summary="Which program and which rule sets answer")
    async def version() -> Version:
        """The program's version, the current rule set, and all digests."""
        digests = {name: engine.release.digest for name, engine in engines.by_id.items()}
        return Version(program=program, current=engines.current, rulesets=digests)

    return router
