"""The age: from the birth date, or as it was typed."""

from collections.abc import Iterable, Iterator
from datetime import date

from app.core.conditions import Condition, comparisons
from app.core.facts import Value
from app.core.rules import Release
from app.record.context import Context
from app.record.dates import Day, WrongDateError
from app.record.elements import Resource, reference_of
from app.record.places import Entry, Statement
from app.record.weigh import Claim

FACT = "age_years"
Range = tuple[int, int]


class Age:
    """What the Patient and the intake say of the age."""

    def __init__(self, context: Context, patients: list[Resource]) -> None:
        self.value: Value | None = None
        self.range: Range | None = None
        self.contradicting: list[Claim] = []
        self._context = context
        self._patient = patients[0] if patients else None
        self._is_wrong = False
        self._born = self._birth_dates(patients)
        days = {(day.first, day.last) for day in self._born}
        self._ages = self._range(self._born[0]) if len(days) == 1 else None
        self.is_asked = len(days) > 1 or self._is_wrong
        self._reason = "born"

    def _birth_dates(self, patients: list[Resource]) -> list[Day]:
        found = []
        for patient in patients:
            try:
                if any(key in patient for key in ("modifierExtension", "implicitRules")):
                    raise WrongDateError
                day = self._context.days.of(patient.get("birthDate"))
            except WrongDateError:
                self._is_wrong = True
                continue
            if day:
                found.append(day)
        return found

    def _range(self, born: Day) -> Range | None:
        on = self._context.days.on
        most, least = _years(born.first, on), _years(min(born.last, on), on)
        if (
            least not in self._context.release.facts[FACT].domain
            or most not in self._context.release.facts[FACT].domain
        ):
            self._is_wrong = True
            return None
        return least, most

    def weigh(self, typed: Iterable[Claim]) -> None:
        """Settle the age with what was typed in our intake."""
        claims = list(typed)
        counting = [claim for claim in claims if claim.counts]
        values = {claim.value for claim in counting}
        if len(values) > 1 or (values and self._differs(values)):
            for claim in counting:
                claim.put("asked", "contradicted" if len(values) > 1 else "age_differs")
            self.contradicting, self.is_asked = counting, True
            self._reason = "age_differs"
            return
        if self._ages is None:
            if not values and any(claim.place == "asked" for claim in claims):
                self.is_asked = True
            if values and not self._born:
                self.value, self.is_asked = values.pop(), False
            elif values:
                for claim in counting:
                    claim.put("asked", "contradicted")
            return
        self._with_range(self._ages, claims, counting, values)

    def _with_range(self, ages: Range, claims: list[Claim], counting: list[Claim], values: set[Value | None]) -> None:
        typed = values.pop() if values else None
        least, most = ages
        if least == most:
            self.value = least
        elif typed is not None and least <= int(typed) <= most:
            self.value = typed
        elif in_one_region(self._context.release, ages):
            self.value, self.range = least, ages
        else:
            self.is_asked, self._reason = True, "born_range"
            for claim in counting:
                claim.put("asked", "contradicted")
            return
        for claim in claims:
            if claim.value != self.value and claim.place in ("used", "asked"):
                claim.counts = False
                claim.put("set_aside", "overruled")

    def _differs(self, values: set[Value | None]) -> bool:
        if self._ages is None:
            return False
        least, most = self._ages
        return any(not least - 1 <= int(value) <= most + 1 for value in values if value is not None)

    def entry(self) -> Entry | None:
        """Return what the Patient says of the age."""
        if self._patient is None or (not self._born and not self._is_wrong):
            return None
        name = reference_of(self._patient)
        if self._is_wrong or self._ages is None:
            said = Statement(FACT, None, "not_understood", "wrong_date")
        elif self.is_asked:
            said = Statement(FACT, None, "asked", self._reason)
        else:
            said = Statement(FACT, self.value, "used", "born")
        day = self._born[0].text if self._born else None
        return Entry(name, said.place, said.reason, (said,), date=day)


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def in_one_region(release: Release, ages: Range) -> bool:
    """Return whether no condition tells the ages of a range apart."""
    domain = range(ages[0], ages[1] + 1)
    return all(len({age in accepted for age in domain}) == 1 for accepted in _accepted(release))


def _accepted(release: Release) -> Iterator[frozenset[Value]]:
    for condition in _conditions(release):
        for comparison in comparisons(condition):
            if comparison.fact == FACT:
                yield comparison.accepted


def _conditions(release: Release) -> Iterator[Condition]:
    for rules in (release.rules, release.cautions, release.preconditions, release.notices, release.alternatives):
        for rule in rules:
            yield rule.when
    for precondition in release.preconditions:
        if precondition.unmet is not None:
            yield precondition.unmet
    for alternative in release.alternatives:
        if alternative.fits:
            yield from (alternative.fits.yes, alternative.fits.no)
        if alternative.row:
            yield alternative.row.asks
    for plan in release.plans:
        yield plan.when
        yield from (component.when for component in plan.components)
    yield from (law.when for law in release.laws if law.when is not None)
