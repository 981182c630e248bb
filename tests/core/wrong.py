"""Deliberately wrong implementations: each is a mistake somebody could make, and the tests must notice every one."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from app.core.conditions import All, Any, Comparison, Condition, Not, facts_read
from app.core.facts import Candidate, Value
from app.core.precedence import Decision, cases, decide
from app.core.rules import DecisionRule, Kind, Phase
from tests.books import SmallBook
from tests.oracle import DECISIONS, Contract

Implementation = Callable[[SmallBook, Candidate, bool], Contract]


def diagram(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """The real implementation."""
    logic = book.logic
    regions = logic.regions(candidate, strict=strict)
    left = logic.left(regions)
    question = book.questions.next(left)
    _, opened = logic.left_to(logic.regions(candidate, strict=True), strict=strict)
    return Contract(
        frozenset(logic.possible(regions)),
        tuple(logic.missing(left)),
        opened,
        question[0] if question else None,
    )


def kleene_first_match(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Evaluates rule by rule in three values and gives up at the first case that is undecided."""
    right = diagram(book, candidate, strict)
    known = _filled(book, candidate, strict)
    for case in cases(book.rules):
        state = _kleene(case.when, known)
        if state:
            return replace(right, possible=frozenset({case.then.decision}))
        if state is None:
            break
    gives_up_wrongly = len(right.possible) == 1
    return replace(right, possible=frozenset(DECISIONS)) if gives_up_wrongly else right


def default_for_unknown(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Reads an unknown fact as the first of its values, which is `false`, `none` or 0."""
    filled = {name: candidate.get(name, fact.domain[0]) for name, fact in book.facts.items()}
    return diagram(book, filled, strict)


def sampling(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Takes what a few random completions reach for all that can be reached."""
    random = Random(repr(sorted(candidate.items())))
    known = _filled(book, candidate, strict)
    seen: set[Decision] = set()
    for _ in range(4):
        completion = {name: known.get(name, random.choice(fact.domain)) for name, fact in book.facts.items()}
        seen.add(decide(book.rules, completion).decision)
    return replace(diagram(book, candidate, strict), possible=frozenset(seen))


def mentioned_in_rules(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Calls every unknown fact that some rule reads missing."""
    known = _filled(book, candidate, strict)
    read = {name for rule in book.rules for name in facts_read(rule.when)}
    missing = tuple(name for name in book.facts if name in read and name not in known)
    return replace(diagram(book, candidate, strict), missing=missing)


def mentioned_while_undecided(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Calls every unknown fact that some rule reads missing as long as anything is."""
    right = diagram(book, candidate, strict)
    return mentioned_in_rules(book, candidate, strict) if right.missing else right


def only_pivotal_alone(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Calls a fact missing only where it alone, all others at their first value, changes the decision."""
    known = _filled(book, candidate, strict)
    base = {name: known.get(name, fact.domain[0]) for name, fact in book.facts.items()}
    missing = tuple(
        name
        for name, fact in book.facts.items()
        if name not in known and len({decide(book.rules, base | {name: value}) for value in fact.domain}) > 1
    )
    return replace(diagram(book, candidate, strict), missing=missing)


def all_unknown_assumed(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Lists every unknown confirm fact as an assumption, whether it matters or not."""
    names = tuple(name for name, fact in book.facts.items() if fact.assumed and name not in candidate)
    return replace(diagram(book, candidate, strict), assumptions=() if strict else names)


def assumptions_only_when_decided(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Forgets that an assumption can change what is possible while nothing is decided."""
    right = diagram(book, candidate, strict)
    return right if len(right.possible) == 1 else replace(right, assumptions=())


def assumes_in_strict_mode(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Assumes although it was told not to."""
    return (
        replace(diagram(book, candidate, strict=False), assumptions=()) if strict else diagram(book, candidate, strict)
    )


def asks_in_file_order(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Asks the first missing fact."""
    right = diagram(book, candidate, strict)
    return replace(right, next_fact=right.missing[0] if right.missing else None)


def asks_without_weights(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Takes every answer to be equally likely."""
    return diagram(replace(book, weights={}), candidate, strict)


def scope_before_exclusion(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Lets a scope rule beat an exclusion."""
    return _with_kinds(book, candidate, strict, {"exclusion": "scope", "scope": "exclusion"}, swap=True)


def concern_is_ignored(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Forgets the concerns without a phase."""
    return _with_kinds(book, candidate, strict, {"concern": "gap"})


def review_instead_of_label_exclusion(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Reviews what a label excludes."""
    return _with_kinds(book, candidate, strict, {"label_exclusion": "label_review"})


def label_review_is_ignored(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Recommends what asks for a review."""
    return _with_kinds(book, candidate, strict, {"label_review": "gap"})


def lowest_phase_wins(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Lets the lowest phase win."""
    rules = tuple(replace(rule, phase=-rule.phase) if isinstance(rule, Phase) else rule for rule in book.rules)
    found = diagram(replace(book, rules=rules), candidate, strict)
    back = frozenset(replace(d, phase=-d.phase) if d.phase else d for d in found.possible)
    return replace(found, possible=back)


def falls_back_to_a_lower_phase(book: SmallBook, candidate: Candidate, strict: bool) -> Contract:
    """Recommends the next lower phase where a label excludes the indicated one."""
    blocked = {
        pathway: [rule.when for rule in book.rules if rule.kind == "label_exclusion" and pathway in rule.pathways]
        for pathway in ("conservative_care", "exosome_microchanneling", "combination_therapy")
    }
    rules = tuple(
        replace(rule, when=All((rule.when, Not(Any(tuple(blocked[rule.pathway]))))))
        if isinstance(rule, Phase)
        else rule
        for rule in book.rules
    )
    return diagram(replace(book, rules=rules), candidate, strict)


WRONG: tuple[Implementation, ...] = (
    kleene_first_match,
    default_for_unknown,
    sampling,
    mentioned_in_rules,
    mentioned_while_undecided,
    only_pivotal_alone,
    all_unknown_assumed,
    assumptions_only_when_decided,
    assumes_in_strict_mode,
    asks_in_file_order,
    asks_without_weights,
    scope_before_exclusion,
    concern_is_ignored,
    review_instead_of_label_exclusion,
    label_review_is_ignored,
    lowest_phase_wins,
    falls_back_to_a_lower_phase,
)


def _with_kinds(
    book: SmallBook, candidate: Candidate, strict: bool, kinds: dict[Kind, Kind], *, swap: bool = False
) -> Contract:
    rules: tuple[DecisionRule, ...] = tuple(replace(rule, kind=kinds.get(rule.kind, rule.kind)) for rule in book.rules)
    found = diagram(replace(book, rules=rules), candidate, strict)
    if not swap:
        return found
    other = {Decision("excluded"): Decision("referred"), Decision("referred"): Decision("excluded")}
    return replace(found, possible=frozenset(other.get(d, d) for d in found.possible))


def _filled(book: SmallBook, candidate: Candidate, strict: bool) -> dict[str, Value]:
    assumed = {name: next(iter(f.assumed)) for name, f in book.facts.items() if f.assumed and not strict}
    return assumed | dict(candidate)


def _kleene(condition: Condition, known: Candidate) -> bool | None:
    match condition:
        case Comparison(fact):
            return condition.holds(known) if fact in known else None
        case Not(part):
            state = _kleene(part, known)
            return None if state is None else not state
        case All(parts):
            states = [_kleene(part, known) for part in parts]
            return False if False in states else None if None in states else True
        case Any(parts):
            states = [_kleene(part, known) for part in parts]
            return True if True in states else None if None in states else False
