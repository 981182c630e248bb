"""How many questions the service needs, beside other ways to ask and beside the exact optimum.

`python tools/questions.py` prints a report. Two parts: whole interviews from nothing known, simulated over candidates
drawn from the reference population and uniformly; and sub-problems of at most ten unknown facts that matter, where the
expected number of questions is computed exactly for every way to ask, and the least possible one by going through all.
"""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from platform import python_version
from random import Random
from statistics import fmean

from app.core.diagram import UNKNOWN, Regions
from app.core.engine import Engine
from app.core.facts import Value
from app.core.logic import Logic
from app.core.questions import NEARLY, Questions
from app.engines import build_engines
from app.settings import Settings

INTERVIEWS = 2000
SUB_PROBLEMS = 300
MOST_UNKNOWN = 10
SERVICE, UNSTAGED = "the service", "without stages"
OPTIMUM, STAGED_OPTIMUM = "optimum", "optimum by stages"
DEAREST, FARTHEST = 0.03, 0.005
"""How much dearer the stages may be in whole interviews than the best order without them, on average, and how far
from the best order with them on sub-problems."""
PAGE = Path(__file__).parent.parent / "docs" / "questions.md"
HEAD = """# How many questions it asks

Made by `make questions` on {date} ({machine}, Python {python}). The policy is that of
`app/core/questions.py`: the stages of the release first (`rules/stages.yaml`); within a stage, ask what is most likely
to settle the decision; among equals, what leaves least uncertainty; among equals again, in a clinician's order, safety
first. "Without stages" is the same policy over all facts at once, "file order" asks what is still missing in the order
of `rules/facts.yaml`, "information alone" skips the first step of the policy. The optimum is found by going through all
ways to ask, which is possible for small sub-problems only; "by stages" goes through those that keep to the stages.

The reference population is a stated assumption (`rules/population.yaml`), not a measurement; "uniform" counts every
answer once. Strict mode asks whatever matters; the default mode never asks confirm facts. Whole interviews are compared
with the best way here that has no stages: over the reference population the service may take at most 3 % more
questions. Sub-problems are compared with the optimum by stages: it may be at most 0.5 % away. The command fails beyond
that. A uniform candidate mostly has an exclusion, which the stages ask after the concern: that costs much
there, without limit.

```text
{figures}
```
"""
Weights = Mapping[str, Mapping[Value, float]]


class Asker:
    """Asks by one way about one release; `weights` say how common each answer is."""

    def __init__(
        self, engine: Engine, weights: Weights, way: Callable[["Asker", Regions], int], *, staged: bool = False
    ) -> None:
        """`staged` asks the facts of an earlier stage of the release first."""
        self.logic: Logic = engine.logic
        self.questions = Questions(self.logic, weights, engine.release.stages if staged else ())
        self._way = way
        self._asked: dict[tuple[int, ...], int] = {}
        self._expected: dict[tuple[int, ...], float] = {}

    def next(self, reading: Regions) -> int:
        """Return the level to ask next, or -1 where the decision is settled."""
        key = tuple(reading)
        if key not in self._asked:
            settled = len(self.logic.possible(reading)) == 1
            self._asked[key] = -1 if settled else self._way(self, reading)
        return self._asked[key]

    def interview(self, full: Regions, known: Regions) -> int:
        """Return how many questions one candidate is asked."""
        reading, asked = list(known), 0
        while (level := self.next(reading)) >= 0:
            reading[level] = full[level]
            asked += 1
        return asked

    def expected(self, reading: Regions) -> float:
        """Return the expected number of questions from here on, exactly."""
        key = tuple(self._relevant(reading))
        if key not in self._expected:
            level = self.next(reading)
            self._expected[key] = 0.0 if level < 0 else 1.0 + self._after(reading, level, self.expected)
        return self._expected[key]

    def least(self, reading: Regions, known: dict[tuple[int, ...], float]) -> float:
        """Return the least expected number of questions that any way to ask can have, by the stages if it has them."""
        relevant = self._relevant(reading)
        key = tuple(relevant)
        if key not in known:
            levels = self.questions.askable(self.logic.left(reading))
            after = [self._after(relevant, level, lambda r: self.least(r, known)) for level in levels]
            known[key] = 1.0 + min(after) if after else 0.0
        return known[key]

    def _after(self, reading: Regions, level: int, below: Callable[[Regions], float]) -> float:
        shares = enumerate(self.questions.shares[level])
        return sum(share * below([*reading[:level], region, *reading[level + 1 :]]) for region, share in shares)

    def _relevant(self, reading: Regions) -> Regions:
        """Forget known facts that no longer matter: they would only make equal problems look different."""
        d = self.logic.diagram
        seen, todo = set(), [self.logic.decision_root]
        while todo:
            node = todo.pop()
            if node >= 0 and node not in seen:
                seen.add(node)
                region = reading[d.levels[node]]
                todo.extend(d.distinct[node] if region == UNKNOWN else (d.children[node][region],))
        looked = {d.levels[node] for node in seen}
        return bytes([region if level in looked else UNKNOWN for level, region in enumerate(reading)])


def as_the_service(asker: Asker, reading: Regions) -> int:
    """Ask what the service asks."""
    found = asker.questions.next(asker.logic.left(reading))
    assert found
    return asker.logic.diagram.level_of[found[0]]


def in_file_order(asker: Asker, reading: Regions) -> int:
    """Ask what is still missing in the order of the facts file."""
    missing = asker.logic.missing(asker.logic.left(reading))
    return asker.logic.diagram.level_of[missing[0]]


def by_information_alone(asker: Asker, reading: Regions) -> int:
    """Ask what is expected to leave least uncertainty."""
    left = asker.logic.left(reading)
    uncertainty = asker.questions.uncertainty(left, sorted(left.levels()))
    least = min(uncertainty.values())
    return min(level for level, value in uncertainty.items() if value - least < NEARLY)


WAYS: Mapping[str, tuple[Callable[[Asker, Regions], int], bool]] = {
    SERVICE: (as_the_service, True),
    UNSTAGED: (as_the_service, False),
    "file order": (in_file_order, False),
    "information alone": (by_information_alone, False),
}
"""By name, a way to ask, and whether it keeps to the stages."""


def drawn(random: Random, engine: Engine, weights: Weights) -> dict[str, Value]:
    """Return a fully known candidate."""
    candidate = {}
    for name, fact in engine.release.facts.items():
        given = weights.get(name)
        candidate[name] = random.choices(list(fact.domain), [given[v] for v in fact.domain] if given else None)[0]
    return candidate


def interviews(
    engine: Engine, weights: Weights, *, strict: bool, count: int = INTERVIEWS
) -> dict[str, tuple[float, int]]:
    """Return by way to ask the mean and the worst number of questions from nothing known."""
    random = Random(2026)
    logic = engine.logic
    nothing = logic.regions({}, strict=strict)
    full = [logic.regions(drawn(random, engine, weights), strict=True) for _ in range(count)]
    # in the default mode an unknown confirm fact stays at its assumed value and is never asked
    found = {}
    for name, (way, staged) in WAYS.items():
        asker = Asker(engine, weights, way, staged=staged)
        counts = [asker.interview(candidate, nothing) for candidate in full]
        found[name] = fmean(counts), max(counts)
    return found


def sub_problems(engine: Engine, weights: Weights, *, strict: bool, count: int = SUB_PROBLEMS) -> dict[str, float]:
    """Return by way to ask the mean of the expected number of questions, and the mean of the least possible."""
    random = Random(2026)
    logic = engine.logic
    askers = {name: Asker(engine, weights, way, staged=staged) for name, (way, staged) in WAYS.items()}
    sums = dict.fromkeys([*WAYS, STAGED_OPTIMUM, OPTIMUM], 0.0)
    least: dict[str, dict[tuple[int, ...], float]] = {SERVICE: {}, UNSTAGED: {}}
    done = 0
    while done < count:
        full = drawn(random, engine, weights)
        share = random.random()
        known = {name: value for name, value in full.items() if random.random() < share}
        reading = logic.regions(known, strict=strict)
        if not 2 <= len(logic.left(reading).levels()) <= MOST_UNKNOWN:
            continue
        done += 1
        for name, asker in askers.items():
            sums[name] += asker.expected(reading)
        for name, optimum in ((SERVICE, STAGED_OPTIMUM), (UNSTAGED, OPTIMUM)):
            sums[optimum] += askers[name].least(reading, least[name])
    return {name: total / count for name, total in sums.items()}


def main() -> int:
    """Print the report for the current release and keep it; 1 where the stages cost too much."""
    failed, lines = False, list[str]()

    def say(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    engines = build_engines(Settings())
    engine = engines.by_id[engines.current]
    say(f"questions until the decision is settled, {engine.release.id}, {INTERVIEWS} candidates from nothing known")
    for population, weights in (("reference population", engine.release.weights), ("uniform", {})):
        for mode, strict in (("strict", True), ("default", False)):
            say(f"  {population}, {mode} mode")
            found = interviews(engine, weights, strict=strict)
            best = min(found[name][0] for name, (_, staged) in WAYS.items() if not staged)
            for name, (mean, worst) in found.items():
                say(f"    {name:20} mean {mean:6.3f}   {mean / best - 1:+8.2%}   worst {worst:3}")
            failed |= bool(weights) and found[SERVICE][0] > best * (1 + DEAREST)
    say(f"expected questions, exactly, over {SUB_PROBLEMS} sub-problems of 2 to {MOST_UNKNOWN} unknown facts")
    for population, weights in (("reference population", engine.release.weights), ("uniform", {})):
        for mode, strict in (("strict", True), ("default", False)):
            say(f"  {population}, {mode} mode")
            means = sub_problems(engine, weights, strict=strict)
            for name, mean in means.items():
                say(f"    {name:20} mean {mean:6.3f}   {mean / means[STAGED_OPTIMUM] - 1:+8.2%}")
            failed |= means[SERVICE] > means[STAGED_OPTIMUM] * (1 + FARTHEST)
    say("limits exceeded" if failed else "within the limits")
    made = {"date": date.today().isoformat(), "machine": f"{os.cpu_count()} processors", "python": python_version()}
    PAGE.write_text(HEAD.format(**made, figures="\n".join(lines)), "utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    sys.exit(main())
