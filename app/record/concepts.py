"""What a CodeableConcept means: its codes by our lists, else its words.

All codings are looked at, each by its system. A code in one of our lists settles what is meant. Where none is, a code
of a system that we read concerns no fact, unless words of a fact stand beside it; everything else is not understood.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from marshal import dumps
from typing import Any, NamedTuple

from app.core.codes import (
    BLOCK,
    CERTAINTIES,
    LONGEST_CODE,
    NESTED,
    NOTHING,
    OPEN_SYSTEMS,
    Codes,
    Hit,
    Meaning,
    Site,
    System,
    Table,
    Use,
    normal,
)
from app.core.reasons import NotUnderstood
from app.core.rules import Release
from app.record.elements import Resource, first_items, items, text
from app.record.limits import LONGEST_TEXT, Limits
from app.record.places import Coding

MOST_CODINGS = 10
"""How many codings of one concept are looked at."""
SHOWN = 200
WRITTEN = 2
"""The version of `marshal` in which equal values have equal bytes."""
BOTH_USES: frozenset[Use] = frozenset({"local", "systemic"})
"""What is taken of words that are not searched: it is asked."""
CERTAINTY = "StructureDefinition/icd-10-gm-diagnosesicherheit"
"""The end of the address of how certain a diagnosis is (basisprofil-de): A ruled out, G sure, V suspected, Z ended."""


class Looked(NamedTuple):
    """What the lists say of one code.

    `group` is what it leaves open where it holds codes that are listed. `is_code`: it looks like a code of its system.
    """

    plain: str
    hits: list[Hit]
    group: Hit
    certainty: str
    is_code: bool


class Meant(NamedTuple):
    """What one coding means, and how certain it says that it is.

    `meanings` are those of the hit about facts of the release, `has_area` says whether a place plays a part in one.
    """

    hit: Hit
    meanings: tuple[Meaning, ...]
    has_area: bool
    certainty: str = ""
    is_sequela: bool = False


@dataclass(slots=True)
class Concept:
    """A concept as it was read.

    `is_listed`: one of its codes is in a list. `groups` are its codes that hold listed ones, unless `is_precise`:
    another code says which one is meant. `leaves` are codes in no list that hold nothing. `reason` says why nothing is
    meant: a reason of what is not understood, or `None` where it concerns no fact. `facts` are those that it speaks of,
    or then might concern. `unread` is what was counted as beyond a limit. `searched` are the words that are searched,
    `shown` what people read of them. `site` is the place that its codes say; `elsewhere` where they differ. `certainty`
    is what it says as a whole.
    """

    meant: list[Meant]
    coding: Coding | None
    words: str
    searched: str = ""
    shown: str = ""
    reason: NotUnderstood | None = None
    facts: tuple[str, ...] = ()
    site: Site | None = None
    unread: int = 0
    is_listed: bool = False
    by_name: bool = False
    certainty: str = ""
    is_precise: bool = False
    groups: list[tuple[Coding, Looked]] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    codings: int = 0
    meanings: int = 0
    """How many of each it has."""


Written = tuple[Coding, str]
"""A coding, and how certain it says that a diagnosis is."""


class Concepts:
    """Reads concepts for one release."""

    def __init__(self, codes: Codes, release: Release, limits: Limits) -> None:
        self.codes = codes
        self.limits = limits
        self._facts: Mapping[str, Any] = release.facts
        self._read: dict[object, Concept] = {}
        self._uses: dict[str, frozenset[Use]] = {}
        self._without: dict[tuple[re.Pattern[str], str], str] = {}
        self._all: dict[tuple[Table, ...], tuple[str, ...]] = {}
        self._not_looked_up: dict[tuple[Table, ...], Concept] = {}
        self.unread = 0
        """How many codings were beyond the limit."""

    def read(self, value: Any, *tables: Table, beside: Any = None, by_name: bool = False) -> Concept:
        """Return what concepts mean by the first table that has them.

        `beside` is a text or a concept whose words stand beside them. `by_name`: where no code is in a list, the names
        of the first table are looked for. A record says the same again and again: it is read once. Beyond a limit, a
        concept may be about every fact of every table.
        """
        if not self.limits.may_look_up():
            return self._not_looked_up.get(tables) or self._not_looked_up.setdefault(
                tables, replace(self.open("too_many", *tables), unread=1)
            )
        key = tables, by_name, dumps(value, WRITTEN), beside if beside is None else dumps(beside, WRITTEN)
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = self._meaning(value, tables, beside)
            is_named = by_name and self._name(found, tables[0])
            if found.groups and not is_named:
                self._widen(found)
            if found.meant:
                found.meant = list(dict.fromkeys(found.meant))
                found.facts = tuple(dict.fromkeys(meaning.fact for meant in found.meant for meaning in meant.meanings))
                sites = {meant.hit.site for meant in found.meant} - {None}
                found.site = "elsewhere" if "elsewhere" in sites else "in" if sites else None
                found.meanings = sum(len(meant.meanings) for meant in found.meant)
            self.limits.look_up(2 + found.codings)
        self.limits.look_up(found.meanings)
        self.unread += found.unread
        return found

    def beyond(self, value: Any, most: int, *tables: Table) -> list[Concept]:
        """Return what stands for parts that are not read.

        They are counted, and may be about every fact of the tables.
        """
        left = len(value) - most if isinstance(value, list) else 0
        if left <= 0:
            return []
        self.unread += left
        return [replace(self.open("too_many", *tables), unread=left)]

    def open(self, reason: NotUnderstood, *tables: Table) -> Concept:
        """Return a part that may be about every fact of tables."""
        return Concept([], None, "", reason=reason, facts=self.all_of(*tables))

    def count(self, parts: Iterable[Concept]) -> None:
        """Count the parts that are not read, of something that is."""
        self.unread += sum(part.reason == "too_many" and not part.unread for part in parts)

    def together(self, whole: Concept, parts: list[Concept]) -> Concept:
        """Return a concept with its parts, each read by itself.

        Where there are parts, these say what it is: the whole may have a name that nobody knows. A code of the whole
        that is understood settles what a part leaves open, but not what was not read.
        """
        if not parts:
            return whole
        each = [whole, *parts]
        meant = list(dict.fromkeys(meant for concept in each for meant in concept.meant))
        settled = whole.coding is not None and whole.reason is None
        lacks = next((part for part in parts if part.reason and (part.reason == "too_many" or not settled)), None)
        if meant:
            self.count(each)
        first = next((concept for concept in each if concept.meant), lacks or whole)
        words = "; ".join(dict.fromkeys(concept.words for concept in each if concept.words))
        said = [concept for concept in each if concept.meant] or [concept for concept in parts if concept.reason]
        return Concept(
            meant,
            first.coding or whole.coding,
            words,
            words[:LONGEST_TEXT],
            words[:SHOWN],
            reason=lacks.reason if lacks and not meant else None,
            facts=tuple(dict.fromkeys(fact for concept in said for fact in concept.facts)),
            site=first.site,
            unread=lacks.unread if lacks and not meant else 0,
            is_listed=any(concept.is_listed for concept in each),
            by_name=first.by_name,
        )

    def _codings(self, value: Any) -> tuple[list[Written], list[str], int]:
        """Return codings with their certainty, texts, and how many are left."""
        codings: list[Written] = []
        texts: list[str] = []
        concepts = value if isinstance(value, list) else (value,)
        unread = max(0, len(concepts) - MOST_CODINGS)
        for concept in concepts[:MOST_CODINGS]:
            if not isinstance(concept, dict):
                continue
            listed = concept.get("coding")
            if isinstance(listed, dict):
                listed = [listed]
            if isinstance(listed, list):
                room = MOST_CODINGS - len(codings)
                if len(listed) > room:
                    unread += len(listed) - room
                    listed = listed[:room]
                for coding in listed:
                    if isinstance(coding, dict):
                        get = coding.get
                        written = Coding(text(get("system")), text(get("code")), text(get("display")))
                        codings.append((written, certainty_of(coding) if "extension" in coding else ""))
            if said := text(concept.get("text")):
                texts.append(said)
        return codings, texts, unread

    def _meaning(self, value: Any, tables: tuple[Table, ...], beside: Any) -> Concept:
        codings, texts, unread = self._codings(value)
        first = codings[0][0] if codings else None
        words = "; ".join(said_of(beside)) if isinstance(beside, dict) else text(beside)
        displays = dict.fromkeys([*(written.display for written, _ in codings), *texts, words])
        said = "; ".join(filter(None, displays))
        found = Concept(
            [], first, said, said[:LONGEST_TEXT], said[:SHOWN], unread=unread, certainty=certainty_of(value)
        )
        found.codings = len(codings)
        is_read = is_open = False
        for written, certainty in codings:
            system = self.codes.system(written.system)
            if system is None or not 0 < len(written.code) <= LONGEST_CODE:
                continue
            is_read = True
            looked = self._look_up(system, written.code, certainty, tables)
            found.is_listed = found.is_listed or bool(looked.hits)
            if looked.group.meanings:
                found.groups.append((written, looked))
            elif looked.hits:
                found.is_precise = True
            elif not looked.is_code:
                is_open = True
            elif system.name in NESTED:
                found.leaves.append(looked.plain)
            is_sequela = bool(looked.hits) and system.name == "icd-10-cm" and _is_sequela(written.code)
            for hit in looked.hits:
                if meant := self._meant(hit, looked.certainty, is_sequela=is_sequela):
                    if not found.meant:
                        found.coding = written
                    found.meant.append(meant)
        if not found.meant and (unread or not found.is_listed):
            self._unlisted(found, tables, is_read, is_open)
        return found

    def _look_up(self, system: System, code: str, certainty: str, tables: tuple[Table, ...]) -> Looked:
        shape = NESTED.get(system.name)
        if shape and len(code) > 6 and (block := BLOCK.fullmatch(code.strip().upper())):
            is_code = block[1] <= block[2] and ord(block[2][0]) - ord(block[1][0]) <= 1  # no chapter holds more letters
            groups = [table.block(system.name, block[1], block[2]) for table in tables] if is_code else []
            group = next((each for each in groups if each.meanings), NOTHING)
            return Looked(block[1][0], [], group, certainty, is_code)
        plain = normal(system, code)
        if system.name == "icd-10-gm" and len(plain) > 3:
            plain = plain.rstrip("LRB") if plain[-1] in "LRB" else plain
            if plain[-1] in CERTAINTIES:
                plain, certainty = plain[:-1], certainty or plain[-1]
        hits: list[Hit] = []
        group = NOTHING
        for table in tables:
            hits = hits or table.of(system.name, plain)
            group = group if group.meanings or not shape else table.group(system.name, plain)
        if group.meanings and hits and not all(hit.meanings for hit in hits):
            group = NOTHING  # people have looked at this group, and it concerns no fact
        is_code = bool(hits) or (bool(shape.fullmatch(plain)) if shape else system.name not in OPEN_SYSTEMS)
        return Looked(plain, hits, group, certainty, is_code)

    def _widen(self, found: Concept) -> None:
        """Add hints of groups, where nothing else says what is meant.

        Who codes a group may mean any code in it: what is listed there is asked.
        """
        if found.is_precise or found.reason == "too_many":
            return
        known = {meaning.fact for meant in found.meant for meaning in meant.meanings}
        for written, looked in found.groups:
            if any(leaf.startswith(looked.plain) for leaf in found.leaves):
                continue
            hints = tuple(meaning for meaning in looked.group.meanings if meaning.fact not in known)
            known |= {meaning.fact for meaning in hints} if looked.certainty != "A" else set()
            if hints and (meant := self._meant(looked.group._replace(meanings=hints), looked.certainty)):
                found.coding = found.coding if found.meant else written
                found.meant.append(meant)
                found.reason = None

    def _unlisted(self, found: Concept, tables: tuple[Table, ...], is_read: bool, is_open: bool) -> None:
        """Say why nothing is meant where no code is in a list."""
        said = None if found.unread or len(found.words) > LONGEST_TEXT else self.limits.text(found.words)
        found.searched = (said or "")[:LONGEST_TEXT]
        if said is None or len(said) > LONGEST_TEXT:
            found.reason, found.facts = "too_many", self.all_of(*tables)
        elif said and (might := self.concerned(said)):
            found.reason, found.facts = ("words_of_a_fact" if is_read else "unknown_system"), might
            if found.coding is None:
                found.reason = "text_alone"
        elif not is_read:
            found.reason = "unknown_system" if found.coding else "text_alone" if found.words else "no_code"
            found.facts = () if found.words else self.all_of(tables[0])
        elif is_open and not found.words:
            found.reason, found.facts = "unknown_code", self.all_of(tables[0])

    def _meant(self, hit: Hit, certainty: str = "", *, is_sequela: bool = False) -> Meant | None:
        """Return what a hit means for facts of the release, or `None`."""
        meanings = tuple(meaning for meaning in hit.meanings if meaning.fact in self._facts)
        has_area = any(meaning.area for meaning in meanings)
        return Meant(hit, meanings, has_area, certainty, is_sequela) if meanings else None

    def _name(self, concept: Concept, table: Table) -> bool:
        """Look a concept up by names where no code is listed."""
        if concept.meant or concept.is_listed or not concept.words or concept.reason == "too_many":
            return False
        named = table.names.found(concept.searched, longest=True)
        concept.meant = [meant for hit in named if (meant := self._meant(hit))]
        concept.by_name = bool(concept.meant)
        if concept.meant or (named and not concept.facts):
            concept.reason, concept.facts = None, ()
        elif not named and concept.reason in ("unknown_system", "text_alone"):
            concept.reason = "unknown_name"  # otherwise words of a fact stand beside a name that concerns none
        return bool(named)

    def uses(self, texts: list[str]) -> frozenset[Use]:
        """Return the uses that texts say; the same are searched once.

        Of those that are not read to their end, local use alone is not known: what follows may say more.
        """
        words = " ; ".join(texts)[:LONGEST_TEXT]
        found = self._uses.get(words)
        if found is None:
            said = self.limits.text(words)
            found = BOTH_USES if said is None else frozenset(self.codes.use_words.found(said[:LONGEST_TEXT]))
            if said and max(len(words), len(said)) >= LONGEST_TEXT and "local" in found:
                found = BOTH_USES
            self._uses[words] = found
        return found

    def without(self, pattern: re.Pattern[str], words: str) -> str | None:
        """Return a text without what a pattern finds, looked through once.

        `None`: it is not.
        """
        found = self._without.get((pattern, words))
        if found is None and (said := self.limits.text(words)) is not None:
            found = self._without[pattern, words] = pattern.sub(" ; ", said)
        return found

    def concerned(self, said: str) -> tuple[str, ...]:
        """Return the facts whose words stand in a text."""
        found = [fact for fact in self.codes.fact_words.found(said) if fact in self._facts]
        inside = self.codes.inside
        if not inside.facts.isdisjoint(found) and inside.leaves_out(said):
            found = [fact for fact in found if fact not in inside.facts]
        return tuple(found)

    def all_of(self, *tables: Table) -> tuple[str, ...]:
        """Return every fact that tables speak of."""
        found = self._all.get(tables)
        if found is None:
            facts = frozenset().union(*(table.facts for table in tables))
            found = self._all[tables] = tuple(fact for fact in self._facts if fact in facts)
        return found


def said_of(concept: Resource) -> list[str]:
    """Return the displays and the text of a concept."""
    displays = [text(coding.get("display")) for coding in first_items(concept.get("coding"), MOST_CODINGS)]
    return [each[:LONGEST_TEXT] for each in (*displays, text(concept.get("text"))) if each]


def certainty_of(element: Any) -> str:
    """Return how certain an element says that a diagnosis is."""
    for extension in items(element["extension"]) if isinstance(element, dict) and "extension" in element else ():
        if text(extension.get("url")).endswith(CERTAINTY):
            value = extension.get("valueCoding")
            return text(value.get("code") if isinstance(value, dict) else extension.get("valueCode"))
    return ""


def _is_sequela(code: str) -> bool:
    """Return whether the seventh character of an injury says sequela."""
    plain = code.replace(".", "")
    return len(plain) == 7 and plain[0] in "STst" and plain[6] in "Ss"
