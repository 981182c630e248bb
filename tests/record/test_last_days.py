"""Until when what a record says may be relied on: read again on that day, it says the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.record.standing import Standing
from app.rulebook.load import RuleBook
from tests.record.charts import TODAY, Chart, charts

CHARTS = list(charts())
LONG = timedelta(days=3650)


def other_on_their_last_day(chart: Chart, book: RuleBook) -> list[str]:
    """Return the facts that are said otherwise, or not at all, on their last day."""
    now = chart.read(book)
    then = {last: replace(chart, on=last or TODAY + LONG).read(book).facts for last in set(now.last_days.values())}
    return [name for name, last in now.last_days.items() if then[last].get(name) != now.facts[name]]


def test_a_fact_is_the_same_on_its_last_day(book: RuleBook) -> None:
    assert {chart.name: found for chart in CHARTS if (found := other_on_their_last_day(chart, book))} == {}


def test_every_fact_but_the_age_has_a_last_day_that_is_not_past(book: RuleBook) -> None:
    read = [chart.read(book) for chart in CHARTS]
    assert all(set(each.last_days) == set(each.facts) - {"age_years"} for each in read)
    days = [day for each in read for day in each.last_days.values()]
    assert None in days
    assert min(day for day in days if day) >= TODAY
    assert max(day for day in days if day) > TODAY


def a_day_longer(right: Callable[..., Any]) -> Callable[..., Any]:
    def put(self: Standing, claim: Any, *more: Any) -> None:
        right(self, claim, *more)
        claim.until = claim.until and claim.until + timedelta(days=1)

    return put


@pytest.mark.parametrize("name", ["_time", "answer"])
def test_a_wrong_last_day_is_noticed(name: str, book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standing, name, a_day_longer(getattr(Standing, name)))
    assert any(other_on_their_last_day(chart, book) for chart in CHARTS)
