"""Golden charts: YAML files in `tests/record/cases`, each of one foreign shape, and what is right about them.

A case has a `name`, `why` where it does not go without saying, and a `record`: resources as FHIR R4 has them, with
three short forms. `is` is the resource type; a concept may be written `system|code|display` (or a list of those, or a
text alone); `clinical` and `verified` are the codes of the two statuses. What every resource of the shape has, the
patient, the ids, references and Bundles, the shape adds. `facts` and `places` are what is right; the Patient has no
place, and the age is looked at where a case names it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from app.record.places import PLACES, PatientFacts
from app.record.reader import Reader
from app.rulebook.files import read
from app.rulebook.load import RuleBook
from tests.fhir.resources import INTAKE, Resource

FOLDER = Path(__file__).parent / "cases"
TODAY = date(2026, 11, 26)
SYSTEMS = {
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd-10": "http://hl7.org/fhir/sid/icd-10",
    "icd-10-gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "kcd": "urn:oid:1.2.410.100110.40.2.2.1",
    "snomed": "http://snomed.info/sct",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "atc-de": "http://fhir.de/CodeSystem/bfarm/atc",
    "loinc": "http://loinc.org",
    "ndc": "http://hl7.org/fhir/sid/ndc",
}
CONCEPTS = frozenset(
    {
        *("code", "type", "medicationCodeableConcept", "valueCodeableConcept", "bodySite", "route", "form"),
        *("substance", "itemCodeableConcept", "clinicalStatus", "verificationStatus"),
    }
)
STATUSES = {
    ("Condition", "clinical"): ("clinicalStatus", "condition-clinical"),
    ("Condition", "verified"): ("verificationStatus", "condition-ver-status"),
    ("AllergyIntolerance", "clinical"): ("clinicalStatus", "allergyintolerance-clinical"),
    ("AllergyIntolerance", "verified"): ("verificationStatus", "allergyintolerance-verification"),
}
EHR = "https://ehr.example/fhir"


@dataclass(frozen=True)
class Chart:
    """A record of one foreign shape, and what is right about it."""

    name: str
    record: list[Resource]
    facts: Mapping[str, Any]
    places: Mapping[str, int]
    ranges: Mapping[str, Any] = field(default_factory=dict)
    doubted: list[str] | None = None
    on: date = TODAY
    area: list[Resource] = field(default_factory=list)

    def read(self, book: RuleBook) -> PatientFacts:
        """Return what the record says by the current release."""
        return Reader(book.releases[book.current], book.codes, INTAKE, self.on, area=self.area).read(self.record)

    def differences(self, found: PatientFacts) -> list[str]:
        """Return how what was read differs from what is right."""
        facts = {name: value for name, value in found.facts.items() if name != "age_years" or name in self.facts}
        places = {place: len(getattr(found, place)) for place in PLACES if getattr(found, place)}
        wrong = [f"facts: {facts}"] if facts != self.facts else []
        wrong += [f"ranges: {found.ranges}"] if found.ranges != self.ranges else []
        wrong += [f"places: {places}: {list(found.entries())}"] if places != self.places else []
        if self.doubted is not None and list(found.doubted) != self.doubted:
            wrong.append(f"doubted: {found.doubted}")
        return wrong


def charts() -> Iterator[Chart]:
    """Yield every golden chart."""
    for path in sorted(FOLDER.glob("*.yaml")):
        data = read(path).data
        for case in data["cases"]:
            strange = set(case) - {"name", "why", "record", "facts", "places", "patient", "ranges", "doubted", "area"}
            assert not strange, f"{path.name}: {case['name']}: {strange}"
            patient = {"birthDate": "1985-04-02"} | case.get("patient", {})
            resources = [_resource(each) for each in case.get("record", [])]
            yield Chart(
                f"{path.stem}: {case['name']}",
                [SHAPES[data["shape"]](patient, resources)],
                case["facts"],
                case["places"],
                case.get("ranges", {}),
                case.get("doubted"),
                area=[_concept(each) for each in case.get("area", [])],
            )


def _resource(written: Mapping[str, Any]) -> Resource:
    kind = written["is"]
    found: Resource = {"resourceType": kind}
    for key, value in written.items():
        if (kind, key) in STATUSES:
            name, system = STATUSES[kind, key]
            found[name] = {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": value}]}
        elif key != "is":
            found[key] = _expanded(key, value)
    return found


def _expanded(key: str, value: Any) -> Any:
    if key in ("valueCoding", "coding"):
        return value
    if key in CONCEPTS:
        if key == "bodySite" and isinstance(value, list):
            return [_concept(each) for each in value]
        return _concept(value)
    if isinstance(value, dict):
        return {inner: _expanded(inner, each) for inner, each in value.items()}
    if isinstance(value, list):
        return [_expanded("", each) for each in value]
    return value


def _concept(value: Any) -> Any:
    """Return a concept written `system|code|display`, as a list of those, or as a text."""
    if isinstance(value, dict):
        return value
    written = value if isinstance(value, list) else [value]
    codings = []
    text = ""
    for each in written:
        if isinstance(each, dict):
            codings.append(each)
            continue
        system, bar, rest = each.partition("|")
        if not bar:
            text = each
            continue
        code, _, display = rest.partition("|")
        coding = {"system": SYSTEMS.get(system, system), "code": code}
        codings.append(coding | ({"display": display} if display else {}))
    return ({"coding": codings} if codings else {}) | ({"text": text} if text else {})


def _subject(resource: Resource, reference: str) -> Resource:
    name = "patient" if resource["resourceType"] in ("AllergyIntolerance", "Device") else "subject"
    if resource["resourceType"] in ("Medication", "Composition") or name in resource:
        return resource
    return resource | {name: {"reference": reference}}


def _numbered(resources: list[Resource]) -> list[Resource]:
    return [{"id": f"r{place}"} | resource for place, resource in enumerate(resources)]


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


def synthea(patient: Resource, resources: list[Resource]) -> Resource:
    """A transaction of Synthea: every reference is the `urn:uuid:` of an entry."""
    me = _urn("patient")
    entry = [{"fullUrl": me, "resource": {"resourceType": "Patient", "id": me[9:]} | patient}]
    for resource in _numbered(resources):
        url = _urn(resource["id"])
        made = _subject(resource, me) | {"id": url[9:]}
        if "medicationReference" in made:
            made["medicationReference"] = {"reference": _urn(made["medicationReference"]["reference"])}
        request = {"method": "POST", "url": resource["resourceType"]}
        entry.append({"fullUrl": url, "resource": made, "request": request})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entry}


def us_core(patient: Resource, resources: list[Resource]) -> Resource:
    """A search set of a US Core server: relative references, absolute addresses of entries."""
    found = [{"resourceType": "Patient", "id": "p1"} | patient]
    found += [_subject(resource, "Patient/p1") for resource in _numbered(resources)]
    entry = [{"fullUrl": f"{EHR}/{r['resourceType']}/{r['id']}", "resource": r} for r in found]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entry}


def ips(patient: Resource, resources: list[Resource]) -> Resource:
    """A document of the International Patient Summary: a Composition first."""
    me = _urn("ips patient")
    numbered = _numbered(resources)
    title = {"resourceType": "Composition", "id": "summary", "status": "final", "subject": {"reference": me}}
    sections = [{"title": r["resourceType"], "entry": [{"reference": _urn(r["id"])}]} for r in numbered]
    entry = [
        {"fullUrl": _urn("summary"), "resource": title | {"section": sections}},
        {"fullUrl": me, "resource": {"resourceType": "Patient"} | patient},
        *({"fullUrl": _urn(r["id"]), "resource": _subject(r, me)} for r in numbered),
    ]
    for each in entry:
        made = each["resource"]
        if isinstance(made, dict) and "medicationReference" in made:
            made["medicationReference"] = {"reference": _urn(str(made["medicationReference"]["reference"]))}
    return {"resourceType": "Bundle", "type": "document", "entry": entry}


def plain(patient: Resource, resources: list[Resource]) -> Resource:
    """A collection with relative references and no addresses, as German and Korean systems send it."""
    found = [{"resourceType": "Patient", "id": "p1"} | patient]
    found += [_subject(resource, "Patient/p1") for resource in _numbered(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in found]}


SHAPES = {"synthea": synthea, "us-core": us_core, "ips": ips, "plain": plain}
