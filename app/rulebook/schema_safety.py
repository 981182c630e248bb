"""What the safety case and the source attributes may hold."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.rulebook import forms
from app.rulebook.schema import Model, Text

Name = Annotated[str, Field(pattern=forms.NAME)]
Risk = Annotated[int, Field(ge=1, le=5)]
KINDS: tuple[Literal["law", "rule", "test", "setting"], ...] = ("law", "rule", "test", "setting")


class Level(Model):
    """One step of severity, of likelihood or of risk."""

    id: Name
    title: Text
    says: Text


class Matrix(Model):
    """The risk of each severity and likelihood.

    `bearable` is the greatest that may be left.
    """

    severities: Annotated[list[Level], Field(min_length=1)]
    likelihoods: Annotated[list[Level], Field(min_length=1)]
    risks: Annotated[list[Level], Field(min_length=5, max_length=5)]
    bearable: Risk
    matrix: dict[str, list[Risk]]


class Rating(Model):
    """Severity, likelihood, and their risk by the matrix."""

    severity: Name
    likelihood: Name
    risk: Risk


class Control(Model):
    """What stands against a hazard: one law, rule, test or setting."""

    law: Text | None = None
    rule: Text | None = None
    test: Annotated[str, Field(pattern=forms.TEST)] | None = None
    setting: Annotated[str, Field(pattern=forms.SETTING)] | None = None
    says: Text | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if len([kind for kind in KINDS if getattr(self, kind)]) != 1:
            raise ValueError("name one of `law`, `rule`, `test` and `setting`")
        if (self.says is None) != bool(self.law or self.rule):
            raise ValueError("`says` stands with a test or a setting; laws and rules say what they do themselves")
        return self


class Hazard(Model):
    """One entry of the hazard log."""

    id: Annotated[str, Field(pattern=forms.HAZARD)]
    title: Text
    cause: Text
    harm: Text
    initial: Rating
    controls: list[Control]
    residual: Rating
    left: Text


class Attribute(Model):
    """One source attribute; `used` is absent of no kind of data."""

    id: Name
    title: Text
    used: bool | None = None
    says: Text
    facts: list[Text] = Field(default_factory=list)
