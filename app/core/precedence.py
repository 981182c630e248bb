"""The precedence of rules.

`cases` turns the decision rules into a list of cases of which the first that holds decides. `decide` reads that list
for a fully known candidate and is the specification; `logic` compiles the same list into a diagram.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.conditions import ALWAYS, All, Any, Condition
from app.core.documented import Part, documented
from app.core.facts import Candidate
from app.core.rules import DecisionRule, Disposition, Kind, Pathway, Phase


@documented
class Decision(Part):
    """A decision; pathway and phase only with `recommended`."""

    disposition: Disposition
    """`referred`: another kind of care comes first. `excluded`: an exclusion rules out what would be indicated.
    `clinician_review`: the documented logic does not settle this candidate. `recommended`: a documented pathway applies
    and no rule of this release stands against it. `needs_information`: the decision depends on unknown facts."""
    pathway: Pathway | None = None
    """The pathway that applies."""
    phase: int | None = None
    """Its phase in the documents, 1 to 3."""


@documented
class Indicated(Part):
    """The pathway whose criteria hold, whatever stands against it."""

    pathway: Pathway
    """The pathway of the highest phase whose condition holds in full."""
    phase: int
    """Its phase in the documents, 1 to 3."""


Step = Kind | Pathway
"""The step that decides: `exclusion`, `scope`, `concern`, an indicated pathway, or `gap`."""


@dataclass(frozen=True)
class DecisionAtStep:
    """A decision with the step that makes it."""

    step: Step
    decision: Decision


@dataclass(frozen=True)
class Case:
    """A case: its decision holds unless an earlier case does."""

    when: Condition
    then: DecisionAtStep


REVIEW = Decision("clinician_review")
EXCLUDED = Decision("excluded")
REFERRED = Decision("referred")
UNDECIDED = Decision("needs_information")


def cases(rules: Sequence[DecisionRule]) -> tuple[Case, ...]:
    """Return the cases in order of precedence; the last one always holds."""

    def some(kind: Kind, pathway: Pathway | None = None) -> Condition:
        return Any(tuple(r.when for r in rules if r.kind == kind and (pathway is None or pathway in r.pathways)))

    listed = [
        Case(some("exclusion"), DecisionAtStep("exclusion", EXCLUDED)),
        Case(some("scope"), DecisionAtStep("scope", REFERRED)),
        Case(some("concern"), DecisionAtStep("concern", REVIEW)),
    ]
    for rule in phases(rules):
        indicated = rule.pathway
        excluded = All((rule.when, some("label_exclusion", indicated)))
        reviewed = All((rule.when, some("label_review", indicated)))
        listed += [
            Case(excluded, DecisionAtStep(indicated, EXCLUDED)),
            Case(reviewed, DecisionAtStep(indicated, REVIEW)),
            Case(rule.when, DecisionAtStep(indicated, Decision("recommended", indicated, rule.phase))),
        ]
    return (*listed, Case(ALWAYS, DecisionAtStep("gap", REVIEW)))


def phases(rules: Sequence[DecisionRule]) -> list[Phase]:
    """Return the phase rules, highest phase first."""
    return sorted((rule for rule in rules if isinstance(rule, Phase)), key=lambda rule: -rule.phase)


def decide(rules: Sequence[DecisionRule], candidate: Candidate) -> DecisionAtStep:
    """Return the decision of a candidate whose facts are all known."""
    return next(case.then for case in cases(rules) if case.when.holds(candidate))


def steps_of(rule: DecisionRule) -> tuple[Step, ...]:
    """Return the steps at which a rule takes part in the decision."""
    if isinstance(rule, Phase):
        return (rule.pathway,)
    return rule.pathways if rule.kind in ("label_exclusion", "label_review") else (rule.kind,)
