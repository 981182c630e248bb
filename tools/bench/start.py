"""How long a start takes until the service is ready, and what a worker holds in memory after everything was asked.

What is installed is compiled; so is what is measured. Everything is: candidates of both releases in both languages,
known in every part, each asked for another form of answer; then every face with a body that it answers, and the pages.
"""

import json
import time
from collections.abc import Iterator
from compileall import compile_dir
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from app.engines import build_engines
from app.settings import Settings
from tests.faces import bodies, media_type
from tests.pages import PAGES
from tools.bench.aims import beside
from tools.inside import written
from tools.population import drawn
from tools.serving import ROOT, Server, serving

STARTS = 5
READY_SECONDS, WORKER_MB = 1.2, 120.0
CANDIDATES = 2_000
"""So many of each release and each part known, half of them in each language, a quarter for each form."""
PARTS_KNOWN = (0.2, 0.5, 0.9, 1.0)
FORMS = ("/v1/triage?", "/v1/triage?view=decision&", "/v1/triage?unknowns=strict&", "/v1/triage/explain?")
SHOWN = (*PAGES, "/docs", "/openapi.json")
TIMES = 20
"""How often each face and page is asked."""


def run() -> None:
    """Measure and print."""
    compile_dir(Path(ROOT) / "app", quiet=1)
    seconds, sizes = [], []
    for _ in range(STARTS):
        begun = time.perf_counter()
        with serving() as server:
            seconds.append(time.perf_counter() - begun)
            sizes.append(server.rss() / 1e6)
    print(f"ready after {beside(median(seconds), READY_SECONDS, digits=2)} s, median of {STARTS}, the parent included")
    print(f"then a worker holds {median(sizes):.1f} MB")
    with serving() as server:
        count, most = _everything(server)
    print(f"after {count:,} requests to everything {beside(most, WORKER_MB)} MB at most")


def _everything(server: Server) -> tuple[int, float]:
    """Ask for everything; return how many requests that were, and the most megabytes a worker held."""
    count, most = 0, 0.0
    with httpx.Client(base_url=server.address, timeout=60) as client:
        for method, path, body, headers in _requests(client):
            response = client.request(method, path, content=body, headers=headers)
            if response.status_code >= 500:
                raise SystemExit(f"{path} was answered with {response.status_code}")
            count += 1
            if count % 500 == 0:
                most = max(most, server.rss() / 1e6)
    return count, max(most, server.rss() / 1e6)


def _requests(client: Any) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Yield method, path, body and headers of each request."""
    place = 0
    for engine in build_engines(Settings()).by_id.values():
        for known in PARTS_KNOWN:
            for facts in drawn(engine.release, CANDIDATES, known):
                form, language = FORMS[place % len(FORMS)], ("en", "ko")[place // len(FORMS) % 2]
                headers = {"content-type": "application/json", "accept-language": language}
                yield "POST", f"{form}ruleset={engine.release.id}", written(facts), headers
                place += 1
    faces = bodies(client)
    for language in ("en", "ko") * TIMES:
        for path, body in faces:
            headers = {"content-type": media_type(path), "accept-language": language}
            yield "POST", path, json.dumps(body).encode(), headers
        for page in SHOWN:
            yield "GET", page, b"", {"accept-language": language}
