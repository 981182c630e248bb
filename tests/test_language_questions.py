"""Questions and answers in Korean: those of the current release, whole and in the words of the field."""

import re
import shutil
from pathlib import Path

import pytest

from app.core.languages import translated
from app.rulebook.files import BrokenRuleBookError
from app.rulebook.load import RuleBook, load

HANGUL = re.compile("[가-힣]")


def test_no_question_help_or_answer_stays_english(book: RuleBook) -> None:
    """Names of countries aside."""
    release = translated(book.releases[book.current], book.languages["ko"])
    english = [
        (name, text)
        for name, fact in release.facts.items()
        for text in (fact.question, fact.help, *(fact.labels.values() if fact.kind != "country" else ()))
        if not HANGUL.search(text)
    ]
    assert english == []


def test_an_answer_of_yes_or_no_with_its_own_words_needs_them_in_korean(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree("rules", folder)
    path = folder / "languages" / "ko.yaml"
    text = path.read_text()
    words = 'answers: {yes: "예, 또는 그럴 수 있음", no: "아니요, 또는 저에게 해당하지 않음"}'
    assert text.count(words) == 1
    path.write_text(text.replace(words, 'answers: {yes: "예, 또는 그럴 수 있음"}'))
    with pytest.raises(BrokenRuleBookError) as refused:
        load(folder)
    assert "`no` of `pregnant` is not translated, or is no answer" in str(refused.value)


@pytest.mark.parametrize("word", ["재생술", "원산지"])
def test_the_words_are_those_of_the_field(word: str) -> None:
    """Resurfacing is 박피 or 리서피싱, and where a product comes from is its 유래."""
    assert [str(path) for path in Path("rules/languages").rglob("*.yaml") if word in path.read_text()] == []


def test_a_sunburn_is_not_any_burn(book: RuleBook) -> None:
    question = book.languages["ko"].facts["recent_tan_or_sunburn"].question
    assert "일광화상" in question
