"""What a decision costs in this process, in microseconds and as ratios to a hand-written function of the same run."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from random import Random

from app.api.strict_json import read_json
from app.cds_hooks.routes import Service
from app.cds_hooks.server import FhirServer
from app.cds_hooks.trust import Trust
from app.core.conditions import All, Comparison, Condition
from app.core.engine import Engine, Question
from app.core.facts import Fact, Value
from app.core.logic import Logic
from app.core.rules import Release
from app.fhir.questionnaire import canonical
from app.main import build_engines, load_book
from app.proof.compare import compare
from app.proof.explain import explain
from app.proof.verify import Verifier
from app.record.patient import Reader
from app.settings import Settings
from tools.bench.records import cds_call, record_of_200

CANDIDATES = 2000
EXPLAINED = 500
TIMES = 10
REPEATS = 5
GRADE = {"none": 0, "mild": 1, "moderate": 2, "advanced": 3, "severe": 4}


def by_hand(facts: Mapping[str, Value]) -> tuple[str, int | None]:
    """Decide a complete candidate of 2026.2 as one would without a rule book."""
    get = facts.__getitem__
    if get("active_skin_infection") or get("autoimmune_skin_disease") == "uncontrolled":
        return "excluded", None
    if get("systemic_immunosuppression"):
        return "excluded", None
    concern = get("primary_concern")
    if concern in ("chronic_wound", "burn") or get("suspicious_lesion"):
        return "referred", None
    if concern in ("acne_scars", "hair_thinning", "volume_loss", "other"):
        return "clinician_review", None
    if GRADE[str(get("sagging"))] >= 3 and get("photodamage") == "severe":
        phase = 3
    elif GRADE[str(get("elasticity_loss"))] >= 2 and get("hyperpigmentation") != "none":
        phase = 2
    elif concern == "dullness":
        phase = 1
    else:
        return "clinician_review", None
    age = int(get("age_years"))
    if phase > 1:
        barred = ("pregnant", "breastfeeding", "open_wound_in_area", "bleeding_disorder", "product_allergy")
        if any(get(name) for name in barred) or get("isotretinoin") == "current" or age < 18:
            return "excluded", None
        if phase == 3 and get("electronic_implant"):
            return "excluded", None
        reviewed = (
            *("keloid_history", "granuloma_history", "anticoagulant_use", "periocular_treatment"),
            *("active_acne_or_dermatitis", "recent_procedure", "recent_tan_or_sunburn", "uncontrolled_diabetes"),
            *("cancer_treatment", "body_dysmorphic_disorder"),
        )
        if any(get(name) for name in reviewed) or get("isotretinoin") == "within_6_months" or age < 22:
            return "clinician_review", None
        if phase == 3 and get("melasma_prone"):
            return "clinician_review", None
    elif age < 18 or get("body_dysmorphic_disorder"):
        return "clinician_review", None
    return "recommended", phase


def candidate(random: Random, facts: Mapping[str, Fact], engine: Engine, known: float) -> dict[str, Value]:
    """Return a candidate drawn by the reference population, each fact known with this probability."""
    drawn: dict[str, Value] = {}
    for name, fact in facts.items():
        if random.random() < known:
            weights = engine.release.weights.get(name)
            values = list(fact.domain)
            odds = [weights[value] for value in values] if weights else None
            drawn[name] = random.choices(values, odds)[0]
    return drawn


def grown(release: Release, times: int, random: Random) -> Release:
    """Return a rule book with random rules over the same facts: for each rule but phases, others of its kind.

    Each of them joins three comparisons: with fewer, so many random rules exclude nearly everybody, and the compiled
    decision is smaller than the shipped one.
    """
    variables = Logic(release.facts, release.rules, release.order).diagram.variables

    def condition() -> Condition:
        chosen = random.sample(variables, 3)
        return All(tuple(Comparison(v.fact.name, frozenset(random.choice(v.regions)), "random") for v in chosen))

    rules = list(release.rules)
    for copy in range(1, times):
        for rule in release.rules:
            if rule.kind != "phase":
                rules.append(replace(rule, id=f"{rule.id}-{copy}", when=condition(), lifted_by={}))
    return replace(release, rules=tuple(rules), budget=1_000_000)


def median_microseconds(
    work: Callable[[Question], object], asked: Sequence[Question], forget: Callable[[], object] = int
) -> float:
    """Return the median over candidates of the least time over repeats; before each of them something is forgotten."""
    times = []
    for one in asked:
        least = min(_time(work, one, forget) for _ in range(REPEATS))
        times.append(least)
    return statistics.median(times)


def _time(work: Callable[[Question], object], asked: Question, forget: Callable[[], object]) -> float:
    forget()
    start = time.perf_counter_ns()
    work(asked)
    return (time.perf_counter_ns() - start) / 1000


def run(engine: Engine) -> None:
    """Measure and print."""
    started = time.perf_counter()
    engines = build_engines(Settings())
    engine = engines.by_id["2026.2"]
    print(f"rule book read, checked and compiled in {time.perf_counter() - started:.2f} s")
    random = Random(2026)
    facts = engine.release.facts
    complete = [Question(candidate(random, facts, engine, 1.0)) for _ in range(CANDIDATES)]
    for asked in complete:
        decision = engine.finding(asked).decision
        if by_hand(asked.facts) != (decision.disposition, decision.phase):
            raise SystemExit(f"the hand-written function decides otherwise for {asked.facts}")
    half = [Question(candidate(random, facts, engine, 0.5)) for _ in range(CANDIDATES)]
    half_strict = [Question(asked.facts, strict=True) for asked in half]
    rows_asked = (("complete facts", complete), ("half known, assumptions", half), ("half known, strict", half_strict))
    anew = partial(median_microseconds, forget=engine.forget)
    base = median_microseconds(lambda asked: by_hand(asked.facts), complete)
    rows = [
        ("hand-written function, complete facts", base),
        ("decision, read like nobody before, complete facts", anew(engine.finding, complete)),
        ("decision, half known, assumptions", anew(engine.finding, half)),
        ("decision, half known, strict", anew(engine.finding, half_strict)),
        ("full answer, complete facts", anew(engine.answer, complete)),
        ("full answer, half known", anew(engine.answer, half)),
        ("full answer, half known, strict", anew(engine.answer, half_strict)),
        ("decision, read like somebody before, any", median_microseconds(engine.finding, half)),
        ("full answer, complete facts", median_microseconds(engine.answer, complete)),
        ("full answer, half known", median_microseconds(engine.answer, half)),
    ]
    rows += [
        ("explanation, half known", anew(lambda asked: explain(engine, asked), half[:EXPLAINED])),
        (
            "explanation, half known, strict",
            anew(lambda asked: explain(engine, asked), half_strict[:EXPLAINED]),
        ),
    ]
    print(f"{'':52} {'median':>10} {'ratio':>8}")
    for name, microseconds in rows:
        print(f"{name:52} {microseconds:7.1f} us {microseconds / base:8.1f}")
    book = load_book(Settings())
    record = record_of_200()
    reader = Reader(engine.release, book.codes, canonical(""), date(2026, 11, 23), "1")
    asked_record = Question({})
    microseconds = median_microseconds(
        lambda _: engine.answer(Question(dict(reader.read(record).facts))), [asked_record] * 50
    )
    print(f"{'facts from 200 resources, and the answer':52} {microseconds:7.1f} us {microseconds / base:8.1f}")
    raw = json.dumps(cds_call(record)).encode()
    service = Service(engine, book.codes, Settings().public_url, Trust(), FhirServer())
    loop = asyncio.new_event_loop()
    microseconds = median_microseconds(
        lambda _: loop.run_until_complete(service.answer(read_json(raw), "patient-view")), [asked_record] * 50
    )
    print(f"{'CDS Hooks call with 200 resources, to bytes':52} {microseconds:7.1f} us {microseconds / base:8.1f}")
    loop.close()
    releases = list(engines.by_id.values())
    for each in releases:
        seconds = _seconds(partial(_proved, each.release))
        print(f"every law of {each.release.id} proved in {seconds:.3f} s")
    seconds = _seconds(lambda: compare(releases[0].release, releases[1].release))
    print(f"{releases[0].release.id} and {releases[1].release.id} compared in {seconds:.3f} s")
    bigger = grown(engine.release, TIMES, Random(2026))
    seconds = _seconds(partial(Logic, bigger.facts, bigger.rules, bigger.order))
    large = Engine(bigger)
    rules, nodes = len(bigger.rules), large.finder.logic.size
    print(f"{TIMES} times as many rules ({rules}, {nodes} nodes) compiled in {seconds:.3f} s")
    for name, asked_of in rows_asked:
        ratio = median_microseconds(large.finding, asked_of, large.forget) / anew(engine.finding, asked_of)
        print(f"  {name:43} {ratio:10.2f} times the time per decision")


def _proved(release: Release) -> bool:
    return Verifier(release).verify(release.laws).proved


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
