"""From a health record to facts, each with where it comes from.

Present makes true; absent stays unknown. Where statements differ, the stronger wins and among equals the newer: an
answer in the questionnaire over an observation, an observation over a code. What lost, and what only hints, is kept.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from app.core.codes import SYSTEMS, Codes, CodeSet, System
from app.core.facts import Value
from app.core.rules import Release
from app.record.answers import Answers, answers_of, is_ours
from app.record.bounds import most_important, unread
from app.record.elements import Resource, about, codings, day, first_day, items, moment, reference_of, status_code, text

QUESTIONNAIRE, OBSERVATION, CODE = 3, 2, 1
"""How strong a statement is."""
NOT_SO = frozenset({"refuted", "entered-in-error"})
NOT_SURE = frozenset({"unconfirmed", "provisional", "differential"})
CURRENT = frozenset({"", "active", "recurrence", "relapse"})
ROUTE_SYSTEMIC = ("oral", "mouth", "intraven", "subcutan", "intramusc", "inject", "infus")
ROUTE_LOCAL = (
    "topical",
    "cutaneous use",
    "on skin",
    "dermal",
    "inhal",
    "nasal",
    "ophthal",
    "eye",
    "ear ",
    "otic",
    "rectal",
)
RESPONSE_AGE_DAYS = 90
"""An older response is left aside: what it says of pregnancy, infection or medicines is not about today."""
LONGEST_CODE = 64
"""A longer one is no code; it would be kept, and shown."""
ANSWERED = "answered in the questionnaire"
ROMAN = ("I", "II", "III", "IV", "V", "VI")


@dataclass(frozen=True)
class Statement:
    """What one resource says of a fact; a hint has no `value`."""

    fact: str
    value: Value | None
    strength: int
    at: datetime | None
    resource: str
    code: str
    why: str


@dataclass(frozen=True)
class PatientFacts:
    """The facts of a record, with provenance, contradictions and hints."""

    facts: Mapping[str, Value]
    unavailable: tuple[str, ...]
    provenance: Mapping[str, Statement]
    overruled: tuple[Statement, ...] = ()
    hints: tuple[Statement, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """What was not read because there is too much, for people."""


@dataclass
class Reader:
    """Reads the resources about one patient on one day."""

    release: Release
    codes: Codes
    questionnaire: str
    on: date
    patient: str = ""
    medications: dict[str, Resource] = field(default_factory=dict)

    def read(self, resources: Iterable[Resource]) -> PatientFacts:
        """Return the facts of these resources, or raise `RecordError`."""
        listed, left = most_important([resource for resource in resources if self._concerns(resource)])
        self.medications = {reference_of(r): r for r in listed if r.get("resourceType") == "Medication"}
        statements: list[Statement] = []
        notes: list[str] = []
        responses: list[Resource] = []
        for resource in listed:
            match resource.get("resourceType"):
                case "Patient":
                    statements += self._patient(resource)
                case "Condition":
                    statements += self._condition(resource)
                case "MedicationRequest" | "MedicationStatement":
                    statements += self._medication(resource)
                case "AllergyIntolerance":
                    statements += self._allergy(resource)
                case "Observation":
                    statements += self._observation(resource)
                case "QuestionnaireResponse" if is_ours(resource, self.questionnaire):
                    responses.append(resource)
        unavailable: tuple[str, ...] = ()
        answers_left = 0
        if intake := self._intake(responses, notes):
            answers = answers_of(intake, self.release, self.questionnaire) or Answers({}, ())
            at, name, why = moment(intake.get("authored")) or datetime.min, reference_of(intake), ANSWERED
            unavailable, answers_left = answers.unavailable, answers.unread
            statements += [Statement(f, v, QUESTIONNAIRE, at, name, f, why) for f, v in answers.facts.items()]
        known = [statement for statement in statements if statement.fact in self.release.facts]
        left_out = tuple(unread(resources=left, answers=answers_left))
        return replace(self._weighed(known, unavailable), notes=tuple(notes), unread=left_out)

    def _intake(self, responses: Iterable[Resource], notes: list[str]) -> Resource | None:
        """Return the newest response, the last of equally new ones."""
        newest: tuple[datetime, Resource] | None = None
        for resource in responses:
            at = moment(resource.get("authored")) or datetime.min
            if at != datetime.min and (self.on - at.date()).days > RESPONSE_AGE_DAYS:
                notes.append(f"a questionnaire response is older than {RESPONSE_AGE_DAYS} days and is left aside")
            elif newest is None or at >= newest[0]:
                newest = at, resource
        return newest and newest[1]

    def _concerns(self, resource: Resource) -> bool:
        """Return whether a resource is about this patient."""
        whom = about(resource)
        if not self.patient or not whom:
            return True
        return whom.rpartition("/")[2] == self.patient or whom.startswith("#")

    def _weighed(self, statements: list[Statement], unavailable: tuple[str, ...]) -> PatientFacts:
        won: dict[str, Statement] = {}
        overruled: list[Statement] = []
        for statement in sorted(statements, key=self._weight):
            if statement.value is None:
                continue
            earlier = won.get(statement.fact)
            if earlier is not None and earlier.value != statement.value:
                overruled.append(earlier)
            won[statement.fact] = statement
        hints = [s for s in statements if s.value is None and s.fact not in won]
        facts = {name: won[name].value for name in self.release.facts if name in won}
        return PatientFacts(
            facts={name: value for name, value in facts.items() if value is not None},
            unavailable=tuple(name for name in unavailable if name not in won),
            provenance=won,
            overruled=tuple(overruled),
            hints=tuple(hints),
        )

    def _weight(self, statement: Statement) -> tuple[int, datetime, bool]:
        fact = self.release.facts[statement.fact]
        objects = fact.assumed is None or statement.value not in fact.assumed
        return statement.strength, statement.at or datetime.min, objects

    def _patient(self, resource: Resource) -> Iterator[Statement]:
        born = day(resource.get("birthDate"))
        if born is None or (self.patient and text(resource.get("id")) not in ("", self.patient)):
            return
        age = self.on.year - born.year - ((self.on.month, self.on.day) < (born.month, born.day))
        if 0 <= age <= 120:
            at = datetime.combine(self.on, time.min)
            yield Statement(
                "age_years", age, OBSERVATION, at, reference_of(resource), "birthDate", "from the date of birth"
            )

    def _condition(self, resource: Resource) -> Iterator[Statement]:
        clinical, verified = status_code(resource, "clinicalStatus"), status_code(resource, "verificationStatus")
        if verified in NOT_SO:
            return
        began = first_day(resource, "onsetDateTime", "onsetPeriod.start", "recordedDate")
        ended = first_day(resource, "abatementDateTime", "abatementPeriod.end")
        current = clinical in CURRENT and not (ended and ended <= self.on) and not resource.get("abatementString")
        for system, code in self._codes(resource.get("code")):
            if system != "icd-10-cm" or _is_sequela(code):
                continue
            for entry in self.codes.of(system, code):
                if self._in_time(entry, current, began, began):
                    sure = verified not in NOT_SURE or entry.suspected
                    yield self._said(resource, entry, entry.value if sure else None, code, began)

    def _medication(self, resource: Resource) -> Iterator[Statement]:
        status = text(resource.get("status"))
        ignored = status in ("entered-in-error", "cancelled", "draft", "not-taken", "intended", "unknown")
        if ignored or resource.get("doNotPerform") is True or resource.get("intent") in ("proposal", "plan", "option"):
            return
        began = first_day(resource, "authoredOn", "effectiveDateTime", "effectivePeriod.start", "dateAsserted")
        ended = first_day(resource, "effectivePeriod.end", "dispenseRequest.validityPeriod.end")
        current = status == "active" and not (ended and ended < self.on)
        local, systemic, as_needed = _ways(resource)
        for system, code in self._codes(self._medicine(resource)):
            if system not in ("atc", "rxnorm"):
                continue
            for entry in self.codes.of(system, code):
                if entry.fact == "product_allergy" or not self._in_time(entry, current, ended or began, ended or began):
                    continue
                if system == "rxnorm" and entry.fact == "systemic_immunosuppression" and local and not systemic:
                    continue
                value = entry.value
                if value is None and systemic and not local:
                    value = entry.value_if_systemic
                if as_needed and entry.fact == "anticoagulant_use":
                    value = None
                yield self._said(resource, entry, value, code, began)

    def _medicine(self, resource: Resource) -> object:
        """Return the concept of a medication, wherever it stands."""
        if "medicationCodeableConcept" in resource:
            return resource["medicationCodeableConcept"]
        reference = resource.get("medicationReference")
        name = text(reference.get("reference")) if isinstance(reference, dict) else ""
        if name.startswith("#"):
            inside = (c for c in items(resource.get("contained")) if c.get("id") == name[1:])
            return next((c.get("code") for c in inside if c.get("resourceType") == "Medication"), None)
        return self.medications.get("/".join(name.split("/")[-2:]), {}).get("code")

    def _allergy(self, resource: Resource) -> Iterator[Statement]:
        clinical, verified = status_code(resource, "clinicalStatus"), status_code(resource, "verificationStatus")
        if verified in NOT_SO or clinical not in CURRENT:
            return
        at = first_day(resource, "recordedDate", "onsetDateTime")
        for system, code in self._codes(resource.get("code")):
            for entry in self.codes.of(system, code) if system in ("rxnorm", "icd-10-cm") else ():
                if entry.fact == "product_allergy":
                    yield self._said(resource, entry, entry.value, code, at)

    def _observation(self, resource: Resource) -> Iterator[Statement]:
        if text(resource.get("status")) not in ("final", "amended", "corrected"):
            return
        at = first_day(resource, "effectiveDateTime", "effectivePeriod.end", "effectiveInstant", "issued")
        for system, code in self._codes(resource.get("code")):
            for entry in self.codes.of(system, code) if system == "loinc" else ():
                value = self._observed(resource, entry)
                if value is not None and self._in_time(entry, True, at, at):
                    yield replace(self._said(resource, entry, value, code, at), strength=OBSERVATION)

    def _observed(self, resource: Resource, entry: CodeSet) -> Value | None:
        concept = resource.get("valueCodeableConcept")
        if entry.answers:
            return next((entry.answers[code] for _, code, _ in codings(concept) if code in entry.answers), None)
        number = resource.get("valueInteger")
        if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= 6:
            return ROMAN[number - 1]
        words = [text(resource.get("valueString"))]
        words += [word for _, code, display in codings(concept) for word in (code, display)]
        words += [text(concept.get("text"))] if isinstance(concept, dict) else []
        said = {part for word in words for part in word.replace("-", " ").split() if part in ROMAN}
        return said.pop() if len(said) == 1 else None

    def _codes(self, concept: object) -> Iterator[tuple[System, str]]:
        for address, code, _ in codings(concept):
            system = SYSTEMS.get(address) if len(code) <= LONGEST_CODE else None
            if system == "icd-10-cm":
                plain = code.upper().replace(".", "")
                yield system, plain if len(plain) <= 3 else f"{plain[:3]}.{plain[3:]}"
            elif system:
                yield system, code.upper() if system == "atc" else code

    def _in_time(self, entry: CodeSet, current: bool, began: date | None, latest: date | None) -> bool:
        match entry.timing:
            case "ever":
                return True
            case "active":
                too_old = entry.within_days and began and (self.on - began).days > entry.within_days
                return current and not too_old
            case "recent":
                return latest is not None and 0 <= (self.on - latest).days <= (entry.within_days or 0)

    def _said(self, resource: Resource, entry: CodeSet, value: Value | None, code: str, at: date | None) -> Statement:
        when = datetime.combine(at, time.min) if at else None
        return Statement(entry.fact, value, CODE, when, reference_of(resource), code, entry.says)


def _is_sequela(code: str) -> bool:
    """Return whether a code is an injury's sequela (seventh character S)."""
    plain = code.replace(".", "")
    return len(plain) == 7 and plain[0] in "ST" and plain[6] == "S"


def _ways(resource: Resource) -> tuple[bool, bool, bool]:
    """Return whether an order is local, systemic, and only as needed."""
    local = systemic = as_needed = False
    for dosage in (*items(resource.get("dosageInstruction")), *items(resource.get("dosage"))):
        route = dosage.get("route")
        words = [display for _, _, display in codings(route)]
        words += [text(route.get("text"))] if isinstance(route, dict) else []
        said = " ".join(words).casefold() + " "
        local = local or any(word in said for word in ROUTE_LOCAL)
        systemic = systemic or any(word in said for word in ROUTE_SYSTEMIC)
        as_needed = as_needed or dosage.get("asNeededBoolean") is True
    return local, systemic, as_needed
