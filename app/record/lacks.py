"""What a record says that it lacks: failed reads, further pages.

A search that failed and one that found nothing look alike where nobody tells them apart.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from app.record.elements import Resource, items, text
from app.record.identity import DEEPEST
from app.record.places import Unread

FAILED = frozenset({"error", "fatal"})
SEARCH = "searchset"
BESIDE = frozenset({"include", "outcome"})
"""What stands in a search set and is no match."""
LACKING = ("Bundle", "OperationOutcome")
"""Kinds that may say so."""
WELL = ("1", "2", "3")
"""How the statuses begin that say nothing went wrong."""


def lacking(record: Iterable[Any]) -> Iterator[Unread]:
    """Yield what of a record was not read or not sent."""
    failed = further = 0
    todo = [(each, 0) for each in record]
    while todo:
        found, depth = todo.pop()
        if not isinstance(found, dict):
            continue
        if found.get("resourceType") != "Bundle":
            failed += has_failed(found)
            continue
        given = found.get("entry")
        entries = items(given)
        failed += (len(given) if isinstance(given, list) else given is not None) - len(entries)
        failed += sum(_is_missing(entry) for entry in entries if not isinstance(entry.get("resource"), dict))
        further += has_more(found, entries)
        if depth <= DEEPEST:
            inside = [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]
            todo += [(each, depth + 1) for each in inside if each.get("resourceType") in LACKING]
    if failed:
        yield Unread("failed_reads", failed, 0)
    if further:
        yield Unread("further_pages", further, 0)


def has_failed(resource: Resource) -> bool:
    """Return whether a resource says that something went wrong.

    Servers say that a search found nothing by an outcome too, as a warning.
    """
    if resource.get("resourceType") != "OperationOutcome":
        return False
    issues = items(resource.get("issue"))
    return not issues or any(text(issue.get("severity")) in FAILED for issue in issues)


def has_more(bundle: Resource, entries: list[Resource]) -> bool:
    """Return whether a Bundle says that there is more than it holds."""
    if any(text(link.get("relation")).lower() == "next" for link in items(bundle.get("link"))):
        return True
    total = bundle.get("total")
    if bundle.get("type", SEARCH) != SEARCH or not isinstance(total, int) or total == 0:
        return False
    return total > sum(_mode(entry) not in BESIDE for entry in entries)


def next_page(bundle: Any) -> str:
    """Return the address of a search's next page, or nothing."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        return ""
    return next((text(link.get("url")) for link in items(bundle.get("link")) if link.get("relation") == "next"), "")


def _is_missing(entry: Resource) -> bool:
    """Return whether an entry lacks the resource that was asked for."""
    response = entry.get("response")
    if isinstance(response, dict):
        return not text(response.get("status")).strip().startswith(WELL)
    return "request" not in entry


def _mode(entry: Resource) -> str:
    search = entry.get("search")
    return text(search.get("mode")) if isinstance(search, dict) else ""
