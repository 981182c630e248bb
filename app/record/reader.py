"""Reads a health record: Bundles and resources in, facts and places out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.core.codes import Codes, is_no
from app.core.facts import Value
from app.core.rules import Release
from app.record.age import FACT as AGE
from app.record.age import Age
from app.record.bounds import MOST_RESOURCES, MOST_SEEN, most_important
from app.record.bundles import Collected, Found, contained
from app.record.concepts import MOST_CODINGS, Concepts
from app.record.conditions import allergy, condition
from app.record.context import Context, drafted, irrelevant, not_understood
from app.record.dates import Days, WrongDateError
from app.record.elements import Resource, items, reference_of, text
from app.record.identity import Identity, Whose
from app.record.intake import Intake
from app.record.limits import MOST_LOOKED_UP, Limits
from app.record.medicines import medicine
from app.record.observations import observation
from app.record.places import PLACES, Entry, PatientFacts, Place, Statement, Unread
from app.record.procedures import device, device_use, procedure
from app.record.r4 import check_r4
from app.record.standing import Sites, Standing
from app.record.weigh import Claim, Draft, contradiction, weigh

KINDS: Mapping[str, Callable[[Context, Found], Draft | Entry]] = {
    "Condition": condition,
    "AllergyIntolerance": allergy,
    "MedicationRequest": medicine,
    "MedicationStatement": medicine,
    "MedicationAdministration": medicine,
    "MedicationDispense": medicine,
    "Observation": observation,
    "Procedure": procedure,
    "Device": device,
    "DeviceUseStatement": device_use,
}
INSIDE = KINDS.keys() - {"Device"}
"""Kinds that are read inside others too, such as the results of a report; a Device is what its use refers to."""
NO_PLACE = frozenset({"Patient", "Medication"})
"""Kinds that have no place of their own: who it is about, and what orders refer to."""


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
        collected = Collected(record)
        inner, deeper = most_important(list(contained(collected.found, INSIDE)))
        found, left = most_important([*collected.found, *(each.found() for each in inner)], MOST_SEEN)
        left += deeper
        check_r4(each.resource for each in found)
        identity = Identity(found, self.patient, self.server)
        days, limits = Days(self.on), Limits()
        context = Context(
            self.release,
            self.codes,
            Concepts(self.codes, self.release, limits),
            Standing(self.codes, days),
            Sites(self.codes.places, list(self.area), limits),
            days,
            identity,
        )
        placed = [each for each in found if each.kind not in NO_PLACE]
        ours: list[Found] = []
        others: list[tuple[Found, Whose]] = []
        for each, whose in zip(placed, identity.whose(placed), strict=True):
            if whose == "patient":
                ours.append(each)
            else:
                others.append((each, whose))
        drafts: list[Draft] = []
        intake = Intake(context, self.questionnaire)
        entries: list[Entry] = []
        for each, whose in others[:MOST_RESOURCES]:
            kind = each.kind
            if kind == "QuestionnaireResponse" and intake.is_ours(each):
                intake.take(each, whose)
            elif kind in KINDS and whose == "unknown":
                drafts.append(not_understood(drafted(each), "nobodys", ()))
            elif kind in KINDS:
                entries.append(Entry(reference_of(each.resource), "set_aside", "somebody_elses"))
            else:
                entries.append(irrelevant(each, reason="kind_not_read"))
        read, more = most_important(ours)
        left += more + max(len(others) - MOST_RESOURCES, 0)
        unread = [Unread("unread_resources", left, MOST_RESOURCES)] if left else []
        strangers = identity.strangers
        if not any(each.kind in KINDS for each in read):
            strangers += sum(
                whose == "other" and each.kind in KINDS and each.kind != "Device" for each, whose in others
            )
        if strangers:
            unread.append(Unread("other_patient", strangers, 0))
        for each in read:
            if each.kind == "QuestionnaireResponse":
                is_ours = intake.is_ours(each)
                if is_ours:
                    intake.take(each, "patient")
                elif is_ours is None:
                    drafts.append(not_understood(drafted(each), "dead_reference", ()))
                else:
                    entries.append(irrelevant(each, reason="other_form"))
            elif read_kind := KINDS.get(each.kind):
                said = read_kind(context, each)
                if isinstance(said, Entry):
                    entries.append(said)
                else:
                    drafts.append(said)
            else:
                entries.append(irrelevant(each, reason="kind_not_read"))
        drafts += intake.drafts()
        unread += intake.unread
        if context.concepts.unread:
            unread.append(Unread("unread_codings", context.concepts.unread, MOST_CODINGS))
        if limits.not_looked_up:
            unread.append(Unread("not_looked_up", limits.not_looked_up, MOST_LOOKED_UP))
        if collected.failed:
            unread.append(Unread("failed_reads", collected.failed, 0))
        if collected.further:
            unread.append(Unread("further_pages", collected.further, 0))
        return self._weighed(context, entries, drafts, intake, tuple(unread))

    def _weighed(
        self, context: Context, entries: list[Entry], drafts: list[Draft], intake: Intake, unread: tuple[Unread, ...]
    ) -> PatientFacts:
        patients = [each.resource for each in context.identity.patients]
        by_fact: dict[str, list[Claim]] = {}
        for draft in drafts:
            for claim in draft.claims:
                by_fact.setdefault(claim.fact, []).append(claim)
        age = Age(context, patients)
        age.weigh(by_fact.pop(AGE, []))
        values: dict[str, Value] = {} if age.value is None else {AGE: age.value}
        last: dict[str, date | None] = {}
        against = {AGE: tuple(age.contradicting)} if age.contradicting else {}
        for fact, claims in by_fact.items():
            has_no = any(map(is_no, self.release.facts[fact].domain))
            value, contradicting = weigh(fact, claims, context.days.on, has_no=has_no)
            if value is not None:
                values[fact] = value
                ends = [each.until for each in claims if each.counts and each.value == value]
                last[fact] = None if None in ends else max(filter(None, ends), default=context.days.on)
            if contradicting:
                against[fact] = contradicting
        order = {name: place for place, name in enumerate(self.release.facts)}
        known: dict[object, tuple[Statement, ...]] = {}
        made = {draft: draft.entry(order, known) for draft in drafts}
        listed: dict[Place, list[Entry]] = {place: [] for place in PLACES}
        for entry in (*made.values(), *entries):
            listed[entry.place].append(entry)
        asked = {said.fact for entry in made.values() for said in entry.statements if said.place == "asked"}
        asked |= {AGE} if age.is_asked else set()
        contradictions = tuple(contradiction(fact, against[fact], made) for fact in order if fact in against)
        for draft in drafts:
            draft.claims.clear()  # which refer to it: so both are freed at once, and are no garbage
        facts = {name: values[name] for name in self.release.facts if name in values}
        return PatientFacts(
            facts=facts,
            last_days=last,
            ranges={AGE: {"min": age.range[0], "max": age.range[1]}} if age.range else {},
            unavailable=intake.unavailable(facts),
            doubted=tuple(
                name
                for name, fact in self.release.facts.items()
                if name in asked and name not in facts and fact.policy == "confirm"
            ),
            patient=age.entry(),
            contradictions=contradictions,
            unread=unread,
            deceased=any(_is_deceased(patient, context.days) for patient in patients),
            language=next((code for patient in patients for code in _languages(patient)), None),
            used=tuple(listed["used"]),
            asked=tuple(listed["asked"]),
            not_understood=tuple(listed["not_understood"]),
            set_aside=tuple(listed["set_aside"]),
            irrelevant=tuple(listed["irrelevant"]),
        )


def _is_deceased(patient: Resource, days: Days) -> bool:
    """Return whether somebody has died.

    A day that is none, or to come, says nothing.
    """
    try:
        return patient.get("deceasedBoolean") is True or days.of(patient.get("deceasedDateTime")) is not None
    except WrongDateError:
        return False


def _languages(patient: Resource) -> Iterator[str]:
    for spoken in items(patient.get("communication")):
        if spoken.get("preferred") is True:
            for language in items(spoken.get("language")):
                for coding in items(language.get("coding")):
                    if code := text(coding.get("code")):
                        yield code
