"""Worked examples of the CDS Hooks operations, for OpenAPI."""

from typing import Any

from app.api.examples import Example, Examples
from app.cds_hooks.services import PREFIX, templates
from app.core.codes import Codes
from app.fhir.examples import RECORD

HOOK = "patient-view"
CARD = "3f1d9e2c-6c1b-5c0e-8a53-0f0a5f6f2f11"
PLACES = {"name": PREFIX + HOOK}


def examples(base: str, codes: Codes) -> Examples:
    """Return the examples of a service with this public address."""
    found: dict[str, Any] = {**dict.fromkeys(templates(base, codes, HOOK)), "conditions": RECORD}
    call = {
        "hook": HOOK,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": found,
    }
    unread = {key: value for key, value in found.items() if key != "conditions"}
    accepted = {
        "card": CARD,
        "outcome": "accepted",
        "acceptedSuggestions": [],
        "outcomeTimestamp": "2026-11-27T12:00:00Z",
    }
    return {
        "callCdsService": {
            "infected": Example("A patient with an infection of the skin", call, PLACES),
            "unread": Example("Conditions were not prefetched", call | {"prefetch": unread}, PLACES),
        },
        "sendCdsFeedback": {"accepted": Example("A card that was accepted", {"feedback": [accepted]}, PLACES)},
    }
