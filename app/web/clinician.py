"""What a clinician reads of an answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.core.answer import Answer, CautionShown, most_urgent_first
from app.core.conditions import conjuncts, in_words
from app.core.engine import Engine, Question
from app.core.rules import Rule, Source
from app.proof.explain import DecisionChange, explain
from app.web.confirm import Confirm, to_confirm
from app.web.names import Names, inside
from app.web.pages import decision_in_words

Tone = Literal["good", "calm", "warn", "stop"]
"""The colour of readiness; `good` never stands beside a caution."""
OF_THE_PERSON = ("medical", "medicine", "provider", "product")
TOPICS = ("medical", "product", "evidence", "provider", "device", "medicine", "skin_type", "regulatory")
"""Topics of cautions, the gravest first; others follow."""
MOST_GRAVE, MOST_ROWS, MOST_NAMED, MOST_CHANGES = 2, 3, 3, 8
MOST_LETTERS = 190
"""Of a caution on the first screen, its first sentence apart; Korean, which needs more sentences for it, fits whole."""
SENTENCE = re.compile(r"(?<=\.)\s+")


@dataclass(frozen=True)
class Row:
    """One fact that decides, and what the rule asks of it."""

    name: str
    answer: str
    needed: str = ""


@dataclass(frozen=True)
class Holding:
    """A rule that holds, in full."""

    rule: Rule
    name: str
    decides: bool
    because: Sequence[Row]


@dataclass(frozen=True)
class Waiting:
    """Rules that wait for answers, by what they would do."""

    effect: str
    names: Sequence[str]

    @property
    def listed(self) -> str:
        """The names, as they stand in a sentence."""
        return inside(self.names)


@dataclass(frozen=True)
class Change:
    """New answers that time or treatment may bring, and the decision then."""

    facts: Sequence[str]
    decision: str


class Report:
    """One answer, as a clinician reads it."""

    def __init__(self, engine: Engine, asked: Question, texts: Mapping[str, str]) -> None:
        self.engine = engine
        self.release = engine.release
        self.asked = asked
        self.texts = texts
        self.names = Names(engine.release, texts)
        self.answer: Answer = engine.answer(asked, "all")
        self.standings = engine.standings(asked)
        self.outcome = engine.decide(asked)
        self._rules: dict[str, Rule] = {rule.id: rule for rule in (*self.release.rules, *self.release.cautions)}
        self.confirm: Confirm = to_confirm(self.answer, self.release, self.names)
        self.deciding = [self._rules[r.rule] for r in self.answer.rationale if r.decides and r.state == "held"]

    @property
    def tone(self) -> Tone:
        """The colour of the outcome."""
        disposition = self.answer.decision.disposition
        if disposition == "excluded" or any(each.urgency in ("emergency", "today") for each in self.answer.referral):
            return "stop"
        if disposition != "recommended" or not self.answer.ready:
            return "warn"
        return "calm" if self.answer.cautions or self.answer.referral else "good"

    @property
    def state(self) -> str:
        """The outcome with its state, in a few words."""
        disposition = self.answer.decision.disposition
        if disposition == "recommended":
            return self.texts["state_ready"] if self.answer.ready else self._not_ready()
        return self.texts[f"state_{disposition}"].format(n=len(self.answer.missing))

    def _not_ready(self) -> str:
        unmet = sum(each.status == "unmet" for each in self.answer.preconditions)
        needed = self.confirm.needed + len(self.lacking) - unmet
        said = [self.texts["n_to_confirm"].format(n=needed)] if needed else []
        said += [self.texts["n_unmet"].format(n=unmet)] if unmet else []
        return self.texts["state_not_ready"].format(what=", ".join(said))

    @property
    def holds(self) -> str:
        """Until when a decision holds, and what to ask again then.

        Nothing of it where nothing is decided, or other care is to come first.
        """
        answer = self.answer
        if answer.valid_until is None or answer.referral or answer.decision.disposition == "needs_information":
            return ""
        again = self.names.facts(self.answer.ask_again)
        return self.texts["holds_until"].format(today=self.answer.asked_on, day=self.answer.valid_until, facts=again)

    @property
    def headline(self) -> str:
        """The outcome in one line."""
        decision = self.answer.decision
        if decision.pathway:
            return self.phase(decision.pathway, decision.phase)
        named = [self.names.rule(rule) for rule in self.deciding[:MOST_NAMED]]
        words = self.release.wording.dispositions[decision.disposition]
        return self.texts["headline"].format(outcome=words, names=", ".join(named)) if named else words

    def phase(self, pathway: str, number: int | None) -> str:
        """Return a pathway with the number of its phase."""
        return self.texts["phase"].format(n=number, pathway=self.release.wording.pathways[pathway])

    @property
    def lead(self) -> str:
        """The summary, less what the state says already."""
        return self.answer.summary.removeprefix(self.release.wording.summary["not_ready"]).strip()

    @property
    def why(self) -> list[Row]:
        """The facts that decide, and what stands beside them."""
        rows: dict[str, Row] = {}
        for reason in self.answer.rationale:
            if reason.state == "held" and reason.decides is not False:
                rule = self._rules[reason.rule]
                for known in reason.because:
                    said = self.names.answer(known.fact, known.value)
                    needed = self.names.needed(known.fact, rule.when)
                    rows[known.fact] = Row(self.names.fact(known.fact), said, "" if needed == said else needed)
        found = list(rows.values())[:MOST_ROWS]
        indicated = self.answer.indicated
        if indicated and not self.answer.decision.pathway:
            found.append(Row(self.texts["indicated"], self.phase(indicated.pathway, indicated.phase)))
        found += [self._near(near.rule, near.unmet) for near in self.answer.near_misses]
        if denied := self._denied():
            found.append(denied)
        return found

    def _near(self, rule: str, unmet: Sequence[str]) -> Row:
        parts = [self.names.condition(part) for part in conjuncts(self._rules[rule].when) if in_words(part) in unmet]
        return Row(self.names.rule(self._rules[rule]), self.texts["not_reached"], ", ".join(parts))

    def _denied(self) -> Row | None:
        """Return the documented exclusions where none of them holds.

        Nothing where another rule excludes: "none of them" would contradict it.
        """
        if self.answer.decision.disposition != "recommended":
            return None
        exclusions = [rule for rule in self.release.rules if rule.kind == "exclusion"]
        standing = {each.rule.id for each in self.standings}
        if any(rule.id in standing for rule in exclusions):
            return None
        return Row(self.texts["exclusions"], self.texts["all_denied"], inside(map(self.names.rule, exclusions)))

    @property
    def grave(self) -> list[tuple[str, str]]:
        """The gravest cautions, each with what it says first."""
        found = sorted(self.answer.cautions, key=_gravity)[:MOST_GRAVE]
        return [(self.caution(each), beginning(each.statement)) for each in found]

    @property
    def lacking(self) -> list[str]:
        """What is not in place, and what no further answer confirms."""
        status = {each.rule: each.status for each in self.answer.preconditions if not each.ask}
        rules = [rule for rule in self.release.preconditions if not rule.outside]
        return [self.names.rule(rule) for rule in rules if status.get(rule.id) in ("unmet", "to_confirm")]

    @property
    def next_step(self) -> str:
        """What to do next, in one sentence."""
        answer, texts = self.answer, self.texts
        disposition = answer.decision.disposition
        if answer.referral:
            first = most_urgent_first(answer.referral)[0]
            return texts["next_refer"].format(to=first.to, urgency=texts[f"urgency_{first.urgency}"])
        if disposition == "needs_information":
            return texts["next_ask"].format(names=self.confirm.first(MOST_NAMED))
        if disposition == "excluded":
            when = answer.if_resolved.when if answer.if_resolved else []
            return texts["next_excluded_when"].format(when="; ".join(when)) if when else texts["next_excluded"]
        if disposition != "recommended":
            return texts["next_review"]
        if answer.ready:
            return texts["next_ready"]
        if not self.confirm.needed:
            return texts["next_place"].format(names=inside(self.lacking))
        return texts["next_confirm"].format(names=self.confirm.first(MOST_NAMED))

    @property
    def in_place(self) -> str:
        """How many preconditions are met, of those that the service can see."""
        seen = [each for each in self.answer.preconditions if each.rule not in self.always]
        met = sum(each.status == "met" for each in seen)
        said = [self.texts["preconditions_n"].format(met=met, all=len(seen))] if seen else []
        said += [self.texts["preconditions_always"]] if self.always else []
        return "; ".join(said)

    @property
    def always(self) -> frozenset[str]:
        """The preconditions that remain whatever is answered."""
        outside = {each.id for each in self.release.preconditions if each.outside}
        return frozenset(each.rule for each in self.answer.preconditions if each.rule in outside)

    @property
    def holding(self) -> list[Holding]:
        """The rules that make the decision, with how the sources are read."""
        return [Holding(rule, self.names.rule(rule), decides=True, because=()) for rule in self.deciding]

    @property
    def against(self) -> list[Holding]:
        """The rules that hold and stand against a phase."""
        deciding = {rule.id for rule in self.deciding}
        found = []
        for each in self.standings:
            gap = each.rule.kind == "gap" and each.rule.id not in deciding
            if each.state and each.rule.effect != "indicates" and not gap:
                because = [Row(self.names.fact(k.fact), self.names.answer(k.fact, k.value)) for k in each.because]
                found.append(Holding(each.rule, self.names.rule(each.rule), each.rule.id in deciding, because))
        return found

    @property
    def waiting(self) -> list[Waiting]:
        """The open rules that could take part in the decision."""
        grouped: dict[str, list[str]] = {}
        for each in self.standings:
            part = self.engine.rationale.takes_part(each, self.outcome._replace(strict=True))
            if each.state is None and part is not False and each.rule.kind != "gap":
                grouped.setdefault(each.rule.effect, []).append(self.names.rule(each.rule))
        return [Waiting(effect, list(dict.fromkeys(names))) for effect, names in grouped.items()]

    @property
    def sources(self) -> list[Source]:
        """What is cited anywhere in the report, each once."""
        held = [name for each in self.against for name in each.rule.sources]
        return [self.release.sources[name] for name in dict.fromkeys([*self.answer.sources, *held])]

    def named(self, rules: Sequence[str]) -> str:
        """Return the names of rules, as they stand in a sentence."""
        return inside(self.names.rule(self._rules[name]) for name in rules)

    @property
    def lifted(self) -> str:
        """The facts that time or treatment would have to change."""
        lifts = self.answer.if_resolved
        return self.names.facts(each.fact for each in lifts.lifted) if lifts else ""

    @property
    def steps_deciding(self) -> list[str]:
        """The names of the rules that decide."""
        return [self.names.rule(rule) for rule in self.deciding]

    def caution(self, caution: CautionShown) -> str:
        """Return the name of a caution."""
        return self.names.rule(self._rules[caution.rule])

    @property
    def changes(self) -> list[Change]:
        """The changes that time or treatment may bring, and no others.

        A page never reads as "end the pregnancy" or "stop the medicine".
        """
        ways = [change for change in explain(self.engine, self.asked).changes if change.actionable]
        return [self._change(change) for change in ways[:MOST_CHANGES]]

    def _change(self, change: DecisionChange) -> Change:
        said = [
            self.texts["changes_to"].format(
                name=self.names.fact(each.fact),
                before=self.names.answer(each.fact, each.from_),
                after=self.names.answer(each.fact, each.to),
            )
            for each in change.facts
        ]
        return Change(said, decision_in_words(self.release, change.decision))

    @property
    def answers(self) -> list[tuple[str, str, str, str]]:
        """Every answer: its fact, that in words, the question, what was said."""
        told = []
        for name, fact in self.release.facts.items():
            if name in self.asked.facts:
                answer = self.names.answer(name, self.asked.facts[name])
                told.append((name, self.names.fact(name), fact.question, answer))
            elif name in self.asked.unavailable:
                told.append((name, self.names.fact(name), fact.question, self.texts["unknown"]))
        return told


def beginning(statement: str) -> str:
    """Return the first sentences of a statement, as many as fit."""
    said, *others = SENTENCE.split(statement)
    for each in others:
        if len(said) + 1 + len(each) > MOST_LETTERS:
            break
        said = f"{said} {each}"
    return said


def _gravity(caution: CautionShown) -> tuple[bool, int]:
    """What is known of the person comes first, then by topic."""
    place = TOPICS.index(caution.topic) if caution.topic in TOPICS else len(TOPICS)
    return not (caution.because and caution.topic in OF_THE_PERSON), place
