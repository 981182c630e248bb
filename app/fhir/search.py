"""Searches for the definitions, by the parameters that SDC form managers have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from app.fhir.localization import Localization
from app.fhir.outcome import issue
from app.record.elements import RecordError, Resource

BY_ELEMENT: Mapping[str, str] = {
    "_id": "id",
    "url": "url",
    "version": "version",
    "name": "name",
    "title": "title",
    "status": "status",
    "experimental": "experimental",
}
"""The search parameters, and the element of each."""
BEGINS = frozenset({"name", "title"})
"""Parameters of the type string: a value is the beginning of the element's, in any case."""
SAYS: Mapping[str, str] = {
    "_id": "The id of a definition.",
    "url": "Its canonical address, with a version behind `|` or without.",
    "version": "Its version: the release it is made from.",
    "name": "How its name for programs begins.",
    "title": "How its title begins.",
    "status": "Its status, such as `active`; several with commas between them.",
    "experimental": "Whether it is experimental: `true` or `false`.",
}
"""What each is, for OpenAPI."""
PRESENTATION = frozenset({"_format", "_pretty", "_summary", "_elements", "_count", "_sort", "_total"})
"""Parameters that say how results look; every search here has one page, of whole resources."""
KINDS = dict.fromkeys(BY_ELEMENT, "token") | {"url": "uri", "name": "string", "title": "string"}


def search(
    resources: Sequence[Resource], asked: Sequence[tuple[str, str]], address: str, locale: Localization, *, strict: bool
) -> Resource:
    """Return a searchset of those of a type that are asked for.

    What is not known is left out of the search and said, or with `strict` (`Prefer: handling=strict`) refused.
    """
    used = [(name, value) for name, value in asked if name in BY_ELEMENT]
    unknown = sorted({name for name, _ in asked} - BY_ELEMENT.keys() - PRESENTATION)
    if strict and unknown:
        names = ", ".join(f"`{name}`" for name in BY_ELEMENT)
        raise RecordError("the search parameters are {names}", "", "not-supported", names=names)
    found = [each for each in resources if all(_matches(each, name, value) for name, value in used)]
    entry: list[Resource] = [{"fullUrl": each["url"], "resource": each, "search": {"mode": "match"}} for each in found]
    if unknown:
        entry.append({"resource": _outcome(unknown, locale), "search": {"mode": "outcome"}})
    query = f"?{urlencode(used)}" if used else ""
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": address + query}],
    }
    return bundle | ({"entry": entry} if entry else {})


def search_parameters() -> Iterator[Resource]:
    """Yield the parameters as a CapabilityStatement has them."""
    for name in BY_ELEMENT:
        yield {"name": name, "type": KINDS[name]}


def query_parameters() -> list[dict[str, Any]]:
    """Return the parameters as OpenAPI has them, by query or by header."""
    found: list[dict[str, Any]] = [
        {"name": name, "in": "query", "required": False, "description": says, "schema": {"type": "string"}}
        for name, says in SAYS.items()
    ]
    prefer = {"type": "string", "examples": ["handling=strict"]}
    says = (
        "`handling=strict` refuses a search parameter that is not known; without it the answer says which was not used."
    )
    return [*found, {"name": "Prefer", "in": "header", "required": False, "description": says, "schema": prefer}]


def _matches(resource: Resource, name: str, value: str) -> bool:
    """Return whether a resource has one of the values of a parameter."""
    has = resource.get(BY_ELEMENT[name])
    words = str(has).lower() if isinstance(has, bool) else str(has)
    given = [word.rpartition("|")[2] if name in ("status", "version") else word for word in value.split(",")]
    if name == "url":  # a canonical with its version names the same resource
        version = f"|{resource.get('version')}"
        given = [word.removesuffix(version) for word in given]
    if name in BEGINS:
        return any(words.casefold().startswith(word.casefold()) for word in given)
    return words in given


def _outcome(unknown: Sequence[str], locale: Localization) -> Resource:
    says = locale.phrases.of(
        "these search parameters are not known and were not used: {names}", names=", ".join(unknown)
    )
    return {"resourceType": "OperationOutcome", "issue": [issue(says, "not-supported", severity="warning")]}
