"""Prometheus metrics: decisions, requests, durations, refusals.

Every label is one of a known few: names of routes, rules, releases and problems, never what a caller sent.
"""

from collections import Counter as Counts
from collections.abc import Iterator
from threading import Lock

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from app.api.problems import PROBLEMS
from app.core.decided import Decided

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Decisions(Collector):
    """Counts of decisions in plain dictionaries, cheaper than labelled counters."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._dispositions = Counts[tuple[str, str]]()
        self._rules = Counts[tuple[str, str]]()

    def add(self, decided: Decided) -> None:
        """Count a decision and the rules that take part in it."""
        with self._lock:
            self._dispositions[decided.decision.disposition, decided.release] += 1
            self._rules.update((name, decided.release) for name in decided.rules)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield what was counted."""
        with self._lock:
            dispositions, rules = dict(self._dispositions), dict(self._rules)
        decisions = CounterMetricFamily("triage_decisions", "Decisions.", labels=["disposition", "release"])
        rules_of = CounterMetricFamily(
            "triage_rules", "Decisions that a rule takes part in.", labels=["rule", "release"]
        )
        for family, counted in ((decisions, dispositions), (rules_of, rules)):
            for labels, count in counted.items():
                family.add_metric(labels, count)
        yield decisions
        yield rules_of


class Metrics:
    """Everything that is counted in one process."""

    def __init__(self, program: str, ruleset: str, digest: str) -> None:
        self.registry = CollectorRegistry()
        self.decisions = Decisions()
        self.registry.register(self.decisions)
        ProcessCollector(registry=self.registry)
        labels = ["version", "ruleset", "digest"]
        Gauge("triage_build_info", "What answers.", labels, registry=self.registry).labels(
            program, ruleset, digest
        ).set(1)
        self._requests = Counter("triage_requests", "Requests.", ["method", "route", "status"], registry=self.registry)
        self._seconds = Histogram(
            "triage_request_seconds", "Time to answer.", ["route"], buckets=SECONDS, registry=self.registry
        )
        self._refusals = Counter("triage_refusals", "Requests refused, by kind.", ["kind"], registry=self.registry)
        for kind in PROBLEMS:  # a rate sees the first of each kind only where it was there before, at 0
            self._refusals.labels(kind)

    def request(self, method: str, route: str, status: str, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def refused(self, kind: str) -> None:
        """Count a refusal."""
        self._refusals.labels(kind).inc()


def metrics_route(metrics: Metrics) -> APIRouter:
    """Return the route that Prometheus reads."""
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def read() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router
