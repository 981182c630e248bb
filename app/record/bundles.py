"""The resources of a record, out of Bundles and of one another."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from app.record.elements import RecordError, Resource, first_items, items, text
from app.record.lacks import has_failed, has_more, is_missing
from app.record.statuses import IN_ERROR

LACKING = ("Bundle", "OperationOutcome")
"""Kinds that may say what lacks."""
DEEPEST = 2
"""How deeply a Bundle may lie in others."""
SUBJECTS = frozenset({"subject", "patient"})
OF_OTHERS = frozenset({"FamilyMemberHistory"})
"""Kinds whose contained resources are about somebody else."""
LONGEST_REFERENCE = 2_000
"""How long an address may be that is compared with others."""
LONGEST_ID = 64
MOST_INSIDE = 50
"""How many contained resources, or identifiers, of one resource are looked at."""


class Found(NamedTuple):
    """A resource, and the address under which its Bundle has it."""

    resource: Resource
    kind: str
    url: str = ""


class Collected:
    """The resources of Bundles and of those beside them, in order.

    `failed` reads, and Bundles with `further` pages: what the record itself says that it lacks.
    """

    def __init__(self, record: Iterable[Any]) -> None:
        self.found: list[Found] = []
        self.failed = 0
        self.further = 0
        for each in record:
            if isinstance(each, dict):
                self._take(each, "", 0)

    def _take(self, resource: Resource, url: str, depth: int) -> None:
        kind = text(resource.get("resourceType"))
        if kind == "Bundle":
            self._open(resource, depth)
            return
        self.found.append(Found(resource, kind, url if len(url) <= LONGEST_REFERENCE else ""))
        self.failed += has_failed(resource)

    def _open(self, bundle: Resource, depth: int) -> None:
        if depth > DEEPEST:
            says = "a Bundle inside a Bundle inside a Bundle is not read"
            raise RecordError(says, "Bundle.entry.resource", "too-costly")
        given = bundle.get("entry")
        entries = items(given)
        self.failed += (len(given) if isinstance(given, list) else given is not None) - len(entries)
        self.further += has_more(bundle, entries)
        found = self.found
        for entry in entries:
            resource = entry.get("resource")
            if not isinstance(resource, dict):
                self.failed += is_missing(entry)
                continue
            kind, url = resource.get("resourceType"), entry.get("fullUrl", "")
            if type(kind) is type(url) is str and len(url) <= LONGEST_REFERENCE and kind not in LACKING:
                # nearly every entry; a call for each takes twice as long
                found.append(Found(resource, kind, url))
            else:
                self._take(resource, text(url), depth + 1)


class Inside(NamedTuple):
    """A resource that another one contains."""

    resource: Resource
    kind: str
    outer: Found

    def found(self) -> Found:
        """Return it as a resource of its own.

        It is about whom the outer one is about, unless it says otherwise, and refers to what lies beside it. What makes
        the outer one doubtful makes it so too.
        """
        inside, outer = self.resource, self.outer.resource
        about = {name: outer[name] for name in SUBJECTS if name in outer} if SUBJECTS.isdisjoint(inside) else {}
        passed_on: Resource = {name: outer[name] for name in ("modifierExtension", "implicitRules") if name in outer}
        if outer.get("status") == IN_ERROR:
            passed_on |= {"status": IN_ERROR, "verificationStatus": {"coding": [{"code": IN_ERROR}]}}
        name = {"id": f"{_id(outer)}#{_id(inside)}"}
        beside = {"contained": first_items(outer["contained"], MOST_INSIDE)}
        return Found({**inside, **about, **passed_on, **name, **beside}, self.kind, self.outer.url)


def _id(resource: Resource) -> str:
    """Return an id, cut: each resource inside repeats it."""
    return text(resource.get("id"))[: LONGEST_ID + 1]


def contained(found: Iterable[Found], kinds: Collection[str]) -> Iterator[Inside]:
    """Yield what resources contain of these kinds."""
    for each in found:
        if "contained" in each.resource and each.kind not in OF_OTHERS:
            has_subject = not SUBJECTS.isdisjoint(each.resource)
            for inside in items(each.resource["contained"]):
                kind = text(inside.get("resourceType"))
                if kind in kinds and (has_subject or not SUBJECTS.isdisjoint(inside)):
                    yield Inside(inside, kind, each)
