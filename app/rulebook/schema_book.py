"""What sources, releases, codes and languages may hold."""

from typing import Annotated, Literal

from pydantic import Field

from app.rulebook.forms import ADDRESS, DATE
from app.rulebook.schema import Model, ReleaseId, Text

Date = Annotated[str, Field(pattern=DATE)]


class Document(Model):
    """One of the four source documents."""

    title: Text
    publisher: Text
    date: Text
    kind: Text
    about: Text


class Statement(Model):
    """One statement of a source document."""

    id: Text
    section: Text
    says: Text
    aside: Text | None = None


class Ledger(Model):
    """All statements of the documents."""

    documents: dict[str, Document]
    statements: list[Statement]


class Evidence(Model):
    """One piece of public evidence."""

    id: Text
    title: Text
    citation: Text
    status: Literal["A", "B", "inference"]
    says: Text
    suggests: Text
    note: Text | None = None
    public_url: Annotated[str, Field(pattern=ADDRESS)] | None = None


class Silence(Model):
    """A conflict between the documents, or something they leave open."""

    id: Text
    kind: Literal["conflict", "undecided", "ambiguity"]
    title: Text
    says: Text
    answered_by: Text


class Signature(Model):
    """A clinician's signature under one release, with its own digest."""

    release: ReleaseId
    digest: Text
    reviewer: Text
    date: Date
    signature: Text


class Withdrawal(Model):
    """When a release was withdrawn, and why."""

    date: Date
    reason: Text


class ReleaseEntry(Model):
    """One released version."""

    id: ReleaseId
    date: Text
    digest: Text | None = None
    changes: Text
    withdrawn: Withdrawal | None = None
    limits: Text | None = None


class Releases(Model):
    """The releases, oldest first; `current` answers by default."""

    current: ReleaseId
    releases: Annotated[list[ReleaseEntry], Field(min_length=1)]


class Order(Model):
    """The order of facts in a compiled decision, and its size."""

    nodes: int
    budget: int
    facts: list[Text]


class FactWords(Model):
    """A fact in another language."""

    question: Text
    help: Text
    answers: dict[str, Text] = Field(default_factory=dict)
    unit: Text | None = None


class LanguageWording(Model):
    """Names and sentences in another language, by the English keys."""

    pathways: dict[str, Text]
    dispositions: dict[str, Text]
    yes: Text
    no: Text
    unknown: Text
    assumption: Text
    next_question: dict[str, Text]
    lower_phase: dict[str, Text]
    row: dict[str, Text]
    consultation: Text
    summary: dict[str, Text]


class NoticeWords(Model):
    """The notices about a release in another language; `withdrawn` says why."""

    withdrawn: Text | None = None
    limits: Text | None = None
    changes: Text | None = None


EntryWords = dict[str, dict[str, Text]]
"""The sentences of a file's entries in another language, by id and by the way to each sentence inside its entry."""


class Language(Model):
    """One language."""

    name: Text
    silences: Text
    """The name of the conflicts and silences of the documents."""
    documents: dict[str, Text] = Field(default_factory=dict)
    """Titles of documents that are in our words."""
    facts: dict[str, FactWords]
    wording: LanguageWording
    releases: dict[ReleaseId, NoticeWords] = Field(default_factory=dict)
