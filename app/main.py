"""The wiring of rule book, settings and faces into one application."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, TextIO

from fastapi import FastAPI

from app.api import attributes, batch, endpoint, explorer, operation, receipts, rulesets
from app.api.compression import Compression
from app.api.contract import finish
from app.api.decode import readers_of, record_of, resource_of
from app.api.deprecation import GOING, Deprecations, Going
from app.api.endpoint import Endpoint
from app.api.entity_tags import EntityTags
from app.api.examples import on_the_day
from app.api.lines import BATCH_PATH
from app.api.problems import add_problems
from app.api.problems import router as problem_pages
from app.api.service import Service
from app.cds_hooks import routes as cds_hooks
from app.cds_hooks.examples import examples as cds_examples
from app.cds_hooks.server import FhirServer
from app.cds_hooks.services import HOOKS, PREFIX
from app.cds_hooks.trust import Trust
from app.engines import build_engines, folder_of_tests, rules_folder
from app.fhir import routes as fhir
from app.fhir.examples import examples as fhir_examples
from app.fhir.localization import Localizations
from app.fhir.outcome import outcome_response
from app.observe.access_log import AccessLog
from app.observe.telemetry import OFF
from app.processes import end_with_parent
from app.rulebook.load import RuleBook, load
from app.security.access import counts, part_of
from app.security.document import show_access
from app.security.layers import layered
from app.security.signing import Signer
from app.settings import Settings, read_settings
from app.web import routes as web
from app.web.launch import Chart
from app.web.pages import Ehr, Pages
from app.web.report import QUESTIONNAIRE

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.sdk.trace import TracerProvider

    app: FastAPI

DESCRIPTION = """
Which documented pathway of regenerative skin treatment applies to a candidate, what comes first, or exactly which facts
are missing, always with the rationale and its sources.

Decision support for a clinician: no diagnosis, no treatment order. Stateless: nothing is stored. No personal data is
needed: send no names, no dates of birth, no free text.
"""
QUESTIONNAIRE_BYTES = 500_000
"""A response with its Questionnaire contained, written with spaces, has less than half of it."""
SEARCHED = ("Questionnaire", "PlanDefinition", "Library", "CodeSystem")
"""What is searched by a form, which is as long as any form."""
FEEDBACK_BYTES = 65_536
"""Some 300 cards."""


def body_limits(settings: Settings) -> dict[str, int]:
    """Return the longest bodies in bytes below paths, the first that fits."""
    record = settings.max_record_bytes
    return {
        BATCH_PATH: batch.ANY_SIZE,  # each line has the limit of a body of facts
        "/v1/receipts": 4 * settings.max_body_bytes,
        "/fhir/Questionnaire/$next-question": min(record, QUESTIONNAIRE_BYTES),
        **{f"/fhir/{kind}/_search": min(record, settings.max_body_bytes) for kind in SEARCHED},
        **{f"/cds-services/{PREFIX}{hook}/feedback": min(record, FEEDBACK_BYTES) for hook in HOOKS},
        "/chart": record,
        "/fhir": record,
        "/cds-services": record,
    }


def build_app(
    settings: Settings | None = None,
    book: RuleBook | None = None,
    lines: TextIO | None = None,
    clock: Callable[[], datetime] = fhir.now,
    going: Sequence[Going] = GOING,
) -> FastAPI:
    """Return the ASGI application; requests are logged to `lines`.

    `clock` tells the moment at which a record arrives, in UTC.
    """
    settings = settings or read_settings()
    book = book or load(settings.rules or rules_folder())
    tracer, telemetry = _tracing(settings)
    access_log = AccessLog(lines if settings.log_level in ("info", "debug") else None, None, part_of, counts)
    engines = build_engines(settings, book, access_log.decided)
    readers = readers_of(engines)
    answers = Endpoint(engines, readers)
    signer = Signer(settings.signing_keys)
    sign = signer.receipt_of if signer.signs else None
    program = version("candidate-triage")
    digest = engines.by_id[engines.current].release.digest
    if settings.metrics != "off":
        from app.observe.metrics import Metrics

        access_log.metrics = Metrics(program, engines.current, digest)
    application = Service(
        engines,
        title="Candidate Triage",
        version=program,
        summary="Which documented pathway applies to a candidate, what comes first, or which facts are missing",
        description=DESCRIPTION,
        contact={"name": "Candidate Triage founders"},
        license_info={"name": "MIT", "identifier": "MIT"},
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        root=settings.root_path,
        telemetry=telemetry,
    )
    add_problems(application)
    application.include_router(endpoint.routes(answers, engines, readers))
    application.include_router(batch.routes(engines, readers, settings.max_body_bytes, sign, settings.root_path))
    application.include_router(receipts.routes(engines, readers, signer, settings.root_path))
    application.include_router(rulesets.routes(engines))
    application.include_router(operation.routes(engines, program))
    application.include_router(attributes.routes(engines, book.safety))
    application.include_router(problem_pages)
    base, clock = settings.base, on_the_day(clock)
    phrases = {code: language.phrases for code, language in book.languages.items()}
    locales = Localizations.of(engines, phrases, book.codes)
    hooks = cds_hooks.Service(
        locales,
        book.codes,
        base,
        _trust(settings),
        FhirServer(frozenset(settings.cds_fhir_hosts), settings.read_seconds, settings.max_record_bytes),
        on=lambda: clock().date(),
        is_protected=not settings.anonymous,
        invites=settings.cds_intake_card,
        launches=frozenset(server.iss for server in settings.smart_servers),
    )
    whole = signer.whole_receipt_of if signer.signs else None
    application.include_router(fhir.routes(locales, book.codes, base, program, resource_of, whole, clock))
    application.include_router(cds_hooks.routes(hooks, record_of))
    application.state.error_formats = {"/fhir": outcome_response, "/cds-services": outcome_response}
    tests = folder_of_tests()
    ehrs = [Ehr(server.iss, server.client_id, server.origins) for server in settings.smart_servers]
    pages = Pages(engines, settings.root_path, book.safety, tests and tests / "cases", ehrs)
    application.state.problem_page = pages.problem
    chart = Chart(book.codes, base + QUESTIONNAIRE, lambda: clock().date(), phrases)
    application.include_router(web.routes(pages, base, chart, record_of))
    explorer.add_explorer(application, settings.root_path)
    application.state.access_log, application.state.tracer = access_log, tracer
    if settings.metrics == "path" and access_log.metrics is not None:
        from app.observe.metrics import metrics_route

        application.include_router(metrics_route(access_log.metrics))
    application.examples |= {**fhir_examples(base), **cds_examples(base, book.codes)}
    application.amendments.append(partial(show_access, anonymous=settings.anonymous, root=settings.root_path))
    application.amendments.append(partial(finish, release=engines.by_id[engines.current].release))
    application.amendments.extend(each.mark for each in going)
    if tracer is None:  # spans are made by FastAPI
        application.endpoints["POST", endpoint.PATH] = answers
    tagged = Compression(EntityTags(application.dispatch))
    releases = [engine.release for engine in engines.by_id.values()]
    deprecations = Deprecations(tagged, going, releases, engines.current, settings.root_path)
    application.front = layered(
        deprecations if deprecations.says_anything else tagged,
        settings,
        access_log,
        sign,
        most_bytes=settings.max_body_bytes,
        body_limits=body_limits(settings),
        elsewhere=("/cds-services",) if settings.cds_clients else (),
    )
    return application


def _trust(settings: Settings) -> Trust:
    """Return the check of CDS clients' calls."""
    if not settings.cds_clients:
        return Trust()
    from app.cds_hooks.client_tokens import ClientTokens

    return ClientTokens(settings.cds_clients, seconds=settings.read_seconds)


def _tracing(settings: Settings) -> "tuple[TracerProvider | None, TelemetryConfig]":
    if not settings.otel:
        return None, OFF
    from app.observe.spans import tracing

    return tracing()


def __getattr__(name: str) -> FastAPI:
    if name == "app":
        end_with_parent()
        globals()["app"] = build_app(lines=sys.stderr)
        return globals()["app"]  # type: ignore[no-any-return]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
