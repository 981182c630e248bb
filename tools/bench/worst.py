"""The worst request of each endpoint that is taken: its processor time, and how long a plain caller waits meanwhile.

A thread asks `/livez` all the while, and keeps the longest answer. What a machine does now and then shows in the first
row, where nothing else is asked.
"""

import json
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any, NamedTuple

from tools.bench.aims import beside
from tools.bench.records import cds_call
from tools.inside import shipped
from tools.serving import Server, serving

ROUNDS = 3
CPU_MS, WAIT_MS, LINE_MS = 150.0, 50.0, 5.0
BYTES, RECORD_BYTES = 65_000, 4_900_000
LINES = 30
SYSTEM = "http://127.0.0.1:8000/fhir/CodeSystem/candidate-triage-pathway"


class Worst(NamedTuple):
    """A request, and for how many lines its processor time counts."""

    name: str
    path: str
    body: bytes = b""
    lines: int = 0


def run() -> None:
    """Measure and print."""
    print(f"{'':44} {'status':>6} {'kB in':>6} {'kB out':>6}  CPU ms; longest wait in ms of a plain caller")
    with serving() as server:
        asked(server, Worst("", "/livez"))
        print(f"{'nothing':44} {'':20}  {'':14}  {waited(server, None):.1f}")
        for worst in requests():
            status, size = asked(server, worst)  # what is made once is made
            before = server.cpu_seconds()
            for _ in range(ROUNDS):
                asked(server, worst)
            spent = (server.cpu_seconds() - before) / ROUNDS * 1000 / (worst.lines or 1)
            waits = waited(server, worst)
            cpu = beside(spent, LINE_MS if worst.lines else CPU_MS)
            kilobytes = f"{len(worst.body) / 1000:6.0f} {size / 1000:6.0f}"
            print(f"{worst.name:44} {status:6} {kilobytes}  {cpu}; {beside(waits, WAIT_MS)}", flush=True)


def asked(server: Server, worst: Worst) -> tuple[int, int]:
    """Ask once, and return the status and the size of the answer."""
    lines = worst.path.endswith("batch")
    headers = {"content-type": "application/x-ndjson" if lines else "application/json"}
    if worst.path.startswith("/intake"):
        headers = {"content-type": "application/x-www-form-urlencoded"}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
    with suppress(BrokenPipeError, ConnectionResetError):  # refused by its length: the rest of it is not read
        connection.request("POST" if worst.body else "GET", worst.path, worst.body or None, headers)
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
    line = json.dumps(unavailable).encode() + b"\n"
    listed = [
        Worst("triage, complete, all sources", "/v1/triage?sources=all", dumped(known)),
        Worst("triage, nothing known", "/v1/triage?sources=all", b"{}"),
        Worst("triage, every value wrong", "/v1/triage", dumped(wrong)),
        Worst("triage, 46 kB unavailable, wrong", "/v1/triage", dumped(unavailable)),
        Worst("triage, 65 kB of unknown names", "/v1/triage", dumped(unknown)),
        Worst(
            "triage, 15 kB query",
            "/v1/triage?" + "&".join(f"{name[:14]}{n}=" for n, name in enumerate(names * 14)),
            b"{}",
        ),
        Worst("explain, complete", "/v1/triage/explain", dumped(known)),
        Worst("explain, nothing known", "/v1/triage/explain", b"{}"),
        Worst("batch, 30 lines of 46 kB, wrong", "/v1/triage/batch", line * LINES, LINES),
        Worst("batch, 1,000 empty objects", "/v1/triage/batch", b"{}\n" * 1_000, 1_000),
        Worst("patient-view, 5 MB of conditions", view + "patient-view", dumped(cds_call(conditions(3_300)))),
        Worst("patient-view, 4 MB of small conditions", view + "patient-view", dumped(cds_call(small(99_000)))),
        Worst("patient-view, 290,000 values", view + "patient-view", dumped(cds_call([]) | {"x": [0] * 290_000})),
        Worst("patient-view, 290,000 numbers", view + "patient-view", dumped(cds_call([]) | {"x": [1.5] * 290_000})),
        Worst("patient-view, 290,000 members", view + "patient-view", dumped(cds_call([]) | {"x": members()})),
        Worst("patient-view, 90,000 objects, repeated keys", view + "patient-view", repeated()),
        Worst("order-sign, 25,000 drafts", view + "order-sign", dumped(ordered("order-sign"))),
        Worst("order-select, 20,000 drafts selected", view + "order-select", dumped(ordered("order-select"))),
        Worst("feedback, 5 MB", view + "patient-view/feedback", feedback()),
        Worst("$apply, 5 MB of conditions", apply, dumped(parameters(conditions(3_300)))),
        Worst("$next-question, 3 MB of groups", "/fhir/Questionnaire/$next-question", dumped(groups())),
        Worst("intake, a form", "/intake", "&".join(f"{n}={str(v).lower()}" for n, v in known.items()).encode()),
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
    return json.dumps(value, separators=(",", ":")).encode()


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
    return [{f"{n:06}": 1 for n in range(start, start + 950)} for start in range(0, 290_000, 950)]


def repeated() -> bytes:
    """Return objects of which the last repeat their keys."""
    inside = ",".join(f'"{n}":1,"{n}":1' for n in range(450))
    return ('{"a":[' + '{"a":1,"b":2},' * 90_000 + ",".join(["{" + inside + "}"] * 20) + "]}").encode()


def ordered(hook: str) -> dict[str, Any]:
    """Return a call with very many drafts of ours."""
    count = 20_000 if hook == "order-select" else 25_000
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
    found: Any = cds_call([]) | {"hook": hook}
    found["context"] |= {"draftOrders": {"resourceType": "Bundle", "entry": entries}}
    if hook == "order-select":
        found["context"]["selections"] = [f"ServiceRequest/s{n}" for n in range(count)]
    return dict(found)


def feedback() -> bytes:
    """Return feedback on very many cards."""
    one = {"card": "x", "outcome": "overridden", "outcomeTimestamp": "2026-10-01T10:00:00Z"}
    return dumped({"feedback": [one] * (RECORD_BYTES // 80)})


def parameters(resources: list[dict[str, object]]) -> dict[str, Any]:
    """Return Parameters with a record."""
    found = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    listed = [{"name": "subject", "valueString": "Patient/1"}, {"name": "data", "resource": found}]
    return {"resourceType": "Parameters", "parameter": listed}


def groups() -> dict[str, Any]:
    """Return a response of very many groups."""
    item = {"linkId": "group-1", "item": [{"linkId": "group-2"}]}
    address = "http://127.0.0.1:8000/fhir/Questionnaire/candidate-intake"
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": address,
        "status": "in-progress",
    }
    response["item"] = [item] * (RECORD_BYTES // 80)
    return response
