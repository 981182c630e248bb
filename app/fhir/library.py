"""The decision as a Library: CQL, and ELM compiled from it."""

import json
from base64 import b64encode

from app.cohort.cql import ENDS, NAME, STRICT, Library, kind_of
from app.fhir.localization import Localization
from app.record.elements import Resource

LIBRARY_TYPE = "http://terminology.hl7.org/CodeSystem/library-type"


def library_address(base: str) -> str:
    """Return the canonical address of the library."""
    return f"{base}/fhir/Library/{NAME}"


def library(locale: Localization, base: str) -> Resource:
    """Return the decision of the current release for engines that run CQL."""
    release, say = locale.engine.release, locale.phrases.of
    made = Library(release, locale.engine.logic)
    takes = [(fact.name, kind_of(fact)) for fact in made.facts] + [(STRICT, "Boolean")]
    contents = {"text/cql": made.text(), "application/elm+json": json.dumps(made.as_elm(), separators=(",", ":"))}
    return {
        "resourceType": "Library",
        "id": NAME,
        "language": locale.language,
        "url": library_address(base),
        "version": release.id,
        "name": NAME,
        "title": say("The decision in CQL"),
        "status": "retired" if release.withdrawn else "active",
        "experimental": release.reviewed is None,
        "date": release.released,
        "type": {"coding": [{"system": LIBRARY_TYPE, "code": "logic-library"}]},
        "description": say(
            "The decision and every decision that is still possible, exactly. Send every parameter; what is unknown is "
            "sent as null, not left out."
        ),
        "parameter": [
            *({"name": name, "use": "in", "min": 0, "max": "1", "type": kind.lower()} for name, kind in takes),
            *(
                {"name": name, "use": "out", "min": 0, "max": "*" if many else "1", "type": kind.lower()}
                for name, kind, many in ENDS
            ),
        ],
        "content": [
            {"contentType": kind, "data": b64encode(text.encode()).decode()} for kind, text in contents.items()
        ],
    }
