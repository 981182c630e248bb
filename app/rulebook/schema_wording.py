"""What `wording.yaml` may hold."""

from typing import Any, Literal

from pydantic import Field

from app.core.rules import Pathway
from app.rulebook.schema import KnownRelease, Model, Text


class Named(Model):
    """A name, and a shorter one."""

    name: Text
    short: Text | None = None


class Reasons(Model):
    """Why a question is asked."""

    settles: Text
    narrows: Text
    refers: Text


class RowReasons(Model):
    """Why the rules of its row leave an alternative out, or open."""

    excluded: Text
    reviewed: Text
    open: Text


class LowerPhase(Model):
    """Whether a lower phase fits a blocked candidate."""

    yes: Text
    no: Text
    unknown: Text


class WordingReasons(Model):
    """Sentences that explain."""

    next_question: Reasons
    lower_phase: LowerPhase
    row: RowReasons
    consultation: Text


class Summary(Model):
    """One sentence for every outcome."""

    referral_first: Text
    not_ready: Text
    recommended: dict[Pathway, Text]
    excluded: dict[str, Text]
    referred: Text
    clinician_review: dict[str, Text]
    needs_information: dict[Literal["ask", "stuck"], Text]


class Wording(Model):
    """Names and sentences; `from` gives those that another release says otherwise."""

    pathways: dict[Pathway, Named]
    dispositions: dict[str, Named]
    grades: dict[str, Text]
    yes: Text
    no: Text
    unknown: Text
    reasons: WordingReasons
    preconditions: dict[Literal["met", "unmet", "to_confirm"], Text]
    assumption: Text
    summary: Summary
    changed: dict[KnownRelease, dict[str, Any]] = Field(default_factory=dict, alias="from")
