"""What every kind of resource is read with, and its ends."""

from dataclasses import dataclass

from app.core.codes import Codes, Meaning
from app.core.reasons import Irrelevant, NotUnderstood, SetAside
from app.core.rules import Release
from app.record.concepts import Concept, Concepts, Meant
from app.record.dates import Day, Days
from app.record.elements import Resource, items, reference_of
from app.record.identity import Found, Identity
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

    def day(self, resource: Resource, *elements: str, planned: bool = False) -> Day | None:
        """Return the first date given; `a.b` looks inside an element."""
        for element in elements:
            outer, _, inner = element.partition(".")
            value = resource.get(outer)
            if inner:
                value = value.get(inner) if isinstance(value, dict) else None
            if value is not None:
                return self.days.of(value, planned=planned)
        return None

    def facts_of(self, concept: Concept) -> tuple[str, ...]:
        """Return the facts that a concept speaks of, or might."""
        facts = {meaning.fact: None for meant in concept.meant for meaning in meant.hit.meanings}
        return tuple(fact for fact in facts if fact in self.release.facts) or concept.might

    def known(self, meant: Meant) -> list[Meaning]:
        """Return the meanings of facts that the release has."""
        return [meaning for meaning in meant.hit.meanings if meaning.fact in self.release.facts]


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


def is_modified(resource: Resource) -> bool:
    """Return whether something unknown may change what a resource means."""
    if "modifierExtension" in resource or "implicitRules" in resource:
        return True
    for value in resource.values():
        if isinstance(value, list):
            if any(isinstance(item, dict) and "modifierExtension" in item for item in value):
                return True
        elif isinstance(value, dict) and "modifierExtension" in value:
            return True
    return False


def many(value: object, most: int) -> list[Resource]:
    """Return the first objects of a list."""
    found: list[Resource] = []
    for item in items(value):
        if len(found) >= most:
            break
        found.append(item)
    return found


def meant_of(concept: Concept) -> list[Meant]:
    """Return what is meant, each set once."""
    seen: set[int] = set()
    found: list[Meant] = []
    for meant in concept.meant:
        key = hash((meant.hit, meant.certainty, meant.is_sequela))
        if key not in seen:
            seen.add(key)
            found.append(meant)
    return found
