"""What a CodeableConcept means: its codes by our lists, else its words.

All codings are looked at, each by its system. A code in one of our lists settles what is meant. Where none is, a code
of a system that we read concerns no fact, unless words of a fact stand beside it; everything else is not understood.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.core.codes import CERTAINTIES, LONGEST_CODE, OPEN_SYSTEMS, Codes, Hit, Site, System, Table, normal
from app.core.reasons import NotUnderstood
from app.core.rules import Release
from app.core.words import Words
from app.record.elements import items, text
from app.record.places import Coding

MOST_CODINGS = 10
"""How many codings of one concept are looked at."""
LONGEST_TEXT = 1_000
"""How much of the words of one concept is searched."""
MOST_WORDS = 200_000
"""How many characters of one record are searched for words."""
SHOWN = 200
CERTAINTY = "StructureDefinition/icd-10-gm-diagnosesicherheit"
"""The end of the address of how certain a diagnosis is (basisprofil-de): A ruled out, G sure, V suspected, Z ended."""


class Meant(NamedTuple):
    """What one coding means, and how certain it says that it is."""

    hit: Hit
    coding: Coding | None
    certainty: str = ""
    is_sequela: bool = False


@dataclass
class Concept:
    """A concept as it was read.

    `is_listed`: one of its codes is in a list. `reason` says why nothing is meant: a reason of what is not understood,
    or `None` where it concerns no fact. `might` are the facts that it then might concern. `unread` counts codings
    beyond the limit.
    """

    meant: list[Meant]
    coding: Coding | None
    words: str
    reason: NotUnderstood | None = None
    might: tuple[str, ...] = ()
    unread: int = 0
    is_listed: bool = False
    by_name: bool = False

    @property
    def site(self) -> Site | None:
        """The place that its codes say; `elsewhere` where they differ."""
        sites = {meant.hit.site for meant in self.meant} - {None}
        return "elsewhere" if "elsewhere" in sites else "in" if sites else None

    @property
    def searched(self) -> str:
        """The words that are searched."""
        return self.words[:LONGEST_TEXT]

    @property
    def shown(self) -> str:
        """What people read of it."""
        return self.words[:SHOWN]


Written = tuple[Coding, str]
"""A coding, and how certain it says that a diagnosis is."""


class Concepts:
    """Reads concepts for one release."""

    def __init__(self, codes: Codes, release: Release) -> None:
        self.codes = codes
        self._facts: Mapping[str, Any] = release.facts
        self._read: dict[object, Concept] = {}
        self._all: dict[Table, tuple[str, ...]] = {}
        self._left = MOST_WORDS
        self.unread = 0
        """How many codings were beyond the limit."""

    def read(self, value: Any, *tables: Table, words: str = "") -> Concept:
        """Return what a concept means by the first table that has it.

        `words` belong to them and stand beside them. A record says the same again and again: it is read once.
        """
        if (key := _usual(value)) is not None:
            known = self._read.get((tables, key, words))
            if known is not None:
                return known
        codings, texts, unread = self._codings(value)
        found = self._meaning(codings, texts, tables, words, unread)
        self.unread += unread
        if key is not None:
            self._read[tables, key, words] = found
        return found

    def _codings(self, value: Any) -> tuple[list[Written], list[str], int]:
        """Return codings with their certainty, texts, and how many are left."""
        codings: list[Written] = []
        texts: list[str] = []
        unread = 0
        for concept in value if isinstance(value, list) else (value,):
            if not isinstance(concept, dict):
                continue
            listed = concept.get("coding")
            if isinstance(listed, dict):
                listed = [listed]
            if isinstance(listed, list):
                if len(listed) > MOST_CODINGS:
                    unread += len(listed) - MOST_CODINGS
                    listed = listed[:MOST_CODINGS]
                for coding in listed:
                    if isinstance(coding, dict):
                        get = coding.get
                        written = Coding(text(get("system")), text(get("code")), text(get("display")))
                        codings.append((written, certainty_of(coding) if "extension" in coding else ""))
            if said := text(concept.get("text")):
                texts.append(said)
        return codings, texts, unread

    def _meaning(
        self, codings: list[Written], texts: list[str], tables: tuple[Table, ...], words: str, unread: int
    ) -> Concept:
        first = codings[0][0] if codings else None
        displays = dict.fromkeys([*(written.display for written, _ in codings), *texts, words])
        found = Concept([], first, "; ".join(filter(None, displays)), unread=unread)
        is_read = is_open = False
        for written, certainty in codings:
            system = self.codes.systems.get(written.system)
            if system is None or not 0 < len(written.code) <= LONGEST_CODE:
                continue
            is_read = True
            hits, certainty = self._hits(system, written.code, certainty, tables)
            found.is_listed = found.is_listed or bool(hits)
            is_open = is_open or (not hits and system.name in OPEN_SYSTEMS)
            is_sequela = bool(hits) and system.name == "icd-10-cm" and _is_sequela(written.code)
            for hit in hits:
                if any(meaning.fact in self._facts for meaning in hit.meanings):
                    if not found.meant:
                        found.coding = written
                    found.meant.append(Meant(hit, written, certainty, is_sequela))
        if not found.meant and (unread or not found.is_listed):
            self._unlisted(found, tables[0], is_read, is_open)
        return found

    def _hits(self, system: System, code: str, certainty: str, tables: tuple[Table, ...]) -> tuple[list[Hit], str]:
        plain = normal(system, code)
        if system.name == "icd-10-gm" and len(plain) > 3:
            plain = plain.rstrip("LRB") if plain[-1] in "LRB" else plain
            if plain[-1] in CERTAINTIES:
                plain, certainty = plain[:-1], certainty or plain[-1]
        for table in tables:
            if hits := table.of(system.name, plain):
                return hits, certainty
        return [], certainty

    def _unlisted(self, found: Concept, table: Table, is_read: bool, is_open: bool) -> None:
        """Say why nothing is meant where no code is in a list."""
        if found.unread or len(found.words) > LONGEST_TEXT or not self.afford(found.words):
            found.reason, found.might = "too_many", self.all_of(table)
        elif found.words and (might := self.concerned(self.codes.fact_words, found.words)):
            found.reason, found.might = ("words_of_a_fact" if is_read else "unknown_system"), might
            if found.coding is None:
                found.reason = "text_alone"
        elif not is_read:
            found.reason = "unknown_system" if found.coding else "text_alone" if found.words else "no_code"
            found.might = () if found.words else self.all_of(table)
        elif is_open and not found.words:
            found.reason, found.might = "unknown_code", self.all_of(table)

    def name(self, concept: Concept, table: Table) -> None:
        """Look a concept up by names where no code is listed."""
        if concept.meant or concept.is_listed or not concept.words or concept.reason == "too_many":
            return
        named = table.names.found(concept.searched)
        concept.meant = [
            Meant(hit, concept.coding) for hit in named if any(meaning.fact in self._facts for meaning in hit.meanings)
        ]
        concept.by_name = bool(concept.meant)
        if named:
            concept.reason, concept.might = None, ()
        elif concept.reason in ("unknown_system", "text_alone"):
            concept.reason = "unknown_name"

    def afford(self, words: str) -> bool:
        """Return whether a text may still be searched, which is then counted."""
        self._left -= len(words)
        return self._left >= 0

    def concerned(self, words: Words[str], said: str) -> tuple[str, ...]:
        """Return the facts whose words stand in a text."""
        return tuple(fact for fact in words.found(said) if fact in self._facts)

    def all_of(self, table: Table) -> tuple[str, ...]:
        """Return every fact that a table speaks of."""
        found = self._all.get(table)
        if found is None:
            found = self._all[table] = tuple(fact for fact in self._facts if fact in table.facts)
        return found


def _usual(value: Any) -> object:
    """Return the key of a concept with one plain coding, or `None`."""
    listed = value.get("coding") if isinstance(value, dict) else None
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        return None
    coding = listed[0]
    key = coding.get("system"), coding.get("code"), coding.get("display"), value.get("text")
    return key if "extension" not in coding and all(map(_is_plain, key)) else None


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str)


def certainty_of(element: Any) -> str:
    """Return how certain an element says that a diagnosis is."""
    for extension in items(element.get("extension")) if isinstance(element, dict) else ():
        if text(extension.get("url")).endswith(CERTAINTY):
            value = extension.get("valueCoding")
            return text(value.get("code") if isinstance(value, dict) else extension.get("valueCode"))
    return ""


def _is_sequela(code: str) -> bool:
    """Return whether the seventh character of an injury says sequela."""
    plain = code.replace(".", "")
    return len(plain) == 7 and plain[0] in "STst" and plain[6] in "Ss"
