"""Reads a health record: Bundles and resources in, facts and places out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.core.codes import Codes
from app.core.facts import Value
from app.core.rules import Release
from app.record import patient
from app.record.elements import Resource, entries
from app.record.places import Coding, Contradiction, Entry, PatientFacts, Statement, Unread


@dataclass(frozen=True)
class Reader:
    """Reads the record of one patient on one day.

    `patient` is the patient's id or a reference to the Patient; where it is empty, the record names one patient.
    `area` are the CodeableConcepts (`bodySite`) of a draft or an appointment; they widen the area beyond face, head and
    neck. `server` is the base address of the server that the record comes from (`fhirServer`).
    """

    release: Release
    codes: Codes
    questionnaire: str
    on: date
    patient: str = ""
    area: Sequence[Resource] = ()
    server: str = ""

    def read(self, record: Iterable[Resource]) -> PatientFacts:
        """Return what Bundles, resources, or both say."""
        old = patient.Reader(self.release, self.codes, self.questionnaire, self.on, self.patient.rpartition("/")[2])
        found = old.read(resource for bundle in record for resource in entries(bundle))
        used, asked, contradictions = [], [], []
        said: dict[str, list[tuple[str, Value]]] = {}
        for s in found.provenance.values():
            said.setdefault(s.resource, []).append(s)
        mine = None
        for s in found.provenance.values():
            e = Entry(
                s.resource,
                "used",
                "present",
                (Statement(s.fact, s.value, "used", "present"),),
                Coding("", s.code, ""),
                "",
                None if s.at is None else s.at.date().isoformat(),
                False,
                s.fact if s.resource.startswith("QuestionnaireResponse") else None,
            )
            if s.resource.startswith("Patient"):
                mine = e
            else:
                used.append(e)
        for s in found.hints:
            asked.append(
                Entry(s.resource, "asked", "hint", (Statement(s.fact, None, "asked", "hint"),), Coding("", s.code, ""))
            )
        facts = dict(found.facts)
        for s in found.overruled:
            e = Entry(
                s.resource,
                "asked",
                "contradicted",
                (Statement(s.fact, s.value, "asked", "contradicted"),),
                Coding("", s.code, ""),
            )
            asked.append(e)
            contradictions.append(Contradiction(s.fact, (e,), True))
            facts.pop(s.fact, None)
        left = [Unread("unread", int(u.split()[0]), 2000) for u in found.unread]
        doubted = tuple(
            e.fact for e in asked if e.fact and self.release.facts[e.fact].policy == "confirm" and e.fact not in facts
        )
        return PatientFacts(
            facts=facts,
            unavailable=found.unavailable,
            doubted=doubted,
            used=tuple(used),
            asked=tuple(asked),
            patient=mine,
            contradictions=tuple(contradictions),
            unread=tuple(left),
        )
