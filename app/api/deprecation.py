"""Headers of what is deprecated or ends (RFC 9745, RFC 8594)."""

from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

from app.core.rules import Release

DECLARED: dict[str, Any] = {
    "Deprecation": {
        "description": "Since when the release is withdrawn (RFC 9745); absent while it is good.",
        "schema": {"type": "string", "examples": ["@1767225600"]},
    },
    "Link": {
        "description": "With `Deprecation`: `rel=deprecation`, which says why, and `rel=successor-version`.",
        "schema": {"type": "string"},
    },
}
"""What OpenAPI says of answers by a release that is named."""


def headers_of(release: Release, current: str, root: str = "") -> dict[str, str]:
    """Return the headers of answers by a release, below the public path."""
    if release.withdrawn is None:
        return {}
    path = f"{root}/v1/rulesets/"
    return deprecated(date.fromisoformat(release.withdrawn.date), path + release.id, path + current)


def deprecated(since: date, why: str, successor: str, sunset: date | None = None) -> dict[str, str]:
    """Return the headers of what is deprecated; `sunset` where it ends."""
    links = [f'<{why}>; rel="deprecation"', f'<{successor}>; rel="successor-version"']
    found = {"Deprecation": f"@{int(_midnight(since).timestamp())}"}
    if sunset is not None:
        found["Sunset"] = format_datetime(_midnight(sunset), usegmt=True)
        links.append(f'<{why}>; rel="sunset"')
    return found | {"Link": ", ".join(links)}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
