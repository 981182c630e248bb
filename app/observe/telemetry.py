"""OpenTelemetry by FastAPI, without what callers wrote.

`TRIAGE_OTEL=true` switches it on; where it goes is said by the usual variables, such as OTEL_EXPORTER_OTLP_ENDPOINT.
Logs are not sent this way: FastAPI would send the text of exceptions, which may quote a value.
"""

from fastapi.telemetry import TelemetryConfig
from starlette.types import Scope

OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's configuration where nothing is recorded."""
CARRIED = (b"tracestate", b"baggage")
"""Free text that would travel on with a span; `traceparent` holds hexadecimal ids alone."""


def without_carried(scope: Scope) -> None:
    """Remove the request headers that would travel on as text."""
    if any(name in CARRIED for name, _ in scope["headers"]):
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in CARRIED]
