"""What a record says that it lacks: failed reads, further pages.

A search that failed and one that found nothing look alike where nobody tells them apart.
"""

from typing import Any

from app.record.elements import Resource, items, text

FAILED = frozenset({"error", "fatal"})
SEARCH = "searchset"
BESIDE = frozenset({"include", "outcome"})
"""What stands in a search set and is no match."""
WELL = ("1", "2", "3")
"""How the statuses begin that say nothing went wrong."""


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
    if "link" in bundle and any(text(link.get("relation")).lower() == "next" for link in items(bundle["link"])):
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


def is_missing(entry: Resource) -> bool:
    """Return whether an entry lacks the resource that was asked for."""
    response = entry.get("response")
    if isinstance(response, dict):
        return not text(response.get("status")).strip().startswith(WELL)
    return "request" not in entry


def _mode(entry: Resource) -> str:
    search = entry.get("search")
    return text(search.get("mode")) if isinstance(search, dict) else ""
