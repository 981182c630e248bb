"""The record of a call: prefetched, else read from the server.

A key that is absent was not fetched; `null` was fetched and found nothing; an OperationOutcome failed, as did what is
nothing that was asked for; a Bundle with a next page is not whole. None of them says that anything is not so.
"""

from asyncio import gather
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.cds_hooks.request import Call
from app.cds_hooks.server import FhirServer, Found, UnreadableError, may_read
from app.cds_hooks.services import OURS
from app.core.codes import Codes, Table
from app.core.conditions import facts_read
from app.core.languages import Sentence
from app.core.outcome import Outcome
from app.core.rules import Release
from app.record.elements import RecordError, items
from app.record.lacks import has_more
from app.record.reader import KINDS
from app.security.allowance import Allowance

State = Literal["given", "empty", "absent", "failed", "partial"]
READ = frozenset({*KINDS, "Bundle", "Patient", "QuestionnaireResponse", "ServiceRequest"})
"""What a key may hold; anything else was not asked for."""
TOLD = frozenset({"link", "total"})
"""What of a Bundle says that there is more; it is told here, by key."""
NEWEST = "intake"
"""The key of which the newest is all that is asked for, however many more there are."""
OPTIONAL = frozenset({"intake", OURS})
"""Keys without which there are cards all the same: not every EHR has their search."""


@dataclass(frozen=True)
class Record:
    """The Bundles and resources of a call by key, and what lacks."""

    bundles: Mapping[str, Any]
    states: Mapping[str, State]
    lacks: tuple[Sentence, ...] = ()
    """What was not read: not sent, failed, or on further pages."""
    fetched: bool = False
    """Whether any of it was read from the caller's server."""


def state_of(prefetch: Mapping[str, Any], key: str) -> State:
    """Return the state of a prefetch key; `RecordError` for no resource."""
    if key not in prefetch:
        return "absent"
    value = prefetch[key]
    if value is None:
        return "empty"
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise RecordError("a prefetched value is a FHIR resource or null", f"prefetch.{key}", "structure")
    if value["resourceType"] not in READ:
        return "failed"
    return "partial" if _is_partial(key, value) else "given"


def _is_partial(key: str, value: Any) -> bool:
    entries = items(value.get("entry"))
    return has_more(value, entries) and not (key == NEWEST and entries)


async def record_of(call: Call, templates: Mapping[str, str], server: FhirServer) -> Record:
    """Return the record of a call, completed from the caller's server."""
    prefetch = call.prefetched()
    states = {key: state_of(prefetch, key) for key in templates}
    reads = bool(call.server and call.token)
    wanted = [key for key, state in states.items() if reads and state not in ("given", "empty")]
    found = await _read_all(call, {key: templates[key] for key in wanted}, server) if wanted else {}
    bundles: dict[str, Any] = {}
    lacks: list[Sentence] = []
    for key, state in states.items():
        value = prefetch.get(key)
        match found.get(key):
            case UnreadableError() as error:
                lacks.append(Sentence("`{key}` could not be read: {why}", {"key": key, "why": error.sentence}))
                if error.refused:
                    states[key] = "failed"
            case Found(value, None):
                states[key] = "partial" if _is_partial(key, value) else "given"
                lacks += _lack(key, states[key])
            case Found(value, missing):
                states[key] = "partial"
                says = "`{key}` has further pages that were not read: {why}"
                lacks.append(Sentence(says, {"key": key, "why": missing}))
            case _:
                lacks += _lack(key, state)
        if states[key] in ("given", "partial") and value is not None:
            bundles[key] = {name: part for name, part in value.items() if name not in TOLD}
    return Record(bundles, states, tuple(lacks), bool(wanted))


def _lack(key: str, state: State) -> Iterator[Sentence]:
    """Yield what a key lacks as it was prefetched."""
    match state:
        case "absent" if key != OURS:
            yield Sentence("`{key}` was not sent", {"key": key})
        case "failed":
            yield Sentence("`{key}` failed where it was prefetched", {"key": key})
        case "partial":
            yield Sentence("`{key}` has further pages that were not read", {"key": key})


async def _read_all(
    call: Call, templates: Mapping[str, str], server: FhirServer
) -> Mapping[str, Found | UnreadableError]:
    """Read all keys at once, within the time of one."""
    allowance = server.allowance()
    try:
        async with server.place(call.server) as seconds:
            read = await gather(*(_read(call, each, server, allowance, seconds) for each in templates.values()))
    except UnreadableError as error:
        return dict.fromkeys(templates, error)
    return dict(zip(templates, read, strict=True))


async def _read(
    call: Call, template: str, server: FhirServer, allowance: Allowance, seconds: float
) -> Found | UnreadableError:
    query = template.replace("{{context.patientId}}", call.patient)
    if not may_read(call.scope, query):
        kind = query.partition("?")[0].partition("/")[0]
        return UnreadableError("the access token has no scope for `{kind}`", refused=True, kind=kind)
    try:
        only_first = template.endswith("_count=1")
        found = await server.read(call.server, call.token, query, allowance, only_first=only_first, seconds=seconds)
    except UnreadableError as error:
        return error
    return found if found.resource.get("resourceType") in READ else UnreadableError("the FHIR server sent no resource")


def needed(record: Record, decide: Callable[[], Outcome], release: Release, codes: Codes) -> dict[str, list[str]]:
    """Return the absent keys that can matter, with the rules that wait."""
    absent = [key for key, state in record.states.items() if state == "absent" and key not in OPTIONAL]
    found: dict[str, list[str]] = {}
    if not absent:
        return found
    outcome = decide()
    open_facts = {*outcome.missing, *outcome.open_assumptions}
    for key in absent:
        if waiting := _brings(key, codes) & open_facts:
            found[key] = [rule.id for rule in release.rules if waiting & set(facts_read(rule.when))]
    return found


def _brings(key: str, codes: Codes) -> frozenset[str]:
    """Return the facts that a key can bring."""
    match key:
        case "patient":
            return frozenset({"age_years"})
        case "medications":
            return codes.medicines.facts
    table: Table = getattr(codes, key)
    return table.facts
