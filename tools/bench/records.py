"""Records and calls of the usual kinds, for measuring."""

from itertools import cycle, islice
from typing import Any

from app.record.orders import PATHWAYS

KEYS = ("patient", "medications", "allergies", "devices", "procedures", "observations", "intake", "orders")
"""The prefetch keys that found nothing."""
SCT, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM, LOINC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org"
CONDITIONS = [
    (ICD, "I10", "Essential (primary) hypertension"),
    (ICD, "E78.5", "Hyperlipidemia, unspecified"),
    (SCT, "59621000", "Essential hypertension (disorder)"),
    (ICD, "L01.00", "Impetigo, unspecified"),
    (SCT, "444814009", "Viral sinusitis (disorder)"),
    (SCT, "72892002", "Normal pregnancy"),
    (ICD, "M54.5", "Low back pain"),
    (SCT, "10509002", "Acute bronchitis (disorder)"),
    (ICD, "L81.1", "Chloasma"),
    (SCT, "128613002", "Seizure disorder"),
    ("urn:oid:1.2.3.4", "4711", "Ulcer of the duodenum"),
]
MEDICINES = [
    (RXNORM, "314076", "lisinopril 10 MG Oral Tablet"),
    (RXNORM, "860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    (RXNORM, "6851", "methotrexate"),
    (RXNORM, "313782", "Acetaminophen 325 MG Oral Tablet"),
    ("http://hl7.org/fhir/sid/ndc", "00000-0000-00", "warfarin sodium 5 mg tablet"),
]


def record_of(count: int) -> list[dict[str, Any]]:
    """Return so many resources about one patient: of ten, four conditions, three medicines, two observations."""
    conditions, medicines = cycle(CONDITIONS), cycle(MEDICINES)
    kinds = cycle("CMOCMPCMOC")
    found: list[dict[str, Any]] = []
    for place, kind in enumerate(islice(kinds, count)):
        on = f"{2026 - place % 9}-{place % 12 + 1:02}-{place % 28 + 1:02}T08:{place % 60:02}:00+02:00"
        match kind:
            case "C":
                made = _condition(next(conditions), on, resolved=place % 5 == 0)
            case "M":
                made = _medicine(next(medicines), on, "active" if place % 3 else "completed")
            case "O":
                made = _observation(on)
            case _:
                made = {
                    "resourceType": "Procedure",
                    "status": "completed",
                    "code": _concept((SCT, "430193006", "Medication reconciliation (procedure)")),
                    "performedPeriod": {"start": on, "end": on},
                }
        subject = {"subject": {"reference": "Patient/1"}, "encounter": {"reference": f"Encounter/{place // 4}"}}
        found.append(made | {"id": f"r{place}"} | subject)
    return found


def _concept(coding: tuple[str, str, str]) -> dict[str, Any]:
    system, code, display = coding
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _condition(coding: tuple[str, str, str], on: str, *, resolved: bool) -> dict[str, Any]:
    statuses = "http://terminology.hl7.org/CodeSystem/condition-"
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": statuses + "clinical", "code": "resolved" if resolved else "active"}]},
        "verificationStatus": {"coding": [{"system": statuses + "ver-status", "code": "confirmed"}]},
        "category": [_concept((statuses + "category", "encounter-diagnosis", "Encounter Diagnosis"))],
        "code": _concept(coding),
        "onsetDateTime": on,
        "recordedDate": on,
        **({"abatementDateTime": on} if resolved else {}),
    }


def _medicine(coding: tuple[str, str, str], on: str, status: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": _concept(coding),
        "authoredOn": on,
        "dosageInstruction": [{"text": "Take one a day", "route": {"text": "oral"}, "asNeededBoolean": False}],
    }


def _observation(on: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": _concept((LOINC, "72166-2", "Tobacco smoking status")),
        "valueCodeableConcept": _concept((SCT, "266919005", "Never smoked tobacco (finding)")),
        "effectiveDateTime": on,
    }


def cds_call(record: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a call of `patient-view` with a record prefetched."""
    entries = [{"resource": resource} for resource in record]
    found = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": dict.fromkeys(KEYS) | {"conditions": found},
    }


def signing(record: list[dict[str, Any]], base: str, pathway: str) -> dict[str, Any]:
    """Return a call of `order-sign` with a record prefetched and an order of ours."""
    code = {"coding": [{"system": base + PATHWAYS, "code": pathway}]}
    order = {"resourceType": "ServiceRequest", "id": "o1", "status": "draft", "intent": "order", "code": code}
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]}
    call = cds_call(record)
    return call | {"hook": "order-sign", "context": call["context"] | {"draftOrders": drafts}}
