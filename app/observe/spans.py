"""Spans of OpenTelemetry, without what callers wrote.

Only imported where `TRIAGE_OTEL` is set: the SDK takes a thirtieth of the start.
"""

from fastapi.telemetry import TelemetryConfig
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider

WRITTEN_BY_CALLERS = ("url.path", "url.query", "server.address", "http.request.method_original")
"""`http.route` says enough of the path."""


class Discreet(SpanProcessor):
    """Blanks what callers wrote before any other processor sees the span end."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Blank the attributes a span starts with."""
        for name in WRITTEN_BY_CALLERS:
            if span.attributes and name in span.attributes:
                span.set_attribute(name, "-")


def tracing() -> tuple[TracerProvider, TelemetryConfig]:
    """Return what makes spans, and FastAPI's configuration with it."""
    provider = TracerProvider()
    provider.add_span_processor(Discreet())
    return provider, {"tracer_provider": provider, "logs": False, "auto_configure": True}
