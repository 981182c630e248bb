"""Wrong engines, each of which misreads one sentence of decision.md."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.core import rationale
from app.core.alternatives import Alternatives
from app.core.answer import AlternativeShown, Reason
from app.core.conditions import NEVER
from app.core.engine import Engine
from app.core.logic import Logic
from app.core.outcome import Outcome
from app.core.parts import Parts
from app.core.precedence import EXCLUDED, UNDECIDED
from app.core.questions import Questions
from app.core.rationale import Rationale, Standing
from app.core.rules import Release

Wrong = Callable[[Engine, pytest.MonkeyPatch], Engine]
WRONG: dict[str, Wrong] = {}


def wrong(build: Wrong) -> Wrong:
    """Add a wrong engine to the list."""
    WRONG[build.__name__] = build
    return build


def anew(engine: Engine, release: Release | None = None) -> Engine:
    """Return an engine of a release that remembers nothing yet."""
    return Engine(release or engine.release, logic=engine.logic)


@wrong
def gives_up_where_several_steps_may_decide(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = Engine._outcome

    def outcome(self: Engine, key: Any) -> Outcome:
        found = right(self, key)
        return found._replace(decision=UNDECIDED) if len(found.steps) > 1 else found

    patch.setattr(Engine, "_outcome", outcome)
    return anew(engine)


@wrong
def unanswerable_is_not_missing(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = Engine._outcome

    def outcome(self: Engine, key: Any) -> Outcome:
        found = right(self, key)
        return found._replace(missing=tuple(name for name in found.missing if name not in key[1]))

    patch.setattr(Engine, "_outcome", outcome)
    return anew(engine)


@wrong
def no_assumption_is_told(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    patch.setattr(Logic, "open_assumptions", lambda *_: ())
    return anew(engine)


@wrong
def doubted_is_assumed_all_the_same(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = Logic.assumed
    patch.setattr(Logic, "assumed", lambda self, given, _doubted=(): right(self, given))
    return anew(engine)


@wrong
def rules_are_told_as_if_nothing_were_doubted(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    patch.setattr(Rationale, "doubting", lambda _self, standings, _facts, _doubted: standings)
    return anew(engine)


@wrong
def questions_without_stages(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    made = anew(engine)
    patch.setattr(made, "questions", Questions(made.logic, made.release.weights))
    return made


@wrong
def questions_without_weights(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    made = anew(engine)
    patch.setattr(made, "questions", Questions(made.logic, {}, made.release.stages))
    return made


@wrong
def questions_by_information_alone(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    patch.setattr(Questions, "settling", lambda _self, _rest, levels: dict.fromkeys(levels, 0.0))
    return anew(engine)


@wrong
def an_infected_burn_is_not_sent_on(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    patch.setattr(Engine, "_with_referral", lambda _self, outcome, _question: outcome)
    return anew(engine)


@wrong
def assumed_is_known_to_alternatives(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = Alternatives.of

    def of(self: Alternatives, outcome: Outcome, cut: Any, standings: Sequence[Standing]) -> Any:
        known = [each._replace(state=each.assumed) for each in standings if each.assumed is not False]
        return right(self, outcome, cut, known)

    patch.setattr(Alternatives, "of", of)
    return anew(engine)


@wrong
def unknown_is_no_beside_a_decision(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = Parts._state
    patch.setattr(Parts, "_state", lambda self, condition, known: bool(right(self, condition, known)))
    return anew(engine)


Show = Callable[[Alternatives, Any], AlternativeShown]
"""Shows an alternative by a key, which ends with the rules of its row that hold and those that are unsure."""


def _rows(change: Callable[[Show, Alternatives, Any], AlternativeShown]) -> Wrong:
    right: Show = Alternatives._show

    def build(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
        patch.setattr(Alternatives, "_show", lambda self, key: change(right, self, key))
        return anew(engine)

    return build


def _review_blocks_nothing(show: Show, offered: Alternatives, key: Any) -> AlternativeShown:
    held = key[-2]
    reviewed = held and not held & offered._unfit
    return show(offered, (*key[:-2], 0, 0) if reviewed else key)


def _exclusion_leaves_open(show: Show, offered: Alternatives, key: Any) -> AlternativeShown:
    offered._unfit = 0
    return show(offered, key)


def _out_of_order(show: Show, offered: Alternatives, key: Any) -> AlternativeShown:
    shown = show(offered, key)
    return replace(shown, blocked_by=shown.blocked_by[::-1])


WRONG["a_review_blocks_nothing"] = _rows(_review_blocks_nothing)
WRONG["an_open_row_blocks_nothing"] = _rows(lambda show, offered, key: show(offered, (*key[:-1], 0)))
WRONG["an_exclusion_leaves_it_open"] = _rows(_exclusion_leaves_open)
WRONG["blocked_by_is_out_of_order"] = _rows(_out_of_order)


@wrong
def no_consultation_beside_an_exclusion(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = Alternatives.of

    def of(self: Alternatives, outcome: Outcome, cut: Any, standings: Sequence[Standing]) -> Any:
        return [] if outcome.indicated is None else right(self, outcome, cut, standings)

    patch.setattr(Alternatives, "of", of)
    return anew(engine)


@wrong
def laser_under_a_photosensitising_medicine(engine: Engine, _: pytest.MonkeyPatch) -> Engine:
    listed = [
        replace(each, row=replace(each.row, asks=NEVER)) if each.row else each for each in engine.release.alternatives
    ]
    return anew(engine, replace(engine.release, alternatives=tuple(listed)))


@wrong
def lawful_without_knowing_the_product(engine: Engine, _: pytest.MonkeyPatch) -> Engine:
    listed = tuple(replace(each, needs=()) for each in engine.release.preconditions)
    return anew(engine, replace(engine.release, preconditions=listed))


@wrong
def ready_whatever_is_in_place(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    patch.setattr(Parts, "all_met", lambda *_: True)
    return anew(engine)


@wrong
def reviews_are_never_lifted(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    patch.setattr("app.core.engine.BLOCKED", (EXCLUDED,))
    return anew(engine)


@wrong
def an_allergy_is_lifted(engine: Engine, _: pytest.MonkeyPatch) -> Engine:
    rules = tuple(
        replace(rule, lifted_by={"product_allergy": False}) if rule.id == "EXC-ALLERGY" else rule
        for rule in engine.release.rules
    )
    return anew(engine, replace(engine.release, rules=rules))


@wrong
def what_holds_decides(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = rationale._reason

    def reason(standing: Standing, decides: bool | None) -> Reason:
        return right(standing, bool(standing.state) if decides is not None else None)

    patch.setattr(rationale, "_reason", reason)
    return anew(engine)


@wrong
def undecided_is_told_as_held(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = rationale._reason
    patch.setattr(rationale, "_reason", lambda standing, decides: replace(right(standing, decides), state="held"))
    return anew(engine)


@wrong
def exclusions_are_referred_before_scope(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    patch.setattr(rationale, "_scope_first", lambda referral: referral.kind == "scope")
    return anew(engine)


@wrong
def lower_phases_lowest_first(engine: Engine, patch: pytest.MonkeyPatch) -> Engine:
    right = Rationale.also_matched
    patch.setattr(Rationale, "also_matched", lambda *given: right(*given)[::-1])
    return anew(engine)
