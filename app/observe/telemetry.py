"""OpenTelemetry by FastAPI, without what callers wrote.

`TRIAGE_OTEL=true` switches it on; where it goes is said by the usual variables, such as OTEL_EXPORTER_OTLP_ENDPOINT.
Logs are not sent this way: FastAPI would send the text of exceptions, which may quote a value.
"""

from fastapi.telemetry import TelemetryConfig
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from starlette.types import Scope

WRITTEN_BY_CALLERS = ("url.path", "url.query", "server.address", "http.request.method_original")
"""`http.route` says enough of the path."""
CARRIED = (b"tracestate", b"baggage")
"""Free text that would travel on with a span; `traceparent` holds hexadecimal ids alone."""


class Discreet(SpanProcessor):
    """Blanks what callers wrote before any other processor sees the span end."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Blank the attributes a span starts with."""
        for name in WRITTEN_BY_CALLERS:
            if span.attributes and name in span.attributes:
                span.set_attribute(name, "-")


def telemetry(provider: TracerProvider | None) -> TelemetryConfig:
    """Return FastAPI's telemetry configuration; no provider records nothing."""
    if provider is None:
        return {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    provider.add_span_processor(Discreet())
    return {"tracer_provider": provider, "logs": False, "auto_configure": True}


def without_carried(scope: Scope) -> None:
    """Remove the request headers that would travel on as text."""
    if any(name in CARRIED for name, _ in scope["headers"]):
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in CARRIED]
