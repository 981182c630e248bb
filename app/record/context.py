"""What every kind of resource is read with, and its ends."""

from dataclasses import dataclass

from app.core.codes import Codes, Site
from app.core.reasons import Irrelevant, NotUnderstood, SetAside
from app.core.rules import Release
from app.record.bundles import Found
from app.record.concepts import Concept, Concepts
from app.record.dates import Day, Days
from app.record.elements import Resource, first_items, reference_of
from app.record.identity import Identity
from app.record.places import Entry
from app.record.standing import Sites, Standing
from app.record.weigh import Draft


@dataclass(frozen=True, slots=True)
class Context:
    """One record on one day."""

    release: Release
    codes: Codes
    concepts: Concepts
    standing: Standing
    sites: Sites
    days: Days
    identity: Identity

    def day(self, resource: Resource, *elements: str | tuple[str, str], planned: bool = False) -> Day | None:
        """Return the first date given; a pair looks inside an element."""
        for element in elements:
            if isinstance(element, str):
                value = resource.get(element)
            else:
                outer = resource.get(element[0])
                value = outer.get(element[1]) if isinstance(outer, dict) else None
                if value is not None and isinstance(outer, dict):
                    self.days.check(outer.get("start"), outer.get("end"))
            if value is not None:
                return self.days.of(value, planned=planned)
        return None

    def site(self, resource: Resource, concept: Concept) -> Site | None:
        """Return where something is, if that plays a part."""
        if not any(meant.has_area for meant in concept.meant):
            return None
        return self.sites.of(resource.get("bodySite"), concept.site, concept.searched)


def irrelevant(found: Found, concept: Concept | None = None, reason: Irrelevant = "no_fact") -> Entry:
    """Return a resource that concerns no fact."""
    coding, words = (concept.coding, concept.shown) if concept else (None, "")
    return Entry(reference_of(found.resource), "irrelevant", reason, (), coding, words)


def drafted(found: Found, concept: Concept | None = None) -> Draft:
    """Return the draft of a resource."""
    draft = Draft(reference_of(found.resource))
    if concept:
        draft.coding, draft.text, draft.by_name = concept.coding, concept.shown, concept.by_name
    return draft


def not_understood(draft: Draft, reason: NotUnderstood, might: tuple[str, ...]) -> Draft:
    """Put a draft, with the facts it might concern, as not understood."""
    draft.fixed = "not_understood", reason, might
    return draft


def aside(draft: Draft, reason: SetAside, facts: tuple[str, ...]) -> Draft:
    """Put a draft aside."""
    draft.fixed = "set_aside", reason, facts
    return draft


def many(value: object, most: int) -> list[Resource]:
    """Return the first objects of a list."""
    return first_items(value, most)
