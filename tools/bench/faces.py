"""Rows of other parts of the bench, for each of some releases: start, proof, hooks, worst requests, cohorts."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, repeat
from typing import Any, NamedTuple

from app.batch import How
from app.cds_hooks.routes import Service
from app.cds_hooks.server import FhirServer
from app.cds_hooks.trust import Trust
from app.core.engine import Engine, Engines, Question
from app.core.rules import Release
from app.engines import build_engines, rules_folder
from app.fhir.localization import Localizations
from app.proof.explain import explain
from app.proof.verify import Verifier
from app.rulebook.load import RuleBook, load
from app.screen import Screening
from app.settings import Settings
from tools.bench.hooks import TODAY
from tools.bench.records import cds_call, record_of, signing
from tools.inside import responder, written
from tools.population import table_of

STARTS, SLOW, QUICK, TABLES = 8, 20, 200, 16
"""How often a start is done, what takes milliseconds, what takes microseconds, and how many tables are screened."""
TABLE_ROWS = 1 << 14
RESOURCES = (2, 200, 2_000)
Work = Callable[[Any], object]


class Row(NamedTuple):
    """What is measured of each release: what is done, and with what, one by one."""

    name: str
    pairs: Sequence[tuple[Work, list[object]]]
    counts: Sequence[int] = (1, 1)
    """By what the time of each is divided."""


def rows(releases: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of these releases."""
    engines = build_engines(Settings())
    by_id = [engines.by_id[release] for release in releases]
    yield from _starts([engine.release for engine in by_id])
    yield from _worst(releases, by_id)
    yield from _hooks(releases, engines, load(rules_folder()))
    for name, known in (("complete", 1.0), ("half known", 0.5)):
        tables = [_screened(engines, engine.release, known) for engine in by_id]
        yield Row(f"cohort, a table of {TABLE_ROWS:,}, {name}", tables)


def _starts(releases: Sequence[Release]) -> Iterator[Row]:
    yield Row("start, rule book read, one engine compiled", [(_started, _times(each, STARTS)) for each in releases])
    laws = [len(release.laws) for release in releases]
    yield Row(f"proof, a law of {laws}", [(_proved, _times(release, SLOW)) for release in releases], laws)


def _started(release: Release) -> object:
    """Read the rule book, which holds every release, and compile one engine: what a start does that serves it alone."""
    load(rules_folder())
    return Engine(release)


def _proved(release: Release) -> object:
    return Verifier(release).verify(release.laws)


def _worst(releases: Sequence[str], engines: Sequence[Engine]) -> Iterator[Row]:
    """Yield the worst requests that one release answers."""
    known = [{name: fact.domain[-1] for name, fact in engine.release.facts.items()} for engine in engines]
    answers = [partial(responder(release)[1], b"sources=all") for release in releases]
    bodies = [_times(written(facts), QUICK) for facts in known]
    yield Row("worst, complete, all sources", list(zip(answers, bodies, strict=True)))
    yield Row("worst, nothing known, all sources", [(answer, _times(b"{}", QUICK)) for answer in answers])
    explained = [partial(explain, engine) for engine in engines]
    asked = [_times(Question(facts), SLOW) for facts in known]
    yield Row("worst, explained, complete", list(zip(explained, asked, strict=True)))
    yield Row("worst, explained, nothing known", [(work, _times(Question({}), SLOW)) for work in explained])


def _hooks(releases: Sequence[str], engines: Engines, book: RuleBook) -> Iterator[Row]:
    base, loop = Settings().public_url, asyncio.new_event_loop()
    services = []
    for release in releases:
        locales = Localizations.of(replace(engines, current=release), {}, book.codes)
        services.append(Service(locales, book.codes, base, Trust(), FhirServer(), lambda: TODAY))
    for count in RESOURCES:
        record = record_of(count)
        for call in (cds_call(record), signing(record, base, "combination_therapy")):
            calls = [(partial(_answered, loop, service), _times(call, SLOW)) for service in services]
            yield Row(f"hooks, {call['hook']}, {count:,} resources", calls)
    loop.close()


def _answered(loop: asyncio.AbstractEventLoop, service: Service, call: dict[str, Any]) -> object:
    return loop.run_until_complete(service.answer(call, call["hook"]))


def _screened(engines: Engines, release: Release, known: float) -> tuple[Work, list[object]]:
    screening = Screening(How(engines, release.id, Settings(), strict=False, full=False))
    return screening.table, [table_of(release, TABLE_ROWS, known, seed) for seed in range(TABLES)]


def _times(asked: object, count: int) -> list[object]:
    return list(islice(repeat(asked), count))
