"""How much of a record is read, and what of it first.

Nothing of a record is dropped silently: what is not read is counted, and said.
"""

from collections.abc import Iterator, Sequence
from heapq import nlargest

from app.record.elements import Resource, text

MOST_RESOURCES = 2_000
MOST_ANSWERS = 500
KINDS = (
    ("Patient",),
    ("QuestionnaireResponse",),
    ("Condition",),
    ("MedicationRequest", "MedicationStatement", "Medication"),
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
    ),
    *("dateAsserted", "effectiveInstant", "issued"),
)
PERIODS = ("effectivePeriod", "onsetPeriod", "performedPeriod")
DATED = frozenset((*DATES, *PERIODS))


def most_important(resources: Sequence[Resource]) -> tuple[list[Resource], int]:
    """Return what is read of many resources, and how many are not."""
    if len(resources) <= MOST_RESOURCES:
        return list(resources), 0
    by_rank: list[list[Resource]] = [[] for _ in range(len(KINDS) + 1)]
    for resource in resources:
        by_rank[RANK.get(text(resource.get("resourceType")), len(KINDS))].append(resource)
    read: list[Resource] = []
    for listed in by_rank:
        left = MOST_RESOURCES - len(read)
        read += listed if len(listed) <= left else nlargest(left, listed, newest)
    return read, len(resources) - len(read)


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


def unread(*, resources: int = 0, answers: int = 0) -> Iterator[str]:
    """Yield what was not read of a record, for people."""
    if resources:
        yield f"{resources} resources of the record were not read: there are more than {MOST_RESOURCES}"
    if answers:
        yield f"{answers} answers of the questionnaire were not read: there are more than {MOST_ANSWERS}"
