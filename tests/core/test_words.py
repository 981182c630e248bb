"""Korean words in texts, as compared with a definition that knows nothing of pairs."""

from collections.abc import Callable
from itertools import pairwise
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.words import Words

LETTERS = "가나정 a-"
TEXTS = st.text(LETTERS, max_size=14)
LISTED = st.lists(st.text("가나정 ", min_size=1, max_size=5).map(str.strip).filter(bool), max_size=6, unique=True)
Found = Callable[[list[str], str, bool], set[str]]


def hangul(letter: str) -> bool:
    """Return whether a letter is one of Hangul."""
    return "가" <= letter <= "힣"


def defined(words: list[str], text: str, longest: bool) -> set[str]:
    """Return what is in a text, by trying every word at every place."""
    kept = [
        place
        for place, letter in enumerate(text)
        if letter != " " or not (hangul(text[:place].rstrip(" ")[-1:]) and hangul(text[place:].lstrip(" ")[:1]))
    ]
    runs = {last for last, after in pairwise(text + "-") if hangul(last) and not hangul(after)}
    found = []
    for word in words:
        joined = word.replace(" ", "")
        for start in range(len(kept)):
            places = kept[start : start + len(joined)]
            is_spaced = places != list(range(places[0], places[0] + len(joined)))
            as_listed = len(joined) >= 3 or is_spaced == (" " in word)
            if len(joined) > 1 and as_listed and "".join(text[each] for each in places) == joined:
                found.append((start, start + len(joined), word))
    outer = [(start, end) for start, end, _ in found]
    return {word for word in words if word in runs} | {
        word
        for start, end, word in found
        if not longest or not any(s <= start and end <= e and (s, e) != (start, end) for s, e in outer)
    }


def ours(words: list[str], text: str, longest: bool) -> set[str]:
    """Return what is found."""
    return set(Words((word, word) for word in words).found(text, longest=longest))


def together_only(words: list[str], text: str, longest: bool) -> set[str]:
    """Find words as they are written."""
    return {word for word in words if word in text}


def everywhere(words: list[str], text: str, longest: bool) -> set[str]:
    """Find short words across spaces too."""
    return {word for word in words if word.replace(" ", "") in text.replace(" ", "")}


def without_spaces(words: list[str], text: str, longest: bool) -> set[str]:
    """Find short words as if none were listed with a space."""
    joined = {word: word.replace(" ", "") for word in words}
    found = ours(list(joined.values()), text, longest)
    return {word for word in words if joined[word] in found}


def inside_others(words: list[str], text: str, longest: bool) -> set[str]:
    """Find words inside longer ones."""
    return ours(words, text, False)


WRONG: list[Found] = [together_only, everywhere, without_spaces, inside_others]


@given(LISTED, TEXTS, st.booleans())
@example(["정 가", "정정가"], "정정 가", True)  # a space makes no word longer
@settings(max_examples=1_000)
def test_korean_words_are_found_as_defined(words: list[str], text: str, longest: bool) -> None:
    assert ours(words, text, longest) == defined(words, text, longest)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.__name__)
def test_a_wrong_search_is_noticed(wrong: Found) -> None:
    @given(LISTED, TEXTS, st.booleans())
    @settings(max_examples=2_000, database=None, derandomize=True)
    def as_defined(words: list[str], text: str, longest: bool) -> None:
        assert wrong(words, text, longest) == defined(words, text, longest)

    with pytest.raises(AssertionError):
        as_defined()


@pytest.mark.parametrize("unseen", ["\u00ad", "\u200b", "\u200d", "\u2060", "\ufeff", "\u200b\u200b"])
def test_letters_that_show_nothing_part_no_word(unseen: str) -> None:
    words = Words((each, each) for each in ("임신", "pregnant", "이소트레티노인"))
    assert set(words.found(f"임{unseen}신")) == {"임신"}
    assert set(words.found(unseen.join(normalize("NFD", "이소 트레티노인")))) == {"이소트레티노인"}
    assert set(words.found(f"is{unseen} pregnant{unseen}")) == {"pregnant"}
    assert ("pregnant" in words.found(f"preg{unseen}nant")) == ("\u200b" not in unseen)
    assert ("pregnant" in words.found(f"is{unseen}pregnant")) == ("\u200b" in unseen)
