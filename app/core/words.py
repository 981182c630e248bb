"""What a person reads of an outcome: summary, next question, assumptions."""

from collections.abc import Callable
from dataclasses import replace

from app.core.answer import Assumption, NextQuestion, Option
from app.core.conditions import facts_read
from app.core.facts import Fact
from app.core.memo import Memo
from app.core.outcome import Outcome
from app.core.precedence import Stage
from app.core.rules import DecisionRule, Release


class Words:
    """The words of one release in one language."""

    def __init__(self, release: Release, could_object: Callable[[DecisionRule, frozenset[Stage]], bool]) -> None:
        self._release = release
        self._could_object = could_object
        self._questions = {name: self._question(fact) for name, fact in release.facts.items()}
        self._next = Memo[tuple[str, bool], NextQuestion](self._next_question)
        self._assumptions = Memo[tuple[str, frozenset[Stage]], Assumption](self._assumption)

    def _question(self, fact: Fact) -> NextQuestion:
        wording = self._release.wording
        labels = dict(fact.labels)
        values = fact.values
        if fact.kind == "boolean":
            labels = {True: wording.yes, False: wording.no} | labels
            values = (True, False)
        whole = fact.kind == "integer"
        return NextQuestion(
            fact=fact.name,
            question=fact.question,
            help=fact.help,
            answers=[Option(value, labels.get(value, str(value))) for value in values],
            minimum=fact.minimum if whole else None,
            maximum=fact.maximum if whole else None,
            unit=fact.unit,
            why="",
        )

    def next_question(self, outcome: Outcome) -> NextQuestion | None:
        """Return the question to ask next; `None` where nothing is left to ask."""
        return None if outcome.next_fact is None else self._next[outcome.next_fact, outcome.settles]

    def _next_question(self, asked: tuple[str, bool]) -> NextQuestion:
        name, settles = asked
        return replace(
            self._questions[name], why=self._release.wording.next_question["settles" if settles else "narrows"]
        )

    def assumptions(self, outcome: Outcome) -> list[Assumption]:
        """Return the assumptions that a decision stands on."""
        return [self._assumptions[name, outcome.stages] for name in outcome.open_assumptions]

    def _assumption(self, key: tuple[str, frozenset[Stage]]) -> Assumption:
        name, stages = key
        fact = self._release.facts[name]
        readers = [rule for rule in self._release.rules if name in facts_read(rule.when)]
        because = [rule.id for rule in readers if self._could_object(rule, stages)]
        return Assumption(name, fact.assumed_as, because, fact.question)

    def summary(self, outcome: Outcome, *, ready: bool, referred: bool) -> str:
        """Return the answer in one or two plain sentences."""
        texts, disposition = self._release.wording.summary, outcome.decision.disposition
        several = len(outcome.stages) > 1
        stage = next(iter(outcome.stages), "gap")
        match disposition:
            case "recommended":
                key = f"recommended.{outcome.decision.pathway}"
            case "excluded":
                key = f"excluded.{'undetermined' if several else 'documented' if stage == 'exclusion' else stage}"
            case "clinician_review":
                key = f"clinician_review.{'undetermined' if several else stage}"
            case "referred":
                key = "referred"
            case "needs_information":
                key = "needs_information.ask" if outcome.next_fact else "needs_information.stuck"
        if disposition == "recommended" and not ready:
            return f"{texts['not_ready']} {texts[key]}"
        return f"{texts['referral_first']} {texts[key]}" if referred and disposition != "referred" else texts[key]
