"""Scenario `memory`: as many requests as 1,000 a second make in an hour, as fast as one worker takes them; flat memory.

`wrk` asks from a list that mixes candidates that come again and candidates that never do, both views, the strict mode,
Korean, and bodies that are refused; and callers who each send other facts in another order, to both releases in both
languages.
"""

import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import mean

from app.engines import build_engines
from app.settings import Settings
from tools.population import candidates
from tools.serving import ROOT, Server, serving
from tools.stress.questions import questions
from tools.stress.report import Report

REQUESTS = 3_600_000
LATEST_SECONDS = 780.0
"""When it is given up: the whole run is to stay below 20 minutes."""
PART_SECONDS = 10
"""How long each run of wrk is."""
WARM = 0.15
"""The part of requests before the readings begin."""
GROWTH = 2_000_000
"""Bytes by which the mean of the last quarter of readings may exceed that of the second quarter."""
MOST = 120_000_000
"""How many bytes a worker may hold at most."""
CLIENTS = 8
CANDIDATES = 400
FRESH = 0.1
"""The part of candidates that never come twice; they push out of what is kept what is not asked again."""
OTHERS_CANDIDATES = 20_000
"""How many callers send other facts in another order each."""
OTHERS_PART = 0.25
"""The part of requests that are theirs."""
KNOWN = (0.1, 0.5, 0.9, 1.0)
"""How probable it is that a fact of theirs is known."""
OTHERS_WAYS = tuple(
    (f"?ruleset={release}{more}", language)
    for release in ("2026.1", "2026.2")
    for more in ("", "&view=decision", "&unknowns=strict")
    for language in ("", "ko")
)
WAYS = (("", ""), ("", ""), ("?view=decision", ""), ("?view=decision", ""), ("?unknowns=strict", ""), ("", "ko"))
BAD = ("{", "[]", '{"pregnant": "maybe"}', '{"colour": 1}', '{"age_years": 1e400}', '{"sagging": {"scale": "x"}}')
ELSEWHERE = ("GET\t/v1/rulesets\t\t", "GET\t/livez\t\t", "GET\t/v1/rulesets/current/facts\t\t", "GET\t/version\t\t")
REFUSALS = (0.01, 0.03)
"""Between these is the part of requests that are refused: one in fifty has a bad body."""
REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)")
COUNTED = re.compile(r"(\d+) requests in")
BROKEN = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")


def run(report: Report, *, quick: bool) -> None:
    """Run it."""
    if not report.check("`wrk` is needed: apt-get install wrk", shutil.which("wrk") is not None):
        return
    with tempfile.TemporaryDirectory(prefix="triage-") as folder:
        listed = Path(folder) / "asked"
        asked = lines(100, 100) if quick else lines(CANDIDATES, OTHERS_CANDIDATES)
        listed.write_text("\n".join(asked) + "\n", "utf-8")
        with serving(settings={"log_level": "warning"}) as server:
            _asked(report, server, listed, 20_000 if quick else REQUESTS, 1 if quick else PART_SECONDS)
            report.check("the service is alive", server.is_alive())


def _asked(report: Report, server: Server, listed: Path, number: int, seconds: int) -> None:
    """Ask so often, read the memory all the while, and check it."""
    begun, asked, refused = time.monotonic(), 0, 0
    readings: list[tuple[int, int]] = []
    broken: list[str] = []
    while asked < number and time.monotonic() - begun < LATEST_SECONDS:
        done = threading.Event()
        thread = threading.Thread(target=_read, args=(server, readings, asked, done))
        thread.start()
        said = _wrk(server.address, listed, seconds)
        done.set()
        thread.join()
        counted, errors = COUNTED.search(said), BROKEN.search(said)
        if not counted or (errors and any(int(count) for count in errors.groups())):
            broken.append(said[-500:])
            break
        asked += int(counted[1])
        refused += int(found[1]) if (found := REFUSED.search(said)) else 0
    took = time.monotonic() - begun
    report.figure("asked", asked, f"requests at {asked / took:,.0f} a second")
    report.figure("processor time a request", server.cpu_seconds() / max(1, asked) * 1e6, "us")
    report.none("every request was answered", broken)
    part = refused / max(1, asked)
    report.check("the bad bodies were refused and no others", REFUSALS[0] < part < REFUSALS[1], f"{part:.3f} were")
    report.check(f"there were {number:,} requests", asked >= number, asked)
    warm = [rss for before, rss in readings if before >= number * WARM] or [rss for _, rss in readings]
    second, last = quarters(warm)
    report.figure("memory at the start, after a quarter, at the end", shown([readings[0][1], second, last]), "MB")
    report.figure("memory all the while", shown(warm[:: max(1, len(warm) // 12)]), "MB")
    most = max(rss for _, rss in readings)
    report.check(f"it was never more than {MOST / 1e6:.0f} MB", most < MOST, f"{most / 1e6:.1f} MB at most")
    report.check(
        f"the last quarter is less than {GROWTH / 1e6:.0f} MB above the second", is_flat(warm), f"{last - second:,.0f}"
    )


def quarters(readings: list[int]) -> tuple[float, float]:
    """Return the means of the second and of the last quarter."""
    size = max(1, len(readings) // 4)
    return mean(readings[size : 2 * size] or readings), mean(readings[-size:])


def is_flat(readings: list[int]) -> bool:
    """Say whether memory did not grow beyond the bound."""
    second, last = quarters(readings)
    return last - second < GROWTH


def shown(sizes: list[int] | list[float]) -> str:
    """Return sizes in megabytes."""
    return ", ".join(f"{size / 1e6:.1f}" for size in sizes)


def lines(number: int, others: int) -> list[str]:
    """Return what is to be asked, as the script of wrk reads it: of these candidates and of so many other callers."""
    random = Random(3)
    found = []
    for place, question in enumerate(questions(number)):
        facts = json.loads(question.facts)
        if place < number * FRESH:
            facts["reference"] = "0" * 10
        query, language = WAYS[place % len(WAYS)]
        found.append(f"POST\t/v1/triage{query}\t{language}\t{json.dumps(facts)}")
    found += [f"POST\t/v1/triage\t\t{random.choice(BAD)}" for _ in range(number // 50)]
    found += [random.choice(ELSEWHERE) for _ in range(number // 100)]
    times = max(1, round(others * (1 / OTHERS_PART - 1) / len(found)))
    return found * times + list(_others(others, random))


def _others(number: int, random: Random) -> Iterator[str]:
    engines = build_engines(Settings())
    drawn = {(id, known): candidates(engine.release, known) for id, engine in engines.by_id.items() for known in KNOWN}
    for place in range(number):
        query, language = OTHERS_WAYS[place % len(OTHERS_WAYS)]
        release = query[len("?ruleset=") :].partition("&")[0]
        facts = list(next(drawn[release, random.choice(KNOWN)]).items())
        facts.append(("reference", "0" * 10))
        random.shuffle(facts)
        yield f"POST\t/v1/triage{query}\t{language}\t{json.dumps(dict(facts))}"


def _wrk(address: str, listed: Path, seconds: int) -> str:
    script = ROOT / "tools" / "stress" / "memory.lua"
    command = ["wrk", "-t", "1", "-c", str(CLIENTS), "-d", f"{seconds}s", "-s", str(script), address, "--", str(listed)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False).stdout


def _read(server: Server, readings: list[tuple[int, int]], asked: int, done: threading.Event) -> None:
    """Read the memory every half second; each reading is kept with how much had been asked before this part."""
    readings.append((asked, server.rss()))
    while not done.wait(0.5):
        readings.append((asked, server.rss()))
