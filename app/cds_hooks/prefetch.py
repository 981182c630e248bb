"""The record of a call: prefetched, else read from the server.

A key that is absent was not fetched; `null` was fetched and found nothing; an OperationOutcome failed; a Bundle with a
next page is not whole. None of the four says that anything is not so.
"""

from asyncio import gather
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.cds_hooks.request import Call
from app.cds_hooks.server import FhirServer, Found, UnreadableError, may_read, next_page
from app.cds_hooks.services import OURS
from app.core.codes import Codes, Table
from app.core.conditions import facts_read
from app.core.languages import Sentence
from app.core.outcome import Outcome
from app.core.rules import Release
from app.record.elements import RecordError, Resource, entries
from app.security.fetch import Allowance

State = Literal["given", "empty", "absent", "failed", "partial"]
OPTIONAL = frozenset({"intake", OURS})
"""Keys whose search not every EHR has: where it is refused, there are cards all the same."""


@dataclass(frozen=True)
class Record:
    """The Bundles and resources of a call by key, and what lacks."""

    bundles: Mapping[str, Any]
    states: Mapping[str, State]
    notes: tuple[Sentence, ...]
    """What could not be fetched."""
    not_read: tuple[Sentence, ...] = ()
    """What has more pages than were read."""
    fetched: bool = False
    """Whether any of it was read from the caller's server."""

    def resources(self) -> Iterator[Resource]:
        """Yield the resources, those of Bundles too."""
        for bundle in self.bundles.values():
            yield from entries(bundle)


def state_of(prefetch: Mapping[str, Any], key: str) -> State:
    """Return the state of a prefetch key; `RecordError` for no resource."""
    if key not in prefetch:
        return "absent"
    value = prefetch[key]
    if value is None:
        return "empty"
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise RecordError("a prefetched value is a FHIR resource or null", f"prefetch.{key}", "structure")
    if value["resourceType"] == "OperationOutcome":
        return "failed"
    return "partial" if next_page(value) else "given"


async def record_of(call: Call, templates: Mapping[str, str], server: FhirServer) -> Record:
    """Return the record of a call, completed from the caller's server."""
    prefetch = call.prefetched()
    states = {key: state_of(prefetch, key) for key in templates}
    reads = bool(call.server and call.token)
    wanted = [key for key, state in states.items() if reads and state not in ("given", "empty")]
    # all at once, so that together they take no longer than one may
    allowance = server.allowance()
    read = await gather(*(_read(call, templates[key], server, allowance) for key in wanted))
    found = dict(zip(wanted, read, strict=True))
    bundles: dict[str, Any] = {}
    notes: list[Sentence] = []
    not_read: list[Sentence] = []
    for key, state in states.items():
        value = prefetch.get(key)
        match found.get(key):
            case UnreadableError() as error:
                notes.append(Sentence("`{key}` could not be read: {why}", {"key": key, "why": error.sentence}))
                if key in OPTIONAL and error.refused:
                    states[key] = "failed"
            case Found(value, lacks):
                states[key] = "partial" if lacks else "given"
                if lacks:
                    says = "`{key}` has further pages that were not read: {why}"
                    not_read.append(Sentence(says, {"key": key, "why": lacks}))
            case _ if state == "failed":
                notes.append(Sentence("`{key}` failed where it was prefetched", {"key": key}))
            case _ if state == "partial":
                not_read.append(Sentence("`{key}` has further pages that were not read", {"key": key}))
        if states[key] in ("given", "partial"):
            bundles[key] = value
    return Record(bundles, states, tuple(notes), tuple(not_read), bool(wanted))


async def _read(call: Call, template: str, server: FhirServer, allowance: Allowance) -> Found | UnreadableError:
    query = template.replace("{{context.patientId}}", call.patient)
    if not may_read(call.scope, query):
        kind = query.partition("?")[0].partition("/")[0]
        return UnreadableError("the access token has no scope for `{kind}`", refused=True, kind=kind)
    try:
        return await server.read(call.server, call.token, query, allowance)
    except UnreadableError as error:
        return error


def needed(record: Record, decide: Callable[[], Outcome], release: Release, codes: Codes) -> dict[str, list[str]]:
    """Return the absent keys that can matter, with the rules that wait."""
    absent = [key for key, state in record.states.items() if state == "absent" and key != OURS]
    found: dict[str, list[str]] = {}
    if not absent:
        return found
    outcome = decide()
    open_facts = {*outcome.missing, *outcome.open_assumptions}
    for key in absent:
        if waiting := _brings(key, release, codes) & open_facts:
            found[key] = [rule.id for rule in release.rules if waiting & set(facts_read(rule.when))]
    return found


def _brings(key: str, release: Release, codes: Codes) -> frozenset[str]:
    """Return the facts that a key can bring."""
    match key:
        case "patient":
            return frozenset({"age_years"})
        case "intake":
            return frozenset(release.facts)
        case "medications":
            return codes.medicines.facts
    table: Table = getattr(codes, key)
    return table.facts
