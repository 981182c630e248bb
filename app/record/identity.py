"""Whose a resource is, and what a reference leads to.

A reference is written relative, absolute, versioned, as `urn:uuid:` or `urn:oid:` of an entry, contained, conditional
or logical. An absolute one counts where its base is that of the server or of the Patient; where neither is known, equal
type and id count as long as all of them share one base.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from marshal import dumps
from typing import Any, Literal
from urllib.parse import parse_qs

from app.record.bundles import LONGEST_REFERENCE, MOST_INSIDE, Found
from app.record.elements import Resource, first_items, text

Whose = Literal["patient", "other", "unknown"]
REST = re.compile(r"(?:(\S*)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[^/\s]+)?")
WITHOUT_SUBJECT: Mapping[str, Whose] = {"QuestionnaireResponse": "patient", "Device": "other"}
"""Whose a resource is that need not name a subject: a form is sent for its patient, a device may be anybody's."""
LONGEST_DATE = len("2026-11-26")
MOST_ESCAPED = 20
"""How many `&` and `%` the query of a conditional reference has: an address and an identifier have some six."""
LARGEST_TARGET = 16_000
MOST_REFERRED = 3_000_000
"""How many bytes of what is referred to are read, of one resource and for all references: for each it is read anew."""
COST = 200
"""What an ingredient costs beside them, and what a reference does."""
ELEMENT = 10
"""What each of its elements costs, and each part of a list, whatever is in it."""
UNREAD = frozenset({"contained", "identifier", "meta", "text"})
"""Elements of it whose insides no reading looks at."""
PORTS = {"http": ":80", "https": ":443"}
"""The ports that an address means where it names none."""


def base_of(url: str) -> str:
    """Return the base of a RESTful address; empty for any other."""
    return plain_base(url.rsplit("/", 2)[0]) if url.startswith("http") and url.count("/") > 3 else ""


def plain_base(base: str) -> str:
    """Return a base without scheme, its host in lower case."""
    scheme, _, rest = base.partition("://")
    host, slash, path = (rest or scheme).rstrip("/").partition("/")
    return host.lower().removesuffix(PORTS.get(scheme.lower(), ":443")) + slash + path


def _plain_url(url: str) -> str:
    return url.lower() if url.startswith(("urn:", "URN:")) else url


class Identity:
    """The patient of a record, and the resources referred to."""

    def __init__(self, found: list[Found], patient: str, server: str) -> None:
        self._by_url: dict[str, Resource] = {_plain_url(each.url): each.resource for each in found if each.url}
        self._targets: dict[tuple[str, str], dict[str, tuple[int, Found]]] = {}
        """By type and id, the first at each base, and its place: of very many of one id none is looked through."""
        self._resources: list[Found] = []
        self._left = MOST_REFERRED
        self._identified: dict[tuple[str, str, str], Resource] | None = None
        patients: list[Found] = []
        for each in found:
            if each.kind == "Patient":
                patients.append(each)
            elif each.kind in ("Medication", "Substance", "Device"):
                self._resources.append(each)
                alike = self._targets.setdefault((each.kind, text(each.resource.get("id"))), {})
                alike.setdefault(base_of(each.url), (len(alike), each))
        self._bases = {plain_base(server)} - {""}
        self._urls: set[str] = set()
        self._id = ""
        self.patients = self._chosen(patients, patient)
        self.strangers = len(patients) if patient and not self.patients else 0
        """How many Patients there are where none of them is the patient."""
        for resource, _, url in self.patients:
            self._id = self._id or text(resource.get("id"))
            self._urls |= {_plain_url(url)} - {""}
            self._bases |= {base_of(url)} - {""}
        self._identifiers = {pair for resource, _, _ in self.patients for pair in _identifiers(resource)}
        self._systems = {system for system, _ in self._identifiers}
        self._is_cut = any(_has_more(resource, "identifier", "link") for resource, _, _ in self.patients)
        """Whether the patient has more names than are looked at: another one is then nobody's that is known."""
        self._whose: dict[tuple[str, str], Whose | str] = {}
        self._born = {_birth_date(resource) for resource, _, _ in self.patients} - {""}
        self._born_within = {part for born in self._born for part in _beginnings(born)}
        self._linked = {name for resource, _, _ in self.patients for name in _linked(resource)}
        """Ids of Patients that the patient has been, or is, under another id."""

    def _chosen(self, patients: list[Found], patient: str) -> list[Found]:
        if not patient:
            ids = {(text(each.resource.get("id")) or each.url) for each in patients}
            return patients if len(ids) == 1 else []
        if patient.startswith(("urn:", "URN:")):
            self._urls = {_plain_url(patient)}
            return [each for each in patients if _plain_url(each.url) == _plain_url(patient)]
        named = REST.fullmatch(patient)
        self._id = named[3] if named else patient
        if named and named[1]:
            self._bases |= {plain_base(named[1])}
        return [each for each in patients if self._is_patient(each, len(patients) == 1)]

    def _is_patient(self, found: Found, alone: bool) -> bool:
        name, base = text(found.resource.get("id")), base_of(found.url)
        if not name:
            return alone
        return name == self._id and (not base or not self._bases or base in self._bases)

    def whose(self, found: list[Found]) -> list[Whose]:
        """Return whose each resource is."""
        first = [self._whose_of(each) for each in found]
        bases = {each for each in set(first) if each.startswith("=")}
        alike: Whose = "patient" if len(bases) == 1 else "unknown"
        return [alike if each in bases else each for each in first]  # type: ignore[misc]

    def _whose_of(self, found: Found) -> Whose | str:
        """Return whose a resource is.

        `=` and a base, or a reference where nothing says who the patient is: it counts if all are equal.
        """
        resource = found.resource
        subject = resource.get("subject") or resource.get("patient")
        if not isinstance(subject, dict):
            return WITHOUT_SUBJECT.get(found.kind, "unknown")
        reference = subject.get("reference")
        if not isinstance(reference, str) or not reference:
            return self._by_identifiers(set(_identifiers(subject)))
        if reference.startswith("#"):
            return self._contained(resource, reference[1:])
        key = reference, found.url.rsplit("/", 2)[0] if found.url and found.url.startswith("http") else ""
        known = self._whose.get(key)
        if known is None:
            known = self._whose[key] = self._named(reference, base_of(found.url))
        return known

    def _named(self, reference: str, own_base: str) -> Whose | str:
        plain = _plain_url(reference)
        if plain in self._urls:
            return "patient"
        if plain.startswith("urn:"):
            return "other" if plain in self._by_url else "unknown"
        if len(reference) > LONGEST_REFERENCE:
            return "unknown"
        if "?" in reference:
            return self._conditional(reference)
        parts = REST.fullmatch(reference)
        if parts is None:
            return "unknown"
        if parts[2] != "Patient":
            return "other"
        if not self._id:
            return "unknown" if self.patients else f"={reference.partition('/_history/')[0]}"
        if parts[3] != self._id:
            return self._by_id(parts[3])
        base = plain_base(parts[1]) if parts[1] else own_base
        if not base:
            return "patient"
        if self._bases:
            return "patient" if base in self._bases else "other"
        return f"={base}"

    def _conditional(self, reference: str) -> Whose:
        kind, _, query = reference.rpartition("/")[2].partition("?")
        if kind != "Patient":
            return "other"
        asked = _asked(query)
        if set(asked) == {"_id"}:
            return self._by_id(*asked["_id"]) if len(asked["_id"]) == 1 and self._id else "unknown"
        named = {(system, value) for each in asked.get("identifier", ()) for system, _, value in [each.partition("|")]}
        return self._by_identifiers(named)

    def _by_id(self, name: str) -> Whose:
        if name == self._id:
            return "patient"
        return "unknown" if name in self._linked or self._is_cut else "other"

    def _by_identifiers(self, named: set[tuple[str, str]]) -> Whose:
        if named & self._identifiers:
            return "patient"
        is_known = any(system in self._systems for system, _ in named) and not self._is_cut
        return "other" if is_known else "unknown"

    def _contained(self, resource: Resource, name: str) -> Whose:
        inside = _inside(resource, name)
        if inside is None:
            return "unknown"
        if inside.get("resourceType") != "Patient":
            return "other"
        born = _birth_date(inside)
        if born and self._born and born not in self._born_within and self._born.isdisjoint(_beginnings(born)):
            return "other"
        named = set(_identifiers(inside))
        return "other" if self._by_identifiers(named) == "other" else "patient"

    def follow(self, reference: Any, found: Found, *kinds: str) -> Resource | None:
        """Return what a reference of a resource leads to, or `None`.

        `kinds` are what it may be where no type is said.
        """
        if not isinstance(reference, dict):
            return None
        address = text(reference.get("reference"))[: LONGEST_REFERENCE + 1]
        if address.startswith("#"):
            return _inside(found.resource, address[1:])
        if (target := self._by_url.get(_plain_url(address))) is not None:
            return target
        if "?" in address:
            named = _asked(address.partition("?")[2]).get("identifier", ())
            return self._known_as(kinds, [each.partition("|") for each in named])
        if not address:
            return self._known_as(kinds, [(system, "|", value) for system, value in _identifiers(reference)])
        parts = REST.fullmatch(address)
        if parts is None or not (alike := self._targets.get((parts[2], parts[3]))):
            return None
        base = (plain_base(parts[1]) if parts[1] else "") or base_of(found.url)
        if not base:
            return next(iter(alike.values()))[1].resource
        fitting = [alike[each] for each in ("", base) if each in alike]
        return min(fitting)[1].resource if fitting else None

    def affords(self, target: Resource) -> bool:
        """Return whether what is referred to may be read; it is counted."""
        if self._left < 0:
            return False
        size = len(dumps([value for name, value in target.items() if name not in UNREAD]))
        size += ELEMENT * (len(target) + sum(len(value) for value in target.values() if isinstance(value, list)))
        parts = target.get("ingredient")
        self._left -= size + COST * (1 + (len(parts) if isinstance(parts, list) else 0))
        return size <= LARGEST_TARGET and self._left >= 0

    def _known_as(self, kinds: tuple[str, ...], named: Iterable[tuple[str, str, str]]) -> Resource | None:
        if self._identified is None:
            self._identified = {
                (each.kind, *pair): each.resource for each in self._resources for pair in _identifiers(each.resource)
            }
        known = (self._identified.get((kind, system, value)) for kind in kinds for system, _, value in named)
        return next((resource for resource in known if resource), None)


def _inside(resource: Resource, name: str) -> Resource | None:
    listed = resource.get("contained")
    beside = listed[:MOST_INSIDE] if isinstance(listed, list) else [listed]
    return next((inside for inside in beside if isinstance(inside, dict) and inside.get("id") == name), None)


def _has_more(resource: Resource, *elements: str) -> bool:
    """Return whether an element has more parts than are looked at."""
    listed = (resource.get(element) for element in elements)
    return any(isinstance(each, list) and len(each) > MOST_INSIDE for each in listed)


def _asked(query: str) -> dict[str, list[str]]:
    """Return what a conditional reference asks for; nothing of a long one."""
    return parse_qs(query) if query.count("&") + query.count("%") <= MOST_ESCAPED else {}


def _beginnings(day: str) -> set[str]:
    return {day[:length] for length in range(1, len(day) + 1)}


def _birth_date(resource: Resource) -> str:
    return text(resource.get("birthDate"))[:LONGEST_DATE]


def _linked(patient: Resource) -> Iterator[str]:
    """Yield the ids of other records of one person, which were merged."""
    for link in first_items(patient.get("link"), MOST_INSIDE):
        other = link.get("other")
        named = text(other.get("reference")) if isinstance(other, dict) else ""
        found = REST.fullmatch(named) if len(named) <= LONGEST_REFERENCE else None
        if found and found[2] == "Patient":
            yield found[3]


def _identifiers(resource: Resource) -> list[tuple[str, str]]:
    listed = first_items(resource.get("identifier"), MOST_INSIDE)
    return [
        (text(each.get("system")), value) for each in listed if isinstance(value := each.get("value"), str) and value
    ]
