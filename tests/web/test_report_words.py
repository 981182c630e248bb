"""The words of the report: as much in each language, names that stand in sentences, numbers that agree."""

import pytest

from app.core.languages import translated
from app.core.rules import Release
from app.rulebook.load import RuleBook
from app.web.clinician import SENTENCE, beginning


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
