"""Reads a health record: Bundles and resources in, facts and places out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.core.codes import Codes
from app.core.rules import Release
from app.record.elements import Resource
from app.record.places import PatientFacts


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
        raise NotImplementedError
