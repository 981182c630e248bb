"""One release out of a rule book; what it cites is unchecked."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from app.core import rules as core
from app.core.conditions import ALWAYS, NEVER, Condition, Not
from app.core.facts import GRADES, Fact, Value
from app.rulebook import schema, schema_book
from app.rulebook.book import Book
from app.rulebook.digests import digest, digests
from app.rulebook.files import RuleBookError, Where
from app.rulebook.grammar import GrammarError, read_condition
from app.rulebook.intake import patient_words, section_of
from app.rulebook.signing import review_of
from app.rulebook.words import Translator

R = TypeVar("R")
ALL_PATHWAYS: tuple[core.Pathway, ...] = ("conservative_care", "exosome_microchanneling", "combination_therapy")


class Builder:
    """Makes one release; what cannot be read becomes an error."""

    def __init__(
        self,
        book: Book,
        release: str,
        cited: Mapping[str, core.Source],
        translator: Translator | None = None,
        english: core.Release | None = None,
    ) -> None:
        """Build in a language; `english` has the digests of every language."""
        self._book = book
        self._cited = cited
        self._translator = translator
        self._english = english
        self._id = release
        self._entry = next(entry for entry in book.releases if entry.id == release)
        self.errors: list[RuleBookError] = []
        self.facts: dict[str, Fact] = {}
        self._rules: list[core.DecisionRule] = []

    def build(self) -> core.Release | None:
        """Return the release, or `None` where `errors` say why there is none."""
        self.facts = {
            fact.name: fact for place, entry in self._living("facts.yaml") if (fact := self._fact(place, entry))
        }
        if self.errors:
            return None  # every rule that reads a fact that could not be read would be an error as well
        rules = [
            *self._records(core.DecisionRule, "exclusions.yaml", self._exclusion),
            *self._records(core.DecisionRule, "scope.yaml", self._scope),
            *self._records(core.DecisionRule, "reviews.yaml", lambda _, e: {"kind": e.reviews}),
            *self._records(core.Phase, "phases.yaml", lambda _, e: {"pathway": e.indicates}),
            *self._records(core.DecisionRule, "label_safety.yaml", self._label_safety),
        ]
        self._rules = rules
        order: schema_book.Order | None = self._book.entries["variable_order.yaml"].get(self._id)
        withdrawn = self._entry.withdrawn
        release = core.Release(
            id=self._id,
            digest=self._english.digest if self._english else digest(self._book, self._id),
            digests=self._english.digests if self._english else digests(self._book, self._id, self._cited),
            reviewed=review_of(self._book, self._id),
            facts=self.facts,
            rules=tuple(rules),
            cautions=self._records(core.Caution, "cautions.yaml"),
            preconditions=self._records(core.Precondition, "preconditions.yaml", self._precondition),
            plans=self._records(core.Plan, "plans.yaml", self._plan),
            alternatives=self._records(core.Alternative, "alternatives.yaml", self._alternative),
            notices=self._records(core.Notice, "notices.yaml", self._notice),
            scales={e.name: made(core.Scale, e) for _, e in self._living("scales.yaml")},
            sources=self._cited,
            wording=self._wording(),
            weights=self._weights(),
            laws=self._records(core.Law, "laws.yaml", self._law),
            order=tuple(order.facts) if order else (),
            budget=order.budget if order else 1_000_000,
            stages=tuple(tuple(entry.facts) for _, entry in self._living("stages.yaml")),
            intake=tuple(section_of(entry, self.facts) for _, entry in self._living("intake.yaml")),
            patient={e.id: patient_words(e) for _, e in self._living("patient.yaml")},
            released=self._entry.date,
            changes=self._entry.changes,
            withdrawn=core.Withdrawn(withdrawn.date, withdrawn.reason) if withdrawn else None,
            limits=self._entry.limits,
        )
        return None if self.errors else release

    def _living(self, file: str) -> list[tuple[int, Any]]:
        living = self._book.living(file, self._id)
        if self._translator is None:
            return list(living)
        return [(place, self._translator.entry(file, entry)) for place, entry in living]

    def _refuse(self, file: str, where: Where, says: str) -> None:
        self.errors.append(self._book.error(file, where, says))

    def condition(self, file: str, where: Where, data: Any) -> Condition:
        """Return a condition; one that cannot be read never holds."""
        try:
            return read_condition(data, self.facts)
        except GrammarError as error:
            self._refuse(file, (*where, *error.where), error.says)
            return NEVER

    def _fact(self, place: int, entry: schema.FactEntry) -> Fact | None:
        where: Where = (place,)
        values: tuple[Value, ...]
        labels: dict[Value, str] = dict(entry.answers.items())
        match entry.type:
            case "boolean":
                values = (False, True)
                named = {"yes": True, "no": False}
                labels = {named[key]: text for key, text in entry.answers.items() if key in named}
                wrong = set(entry.answers) - set(named)
            case "grade":
                values = GRADES
                wrong = set(entry.answers) ^ set(GRADES)
            case "choice":
                values, wrong = tuple(entry.answers), set()
            case "country":
                values = tuple(self._book.entries["countries.yaml"])
                labels, wrong = dict(self._book.entries["countries.yaml"]), set(entry.answers)
            case "integer":
                values, labels, wrong = (), {}, set(entry.answers)
                if entry.minimum is None or entry.maximum is None or entry.unit is None:
                    self._refuse("facts.yaml", where, "an integer needs `minimum`, `maximum` and `unit`")
                    return None
        if wrong:
            listed = ", ".join(f"`{answer}`" for answer in sorted(map(str, wrong)))
            self._refuse("facts.yaml", (*where, "answers"), f"{listed}: missing, or no answer of a {entry.type}")
        assumed, assumed_as = self._assumed(entry, where)
        sets = {}
        for name, members in entry.sets.items():
            strange = [member for member in members if member not in values]
            if strange:
                self._refuse("facts.yaml", (*where, "sets", name), f"`{strange[0]}` is no answer of `{entry.name}`")
            sets[name] = frozenset[Value](members)
        fact = made(
            Fact,
            entry,
            kind=entry.type,
            policy=entry.unknown,
            values=values,
            minimum=entry.minimum or 0,
            maximum=entry.maximum or 0,
            assumed=assumed,
            assumed_as=assumed_as,
            labels=labels,
            sets=sets,
            attainable=frozenset(entry.attainable),
        )
        for key, answers in (("attainable", entry.attainable), ("assumed", assumed or ())):
            for value in answers:
                if not fact.accepts(value):
                    self._refuse("facts.yaml", (*where, key), f"`{value}` is no answer of `{entry.name}`")
        return fact

    def _assumed(
        self, entry: schema.FactEntry, where: Where
    ) -> tuple[frozenset[Value] | None, Value | Mapping[str, int] | None]:
        where = (*where, "assumed")
        match entry.assumed:
            case None:
                return None, None
            case _ if entry.unknown == "ask":
                self._refuse("facts.yaml", where, "a fact that is asked has no assumed value")
                return None, None
            case schema.AtLeast(min=least):
                if entry.type != "integer" or not (entry.minimum or 0) <= least <= (entry.maximum or 0):
                    self._refuse("facts.yaml", where, "`min` is a value of an integer fact")
                return frozenset(range(least, (entry.maximum or 0) + 1)), {"min": least}
            case value:
                return frozenset({value}), value

    def _records(
        self, record: type[R], file: str, more: Callable[[int, Any], Mapping[str, Any]] = lambda *_: {}
    ) -> tuple[R, ...]:
        """Return the entries of a file as records; `more` adds fields."""
        records = []
        for place, entry in self._living(file):
            given: dict[str, Any] = {}
            if getattr(entry, "when", None) is not None:
                given["when"] = self.condition(file, (place, "when"), entry.when)
            if isinstance(entry, schema.Entry):
                given["examples"] = tuple(map(_example, entry.examples))
            if hasattr(entry, "concerns"):
                given["concerns"] = _pathways(entry.concerns)
            records.append(made(record, entry, **{**given, **more(place, entry)}))
        return tuple(records)

    def _exclusion(self, _: int, entry: schema.Exclusion) -> Mapping[str, Any]:
        care = {"refer_to": entry.refers.to, "urgency": entry.refers.urgency} if entry.refers else {}
        return {"kind": "exclusion", **care}

    def _scope(self, _: int, entry: schema.Scope) -> Mapping[str, Any]:
        return {"kind": "scope", "refer_to": entry.refers.to, "urgency": entry.refers.urgency}

    def _label_safety(self, place: int, entry: schema.LabelSafety) -> Mapping[str, Any]:
        if (entry.excludes is None) == (entry.reviews is None):
            self._refuse("label_safety.yaml", (place,), "write just one of `excludes` and `reviews`")
        kind: core.Kind = "label_exclusion" if entry.excludes else "label_review"
        return {"kind": kind, "pathways": tuple(entry.excludes or entry.reviews or ())}

    def _precondition(self, place: int, entry: schema.Precondition) -> Mapping[str, Any]:
        met, unmet = (
            self.condition("preconditions.yaml", (place, key), data) if data is not None else None
            for key, data in (("met", entry.met), ("unmet", entry.unmet))
        )
        return {"when": met or NEVER, "unmet": unmet}

    def _notice(self, _: int, entry: schema.Notice) -> Mapping[str, Any]:
        everywhere = entry.concerns == "all"
        return {"by_engine": entry.shown_by == "engine", "concerns": () if everywhere else tuple(entry.concerns)}

    def _alternative(self, place: int, entry: schema.Alternative) -> Mapping[str, Any]:
        file = "alternatives.yaml"
        fits = None
        if entry.fits:
            fits = core.Fitting(
                self.condition(file, (place, "fits", "yes", "when"), entry.fits.yes.when),
                self.condition(file, (place, "fits", "no", "when"), entry.fits.no.when),
                {"yes": entry.fits.yes.says, "no": entry.fits.no.says, "unknown": entry.fits.unknown.says},
            )
        return {
            "when": self.condition(file, (place, "offered"), entry.offered),
            "compares": {name: made(core.Aspect, aspect) for name, aspect in entry.compares.items()},
            "fits": fits,
            "row": self._row(place, entry.row) if entry.row else None,
        }

    def _row(self, place: int, row: schema.Row) -> core.Row:
        """Return the rules of a row, those against everything among them."""
        against = set()
        for rule in self._rules:
            of_row = bool(set(rule.pathways) & set(row.pathways)) or set(rule.pathways) == set(ALL_PATHWAYS)
            if rule.kind in ("exclusion", "scope") or (rule.kind != "phase" and of_row):
                against.add(rule.id)
        where = self._book.where("alternatives.yaml", place, "row", self._id)
        for at, name in enumerate(row.without):
            if name not in self._book.ids:
                self._refuse("alternatives.yaml", (*where, "without", at), f"`{name}` is no rule")
        if row.asks is None:
            return core.Row(frozenset(against - set(row.without)), NEVER)
        asks = self.condition("alternatives.yaml", (place, "row", "asks", "when"), row.asks.when)
        return core.Row(frozenset(against - set(row.without)), asks, row.asks.says)

    def _plan(self, place: int, entry: schema.Plan) -> Mapping[str, Any]:
        components = tuple(
            made(
                core.Component,
                c,
                when=self._given(place, at, c),
            )
            for at, c in enumerate(entry.components)
            if self._book.lives(c.since, c.until, self._id)
        )
        parts = tuple(
            made(
                core.PlanPart,
                part,
                name=name,
                figures=tuple(made(core.Figure, figure) for figure in part.figures),
                agreed=made(core.Range, part.agreed) if part.agreed else None,
            )
            for name, part in entry.parts.items()
        )
        return {"when": ALWAYS, "components": components, "parts": parts}

    def _given(self, place: int, at: int, component: schema.Component) -> Condition:
        """Return the condition under which a component is given."""
        where = (place, "components", at)
        if component.when is not None and component.against is not None:
            self._refuse("plans.yaml", where, "write `when` or `against`, not both")
        if component.against is not None:
            return Not(self.condition("plans.yaml", (*where, "against"), component.against))
        return ALWAYS if component.when is None else self.condition("plans.yaml", (*where, "when"), component.when)

    def _law(self, place: int, entry: schema.Law) -> Mapping[str, Any]:
        needs: dict[core.LawKind, tuple[str, ...]] = {
            "one_decision": (),
            "named_gap": (),
            "never": ("when", "dispositions"),
            "at_least": ("when", "dispositions"),
            "never_lowers": ("fact",),
            "never_recommends": ("changes",),
            "never_fits": ("when", "of"),
            "never_included": ("when", "of"),
            "never_met": ("when", "of"),
            "never_ready": ("when",),
        }
        for key in ("when", "dispositions", "fact", "changes", "of"):
            if bool(getattr(entry, key)) != (key in needs[entry.kind]):
                verb = "needs" if key in needs[entry.kind] else "has no"
                self._refuse("laws.yaml", (place,), f"a law of kind `{entry.kind}` {verb} `{key}`")
        for name in [*entry.changes, *([entry.fact] if entry.fact else [])]:
            fact = self.facts.get(name)
            if fact is None or (name in entry.changes and not fact.accepts(entry.changes[name])):
                self._refuse("laws.yaml", (place,), f"`{name}` is no fact of release {self._id}, or has no such answer")
        return {"fact": entry.fact or ""}

    def _wording(self) -> core.Wording:
        entry = self._book.wording(self._id)
        summary: dict[str, str] = {}
        for key, value in entry.summary.model_dump().items():
            summary |= {f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {key: value}
        reasons = entry.reasons
        return made(
            core.Wording,
            entry,
            pathways={name: named.name for name, named in entry.pathways.items()},
            dispositions={name: named.name for name, named in entry.dispositions.items()},
            next_question=reasons.next_question.model_dump(),
            lower_phase=reasons.lower_phase.model_dump(),
            row=reasons.row.model_dump(),
            consultation=reasons.consultation,
            summary=summary,
        )

    def _weights(self) -> dict[str, dict[Value, float]]:
        population: schema.Population = self._book.entries["population.yaml"]
        weights: dict[str, dict[Value, float]] = {}
        for name, given in population.facts.items():
            fact = self.facts.get(name)
            if fact is None:
                continue
            if isinstance(given, list):
                weights[name] = {
                    value: band.weight / (band.max - band.min + 1)
                    for band in given
                    for value in range(band.min, band.max + 1)
                }
            else:
                named: dict[str, Value] = {"yes": True, "no": False} if fact.kind == "boolean" else {}
                weights[name] = {named.get(key, key): float(weight) for key, weight in given.items()}
            if set(weights[name]) != set(fact.domain):
                says = f"weights are given for every answer of `{name}` and no other"
                self._refuse("population.yaml", ("facts", name), says)
        return weights


def made(record: type[R], entry: Any, **other: Any) -> R:
    """Return a record, a dataclass, of an entry's fields and `other` ones."""
    names = [field.name for field in fields(record) if field.name not in other]  # type: ignore[arg-type]
    same = {name: getattr(entry, name) for name in names if hasattr(entry, name)}
    return record(**{name: tuple(value) if isinstance(value, list) else value for name, value in same.items()} | other)


def _example(entry: schema.Example) -> core.Example:
    facts = {name: value for name, value in entry.items() if name not in ("expect", "ask")}
    asked = entry.get("ask")  # the checks say what else it is
    return core.Example(facts, str(entry.get("expect")), tuple(map(str, asked)) if isinstance(asked, list) else ())


def _pathways(listed: list[core.Pathway] | str) -> tuple[core.Pathway, ...]:
    return ALL_PATHWAYS if isinstance(listed, str) else tuple(listed)
