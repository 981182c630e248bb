"""Faults between entries that are each well-formed, by line."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

from app.core.conditions import All, Condition, comparisons, facts_read
from app.core.diagram import BudgetExceededError, Diagram
from app.core.logic import Logic, diagram_of, state_of
from app.core.parts import conditions_of
from app.core.precedence import phases
from app.core.rules import DecisionRule, Disposition, Figure, Pathway, Range, Release
from app.proof.goes_with import comparisons_of_one_fact
from app.proof.report import facts_in_words
from app.proof.traceability import cited
from app.proof.verify import Verifier
from app.rulebook import schema, schema_book, schema_wording
from app.rulebook.book import RULE_FILES, Book
from app.rulebook.files import RuleBookError, Where
from app.rulebook.sources import sources

UNIQUE = {
    "facts.yaml": "name",
    "scales.yaml": "name",
    "laws.yaml": "name",
    "stages.yaml": "name",
    "intake.yaml": "id",
    "patient.yaml": "id",
    "evidence.yaml": "id",
    "silences.yaml": "id",
    "safety/hazards.yaml": "id",
    "safety/attributes.yaml": "id",
}
DAYS = {"hours": 1 / 24, "days": 1.0, "weeks": 7.0}
DISPOSITIONS = get_args(Disposition)
PATHWAYS = get_args(Pathway)
ENGINE_NOTICES = ("NOTICE-ASSUMED", "NOTICE-NOT-ANSWERABLE", "NOTICE-UNSIGNED")


def check_book(book: Book) -> Iterator[RuleBookError]:
    """Yield what is wrong between entries, whatever the release."""
    yield from _ids(book)
    yield from _citations(book)
    yield from _wording(book)
    for release, order in book.entries["variable_order.yaml"].items():
        if release not in [entry.id for entry in book.releases]:
            yield book.error("variable_order.yaml", (release,), f"`{release}` is no release")
        elif order.nodes > order.budget:
            yield book.error("variable_order.yaml", (release, "nodes"), "more nodes than the budget allows")


def _ids(book: Book) -> Iterator[RuleBookError]:
    seen: dict[str, str] = {}
    for file in RULE_FILES:
        for place, entry in enumerate(book.entries[file]):
            if entry.id in seen:
                yield book.error(file, (place, "id"), f"`{entry.id}` is already the id of an entry in {seen[entry.id]}")
            seen[entry.id] = file
    ledger: schema_book.Ledger = book.entries["ledger.yaml"]
    lists: list[tuple[str, Where, Any]] = [(file, (), book.entries[file]) for file in UNIQUE]
    for file, where, listed in [*lists, ("ledger.yaml", ("statements",), ledger.statements)]:
        key = UNIQUE.get(file, "id")
        counted = Counter(getattr(entry, key) for entry in listed)
        for place, entry in enumerate(listed):
            if counted[getattr(entry, key)] > 1:
                yield book.error(file, (*where, place, key), f"`{getattr(entry, key)}` is written twice")


def _citations(book: Book) -> Iterator[RuleBookError]:
    known = sources(book)
    used: set[str] = set()
    for file in ("facts.yaml", "scales.yaml", *RULE_FILES):
        for place, entry in enumerate(book.entries[file]):
            names = cited(entry.model_dump())
            used |= names
            for name in sorted(names - set(known)):
                yield book.error(file, (place,), f"`{name}` is cited and is in none of ledger, evidence, silences")
    ledger: schema_book.Ledger = book.entries["ledger.yaml"]
    for place, statement in enumerate(ledger.statements):
        where: Where = ("statements", place)
        if statement.id.split("-")[0] not in ledger.documents:
            yield book.error("ledger.yaml", where, f"`{statement.id}` belongs to no document")
        if statement.id not in used and statement.aside is None:
            says = f"`{statement.id}` is cited by no entry; cite it, or set it `aside` with the reason"
            yield book.error("ledger.yaml", where, says)
        if statement.id in used and statement.aside is not None:
            yield book.error("ledger.yaml", where, f"`{statement.id}` is set aside and cited all the same")
    for file in ("evidence.yaml", "silences.yaml"):
        for place, entry in enumerate(book.entries[file]):
            if entry.id not in used:
                yield book.error(file, (place,), f"`{entry.id}` is cited by no entry")


def _wording(book: Book) -> Iterator[RuleBookError]:
    wording: schema_wording.Wording = book.entries["wording.yaml"]
    needed: dict[Where, tuple[tuple[str, ...], Any]] = {
        ("pathways",): (PATHWAYS, wording.pathways),
        ("dispositions",): (DISPOSITIONS, wording.dispositions),
        ("summary", "recommended"): (PATHWAYS, wording.summary.recommended),
        ("summary", "excluded"): (("documented", *PATHWAYS, "undetermined"), wording.summary.excluded),
        ("summary", "clinician_review"): (
            ("concern", "gap", *PATHWAYS, "undetermined"),
            wording.summary.clinician_review,
        ),
        ("summary", "needs_information"): (("ask", "stuck"), wording.summary.needs_information),
        ("preconditions",): (("met", "unmet", "to_confirm"), wording.preconditions),
    }
    for where, (keys, given) in needed.items():
        for key in keys:
            if key not in given:
                yield book.error("wording.yaml", where, f"`{key}` is missing")


def check_release(book: Book, release: Release) -> Iterator[RuleBookError]:
    """Yield what is wrong with one release."""
    yield from _facts(book, release)
    yield from _rules(book, release)
    yield from _plans(book, release)
    yield from _decision(book, release)
    yield from check_examples(book, release)
    place = [entry.id for entry in book.releases].index(release.id)
    pinned = book.releases[place].digest
    if pinned is None:
        yield book.error("releases.yaml", ("releases", place), f'write `digest: "{release.digest}"`')
    elif pinned != release.digest:
        says = (
            "what a released version decides and says in English never changes: say under `from` what a new release "
            f"has otherwise; a new one's digest is `{release.digest}`"
        )
        yield book.error("releases.yaml", ("releases", place, "digest"), says)


def _plans(book: Book, release: Release) -> Iterator[RuleBookError]:
    for plan in release.plans:
        file, where = _at(book, plan.id)
        ids = [component.id for component in plan.components]
        if len(set(ids)) < len(ids):
            yield book.error(file, (*where, "components"), f"a component stands twice in release {release.id}")
        for part in plan.parts:
            at = (*where, "parts", part.name)
            if part.silent and (part.figures or part.agreed):
                yield book.error(file, at, "what the documents are silent on has no figures")
            if any(figure.max is not None and figure.min > figure.max for figure in part.figures):
                yield book.error(file, (*at, "figures"), "a figure's `min` is at most its `max`")
            if part.agreed and not all(_covers(figure, part.agreed) for figure in part.figures):
                yield book.error(file, (*at, "agreed"), "the agreed range lies within every figure")


def _covers(figure: Figure, agreed: Range) -> bool:
    """Return whether a figure allows an agreed range, as units can tell."""
    ratio = DAYS.get(agreed.unit, 1) / DAYS.get(figure.unit, 1)
    if agreed.unit != figure.unit and not {agreed.unit, figure.unit} <= set(DAYS):
        return True
    most = float("inf") if figure.max is None else figure.max
    return figure.min <= agreed.min * ratio <= agreed.max * ratio <= most


def _place(book: Book, file: str, key: str, name: str) -> Where:
    entries = book.entries[file]
    return next(((i,) for i, entry in enumerate(entries) if getattr(entry, key) == name), ())


def _at(book: Book, rule: str) -> tuple[str, Where]:
    """Return the file and place of a rule."""
    return next((file, where) for file in RULE_FILES if (where := _place(book, file, "id", rule)))


def _facts(book: Book, release: Release) -> Iterator[RuleBookError]:
    deciding = {c.fact for rule in release.rules for c in comparisons(rule.when)}
    other = {name for condition in conditions_of(release) for name in facts_read(condition)}
    for name, fact in release.facts.items():
        where = _place(book, "facts.yaml", "name", name)
        if name not in deciding | other:
            yield book.error("facts.yaml", where, f"no entry of release {release.id} reads `{name}`")
        if fact.policy == "confirm" and name in deciding and fact.assumed is None:
            says = f"a decision rule reads `{name}`: give the value that is assumed while it is unknown"
            yield book.error("facts.yaml", where, says)
        if name in deciding and name not in release.weights:
            yield book.error("population.yaml", ("facts",), f"`{name}` has no weights")
    staged = Counter(name for stage in release.stages for name in stage)
    for name in sorted(set(staged) ^ deciding if staged else ()):
        yield book.error("stages.yaml", (), f"`{name}` is in no stage of {release.id}, or no decision rule reads it")
    for name, times in staged.items():
        if times > 1:
            yield book.error("stages.yaml", (), f"`{name}` stands in {times} stages of {release.id}")
    everywhere = {entry.name for entry in book.entries["facts.yaml"]}
    for name in book.entries["population.yaml"].facts:
        if name not in everywhere:
            yield book.error("population.yaml", ("facts", name), f"`{name}` is no fact")
    for name, scale in release.scales.items():
        where = _place(book, "scales.yaml", "name", name)
        for measured in scale.measures:
            if measured not in release.facts or release.facts[measured].kind != "grade":
                yield book.error("scales.yaml", (*where, "measures", measured), f"`{measured}` is no finding")
        for reading, grade in scale.grades.items():
            if grade not in release.wording.grades:
                yield book.error("scales.yaml", (*where, "grades", reading), f"`{grade}` is no grade")


def _rules(book: Book, release: Release) -> Iterator[RuleBookError]:
    for alternative in release.alternatives:
        if (alternative.kind == "modality") != (alternative.fits is not None):
            file, where = _at(book, alternative.id)
            yield book.error(file, where, "a modality says whom it fits (`fits`); a consultation does not")
    for rule in release.rules:
        yield from _lifting(book, release, rule)
    planned = [plan.pathway for plan in release.plans]
    for phase in phases(release.rules):
        file, where = _at(book, phase.id)
        same = [other.id for other in phases(release.rules) if phase.phase == other.phase]
        if len(same) > 1:
            yield book.error(file, (*where, "phase"), f"phase {phase.phase} is indicated by {' and '.join(same)}")
        if planned.count(phase.pathway) != 1:
            says = f"`{phase.pathway}` has {planned.count(phase.pathway)} plans in release {release.id}; one is right"
            yield book.error(file, where, says)
    given = {notice.id for notice in release.notices if notice.by_engine}
    for notice in ENGINE_NOTICES:
        if notice not in given:
            yield book.error("notices.yaml", (), f"`{notice}` with `shown_by: engine` is missing in {release.id}")
    for group in {notice.group for notice in release.notices if notice.group}:
        if sum(notice.otherwise for notice in release.notices if notice.group == group) != 1:
            yield book.error("notices.yaml", (), f"group `{group}` has one entry with `otherwise: true`")
    beside = {name for condition in conditions_of(release) for name in facts_read(condition)}
    for precondition in release.preconditions:
        for name in sorted(set(precondition.needs) - beside):
            file, where = _at(book, precondition.id)
            yield book.error(file, (*where, "needs"), f"`{name}` is a fact that no entry beside the decision reads")
        if precondition.unmet is not None:
            both = All((precondition.when, precondition.unmet))
            if state_of(both, release.facts, {}) is not False:
                file, where = _at(book, precondition.id)
                yield book.error(file, where, "`met` and `unmet` can hold together")


def _lifting(book: Book, release: Release, rule: DecisionRule) -> Iterator[RuleBookError]:
    file, where = _at(book, rule.id)
    for name, value in rule.lifted_by.items():
        fact = release.facts.get(name)
        if fact is None or not fact.accepts(value):
            yield book.error(file, (*where, "lifted_by", name), f"`{name}: {value}` is no answer of this release")
            return
    if rule.lifted_by and state_of(rule.when, release.facts, rule.lifted_by) is not False:
        yield book.error(file, (*where, "lifted_by"), "the rule still holds, or may, after what lifts it")


def divided_assumptions(book: Book, release: Release) -> Iterator[RuleBookError]:
    """Yield assumed values of which a rule tells some apart."""
    for rule in release.rules:
        for each in comparisons(rule.when):
            assumed = release.facts[each.fact].assumed or frozenset()
            if assumed & each.accepted and assumed - each.accepted:
                where = (*_place(book, "facts.yaml", "name", each.fact), "assumed")
                says = f"`{each.text}` of {rule.id} is true for a part of the assumed values in {release.id}"
                yield book.error("facts.yaml", where, f"{says}; write values of which it is true for all, or for none")


def _decision(book: Book, release: Release) -> Iterator[RuleBookError]:
    order = book.entries["variable_order.yaml"].get(release.id)
    if order is None:
        yield book.error("variable_order.yaml", (), f"{release.id} has no order; run `triage order`")
    if divided := list(divided_assumptions(book, release)):
        yield from divided
        return
    try:
        logic = Logic(release.facts, release.rules, release.order, release.budget)
    except ValueError as error:
        yield book.error("facts.yaml", (), str(error))
        return
    except BudgetExceededError as error:
        yield book.error("variable_order.yaml", (release.id,), f"{error}; run `triage order` or raise the budget")
        return
    used = {variable.fact.name for variable in logic.diagram.variables}
    if order is not None and set(order.facts) != used:
        says = "the order names every fact that a decision rule reads and no other; run `triage order`"
        yield book.error("variable_order.yaml", (release.id, "facts"), says)
    yield from _proof(book, release)


def _strange_laws(book: Book, release: Release, verifier: Verifier) -> Iterator[RuleBookError]:
    for law in release.laws:
        where = _place(book, "laws.yaml", "name", law.name)
        for name in law.of:
            if name not in verifier.goes_with.names(law.kind):
                yield book.error("laws.yaml", (*where, "of"), f"`{name}`: {release.id} has nothing of this name")
        if law.kind == "never_ready" and law.when is not None and not comparisons_of_one_fact(law.when):
            yield book.error("laws.yaml", (*where, "when"), "write comparisons, joined by `any`")


def _proof(book: Book, release: Release) -> Iterator[RuleBookError]:
    """Prove every law: a rule book that breaks one is not served."""
    verifier = Verifier(release)
    strange = list(_strange_laws(book, release, verifier))
    if strange:
        yield from strange
        return
    report = verifier.verify(release.laws)
    for law in report.laws:
        if not law.holds:
            says = f"does not hold in {release.id}: {facts_in_words(law.counterexample or {})}"
            yield book.error("laws.yaml", _place(book, "laws.yaml", "name", law.name), says)
    for defect in report.defects:
        file, where = _at(book, defect.rules[-1]) if defect.rules else ("reviews.yaml", ())
        with_ = f", with {defect.rules[0]}" if len(defect.rules) > 1 else ""
        witness = f", such as {facts_in_words(defect.witness)}" if defect.witness else ""
        yield book.error(file, where, f"{defect.kind} in {release.id}{with_}: {defect.says}{witness}")


def check_examples(book: Book, release: Release, only: str | None = None) -> Iterator[RuleBookError]:
    """Yield the examples, of all entries or `only` one, that fail."""
    conditions: dict[str, list[tuple[str, Condition]]] = {}
    for rule in (*release.rules, *release.cautions, *release.notices):
        conditions[rule.id] = [("holds", rule.when)]
    for precondition in release.preconditions:
        unmet = [("unmet", precondition.unmet)] if precondition.unmet is not None else []
        conditions[precondition.id] = [("met", precondition.when), *unmet]
    for alternative in release.alternatives:
        if alternative.fits:
            conditions[alternative.id] = [("no", alternative.fits.no), ("yes", alternative.fits.yes)]
    otherwise = {"holds": "undecided", "met": "to_confirm", "no": "unknown"}
    for file in RULE_FILES:
        for place, entry in book.living(file, release.id):
            if only not in (None, entry.id):
                continue
            listed = conditions.get(entry.id, [])
            diagram = diagram_of(release.facts.values(), [condition for _, condition in listed])
            roots = {word: diagram.condition(condition) for word, condition in listed}
            changed = book.entries[file][place].changed
            for at, example in enumerate(entry.examples):
                where = (*book.where(file, place, "examples", release.id), at)
                if not listed:
                    yield book.error(file, where, "this kind of entry has no examples")
                    continue
                says = _run_example(release, diagram, roots, otherwise[listed[0][0]], example)
                if says:
                    yield book.error(file, where, f"in {release.id}: {says}" if changed else says)
            needs = (
                file in RULE_FILES[:7] and conditions[entry.id][0][1] != All(()) and not getattr(entry, "outside", 0)
            )
            if needs and not entry.examples:
                yield book.error(file, (place,), "examples are missing: one at, below and above each edge")


def _run_example(
    release: Release, diagram: Diagram, roots: dict[str, int], otherwise: str, example: schema.Example
) -> str | None:
    facts = {key: value for key, value in example.items() if key not in ("expect", "ask")}
    for name, value in facts.items():
        fact = release.facts.get(name)
        if fact is None:
            return f"`{name}` is not a fact of release {release.id}"
        if not fact.accepts(value):
            return f"`{value}` is no answer of `{name}`"
    regions = diagram.regions(facts)
    states = {word: diagram.state(root, regions) for word, root in roots.items()}
    if otherwise == "undecided":
        found = {True: "holds", False: "does not hold", None: "undecided"}[states["holds"]]
    else:
        found = next((word for word, state in states.items() if state), otherwise)
        if found == "yes" and states["no"] is not False:
            found = otherwise
    expected = example.get("expect")
    words = ("holds", "does not hold", "undecided") if otherwise == "undecided" else (*states, otherwise)
    if expected not in words:
        said = str(expected).lower() if isinstance(expected, bool) else expected
        return f"`expect` is `{said}`; write one of `{'`, `'.join(words)}`"
    if expected != found:
        return f"expected `{expected}`, and it is `{found}`"
    if "ask" in example:
        asked = example["ask"]
        if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
            return "`ask` is a list of facts"
        ask = {name for root in roots.values() for name in diagram.depends_on(root, regions)}
        if set(asked) != ask:
            return f"asks {sorted(asked)}, and it depends on {sorted(ask)}"
    return None
