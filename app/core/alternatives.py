"""What else may be discussed, weighed by the rules of its row.

A modality or lower phase is as safe as the decision: a rule of its row that excludes or refers makes it unfit, one that
asks for a review, or is unknown, leaves it open. Nothing here ever sees an assumed value.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from app.core.answer import AlternativeShown
from app.core.conditions import Condition
from app.core.facts import Candidate
from app.core.memo import Memo
from app.core.outcome import Outcome
from app.core.precedence import phases
from app.core.rationale import Standing
from app.core.rules import Alternative, DecisionRule, Fits, Phase, Release
from app.core.sections import Concerns, Entry, Point, Projection, Section, reads

State = Callable[[Condition, Candidate], bool | None]
"""Whether a condition holds for all, no or some completions of the known facts."""
NO_PATHWAY: frozenset[Concerns] = frozenset([None])


class Compared(NamedTuple):
    """An alternative by itself, before its row is weighed."""

    alternative: Alternative | Phase
    fits: Fits | None
    """Whether its own criteria hold; `None` for a consultation, which always fits."""
    asks: bool | None = False
    """Whether what its row asks holds; `None` while that is unknown."""


def row_of(phase: Phase, release: Release) -> list[DecisionRule]:
    """Return the rules that stand against a phase."""
    return [rule for rule in release.rules if rule.kind in ("exclusion", "scope") or phase.pathway in rule.pathways]


class Alternatives:
    """Finds the alternatives of one release."""

    def __init__(self, release: Release, projection: Projection, state: State) -> None:
        self._wording = release.wording
        self._state = state
        self._phases = phases(release.rules)
        self._bits = {rule.id: 1 << place for place, rule in enumerate(release.rules)}
        """Rules in order, as bits of sets: with sets of names some ten rows took three times as long, 50 µs."""
        self._unfit = self._set(rule.id for rule in release.rules if rule.effect in ("excludes", "refers"))
        self._first = self._set(rule.id for rule in release.rules if rule.kind in ("exclusion", "scope"))
        """Beside these nothing is compared: an answer says `no`, and what it is that stands against everything."""
        rows = {each.id: frozenset(each.row.rules) for each in release.alternatives if each.row and each.fits}
        rows |= {phase.id: frozenset(rule.id for rule in row_of(phase, release)) for phase in self._phases}
        self._rows = {
            name: {rule: bit for rule, bit in self._bits.items() if rule in row} for name, row in rows.items()
        }
        """By id the rules of its row, in order, with their bits."""
        self._sets = {name: self._set(row) for name, row in self._rows.items()}
        self._compared = Section(projection, [self._entry(each) for each in release.alternatives])
        consultations = [each for each in release.alternatives if each.fits is None]
        self._consultations = Section(projection, [self._entry(each) for each in consultations])
        """Alone where no modality is offered: one reads so many facts that hardly two candidates agree in them."""
        self._by_id: dict[str, Alternative | Phase] = {each.id: each for each in release.alternatives}
        self._by_id |= {each.id: each for each in self._phases}
        self._shown = Memo[tuple[str, Fits | None, bool | None, int, bool], AlternativeShown](self._show)

    def of(self, outcome: Outcome, cut: Point, standings: Sequence[Standing]) -> list[AlternativeShown]:
        """Return the alternatives and lower phases of a decision.

        Consultations are offered while the decision is open, too; modalities whatever decides, with what stands against
        them.
        """
        offered = self._consultations if outcome.possible else self._compared
        found = offered.of(cut, outcome.pathways if outcome.indicated and not outcome.possible else NO_PATHWAY)
        held = unsure = 0
        for each in standings:
            bit = self._bits[each.rule.id]
            held, unsure = (held | bit, unsure) if each.state else (held, unsure | bit)
        shown = []
        for alternative, fits, asks in (*found, *self._lower_phases(outcome, standings)):
            row = self._sets.get(alternative.id, 0)
            shown.append(self._shown[alternative.id, fits, asks, row & held, bool(row & unsure)])
        return shown

    def _set(self, rules: Iterable[str]) -> int:
        return sum(self._bits[name] for name in rules)

    def _lower_phases(self, outcome: Outcome, standings: Sequence[Standing]) -> list[Compared]:
        """Return the phases below one that is indicated and blocked."""
        if outcome.indicated is None or outcome.decision.disposition not in ("excluded", "clinician_review"):
            return []
        criteria: dict[str, Fits] = {each.rule.id: "yes" if each.state else "unknown" for each in standings}
        lower = [rule for rule in self._phases if rule.phase < outcome.indicated.phase]
        return [Compared(rule, criteria.get(rule.id, "no")) for rule in lower]

    def _entry(self, rule: Alternative) -> Entry[Compared]:
        def make(known: Candidate) -> Compared | None:
            if not self._state(rule.when, known):
                return None
            if rule.fits is None:
                return Compared(rule, None)
            no, yes = self._state(rule.fits.no, known), self._state(rule.fits.yes, known)
            fits: Fits = "no" if no else "yes" if yes and no is False else "unknown"
            return Compared(rule, fits, self._state(rule.row.asks, known) if rule.row else False)

        fits = (rule.fits.no, rule.fits.yes) if rule.fits else ()
        asks = (rule.row.asks,) if rule.row else ()
        concerns = (*rule.concerns, None) if rule.without_phase else rule.concerns
        return Entry(reads(rule.when, *fits, *asks), make, concerns)

    def _show(self, key: tuple[str, Fits | None, bool | None, int, bool]) -> AlternativeShown:
        """Return an alternative as its row leaves it.

        The key ends with the rules of the row that hold, and whether there are others that may.
        """
        name, fits, asks, held, is_unsure = key
        rule, wording = self._by_id[name], self._wording
        because = wording.lower_phase if isinstance(rule, Phase) else rule.fits.because if rule.fits else {}
        why = wording.consultation if fits is None else because[fits]
        if held & self._unfit:
            fits, why = "no", wording.row["excluded"]
        elif fits != "no" and held:
            fits, why = "unknown", wording.row["reviewed"]
        elif fits not in ("no", None) and (is_unsure or asks is not False):
            because_asked = rule.row.because if asks and isinstance(rule, Alternative) and rule.row else None
            fits, why = "unknown", because_asked or wording.row["open"]
        holding = tuple(rule for rule, bit in self._rows.get(name, {}).items() if bit & held)
        if isinstance(rule, Phase):
            title = wording.pathways[rule.pathway]
            return AlternativeShown(
                rule.id, "lower_phase", title, rule.discuss, {}, fits or "yes", why, holding, rule.sources
            )
        compares = {} if held & self._first else rule.compares
        return AlternativeShown(
            *(rule.id, rule.kind, rule.title, rule.says, compares), fits or "yes", why, holding, rule.sources
        )
