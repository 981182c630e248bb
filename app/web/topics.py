"""What a page of the intake asks, and what was chosen."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from app.core.facts import Fact, Value
from app.core.intake import FactWords, Section, Topic
from app.core.rules import Release
from app.web.form import UNKNOWN, Answers, Choices, as_field, value_of
from app.web.names import measured
from app.web.recorded import Recorded, notes_of

NONE = "none"
"""The answer of a choice that says no."""


@dataclass(frozen=True)
class Option:
    """One answer to choose; `draws` names its drawing."""

    value: str
    label: str
    hint: str | None = None
    checked: bool = False
    draws: str = ""


@dataclass(frozen=True)
class Field:
    """One question: `boxes` for several facts, else for the fact `name`.

    `kind` is `boxes`, `radios`, `number` or `country`. `unsure` are the same facts again, for who is not sure.
    """

    kind: str
    name: str
    legend: str
    hint: str | None
    options: Sequence[Option]
    unsure: Sequence[Option] = ()
    nothing: Option | None = None
    value: str = ""
    unit: str | None = None
    error: str = ""


@dataclass(frozen=True)
class Read:
    """What was read: answers, errors by field, what is asked alone."""

    answers: Answers
    errors: Mapping[str, str]
    pending: tuple[str, ...] = ()


class Topics:
    """The topics of a release in one language."""

    def __init__(
        self, release: Release, texts: Mapping[str, str], recorded: Mapping[str, Recorded] = MappingProxyType({})
    ) -> None:
        self.facts = release.facts
        self.texts = texts
        self.notes = notes_of(recorded, release.facts, texts)
        """Where answers of a record come from, by fact."""
        self.sections = [section for section in release.intake if section.asked_of == "patient"]
        self.by_id: dict[str, Topic] = {topic.id: topic for each in self.sections for topic in each.topics}
        self.words: dict[str, FactWords] = {
            fact.name: fact for each in release.intake for topic in each.topics for fact in topic.facts
        }
        self.of: dict[str, Topic] = {name: topic for topic in self.by_id.values() for name in topic.names}
        """The topic of each fact that a patient can answer."""
        self.section_of: dict[str, Section] = {topic.id: each for each in self.sections for topic in each.topics}

    def titles(self, names: Collection[str]) -> list[str]:
        """Return the titles of the topics of facts, in order."""
        return list(dict.fromkeys(topic.title for name, topic in self.of.items() if name in names))

    def boxes(self, topic: Topic, names: Sequence[str], *, alone: bool) -> list[str]:
        """Return the facts that share one list of checkboxes.

        A choice is among them unless nothing is asked after the page (`alone`).
        """
        found = [name for name in topic.names if name in names and self._checkable(name, alone)]
        return found if len(found) > 1 else []

    def _checkable(self, name: str, alone: bool) -> bool:
        fact = self.facts[name]
        return fact.kind == "boolean" or (not alone and fact.kind == "choice" and bool(self.words[name].asks))

    def fields(
        self, topic: Topic, names: Sequence[str], choices: Choices, errors: Mapping[str, str], *, alone: bool = False
    ) -> Iterator[Field]:
        """Yield the questions about facts of a topic, with what is chosen."""
        boxes = self.boxes(topic, names, alone=alone)
        if boxes:
            yield Field(
                "boxes",
                topic.id,
                topic.asks,
                topic.hint,
                [self._box(name, choices.yes) for name in boxes],
                [self._box(name, choices.unsure) for name in boxes],
                Option(topic.id, topic.nothing or self.texts["none_of_these"], None, topic.id in choices.nothing),
                error=errors.get(topic.id, ""),
            )
        for name in topic.names:
            if name in names and name not in boxes:
                yield self._field(topic, name, choices, errors.get(name, ""))

    def _box(self, name: str, chosen: frozenset[str]) -> Option:
        words = self.words[name]
        return Option(name, words.says, self._with_note(words.hint, name), name in chosen)

    def _with_note(self, hint: str | None, name: str) -> str | None:
        return " ".join(text for text in (hint, self.notes.get(name)) if text) or None

    def _field(self, topic: Topic, name: str, choices: Choices, error: str) -> Field:
        fact, words = self.facts[name], self.words[name]
        chosen = choices.raw.get(name, "")
        several = len(topic.facts) > 1
        legend = words.asks or (words.says if several else topic.asks)
        hint = self._with_note(words.hint if several else topic.hint, name)
        if fact.kind == "integer":
            unsure = Option(name, self.texts["rather_not_say"], None, name in choices.unsure)
            return Field("number", name, legend, hint, (), (unsure,), value=chosen, unit=fact.unit, error=error)
        options = [
            Option(text, self.label(fact, value), self._hint(name, value), text == chosen, self._drawing(fact, text))
            for value in self._shown(fact)
            for text in (as_field(value),)
        ]
        unsure_words = self.texts["let_clinician_grade" if fact.kind == "grade" else "not_sure"]
        unsure = Option(UNKNOWN, unsure_words, None, chosen == UNKNOWN)
        kind = "country" if fact.kind == "country" else "radios"
        return Field(kind, name, legend, hint, options, (unsure,), error=error)

    def _shown(self, fact: Fact) -> Sequence[Value]:
        return (True, False) if fact.kind == "boolean" else fact.values

    def _drawing(self, fact: Fact, text: str) -> str:
        return f"{fact.name}-{text}" if fact.kind == "grade" or fact.name == "fitzpatrick_type" else ""

    def _hint(self, name: str, value: Value) -> str | None:
        words = self.words[name].answers.get(value)
        return words.hint if words else None

    def label(self, fact: Fact, value: Value) -> str:
        """Return an answer as a patient gives it."""
        words = self.words[fact.name].answers.get(value)
        if words:
            return words.says
        if fact.kind == "boolean":
            return fact.labels.get(value) or self.texts["yes" if value else "no"]
        return fact.labels.get(value) or measured(fact, value, self.texts)

    def read(
        self, topic: Topic, choices: Choices, before: Answers, *, needed: bool = True, alone: bool = False
    ) -> Read:
        """Return the answers with what was chosen on a page.

        `needed`: nothing chosen is an error.
        """
        names = [name for name in topic.names if name in choices.asked]
        answers = {name: value for name, value in before.items() if name not in names}
        errors: dict[str, str] = {}
        pending: list[str] = []
        boxes = self.boxes(topic, names, alone=alone)
        ticked, unsure = choices.yes & {*boxes}, choices.unsure & {*boxes}
        nothing = topic.id in choices.nothing
        if error := self._wrong(boxes, ticked, unsure, nothing=nothing, needed=needed):
            errors[topic.id] = error
        else:
            for name in boxes:
                no: Value = NONE if self.facts[name].kind == "choice" else False
                was = choices.was.get(name)
                if name in unsure:
                    answers[name] = None
                elif name in ticked and no == NONE:
                    pending.append(name)
                    if was not in (None, NONE):
                        answers[name] = was
                elif name in ticked:
                    answers[name] = True
                elif ticked or nothing or (was == no and not needed):
                    answers[name] = no
        for name in names:
            if name in boxes:
                continue
            fact, text = self.facts[name], choices.raw.get(name, "")
            if text == UNKNOWN or (not text and name in choices.unsure):
                answers[name] = None
            elif text:
                value = value_of(fact, text)
                if value is None:
                    errors[name] = self._wanted(fact)
                else:
                    answers[name] = value
            elif needed:
                errors[name] = self._wanted(fact)
            elif name in choices.was and self._checkable(name, False):
                answers[name] = choices.was[name]  # radio buttons, of which none can be taken away
        return Read(_in_place(before, answers), errors, tuple(pending))

    def _wrong(
        self, boxes: Sequence[str], ticked: frozenset[str], unsure: frozenset[str], *, nothing: bool, needed: bool
    ) -> str:
        if ticked & unsure:
            return self.texts["error_both"]
        if ticked and nothing:
            return self.texts["error_none_and"]
        if not boxes or not needed or ticked or nothing or unsure == {*boxes}:
            return ""
        return self.texts["error_rest" if unsure else "error_choose_any"]

    def _wanted(self, fact: Fact) -> str:
        if fact.kind == "integer":
            return self.texts["error_number"].format(minimum=fact.minimum, maximum=fact.maximum)
        return self.texts["error_choose"]

    def chosen(self, names: Sequence[str], answers: Answers) -> Choices:
        """Return what a page shows as chosen, of answers that were given."""
        given = {name: answers[name] for name in names if name in answers}
        topics = {self.of[name].id: self.of[name] for name in given}
        nothing = set()
        for topic in topics.values():
            boxes = self.boxes(topic, names, alone=False)
            if boxes and all(given.get(name, True) in (False, NONE, None) for name in boxes):
                nothing |= {topic.id} if any(given[name] is not None for name in boxes) else set()
        return Choices(
            asked=tuple(names),
            raw={name: UNKNOWN if value is None else as_field(value) for name, value in given.items()},
            yes=frozenset(name for name, value in given.items() if value not in (None, False, NONE)),
            unsure=frozenset(name for name, value in given.items() if value is None),
            nothing=frozenset(nothing),
        )


def _in_place(before: Answers, answers: Answers) -> Answers:
    """Return answers in the order in which they were first given."""
    kept = [name for name in before if name in answers]
    return {name: answers[name] for name in (*kept, *(name for name in answers if name not in before))}
