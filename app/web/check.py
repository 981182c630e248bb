"""The answers of a patient, to check before the end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.core.intake import Topic
from app.web.form import Answers
from app.web.topics import Topics


@dataclass(frozen=True)
class Row:
    """The answers of one topic, to check."""

    topic: str
    title: str
    yes: Sequence[tuple[str, str]]
    """What is true, and what a record says of it; so with the others."""
    unsure: Sequence[tuple[str, str]]
    no: Sequence[tuple[str, str]]
    left: Sequence[str]
    """What is asked there still: a no to the others is none to it."""


def row_of(topic: Topic, topics: Topics, answers: Answers, missing: Collection[str]) -> Row | None:
    """Return the answers of a topic; nothing where none is given.

    `missing` are the facts that are asked still.
    """
    given = {name: answers[name] for name in topic.names if name in answers}
    if not given:
        return None
    says = {name: topics.words[name].says for name in given}
    boxes = len(topic.facts) > 1
    yes, unsure, no = [], [], []
    for name, value in given.items():
        fact, note = topics.facts[name], topics.notes.get(name, "")
        if value is None:
            unsure.append((says[name], note))
        elif value is False or (boxes and value == "none"):
            no.append((says[name] if boxes else topics.label(fact, value), note))
        elif value is True:
            yes.append((says[name], note))
        else:
            label = topics.label(fact, value)
            yes.append((f"{says[name]}: {label}" if boxes else label, note))
    left = [topics.words[name].says for name in topic.names if name in missing and name not in given]
    return Row(topic.id, topic.title, yes, unsure, no, left)
