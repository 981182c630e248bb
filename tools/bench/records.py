"""A record and a call of the usual size, for measuring."""

KEYS = ("patient", "medications", "allergies", "devices", "procedures", "observations", "intake", "orders")
"""The prefetch keys that found nothing."""


def record_of(count: int) -> list[dict[str, object]]:
    """Return so many resources about one patient, a few of which speak of facts."""
    codes = ["I10", "E78.5", "L01.00", "Z33.1", "J45.909", "M54.5", "L81.1", "K21.9"]
    icd = "http://hl7.org/fhir/sid/icd-10-cm"
    return [
        {
            "resourceType": "Condition",
            "id": f"c{place}",
            "clinicalStatus": {"coding": [{"code": "active" if place % 5 else "resolved"}]},
            "verificationStatus": {"coding": [{"code": "confirmed"}]},
            "code": {"coding": [{"system": icd, "code": codes[place % len(codes)]}]},
            "subject": {"reference": "Patient/1"},
            "recordedDate": "2026-10-01",
        }
        for place in range(count)
    ]


def cds_call(record: list[dict[str, object]]) -> dict[str, object]:
    """Return a call of `patient-view` with a record prefetched."""
    entries = [{"resource": resource} for resource in record]
    found = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": dict.fromkeys(KEYS) | {"conditions": found},
    }
