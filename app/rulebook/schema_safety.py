"""What the safety case and the source attributes may hold."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from app.rulebook import forms
from app.rulebook.schema import KnownRule, Model, Text, stands_for

Name = Annotated[str, Field(pattern=forms.NAME)]
Risk = Annotated[int, Field(ge=1, le=5)]
KINDS: tuple[Literal["law", "rule", "test", "setting"], ...] = ("law", "rule", "test", "setting")
SAYS_ITSELF = ("law", "rule")


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

    severity: Annotated[Name, stands_for("severity")]
    likelihood: Annotated[Name, stands_for("likelihood")]
    risk: Risk


def _one_kind(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of what `_names_one` takes of a kind."""
    says = {"type": "null" if kind in SAYS_ITSELF else "string"}
    required = [kind] if kind in SAYS_ITSELF else [kind, "says"]
    return {"required": required, "properties": {kind: {"type": "string"}, "says": says}}


class Control(Model):
    """What stands against a hazard: one law, rule, test or setting."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_one_kind(kind) for kind in KINDS]})

    law: Annotated[Text, stands_for("law")] | None = None
    rule: KnownRule | None = None
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
    controls: Annotated[list[Control], Field(json_schema_extra={"minItems": 1})]
    residual: Rating
    left: Text


class Attribute(Model):
    """One source attribute; `used` is absent of no kind of data."""

    id: Name
    title: Text
    used: bool | None = None
    says: Text
    facts: list[Text] = Field(default_factory=list)
