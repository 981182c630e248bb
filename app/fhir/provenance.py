"""The Provenance of a care plan, signed with a receipt.

What is signed is the answer, not the resource: the JWS brings its payload along, whose `id` is the identifier of the
GuidanceResponse. `/.well-known/jwks.json` has the keys.
"""

from base64 import b64encode
from datetime import datetime

from app.record.elements import Resource

SIGNATURE_TYPES = "urn:iso-astm:E1762-95:2013"
AGENT_TYPES = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def provenance(receipt: str, base: str, now: datetime) -> Resource:
    """Return the Provenance for the resource that contains it."""
    when = now.isoformat(timespec="seconds")
    who = {"identifier": {"system": "urn:ietf:rfc:3986", "value": base}, "display": "Candidate Triage"}
    role = {"coding": [{"system": AGENT_TYPES, "code": "assembler", "display": "Assembler"}]}
    signed = {
        "type": [{"system": SIGNATURE_TYPES, "code": "1.2.840.10065.1.12.1.5", "display": "Verification Signature"}],
        "when": when,
        "who": who,
        "sigFormat": "application/jose",
        "data": b64encode(receipt.encode()).decode(),
    }
    return {
        "resourceType": "Provenance",
        "id": "provenance",
        "target": [{"reference": "#"}],
        "recorded": when,
        "agent": [{"type": role, "who": who}],
        "signature": [signed],
    }
