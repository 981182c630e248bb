"""Codes of health records, and the facts they speak of.

A code that is present can give a fact a value. A code that is absent says nothing, and no entry here says that it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from app.core.facts import Value
from app.core.memo import Memo

System = Literal["icd-10-cm", "rxnorm", "atc", "loinc"]
SYSTEMS: Mapping[str, System] = {
    "http://hl7.org/fhir/sid/icd-10-cm": "icd-10-cm",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://www.whocc.no/atc": "atc",
    "http://loinc.org": "loinc",
}
"""The addresses under which records name these systems. Those of ICD-10-CM and ATC were not seen in a document of
theirs; they are how records in the field write them."""

Timing = Literal["active", "ever", "recent"]
"""`active`: the statement must be current. `ever`: it counts however old it is. `recent`: it must have begun or ended
within `within_days`."""


@dataclass(frozen=True)
class CodeSet:
    """Codes of one system that give or hint at a value.

    `codes` are exact codes; `prefixes` stand for all codes below them, save those that begin with one of `but`.
    `value` is absent for a hint: something is there, and what the fact's value is must still be asked.
    `value_if_systemic` is the value where an order says that the medicine is taken by mouth or injected. `suspected`
    says that a statement that is not confirmed counts as well. `answers` gives the value by the code of an answer.
    """

    system: System
    fact: str
    value: Value | None
    timing: Timing
    says: str
    sources: tuple[str, ...]
    value_if_systemic: Value | None = None
    codes: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    within_days: int | None = None
    suspected: bool = False
    answers: Mapping[str, Value] = field(default_factory=dict)

    def names(self, code: str) -> bool:
        """Return whether a code belongs to this set."""
        if code in self.codes:
            return True
        return code.startswith(self.prefixes) and not (self.but and code.startswith(self.but))


@dataclass(frozen=True)
class Codes:
    """Every code set, found by system; `digest` is over all of them."""

    sets: Sequence[CodeSet]
    digest: str
    sentences: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {
            "en": {"unread": "{count} resources of the record were not read: there are more than {most}"}
        }
    )

    def facts_of(self, kind: str) -> set[str]:
        """Return the facts of which a kind of resource can speak."""
        systems = {"Condition": ("icd-10-cm",), "MedicationRequest": ("atc", "rxnorm"), "Observation": ("loinc",)}
        return {entry.fact for entry in self.sets if entry.system in systems.get(kind, ())}

    def of(self, system: System, code: str) -> list[CodeSet]:
        """Return the sets that a code belongs to."""
        return self._known[system, code]

    @cached_property
    def _known(self) -> Memo[tuple[System, str], list[CodeSet]]:
        return Memo(lambda asked: [entry for entry in self.sets if entry.system == asked[0] and entry.names(asked[1])])
