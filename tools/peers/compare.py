"""Whether all decide alike, and what each takes for it."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from itertools import chain
from statistics import median
from typing import NamedTuple, Protocol

from app.core.engine import Engine, Question
from app.core.facts import Fact
from app.core.precedence import Case, cases
from tools.bench.decisions import median_microseconds
from tools.inside import Respond, written
from tools.peers import cel, openfisca, spiff, zen
from tools.peers.by_hand import by_hand
from tools.peers.languages import Decide, Facts, named, read_by
from tools.population import drawn

CHECKED = 500
"""How many candidates of the reference population are decided by all."""
POOL = 10_000
"""Among how many more the rare cases are looked for."""
RARE = 20
"""How many of each case are taken from the pool."""
MEASURED = 300
TIMES, TOGETHER = 5, 2000
"""How often, and how many candidates at once, OpenFisca decides in one simulation."""


class Ways(Protocol):
    """Translates cases for one engine; the answer is its ways to decide, by the name of each."""

    def __call__(self, listed: Sequence[Case], facts: Mapping[str, Fact], /) -> dict[str, Decide]: ...


class Peer(NamedTuple):
    """Another engine: what is imported, what is installed for it, and how it is given the cases."""

    module: str
    distribution: str
    ways: Ways

    @property
    def installed(self) -> bool:
        """Whether it can be asked."""
        return find_spec(self.module) is not None

    def __str__(self) -> str:
        return f"{self.distribution} {version(self.distribution) if self.installed else 'is not installed'}"


PEERS = {
    "CEL": Peer("cel", "common-expression-language", cel.ways),
    "ZEN": Peer("zen", "zen-engine", zen.ways),
    "SpiffWorkflow": Peer("SpiffWorkflow", "spiffworkflow", spiff.ways),
    "OpenFisca": Peer("openfisca_core", "openfisca-core", openfisca.ways),
}


def checked(engine: Engine, count: int, rare: int) -> list[Facts]:
    """Return so many candidates as they come, and of each case so many more, where the pool has them."""
    listed = cases(engine.release.rules)
    common, more = drawn(engine.release, count), drawn(engine.release, POOL, seed=2027)
    of_case: dict[int, list[Facts]] = {place: [] for place in range(len(listed))}
    for facts in more:
        of_case[next(place for place, case in enumerate(listed) if case.when.holds(facts))].append(facts)
    return [*common, *chain.from_iterable(found[:rare] for found in of_case.values())]


def decided(engine: Engine, facts: Facts) -> str:
    """Return our decision."""
    return named(engine.decide(Question(facts)).decision)


def difference(decide: Decide, engine: Engine, candidates: Sequence[Facts]) -> str:
    """Return how an engine decides the first candidate that it decides otherwise than ours; empty where none."""
    for facts in candidates:
        theirs, ours = decide(facts), decided(engine, facts)
        if theirs != ours:
            return f"{theirs} instead of {ours} for {facts}"
    return ""


def swapped(listed: Sequence[Case]) -> list[Case]:
    """Return the cases with one mistake: phase 2 is recommended before it is asked what a clinician must review."""
    place = next(place for place, case in enumerate(listed) if case.then.decision.phase == 2)
    return [*listed[: place - 1], listed[place], listed[place - 1], *listed[place + 1 :]]


def agreed(engine: Engine, candidates: Sequence[Facts]) -> dict[str, Decide]:
    """Return the ways of all installed engines; ends the program where one decides otherwise, or a mistake passes."""
    facts, listed = engine.release.facts, cases(engine.release.rules)
    agreeing: dict[str, Decide] = {}
    for peer in PEERS.values():
        if not peer.installed:
            continue
        for name, decide in peer.ways(listed, facts).items():
            if found := difference(decide, engine, candidates):
                raise SystemExit(f"{name} decides otherwise: {found}")
            agreeing[name] = decide
        for name, decide in peer.ways(swapped(listed), facts).items():
            if not difference(decide, engine, candidates):
                raise SystemExit(f"two cases of {name} were swapped, and nothing was noticed")
    return agreeing


def measured(engine: Engine, respond: Respond, ways: Mapping[str, Decide]) -> list[tuple[str, float]]:
    """Measure all in turn for each candidate, so that what else the machine does meets all alike."""
    times: dict[str, list[float]] = defaultdict(list)
    for facts in drawn(engine.release, MEASURED, seed=2028):
        question, body = Question(facts), written(facts)
        works: dict[str, Callable[[], object]] = {
            "hand-written function": partial(by_hand, facts),
            "our decision": partial(engine.decide, question),
            "our full answer, body to bytes": partial(respond, b"", body),
            **{name: partial(decide, facts) for name, decide in ways.items()},
        }
        for name, work in works.items():
            times[name].append(median_microseconds(_called, [work]))
    result = [(name, median(taken)) for name, taken in times.items()]
    if PEERS["OpenFisca"].installed:
        result.append((f"OpenFisca, one simulation for {TOGETHER}, each", together(engine)))
    return result


def _called(work: Callable[[], object]) -> object:
    return work()


def together(engine: Engine) -> float:
    """Return the microseconds for each of many candidates in one simulation, their columns given as arrays."""
    facts, listed = engine.release.facts, cases(engine.release.rules)
    candidates = drawn(engine.release, TOGETHER, seed=2029)
    columns = openfisca.arrays({name: [each[name] for each in candidates] for name in read_by(listed)})
    table = openfisca.table_of(listed, facts)
    least = float("inf")
    for _ in range(TIMES):
        start = time.perf_counter()
        places = table(columns, TOGETHER)
        least = min(least, time.perf_counter() - start)
    theirs = [named(listed[place].then.decision) for place in places]
    if theirs != [decided(engine, each) for each in candidates]:
        raise SystemExit("OpenFisca decides otherwise where it decides many at once")
    return least / TOGETHER * 1e6
