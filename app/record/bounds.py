"""How much of a record is read, and what of it first.

Nothing of a record is dropped silently: what is not read is counted, and said.
"""

from collections.abc import Sequence
from itertools import chain, islice
from typing import TypeVar

from app.record.bundles import Found, Inside
from app.record.elements import Resource, text

MOST_RESOURCES = 2_000
"""Of the patient, and as many of others or of nobody that is known."""
MOST_SEEN = 6_000
"""Of which it is looked at whose they are."""
MOST_ANSWERS = 500
KINDS = (
    ("Patient",),
    ("QuestionnaireResponse",),
    ("Condition",),
    ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense", "Medication"),
    ("AllergyIntolerance",),
    ("Device", "DeviceUseStatement"),
    ("Procedure",),
    ("Observation",),
)
"""The order in which resources are read; those of any other kind come last."""
RANK = {kind: rank for rank, kinds in enumerate(KINDS) for kind in kinds}
DATES = (
    *(
        "authored",
        "authoredOn",
        "effectiveDateTime",
        "onsetDateTime",
        "performedDateTime",
        "recordedDate",
        "recordedOn",
        "whenHandedOver",
        "whenPrepared",
    ),
    *("dateAsserted", "effectiveInstant", "issued"),
)
PERIODS = ("effectivePeriod", "onsetPeriod", "performedPeriod")
DATED = frozenset((*DATES, *PERIODS))


F = TypeVar("F", Found, Inside)


def most_important(resources: Sequence[F], most: int = MOST_RESOURCES) -> tuple[list[F], int]:
    """Return what is read of many resources, and how many are not."""
    if len(resources) <= most:
        return list(resources), 0
    by_rank: list[list[F]] = [[] for _ in range(len(KINDS) + 1)]
    for found in resources:
        by_rank[RANK.get(found.kind, len(KINDS))].append(found)
    read: list[F] = []
    for listed in by_rank:
        left = most - len(read)
        read += _newest(listed, left) if len(listed) > left else listed
    return read, len(resources) - len(read)


def _newest(listed: list[F], most: int) -> list[F]:
    dated = [found for found in listed if not DATED.isdisjoint(found.resource)]
    dated.sort(key=lambda found: newest(found.resource), reverse=True)
    undated = (found for found in listed if DATED.isdisjoint(found.resource))
    return list(islice(chain(dated, undated), most))


def newest(resource: Resource) -> str:
    """Return the date of a resource as text that sorts."""
    if DATED.isdisjoint(resource):
        return ""
    for name in DATES:
        if name in resource:
            return text(resource[name])
    for name in PERIODS:
        period = resource.get(name)
        if isinstance(period, dict):
            return text(period.get("end") or period.get("start"))
    return ""
