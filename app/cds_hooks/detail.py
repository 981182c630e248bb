"""The detail of a card: reasons, open questions, and the record."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from app.core.answer import Answer
from app.core.languages import Sentence
from app.core.rules import DecisionRule
from app.fhir import said
from app.fhir.localization import Localization
from app.record.places import Entry, PatientFacts

LISTED = 12
"""How many lines a section has at most."""


@dataclass(frozen=True)
class Weighed:
    """A record, and what of it stands against a decision that agrees."""

    record: PatientFacts
    lacks: tuple[Sentence, ...] = ()
    """What of the record was not sent or could not be fetched."""
    named: tuple[Entry, ...] = ()
    """What was not understood and is named: on order hooks, what might be about a fact that decides."""
    held: tuple[DecisionRule, ...] = ()
    """The rules that hold, whether or not they decide yet."""

    @property
    def doubted(self) -> bool:
        """Whether a decision by this record may be wrong."""
        return bool(self.record.contradictions or self.named)

    def lost(self, locale: Localization) -> list[str]:
        """Return what was not read because it never came."""
        return [*said.sentences(self.lacks, locale), *said.lost(self.record, locale)]


def detail_of(answer: Answer, weighed: Weighed, locale: Localization) -> str:
    """Return the detail as GitHub-flavoured Markdown."""
    facts, record, say = locale.engine.release.facts, weighed.record, locale.phrases.of
    parts = [answer.summary]

    def section(title: str, lines: Iterable[str], count: int | None = None, **values: object) -> None:
        """Add a section; `count` saves making lines that are not shown."""
        listed = list(lines if count is None else islice(lines, LISTED))
        count = len(listed) if count is None else count
        if listed:
            more = [f"- {say('and {count} more', count=count - LISTED)}"] if count > LISTED else []
            parts.append(
                "\n".join([f"**{say(title, **values)}**", "", *(f"- {line}" for line in listed[:LISTED]), *more])
            )

    reasons = [(r.state, f"{r.statement} ({', '.join(r.sources)})") for r in answer.rationale]
    section("Why", [line for state, line in reasons if state == "held"])
    section("Open", [say("May hold: {statement}", statement=line) for state, line in reasons if state == "undecided"])
    section("Still missing", [facts[name].question for name in answer.missing])
    outside = {rule.id for rule in locale.engine.release.preconditions if rule.outside}
    open_yet = [p for p in answer.preconditions if p.status == "to_confirm" and p.rule not in outside]
    assumed = [assumption.question for assumption in answer.assumptions]
    section("To be confirmed", [*assumed, *(each.statement for each in open_yet)])
    if answer.valid_until:
        again = [facts[name].question for name in answer.ask_again]
        section("Holds until {day}; then to be asked again", again, day=str(answer.valid_until))
    section("Not in place", [p.statement for p in answer.preconditions if p.status == "unmet"])
    section("To weigh", [caution.statement for caution in answer.cautions])
    section("Contradictions", list(said.contradictions(record, locale)))
    section("To be asked, because of the record", list(said.asked(record, locale)))
    section("Not understood", said.not_understood(weighed.named, locale), len(weighed.named))
    section("From the record", list(said.used(record, locale)))
    section("Not read", weighed.lost(locale))
    not_named = len(record.not_understood) - len(weighed.named)
    section("Without effect", list(said.counted(record, locale, not_named)))
    section("Notices", list(answer.notices))
    return "\n\n".join(parts)
