"""The record of a call: prefetched, else read from the server.

A key that is absent was not fetched; `null` was fetched and found nothing; an OperationOutcome failed; a Bundle with a
next page is not whole. None of the four says that anything is not so.
"""

from asyncio import gather
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.cds_hooks.request import Call
from app.cds_hooks.server import FhirServer, UnreadableError, next_page
from app.core.codes import Codes
from app.core.conditions import facts_read
from app.core.outcome import Outcome
from app.core.rules import Release
from app.record.elements import RecordError, Resource, entries
from app.security.fetch import Allowance

State = Literal["given", "empty", "absent", "failed", "partial"]
SYSTEMS_OF = {"conditions": ("icd-10-cm",), "medications": ("atc", "rxnorm"), "observations": ("loinc",)}
"""Which code systems a prefetch key can bring."""


@dataclass(frozen=True)
class Record:
    """The Bundles and resources of a call, key states, what was unreadable."""

    bundles: list[Any]
    states: Mapping[str, State]
    notes: tuple[str, ...]
    fetched: bool = False
    """Whether any of it was read from the caller's server."""

    def resources(self) -> Iterator[Resource]:
        """Yield the resources, those of Bundles too."""
        for bundle in self.bundles:
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
    states = {key: state_of(call.prefetch, key) for key in templates}
    reads = bool(call.server and call.token)
    wanted = [key for key, state in states.items() if reads and state not in ("given", "empty")]
    # all at once, so that together they take no longer than one may
    allowance = server.allowance()
    read = await gather(*(_read(call, templates[key], server, allowance) for key in wanted))
    found = dict(zip(wanted, read, strict=True))
    bundles: list[Any] = []
    notes: list[str] = []
    for key, state in states.items():
        value = call.prefetch.get(key)
        match found.get(key):
            case UnreadableError() as error:
                notes.append(f"`{key}` could not be read: {error}")
            case dict() as value:
                states[key] = "given"
            case _ if state == "failed":
                notes.append(f"`{key}` failed where it was prefetched")
            case _ if state == "partial":
                notes.append(f"`{key}` has further pages that were not read")
        if states[key] in ("given", "partial"):
            bundles.append(value)
    return Record(bundles, states, tuple(notes), bool(wanted))


async def _read(call: Call, template: str, server: FhirServer, allowance: Allowance) -> Resource | UnreadableError:
    query = template.replace("{{context.patientId}}", call.patient)
    try:
        return await server.read(call.server, call.token, query, allowance)
    except UnreadableError as error:
        return error


def needed(record: Record, outcome: Outcome, release: Release, codes: Codes) -> dict[str, list[str]]:
    """Return the absent keys that matter, with the rules that wait."""
    found: dict[str, list[str]] = {}
    told = {
        key: {entry.fact for entry in codes.sets if entry.system in systems} for key, systems in SYSTEMS_OF.items()
    } | {"intake": set(release.facts), "patient": {"age_years"}}
    for key, state in record.states.items():
        waiting = told[key] & {*outcome.missing, *outcome.open_assumptions}
        if state == "absent" and waiting:
            found[key] = [rule.id for rule in release.rules if waiting & set(facts_read(rule.when))]
    return found
