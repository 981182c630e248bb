"""A patient is asked for what counts: the short questions of the intake are as exact as the facts."""

import pytest

from app.core.languages import translated
from app.core.rules import Release
from app.rulebook.load import RuleBook

COUNTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # an allergy to some other product excludes nobody; a fragrance only where the product holds it
    "product_allergy": (("a part of the product", "fragrance counts only if", "not sure"), ("향료는", "잘 모르는")),
    # a medicine is asked apart, and reviewed; as a disorder it would exclude
    "bleeding_disorder": (("Not from a medicine that thins the blood",), ("피를 묽게 하는 약 때문이면",)),
    # once is enough
    "herpes_history": (("once had",), ("생긴 적이 있음",)),
    "metal_implant_in_area": (("stents", "Teeth do not count"), ("스텐트",)),
    "electronic_implant": (("defibrillator",), ("제세동기",)),
    "active_acne_or_dermatitis": (("rosacea",), ("로사세아",)),
    "connective_tissue_disease": (("dermatomyositis",), ("피부근염",)),
    "cancer_history": (("fully removed",), ("완전히 떼어 낸",)),
    "heart_disease": (("High blood pressure alone",), ("고혈압만 있으면 해당하지",)),
    "planning_pregnancy": (("now or in the next 12 months",), ("임신하려고 하거나",)),
    "recent_procedure": (
        ("2 weeks", "3 weeks", "12 weeks", "resurfacing in 3 months", "12 months"),
        ("2주", "3주", "12주", "리서피싱", "12개월"),
    ),
}
"""Words of the question by fact, in English and Korean."""


def words(release: Release, fact: str) -> str:
    found = next(each for s in release.intake for t in s.topics for each in t.facts if each.name == fact)
    return f"{found.says} {found.hint}"


@pytest.mark.parametrize("fact", COUNTS)
def test_what_counts_is_said_in_the_short_question(fact: str, book: RuleBook) -> None:
    release = book.releases[book.current]
    for language, said in zip((release, translated(release, book.languages["ko"])), COUNTS[fact], strict=True):
        assert [word for word in said if word not in words(language, fact)] == []
