"""The worst request of each endpoint that is taken: its processor time, and how long others wait meanwhile.

All is the least of the rounds, in passes minutes apart: what else runs makes it more, for seconds. A turn of the event
loop is measured in this process, as processor time of its thread. A thread asks `/livez` all the while, and keeps the
longest answer; what a machine does now and then shows in the first row, where nothing else is asked.
"""

import asyncio
import gc
import io
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message

from app.main import build_app
from app.settings import Settings
from tools.bench.aims import beside
from tools.bench.heavy import (
    answering,
    bundles,
    categories,
    containing,
    groups,
    in_korean,
    long_system,
    ordered_by_reference,
    records,
)
from tools.bench.records import cds_call
from tools.inside import shipped
from tools.serving import Server, serving

PASSES, ROUNDS = 3, 3
CPU_MS, WAIT_MS, LINE_MS, TURN_MS = 150.0, 50.0, 5.0, 10.0
BYTES, FEEDBACK_BYTES, VALUES = 16_000, 65_000, 158_000
LINES = 30
PIECE = 65_536
"""As many bytes of a body as a server hands over at once."""
BASE = "http://127.0.0.1:8000"
"""As which the service is known, whatever its port: what names it is of ours."""
SYSTEM = f"{BASE}/fhir/CodeSystem/candidate-triage-pathway"

FORMS = ("/intake", "/all", "/report", "/result")
NAMED = {"name": "practitioner"}
UNSIGNED = {"answer": {}, "receipt": "", "unavailable": [1] * 32_000}
LINES_OF = {
    "wrong names": b'{"doubted":[' + b"1," * 4_050 + b'1],"unavailable":[' + b"1," * 4_000 + b"1]}\n",
    "repeated keys": b'{"x":[' + b'{"a":1,"a":1},' * 1_160 + b"1]}\n",
}


class Worst(NamedTuple):
    """A request, and for how many lines its processor time counts."""

    name: str
    path: str
    body: bytes = b""
    lines: int = 0


class Taken(NamedTuple):
    """What a request took: bytes of the answer, and milliseconds."""

    status: int
    size: int
    cpu: float
    turn: float
    wait: float

    def least(self, other: "Taken") -> "Taken":
        """Return the least of both."""
        return self._replace(
            **{name: min(getattr(self, name), getattr(other, name)) for name in ("cpu", "turn", "wait")}
        )


def run() -> None:
    """Measure and print."""
    app = build_app(Settings(public_url=BASE), lines=io.StringIO())
    rows = requests()
    found: dict[str, Taken] = {}
    with serving(settings={"public_url": BASE}) as server:
        asked(server, Worst("", "/livez"))
        others = waited(server, None)
        for number in range(PASSES):
            print(f"pass {number + 1}: a loop of a million additions: {least(additions) * 1000:.0f} ms", flush=True)
            for worst in rows:
                taken = measured(server, app, worst)
                found[worst.name] = taken.least(found.get(worst.name, taken))
    print(f"{'':44} {'status':>6} {'kB in':>6} {'kB out':>6}  CPU; longest turn; longest wait of others: ms")
    print(f"{'nothing':44} {'':20}  {'':14}  {others:.1f}")
    for worst in rows:
        taken = found[worst.name]
        cpu = beside(taken.cpu, LINE_MS if worst.lines else CPU_MS)
        loop = beside(taken.turn, TURN_MS if worst.lines else None)
        kilobytes = f"{len(worst.body) / 1000:6.0f} {taken.size / 1000:6.0f}"
        print(f"{worst.name:44} {taken.status:6} {kilobytes}  {cpu}; {loop}; {beside(taken.wait, WAIT_MS)}")


def measured(server: Server, app: ASGIApp, worst: Worst) -> Taken:
    """Return what a request takes."""
    status, size = asked(server, worst)  # what is made once is made
    asyncio.run(turns(app, worst))
    gc.collect()
    gc.freeze()  # as the server does: what stays is not looked through again
    cpu = least(lambda: cpu_of(server, worst)) * 1000 / (worst.lines or 1)
    turn = least(lambda: asyncio.run(turns(app, worst))) * 1000
    return Taken(status, size, cpu, turn, waited(server, worst))


def least(measure: Callable[[], float]) -> float:
    """Return the least of some rounds."""
    return min(measure() for _ in range(ROUNDS))


def additions() -> float:
    """Return the processor time of a million additions, which says how much the machine is slowed down by others."""
    before, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return time.process_time() - before


def cpu_of(server: Server, worst: Worst) -> float:
    """Return the processor time of one request, in seconds."""
    before = server.cpu_seconds()
    asked(server, worst)
    return server.cpu_seconds() - before


async def turns(app: ASGIApp, worst: Worst) -> float:
    """Return the longest processor time between two turns of the event loop while a request is answered."""
    pieces = [worst.body[start : start + PIECE] for start in range(0, len(worst.body), PIECE)] or [b""]

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(_: Message) -> None:
        return

    path, _, query = worst.path.partition("?")
    headers = [(b"host", b"127.0.0.1"), (b"content-type", kind_of(worst).encode())]
    if worst.body:
        headers.append((b"content-length", b"%d" % len(worst.body)))
    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http"}
    scope |= {"method": "POST" if worst.body else "GET", "path": path, "query_string": query.encode()}
    scope |= {"root_path": "", "server": ("127.0.0.1", 8000), "headers": headers}
    answering = asyncio.ensure_future(app(scope, receive, send))
    longest = 0.0
    while not answering.done():
        before = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - before)
    await answering
    return longest


def kind_of(worst: Worst) -> str:
    """Return the media type of a body."""
    if worst.path.startswith(FORMS):
        return "application/x-www-form-urlencoded"
    return "application/x-ndjson" if worst.path.endswith("batch") else "application/json"


def asked(server: Server, worst: Worst) -> tuple[int, int]:
    """Ask once, and return the status and the size of the answer."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
    with suppress(BrokenPipeError, ConnectionResetError):  # refused by its length: the rest of it is not read
        body, headers = worst.body or None, {"content-type": kind_of(worst)}
        connection.request("POST" if worst.body else "GET", worst.path, body, headers)
    answer = connection.getresponse()
    size = len(answer.read())
    connection.close()
    return answer.status, size


def waited(server: Server, worst: Worst | None) -> float:
    """Return the longest wait of a plain caller while one request is answered, the median of the rounds, in ms."""
    longest = []
    for _ in range(ROUNDS):
        waits: list[float] = []
        over = threading.Event()
        plain = threading.Thread(target=_ask, args=(server.port, waits, over))
        plain.start()
        time.sleep(0.05)
        if worst is None:
            time.sleep(0.2)
        else:
            asked(server, worst)
        over.set()
        plain.join()
        longest.append(max(waits) * 1000)
    return sorted(longest)[ROUNDS // 2]


def _ask(port: int, waits: list[float], over: threading.Event) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    while not over.is_set():
        begun = time.perf_counter()
        connection.request("GET", "/livez")
        connection.getresponse().read()
        waits.append(time.perf_counter() - begun)
        time.sleep(0.001)
    connection.close()


def requests() -> list[Worst]:
    """Return the worst requests that are known, of each endpoint."""
    release = shipped().release
    names = list(release.facts)
    known = {name: fact.domain[-1] for name, fact in release.facts.items()}
    wrong = dict.fromkeys(names, "x" * 60)
    unavailable = {"unavailable": [name[::-1] for name in names] * (BYTES // 1200)}
    unknown = {f"{name[::-1]}{n}": n for n, name in enumerate(names * (BYTES // 1500))}
    view = "/cds-services/candidate-triage-"
    apply = "/fhir/PlanDefinition/candidate-triage/$apply"
    populate = "/fhir/Questionnaire/candidate-intake/$populate"
    form = "&".join(f"{n}={str(v).lower()}" for n, v in known.items()).encode()
    heaviest = records()
    line = json.dumps(unavailable).encode() + b"\n"
    listed = [
        Worst("triage, complete, all sources", "/v1/triage?sources=all", dumped(known)),
        Worst("triage, nothing known", "/v1/triage?sources=all", b"{}"),
        Worst("triage, every value wrong", "/v1/triage", dumped(wrong)),
        Worst("triage, 11 kB unavailable, wrong", "/v1/triage", dumped(unavailable)),
        Worst("triage, 11 kB of unknown names", "/v1/triage", dumped(unknown)),
        Worst(
            "triage, 15 kB query",
            "/v1/triage?" + "&".join(f"{name[:14]}{n}=" for n, name in enumerate(names * 14)),
            b"{}",
        ),
        Worst("explain, complete", "/v1/triage/explain", dumped(known)),
        Worst("explain, nothing known", "/v1/triage/explain", b"{}"),
        Worst("batch, 30 lines of 11 kB, wrong", "/v1/triage/batch", line * LINES, LINES),
        *[
            Worst(f"batch, {LINES} lines of {name}", "/v1/triage/batch", each * LINES, LINES)
            for name, each in LINES_OF.items()
        ],
        Worst("batch, 1,000 empty objects", "/v1/triage/batch", b"{}\n" * 1_000, 1_000),
        Worst("patient-view, 3.5 MB of conditions", view + "patient-view", dumped(cds_call(conditions(2_640)))),
        Worst("patient-view, 53,000 small conditions", view + "patient-view", dumped(cds_call(small(53_000)))),
        Worst("patient-view, 158,000 values", view + "patient-view", dumped(cds_call([]) | {"x": [0] * VALUES})),
        Worst("patient-view, 158,000 numbers", view + "patient-view", dumped(cds_call([]) | {"x": [1.5] * VALUES})),
        Worst("patient-view, 158,000 members", view + "patient-view", dumped(cds_call([]) | {"x": members()})),
        Worst("patient-view, 47,000 objects, repeated keys", view + "patient-view", repeated()),
        Worst("patient-view, 52,000 small, one odd number", view + "patient-view", odd(small(52_000))),
        Worst("patient-view, 3.5 MB, one odd number", view + "patient-view", odd(conditions(2_640))),
        Worst("patient-view, 2,000 texts in Korean", view + "patient-view", dumped(cds_call(in_korean(2_000)))),
        Worst("patient-view, 58,000 contained", view + "patient-view", dumped(cds_call(containing(58_000)))),
        Worst("patient-view, 15,900 categories of ICD-10", view + "patient-view", dumped(cds_call(categories(15_900)))),
        *[
            Worst(f"patient-view, {name}", view + "patient-view", dumped(cds_call(found)))
            for name, found in heaviest.items()
        ],
        Worst("patient-view, a system of 3.3 MB", view + "patient-view", dumped(cds_call(long_system(3_300_000)))),
        Worst("order-sign, 17,700 drafts", view + "order-sign", dumped(ordered("order-sign"))),
        Worst("order-select, 15,800 drafts selected", view + "order-select", dumped(ordered("order-select"))),
        Worst("order-sign, 200 drafts, 12 long systems", view + "order-sign", dumped(ordered("order-sign", 200, 12))),
        Worst("feedback, 65 kB", view + "patient-view/feedback", feedback()),
        Worst("$apply, 3.5 MB of conditions", apply, dumped(parameters(conditions(2_640)))),
        Worst("$apply, 2,000 orders of a medicine of medicines", apply, dumped(parameters(ordered_by_reference()))),
        Worst("$apply, a system of 3.3 MB", apply, dumped(parameters(long_system(3_300_000)))),
        Worst("$apply, 2,000 marked systems", apply, dumped(parameters(long_system(200, 2_000)))),
        Worst(
            "$apply, 79,000 parameters", apply, dumped({"resourceType": "Parameters", "parameter": [NAMED] * 79_000})
        ),
        Worst("$apply, 39,900 bundles", apply, dumped(bundles(39_900))),
        Worst("$populate, a system of 3.3 MB", populate, dumped(parameters(long_system(3_300_000)))),
        Worst("$next-question, 500 unknown names", "/fhir/Questionnaire/$next-question", dumped(answering(500))),
        Worst("$next-question, 450 kB of groups", "/fhir/Questionnaire/$next-question", dumped(groups())),
        Worst("receipts, 32,000 wrong names", "/v1/receipts/verify", dumped(UNSIGNED)),
        Worst("/all, a form", "/all", form),
        Worst("/report, a form", "/report", form),
        Worst("/result, a form", "/result", form),
        Worst("intake, a form", "/intake", form),
        *[
            Worst(path, path)
            for path in ("/", "/all", "/rules", "/rules?q=phase", "/rules/PHASE-2", "/facts", "/sources", "/changes")
        ],
        *[Worst(path, path) for path in ("/proof", "/openapi.json", "/v1/rulesets/current/rules", "/cds-services")],
        *[Worst(path, path) for path in ("/v1/rulesets/2026.1/diff/2026.2", "/v1/rulesets/current/verification")],
        *[Worst(path, path) for path in ("/fhir/metadata", "/fhir/Questionnaire/candidate-intake")],
    ]
    return listed


def dumped(value: Any) -> bytes:
    """Return JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def conditions(count: int) -> list[dict[str, object]]:
    """Return conditions as records have them, of about 1.4 kB."""
    terms = "http://terminology.hl7.org/CodeSystem/condition-"
    codes = ["L01.00", "I10", "Z33.1", "E78.5"]
    return [
        {
            "resourceType": "Condition",
            "id": f"c{n}",
            "meta": {"versionId": "1", "lastUpdated": "2026-10-01T10:00:00Z", "profile": [f"{terms}core-{'x' * 40}"]},
            "text": {"status": "generated", "div": "<div>" + "words of a note " * 20 + "</div>"},
            "clinicalStatus": {"coding": [{"system": terms + "clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": terms + "ver-status", "code": "confirmed"}]},
            "category": [{"coding": [{"system": terms + "category", "code": "problem-list-item"}]}],
            "code": {
                "coding": [
                    {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": codes[n % 4], "display": "A condition"},
                    {"system": "http://snomed.info/sct", "code": "48277006", "display": "A condition (disorder)"},
                ],
                "text": "A condition",
            },
            "subject": {"reference": "Patient/1"},
            "encounter": {"reference": f"Encounter/{n}"},
            "onsetDateTime": f"2026-0{1 + n % 9}-01",
            "recordedDate": "2026-10-01",
        }
        for n in range(count)
    ]


def small(count: int) -> list[dict[str, object]]:
    """Return the smallest conditions."""
    return [{"resourceType": "Condition"} for _ in range(count)]


def members() -> list[dict[str, int]]:
    """Return objects of as many members as are taken, each with a key of its own."""
    return [{f"{n:06}": 1 for n in range(start, start + 950)} for start in range(0, VALUES - 950, 950)]


def repeated() -> bytes:
    """Return objects of which the last repeat their keys."""
    inside = ",".join(f'"{n}":1,"{n}":1' for n in range(450))
    return ('{"a":[' + '{"a":1,"b":2},' * 47_000 + ",".join(["{" + inside + "}"] * 20) + "]}").encode()


def odd(resources: list[dict[str, object]]) -> bytes:
    """Return a call with a number that is no float, so that all of it is looked at closely."""
    return dumped(cds_call(resources) | {"x": 0}).replace(b'"x":0', b'"x":1e400')


def ordered(hook: str, count: int = 0, systems: int = 0) -> dict[str, Any]:
    """Return a call with very many drafts of ours, about a record of long systems."""
    count = count or (15_800 if hook == "order-select" else 17_700)
    entries = [
        {
            "resource": {
                "resourceType": "ServiceRequest",
                "id": f"s{n}",
                "code": {"coding": [{"system": SYSTEM, "code": "combination_therapy"}]},
            }
        }
        for n in range(count)
    ]
    found: Any = cds_call(long_system(5_000, systems)) | {"hook": hook}
    found["context"] |= {"draftOrders": {"resourceType": "Bundle", "entry": entries}}
    if hook == "order-select":
        found["context"]["selections"] = [f"ServiceRequest/s{n}" for n in range(count)]
    return dict(found)


def feedback() -> bytes:
    """Return feedback on very many cards."""
    one = {"card": "x", "outcome": "overridden", "outcomeTimestamp": "2026-10-01T10:00:00Z"}
    return dumped({"feedback": [one] * (FEEDBACK_BYTES // 80)})


def parameters(resources: list[dict[str, object]]) -> dict[str, Any]:
    """Return Parameters with a record."""
    found = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    listed = [{"name": "subject", "valueString": "Patient/1"}, {"name": "data", "resource": found}]
    return {"resourceType": "Parameters", "parameter": listed}
