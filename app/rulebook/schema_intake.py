"""What `intake.yaml` and `patient.yaml` may hold."""

from typing import Annotated, Literal

from pydantic import Field

from app.rulebook.forms import WORD
from app.rulebook.schema import FactName, Model, Text, Versioned

Name = Annotated[str, Field(pattern=WORD)]


class AnswerWords(Model):
    """One answer, and what to look for."""

    says: Text
    hint: Text | None = None


class FactWords(Model):
    """A fact as a patient says it; `asks` where asked alone."""

    says: Text
    hint: Text | None = None
    asks: Text | None = None
    answers: dict[str, AnswerWords] = Field(default_factory=dict)


class Topic(Model):
    """The facts of one page; `nothing` names the answer that none applies."""

    id: Name
    title: Text
    asks: Text
    hint: Text | None = None
    nothing: Text | None = None
    facts: Annotated[dict[FactName, FactWords], Field(min_length=1)]


class Section(Versioned):
    """The topics of some stages or of none, for patient or clinic."""

    id: Name
    title: Text
    asked_of: Literal["patient", "clinic"] = "patient"
    stages: list[str]
    topics: Annotated[list[Topic], Field(min_length=1)]


class ListedWords(Model):
    """One line of a list."""

    id: Name
    says: Text


class PatientWords(Versioned):
    """What a patient reads of an outcome, of care, or beside them."""

    id: Text
    title: Text
    says: Text | None = None
    listed: list[ListedWords] = Field(default_factory=list)
