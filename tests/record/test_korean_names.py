"""A Korean name inside a longer one is not that medicine."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.words import Words

NAMES = (("코르티손", "cortisone"), ("하이드로코르티손", "hydrocortisone"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("하이드로코르티손정", {"hydrocortisone"}),
        ("코르티손정", {"cortisone"}),
        ("하이드로코르티손, 코르티손", {"hydrocortisone", "cortisone"}),
    ],
)
@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]])
def test_the_longest_name_is_meant(said: str, meant: set[str], names: tuple[tuple[str, str], ...]) -> None:
    assert set(Words(names).found(said, longest=True)) == meant


def test_words_of_a_fact_are_found_inside_others() -> None:
    assert set(Words(NAMES).found("하이드로코르티손")) == {"hydrocortisone", "cortisone"}


@given(
    st.lists(st.text("가나다정x^]-", min_size=1, max_size=4).filter(re.compile("[가-힣]").search), max_size=6),
    st.text("가나다정 x^-]1", max_size=15),
)
def test_korean_words_are_found_anywhere_and_one_syllable_at_the_end_of_a_run(words: list[str], said: str) -> None:
    found = Words([(word, word) for word in words]).found(said)
    longer = {word for word in words if len(word) > 1 and word in said}
    assert set(found) == longer | {word for word in words if len(word) == 1 and re.search(f"{word}(?![가-힣])", said)}
