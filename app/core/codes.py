"""Codes and names of health records, and the facts they speak of.

What is present can give a fact a value. What is absent says nothing, and no entry here says that it does. Every list is
found by system and code, so that reading is linear in what arrives.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_
from typing import Literal, NamedTuple

from app.core.facts import Value
from app.core.languages import DEFAULT
from app.core.words import Words

Family = Literal["icd-10", "exact"]
Site = Literal["in", "elsewhere"]
"""Whether a place of the body is in the area."""
Use = Literal["systemic", "local", "both"]
"""How a medicine is used, where an order names neither form nor route."""
OPEN_SYSTEMS = frozenset({"snomed", "rxnorm"})
"""Systems of so many codes that one in no list, without words, may mean anything."""


@dataclass(frozen=True)
class System:
    """A code system; the codes of `icd-10` have the same first characters."""

    name: str
    family: Family


@dataclass(frozen=True)
class Span:
    """How many days a yes and a no may be relied on.

    `None`: without end.

    `while_active`: a yes whose status says active counts however old it is. `history`: what has ended still speaks, and
    counts without a date; with `ended` it is `asked` instead, or `over`. `from_onset`: days count from the beginning of
    what is said, not from when it was said. `values` are other spans of single answers.
    """

    yes_days: int | None
    no_days: int | None
    while_active: bool = False
    history: bool = False
    ended: Literal["asked", "over"] | None = None
    from_onset: bool = False
    values: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def after(self) -> Literal["speaks", "asked", "over"]:
        """What is made of a yes that has ended."""
        return self.ended or ("speaks" if self.history else "over")

    def days(self, value: Value | None) -> int | None:
        """Return for how many days a value may be relied on."""
        if value is not None and str(value) in self.values:
            return self.values[str(value)]
        return self.no_days if is_no(value) else self.yes_days


UNSURE = Span(yes_days=365, no_days=90)
"""The span of a fact that an older release has and the lists do not."""


def is_no(value: Value | None) -> bool:
    """Return whether a value says that nothing is there."""
    return value is False or value == "none"


@dataclass(frozen=True)
class Ended:
    """What is still said of what ended some days ago.

    Without a value, the fact must be asked.
    """

    value: Value | None
    within_days: int


@dataclass(frozen=True, eq=False)
class Meaning:
    """What a code or a name says of a fact.

    `value` is absent for a hint: the fact must be asked. `area`: a place plays a part; `skin` without a place is in the
    area, `placed` without one is asked. `suspected`: what is not confirmed counts as well. `yes_days` replaces the span
    of the fact. `rules_out` are answers that the hint contradicts. `answers` give the value by system and code of an
    answer, and one without a value says nothing; those in `suspects` are not confirmed; `reads` says how it is read
    instead. `as_needed`: taken only as
    needed, it is asked. `local`: it holds of local use too.
    """

    fact: str
    value: Value | None = None
    area: Literal["skin", "placed"] | None = None
    suspected: bool = False
    ended: Ended | None = None
    yes_days: int | None = None
    rules_out: frozenset[Value] = frozenset()
    answers: Mapping[tuple[str, str], Value | None] = field(default_factory=dict)
    reads: Literal["roman"] | None = None
    suspects: frozenset[tuple[str, str]] = frozenset()
    as_needed: bool = False
    local: bool = False


@dataclass(frozen=True, eq=False)
class Medicine:
    """A medicine or a class of them, and what taking it says."""

    name: str
    use: Use
    effects: tuple[Meaning, ...]


class Hit(NamedTuple):
    """What a code means; without meanings it concerns no fact.

    `site`: the code itself says the place. `medicine` and `use` belong to medicines.
    """

    meanings: tuple[Meaning, ...] = ()
    site: Site | None = None
    medicine: Medicine | None = None
    use: Use | None = None


NOTHING = Hit()
LONGEST_CODE = 64
"""A longer one is no code."""
ICD = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}")
NESTED: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("icd-10-cm", "icd-10", "icd-10-gm", "kcd"), ICD),
    "atc": re.compile(r"[A-Z](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?"),
}
"""Systems in which a group's code begins the codes of all that it holds, and how a code looks there."""
BLOCK = re.compile(r"([A-Z]\d[0-9A-Z])[.\d]*[-\u2013]([A-Z]\d[0-9A-Z])[.\d]*")
"""A block of categories of ICD-10, such as L80-L99."""
CATEGORY = 3


class Groups:
    """Groups of one system that hold listed codes.

    Who codes a group may mean any code of it, a listed one too. Facts are bits of a number, so that a block of many
    categories costs little.
    """

    def __init__(self) -> None:
        self._hints: dict[str, Meaning] = {}
        self._above: dict[str, int] = {}
        self._uses: dict[str, set[Use]] = {}
        self._categories: dict[str, int] = {}
        self._opened: dict[int, tuple[Meaning, ...]] = {}

    def add(self, code: str, hit: Hit) -> None:
        """Add a listed code to every group that holds it."""
        facts = 0
        for meaning in hit.meanings:
            self._hints[meaning.fact] = _hint(meaning, self._hints.get(meaning.fact))
            facts |= 1 << list(self._hints).index(meaning.fact)
        for group in (code[:length] for length in range(1, len(code))) if facts else ():
            self._above[group] = self._above.get(group, 0) | facts
            if hit.medicine:
                self._uses.setdefault(group, set()).add(hit.use or hit.medicine.use)
        self._categories[code[:CATEGORY]] = self._categories.get(code[:CATEGORY], 0) | facts

    def of(self, code: str) -> Hit:
        """Return what a group leaves open."""
        facts = self._above.get(code)
        if not facts:
            return NOTHING
        uses = self._uses.get(code, set())
        use: Use = next(iter(uses)) if len(uses) == 1 else "both"
        return Hit(self._open(facts), medicine=Medicine("", use, ()) if uses else None)

    def between(self, first: str, last: str) -> Hit:
        """Return what the categories from one to another leave open."""
        names, facts = self._sorted
        among = facts[bisect_left(names, first) : bisect_left(names, last + "\uffff")]
        around = (self._categories.get(first[:length], 0) for length in range(1, CATEGORY))
        return Hit(self._open(reduce(or_, among, reduce(or_, around))))

    @cached_property
    def _sorted(self) -> tuple[list[str], list[int]]:
        """The categories with listed codes, in order, with their facts."""
        listed = sorted(self._categories.items())
        return [category for category, _ in listed], [facts for _, facts in listed]

    def _open(self, facts: int) -> tuple[Meaning, ...]:
        found = self._opened.get(facts)
        if found is None:
            hints = enumerate(self._hints.values())
            found = self._opened[facts] = tuple(hint for place, hint in hints if facts >> place & 1)
        return found


def _hint(meaning: Meaning, earlier: Meaning | None) -> Meaning:
    """Return a meaning without its value, together with an earlier one."""
    both = [each for each in (earlier, meaning) if each]
    days = [each.ended.within_days for each in both if each.ended]
    ended = Ended(None, max(days)) if days else None
    return Meaning(meaning.fact, ended=ended, local=any(each.local for each in both))


class Table:
    """Codes, exact or with all below them, and what they mean."""

    def __init__(self) -> None:
        self._groups: dict[str, Groups] = {}
        self._exact: dict[tuple[str, str], list[Hit]] = {}
        self._below: dict[tuple[str, str], list[tuple[tuple[str, ...], Hit]]] = {}
        self._lengths: dict[str, list[int]] = {}
        self.meanings: list[Meaning] = []
        self.names: Words[Hit] = Words(())

    def add(self, system: str, code: str, hit: Hit, but: tuple[str, ...] | None = None) -> None:
        """Add a code; with `but` it stands for all others below it."""
        if but is None:
            self._exact.setdefault((system, code), []).append(hit)
        else:
            self._below.setdefault((system, code), []).append((but, hit))
            self._lengths[system] = sorted({len(code), *self._lengths.get(system, ())}, reverse=True)
        if system in NESTED:
            self._groups.setdefault(system, Groups()).add(code, hit)
        self.meanings += hit.meanings

    def name(self, names: Iterable[tuple[str, Hit]]) -> None:
        """Set the names."""
        listed = list(names)
        self.names = Words(listed)
        self.meanings += [meaning for _, hit in listed for meaning in hit.meanings]

    def of(self, system: str, code: str) -> list[Hit]:
        """Return what a code means; nothing where it is in no list."""
        found = self._exact.get((system, code), [])
        for length in self._lengths.get(system, ()):
            for but, hit in self._below.get((system, code[:length]), ()) if length <= len(code) else ():
                if not (but and code.startswith(but)):
                    found = [*found, hit]
        return found

    def group(self, system: str, code: str) -> Hit:
        """Return what a group leaves open by the listed codes in it."""
        return self._groups[system].of(code) if system in self._groups else NOTHING

    def block(self, system: str, first: str, last: str) -> Hit:
        """Return what the categories from one to another leave open."""
        return self._groups[system].between(first, last) if system in self._groups else NOTHING

    def codes(self, system: str) -> list[str]:
        """Return the exact codes of a system, in order."""
        return sorted(code for of, code in self._exact if of == system)

    @cached_property
    def facts(self) -> frozenset[str]:
        """Every fact that the codes and names speak of."""
        return frozenset(meaning.fact for meaning in self.meanings)


@dataclass(frozen=True)
class Places:
    """Places of the body by SNOMED CT code and by word."""

    codes: Mapping[str, Site]
    words: Words[tuple[Site, str]]
    """Each with the word, so that an area that is named can be compared."""


@dataclass(frozen=True)
class Inside:
    """Facts of the skin, and words by which something is none.

    `words` are true for the skin, false for what is inside the body.
    """

    facts: frozenset[str]
    words: Words[bool]

    def leaves_out(self, text: str) -> bool:
        """Return whether a text speaks of the inside of the body alone."""
        found = self.words.found(text)
        return False in found and True not in found


@dataclass(frozen=True)
class Codes:
    """Every list, found by system; `digest` is over all of them."""

    systems: Mapping[str, System]
    """By address."""
    spans: Mapping[str, Span]
    conditions: Table
    procedures: Table
    devices: Table
    observations: Table
    allergies: Table
    medicines: Table
    fact_words: Words[str]
    inside: Inside
    use_words: Words[Use]
    use_codes: Mapping[tuple[str, str], Use]
    """Routes and dose forms by system and code."""
    places: Places
    sentences: Mapping[str, Mapping[str, str]]
    """By language and reason."""
    digest: str

    def system(self, address: str) -> System | None:
        """Return the code system of an address, however it is written."""
        return self.systems.get(address) or self._plainly.get(plain_address(address))

    @cached_property
    def _plainly(self) -> Mapping[str, System]:
        """The systems by plain address and by name."""
        named = {system.name: system for system in self.systems.values()}
        return named | {plain_address(address): system for address, system in self.systems.items()}

    def facts_of(self, kind: str) -> frozenset[str]:
        """Return the facts of which a kind of resource can speak."""
        match kind:
            case "Condition":
                return self.conditions.facts | self.allergies.facts
            case "AllergyIntolerance":
                return self.allergies.facts | self.conditions.facts
            case "MedicationRequest" | "MedicationStatement" | "MedicationAdministration" | "MedicationDispense":
                return self.medicines.facts
            case "Observation":
                return self.observations.facts
            case "Procedure":
                return self.procedures.facts | self.conditions.facts
            case "Device" | "DeviceUseStatement":
                return self.devices.facts
        return frozenset()

    def sentence(self, reason: str, language: str = DEFAULT) -> str:
        """Return the sentence of a reason, else in English."""
        return self.sentences.get(language, self.sentences[DEFAULT])[reason]


NOT_CODE = str.maketrans("", "", ". -+*!†")
"""What is written into codes of ICD-10 without being part of them: dots, and the marks of double coding."""
LONGEST_ADDRESS = 300
"""A longer one is no address of a code system."""
OID = re.compile(r"\d(?:\.\d+)+")
EDITION = re.compile(r"(snomed\.info/sct)/.*")
"""An edition or a version of SNOMED CT, which has the codes of all."""


def plain_address(address: str) -> str:
    """Return an address without what is written in many ways.

    Those are scheme, case, version, a slash at the end, an OID without `urn:oid:`, an edition of SNOMED CT.
    """
    if len(address) > LONGEST_ADDRESS:
        return ""
    plain = address.strip().partition("|")[0].lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    plain = plain.removeprefix("www.")
    if edition := EDITION.fullmatch(plain):
        return edition[1]
    return f"urn:oid:{plain}" if OID.fullmatch(plain) else plain


CERTAINTIES = "GVAZ"
"""Letters behind a code of ICD-10-GM that say how certain it is."""


def normal(system: System, code: str) -> str:
    """Return a code as it stands in the lists."""
    if system.family == "icd-10":
        return code.upper().translate(NOT_CODE)
    return code.strip().upper() if system.name == "atc" else code.strip()
