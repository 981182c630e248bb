"""A Korean name inside a longer one is not that medicine."""

import pytest

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
