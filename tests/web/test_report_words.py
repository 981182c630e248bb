"""The words of the report: as much in each language, names that stand in sentences, numbers that agree."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import app.web
from app.core.catalogue import entries
from app.core.facts import Value
from app.core.languages import translated
from app.core.rules import Notice, Plan, Release
from app.rulebook.load import RuleBook
from app.web.clinician import SENTENCE, beginning
from app.web.names import Names, inside, label_of
from app.web.pages import load_texts
from app.web.topics import Topics
from tests.web.test_report import PHASE_2, report_on, text

NEVER_ONE = {"countries", "decides_how_many", "no_to_others", "changed", "share_of", "share_few"}
"""Texts whose number is never one: from four countries on, two others, and of whole populations."""
PLURAL = re.compile(r"\{\w+\} (?!is\b|was\b)[a-z]+s\b|\{\w+\} (?:that )?(?:are|have|hold)\b")


def spoken(book: RuleBook, language: str) -> Release:
    english = book.releases[book.current]
    return translated(english, book.languages["ko"]) if language == "ko" else english


def test_a_caution_says_on_the_first_screen_as_much_in_korean_as_in_english(book: RuleBook) -> None:
    """Korean splits one English sentence into several: the first alone would leave the harm out."""
    english, korean = ({each.id: each.says for each in spoken(book, language).cautions} for language in ("en", "ko"))
    lost = []
    for name, says in english.items():
        shown = [beginning(said) for said in (says, korean[name])]
        assert says.startswith(shown[0]), name
        assert korean[name].startswith(shown[1]), name
        if len(shown[1]) / len(korean[name]) < len(shown[0]) / len(says) - 0.05:
            lost.append(name)
    assert lost == []
    first_alone = [SENTENCE.split(korean[name])[0] for name in korean]
    assert sum(len(each) < len(says) / 2 for each, says in zip(first_alone, korean.values(), strict=True)) > 5


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_is_cut_is_cut_at_the_end_of_a_sentence(book: RuleBook, language: str) -> None:
    for each in spoken(book, language).cautions:
        assert beginning(each.says).endswith("."), each.id


def test_one_is_no_plural() -> None:
    texts = load_texts()["en"]
    found = {name for name, says in texts.items() if PLURAL.search(says)}
    assert found - NEVER_ONE == set()
    for wrong in ("{n} that hold", "{n} answers are open and may change it", "{n} examples run at each start:"):
        assert PLURAL.search(wrong)


@pytest.mark.parametrize(("language", "one", "more"), [("en", {"1 year", "1 day"}, " "), ("ko", {"1살", "1일"}, "")])
def test_a_number_stands_with_its_unit_as_the_language_writes_it(
    book: RuleBook, language: str, one: set[str], more: str
) -> None:
    release, texts = spoken(book, language), load_texts()[language]
    topics = Topics(release, texts)
    numbers = [fact for fact in release.facts.values() if fact.kind == "integer"]
    assert {label_of(fact, 1, texts) for fact in numbers} == {topics.label(fact, 1) for fact in numbers} == one
    assert {label_of(fact, 41, texts) for fact in numbers} == {f"41{more}{fact.unit}" for fact in numbers}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_names_can_be_told_apart_in_a_list(book: RuleBook, language: str) -> None:
    """A name with a comma reads as two: "Isotretinoin, last 6 months, Treatment near the eyes"."""
    release = spoken(book, language)
    names = Names(release, load_texts()[language])
    shown = [names.title(each) for each in entries(release) if not isinstance(each, Notice | Plan)]
    shown += map(names.fact, release.facts)
    assert [name for name in shown if "," in name] == []
    assert inside(shown).split(", ") == [*map(str, map(inside, ([name] for name in shown)))]


def test_a_name_in_a_sentence_has_no_capital_but_its_own() -> None:
    assert inside(["Skin infection", "Phase 2: exosomes", "A panel", "IV~VI형 피부", "켈로이드", "18세 미만"]) == (
        "skin infection, Phase 2: exosomes, a panel, IV~VI형 피부, 켈로이드, 18세 미만"
    )


@pytest.mark.parametrize(
    "facts",
    [PHASE_2, {**PHASE_2, "pregnant": True}, {**PHASE_2, "keloid_history": True}, {"primary_concern": "dullness"}],
)
def test_no_sentence_of_a_report_has_capitals_in_the_middle(
    client: TestClient, book: RuleBook, facts: dict[str, Value]
) -> None:
    page = text(report_on(client, facts))
    capital = map(Names(spoken(book, "en"), load_texts()["en"]).fact, spoken(book, "en").facts)
    assert [name for name in capital if f", {name}" in page or f"again: {name}" in page or f"({name}" in page] == []


def test_korean_has_one_word_for_one_thing() -> None:
    """The rules say 대상자 for a candidate, and not 후보자, who stands for election."""
    texts = load_texts()["ko"]
    for other in ("후보자", "클리닉", "병원", "사실:"):
        assert [name for name, says in texts.items() if other in says] == [], other
    embedded = (Path(app.web.__file__).parent / "static" / "embed.js").read_text("utf-8")
    assert texts["again"] in embedded
    assert texts["instead"] == texts["kind_alternative"]
