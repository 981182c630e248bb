"""What a CDS Hooks call costs in this process: from its JSON to the cards as bytes, in milliseconds of CPU time.

HTTP is not in it; the JSON has a row of its own. No garbage is collected meanwhile, as in the worker of large calls.
"""

import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from functools import partial
from typing import Any

from app.api.strict_json import read_json
from app.cds_hooks.routes import Service
from app.cds_hooks.server import FhirServer
from app.cds_hooks.trust import Trust
from app.engines import build_engines, rules_folder
from app.fhir.localization import Localizations
from app.fhir.questionnaire import canonical
from app.record.reader import Reader
from app.rulebook.load import load
from app.settings import Settings
from tools.bench.aims import beside
from tools.bench.records import cds_call, record_of, signing

ROUNDS = 60
MOST = {200: 4.0, 2_000: 40.0}
"""At most so many milliseconds for so many resources."""
TODAY = date(2026, 11, 26)


def run() -> None:
    """Measure and print."""
    book, settings = load(rules_folder()), Settings()
    base = settings.public_url
    locales = Localizations.of(build_engines(settings), {}, book.codes)
    service = Service(locales, book.codes, base, Trust(), FhirServer(), lambda: TODAY)
    print(f"{'':40} CPU milliseconds, median (at the best)")
    with closing(asyncio.new_event_loop()) as loop:
        for count in (2, 200, 2_000):
            record = record_of(count)
            reader = Reader(locales.find("").engine.release, book.codes, canonical(base), TODAY, "1")
            _row(f"reading alone, {count} resources", partial(reader.read, record))
            for call in (cds_call(record), signing(record, base, "combination_therapy")):
                body, hook = json.dumps(call).encode(), call["hook"]
                _row(f"JSON of {len(body) / 1000:.0f} kB", partial(read_json, body))
                _row(f"{hook}, {count} resources", partial(_answered, loop, service, call), MOST.get(count))


def _answered(loop: asyncio.AbstractEventLoop, service: Service, call: dict[str, Any]) -> object:
    return loop.run_until_complete(service.answer(call, call["hook"]))


def _row(name: str, work: Callable[[], object], most: float | None = None) -> None:
    times = []
    gc.collect()
    gc.disable()
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        work()
        times.append(time.process_time_ns() - start)
    gc.enable()
    median, best = statistics.median(times) / 1e6, min(times) / 1e6
    print(f"{name:40} {beside(median, most)}; {best:.1f}", flush=True)
