"""What the files of `rules/codes` may hold."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.codes import Family, Site, Use
from app.rulebook.schema import Answer, FactName, Ids, Model, Text
from app.rulebook.schema_book import Date

Days = Annotated[int, Field(gt=0)]


class CodeSystem(Model):
    """A code system, with every address that records write for it."""

    system: Text
    title: Text
    addresses: Ids
    family: Family
    licence: Text
    seen: Ids


class Material(Model):
    """Public material in which codes were seen."""

    id: Text
    title: Text
    where: Text
    on: Date
    licence: Text


class Span(Model):
    """For how long a yes and a no may be relied on."""

    fact: FactName
    yes_days: Days | None
    no_days: Days | None
    while_active: bool = False
    history: bool = False
    ended: Literal["asked", "over"] | None = None
    from_onset: bool = False
    values: dict[str, Days | None] = Field(default_factory=dict)
    reading: Text


class Ended(Model):
    """What is still said of what ended, or is asked."""

    value: Answer | None = None
    within_days: Days


class OneCode(Model):
    """A code, or with `prefix` all below it save those below `but`."""

    code: Text | None = None
    prefix: Text | None = None
    but: list[Text] = Field(default_factory=list)
    title: Text
    site: Site | None = None
    use: Use | None = None
    seen: Ids


class IcdCode(OneCode):
    """A code of the ICD-10 family, in systems that mean the same."""

    systems: Ids


class OtherCode(OneCode):
    """A code of a system that has no list of its own."""

    system: Text


class AnswerCode(Model):
    """The code of an answer; without a value it says nothing.

    `suspected`: the value is not confirmed, and is asked.
    """

    system: Text
    code: Text
    title: Text | None = None
    value: Answer | None = None
    suspected: bool = False
    seen: Ids


class Set(Model):
    """Codes and names that say the same of one fact."""

    fact: FactName | None = None
    irrelevant: bool = False
    value: Answer | None = None
    area: Literal["skin", "placed"] | None = None
    suspected: bool = False
    ended: Ended | None = None
    yes_days: Days | None = None
    rules_out: list[Answer] = Field(default_factory=list)
    says: Text
    sources: list[Text] = Field(default_factory=list)
    icd: list[IcdCode] = Field(default_factory=list)
    snomed: list[OneCode] = Field(default_factory=list)
    loinc: list[OneCode] = Field(default_factory=list)
    rxnorm: list[OneCode] = Field(default_factory=list)
    atc: list[OneCode] = Field(default_factory=list)
    other: list[OtherCode] = Field(default_factory=list)
    names: list[Text] = Field(default_factory=list)
    answers: list[AnswerCode] = Field(default_factory=list)
    reads: Literal["roman"] | None = None


class Effect(Model):
    """What taking a medicine says of a fact."""

    fact: FactName
    value: Answer | None = None
    ended: Ended | None = None
    yes_days: Days | None = None
    as_needed: Literal["asked"] | None = None
    local: bool = False
    says: Text
    sources: Ids


class Medicine(Model):
    """A medicine, or a class of them, by code and by name."""

    medicine: Text
    use: Use
    names: list[Text] = Field(default_factory=list)
    systemic_names: list[Text] = Field(default_factory=list)
    local_names: list[Text] = Field(default_factory=list)
    rxnorm: list[OneCode] = Field(default_factory=list)
    atc: list[OneCode] = Field(default_factory=list)
    snomed: list[OneCode] = Field(default_factory=list)
    other: list[OtherCode] = Field(default_factory=list)
    effects: list[Effect]


class Elsewhere(Model):
    """Places of the body outside face, head and neck."""

    words: list[Text]
    snomed: list[Text]


class Area(Model):
    """Places of the body in face, head and neck, and elsewhere."""

    words: list[Text]
    snomed: list[Text]
    elsewhere: Elsewhere


class UseCode(Model):
    """A route or dose form, and the use it says."""

    system: Text
    code: Text
    title: Text
    use: Literal["systemic", "local"]
    seen: Ids


class Inside(Model):
    """Words by which something is no matter of the skin."""

    says: Text
    facts: Annotated[list[FactName], Field(min_length=1)]
    words: Ids
    unless: Ids


class Vocabulary(Model):
    """Words in displays and texts."""

    facts: dict[FactName, Ids]
    local: Ids
    systemic: Ids
    use_codes: list[UseCode] = Field(default_factory=list)
    area: Area
    inside: Inside


class Sentence(Model):
    """A sentence about a resource, in every language."""

    id: Text
    says: dict[str, Text]
