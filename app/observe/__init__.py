"""What is written down and counted of requests: access log, metrics, telemetry."""
