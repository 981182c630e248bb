"""What an answer says of the release that gave it."""

from collections.abc import Mapping

from app.core.documented import Part, documented
from app.core.rules import Release, Review, Withdrawn

CONTRACT = 1
"""The version of the shape of answers: raised where a member changes its meaning or goes."""


@documented
class RuleSet(Part):
    """The release that answered."""

    id: str
    """Its name, such as `2026.2`."""
    digest: str
    """The digest over its facts, rules, laws, plans and their English sentences."""
    contract: int
    """The version of the shape of answers."""
    reviewed: Review | None
    """Who signed it and when; null until a clinician has."""
    withdrawn: Withdrawn | None
    """When and why it was withdrawn; null while it is good."""
    limits: str | None
    """What it does not know, where that must be said; null otherwise."""
    digests: Mapping[str, str]
    """The digests of its `sources`, `population`, `countries`, `languages`, `intake` and `notices`, which `digest`
    leaves out."""


def ruleset_of(release: Release) -> RuleSet:
    """Return what an answer says of the release that gave it."""
    later = release.reviewed, release.withdrawn, release.limits, release.digests
    return RuleSet(release.id, release.digest, CONTRACT, *later)
