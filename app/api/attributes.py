"""`/.well-known/source-attributes`: those of 45 CFR 170.315(b)(11)(iv)(A)."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Response

from app.api.encode import encode
from app.api.endpoint import AcceptLanguage
from app.core.documented import documented
from app.core.engine import Engines
from app.core.rules import Release, Review
from app.proof.safety import Attribute, SafetyCase

REGULATION = "45 CFR 170.315(b)(11)(iv)(A)"


@documented
class Citation:
    """One document or publication that a release rests on."""

    id: str
    """The id that rules cite; of a document the one its statements begin with."""
    document: str
    """Its title."""
    section: str | None
    """Its citation; null for the four documents, whose statements name their sections."""
    status: str
    """As that of a source."""
    public_url: str | None
    """Where the public can read it; null where no address is known."""


@documented
class SourceAttributes:
    """The source attributes of the current release."""

    regulation: str
    """Where they are asked for."""
    ruleset: str
    """The release."""
    digest: str
    """Its digest."""
    released: str
    """The date of its release."""
    reviewed: Review | None
    """Who signed it and when; null until a clinician has."""
    attributes: Sequence[Attribute]
    """Each attribute, in the order of the regulation."""
    citations: Sequence[Citation]
    """What the release rests on."""


def routes(engines: Engines, safety: Mapping[str, SafetyCase]) -> APIRouter:
    """Return the route; `safety` is by language."""
    router = APIRouter(tags=["operation"])

    @router.get(
        "/.well-known/source-attributes",
        operation_id="getSourceAttributes",
        response_model=SourceAttributes,
        summary="What the decision support rests on and uses",
    )
    def source_attributes(accept_language: AcceptLanguage = "") -> Response:
        """What the intervention rests on, and which data it uses."""
        spoken = engines.in_language(accept_language)
        release = spoken.by_id[spoken.current].release
        body = encode(
            SourceAttributes(
                REGULATION,
                release.id,
                release.digest,
                release.released,
                release.reviewed,
                safety[spoken.language].attributes,
                citations(release),
            )
        )
        headers = {"Cache-Control": "no-cache", "Content-Language": spoken.language, "Vary": "Accept-Language"}
        return Response(body, headers=headers, media_type="application/json")

    return router


def citations(release: Release) -> list[Citation]:
    """Return the documents, then the public evidence."""
    found: dict[str, Citation] = {}
    for source in release.sources.values():
        if source.status == "document":
            name = source.id.partition("-")[0]
            found.setdefault(name, Citation(name, source.document, None, source.status, None))
        elif source.status != "project":
            section, url = source.section, source.public_url
            found[source.id] = Citation(source.id, source.document, section, source.status, url)
    return list(found.values())
