"""An answer that is saved again is no newer than it was."""

from typing import Any

import pytest

from app.record.answers import ANSWERED_ON
from app.rulebook.load import RuleBook
from tests.fhir.resources import BASE, Resource, response
from tests.record.test_statuses import read

NOVEMBER_10, NOVEMBER_18, NOVEMBER_22 = "2026-11-10", "2026-11-18", "2026-11-22"


def said(value: bool, authored: str, **own: Any) -> Resource:
    """A response about a pregnancy; `own` is the value of its answered-on."""
    marks = [{"url": BASE + ANSWERED_ON, **own}] if own else []
    answer = {"valueBoolean": value} | ({"extension": marks} if marks else {})
    return response({"linkId": "pregnant", "answer": [answer]}, authored=authored) | {"id": authored}


@pytest.mark.parametrize("element", ["valueDate", "valueDateTime"])
@pytest.mark.parametrize(
    ("saved", "own", "before", "fact"),
    [
        (False, NOVEMBER_10, True, True),
        (True, NOVEMBER_10, False, False),
        (False, NOVEMBER_18, True, None),
        (False, NOVEMBER_22, True, False),
        (False, "2026-11-24", True, False),
    ],
)
def test_the_later_answer_counts_whenever_it_was_saved(
    book: RuleBook, saved: bool, own: str, before: bool, fact: bool | None, element: str
) -> None:
    found = read(book, said(saved, NOVEMBER_22, **{element: own}), said(before, NOVEMBER_18))
    assert found.facts.get("pregnant") is fact
    assert ("pregnant" in found.doubted) == (fact is None)


@pytest.mark.parametrize("own", [{"valueDate": None}, {"valueString": "2026"}, {"valueDate": "soon"}])
def test_an_answer_of_an_unknown_day_of_its_own_is_not_understood(book: RuleBook, own: dict[str, Any]) -> None:
    (entry,) = read(book, said(False, NOVEMBER_22, **own)).not_understood
    assert (entry.reason, entry.fact) == ("wrong_date", "pregnant")
