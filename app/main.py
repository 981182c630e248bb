"""The only wiring: a rule book and settings into an ASGI application. Nothing happens at import.

`app` is made on first use (`uvicorn app.main:app`); `build_app` makes one from parts, for tests and embedders.
"""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider

from app.core.rules import Release
from app.core.triage import Engines, Triage
from app.guard.build import guarded
from app.guard.document import show_access
from app.guard.metrics import Metrics, metrics_route
from app.guard.seen import Heard
from app.guard.telemetry import telemetry
from app.guard.watch import Watch
from app.rest import explorer, operation, rulesets, triage
from app.rest.problems import add_problems
from app.rest.problems import router as problem_pages
from app.rest.service import Service
from app.rulebook.load import RuleBook, load
from app.settings import BadSettingError, Settings, read_settings

if TYPE_CHECKING:
    app: FastAPI

DESCRIPTION = """
Which documented pathway of regenerative skin treatment applies to a candidate, what comes first, or exactly which facts
are missing, always with the rationale and its sources.

Decision support for a clinician: no diagnosis, no treatment order. Stateless: nothing is stored. No personal data is
needed: send no names, no dates of birth, no free text.
"""


def rules_folder() -> Path:
    """Return the rule book that comes with the program: in the wheel beside the code, else in the checkout."""
    packaged = Path(str(files("app"))) / "_rules"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parent.parent / "rules"


def build_engines(
    settings: Settings, book: RuleBook | None = None, make: Callable[[Release], Triage] = Triage
) -> Engines:
    """Load, check and compile the rule book; `BrokenRuleBookError` or `BadSettingError` where that cannot be done."""
    book = book or load(settings.rules or rules_folder())
    current = settings.ruleset or book.current
    if current not in book.releases:
        raise BadSettingError(f"`TRIAGE_RULESET`: no such release; the releases are {', '.join(book.releases)}")
    return Engines.of(book.releases.values(), current, make)


def build_app(settings: Settings | None = None, book: RuleBook | None = None) -> FastAPI:
    """Return the ASGI application, ready to answer.

    Raises `BadSettingError` for a setting that cannot be used and `BrokenRuleBookError` for a refused rule book.
    """
    settings = settings or read_settings()
    watch, tracer = Watch(), TracerProvider() if settings.otel else None
    engines = build_engines(settings, book, lambda release: Heard(release, watch.decided))
    program = version("candidate-triage")
    digest = engines.by_id[engines.current].release.digest
    watch.metrics = None if settings.metrics == "off" else Metrics(program, engines.current, digest)
    application = Service(
        engines,
        title="Candidate Triage",
        version=program,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        max_body_size=settings.max_body_bytes,
        telemetry=telemetry(tracer),
    )
    add_problems(application)
    application.include_router(triage.routes(engines))
    application.include_router(rulesets.routes(engines))
    application.include_router(operation.routes(engines, program))
    application.include_router(problem_pages)
    explorer.add_explorer(application)
    application.state.watch, application.state.tracer = watch, tracer
    if settings.metrics == "path" and watch.metrics is not None:
        application.include_router(metrics_route(watch.metrics))
    application.amendments.append(partial(show_access, anonymous=settings.anonymous))
    application.front = guarded(application.front, settings, watch)
    return application


def __getattr__(name: str) -> FastAPI:
    if name == "app":
        globals()["app"] = build_app()
        return globals()["app"]  # type: ignore[no-any-return]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
