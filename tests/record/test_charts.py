"""Golden charts of every foreign shape: the right facts, and the right places."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from app.rulebook.load import RuleBook
from tests.record.charts import Chart, charts
from tests.record.wrong import WRONG

CHARTS = {chart.name: chart for chart in charts()}


def test_there_are_at_least_sixty_charts_of_every_shape() -> None:
    assert len(CHARTS) >= 60
    assert {name.partition(":")[0] for name in CHARTS} == {
        "synthea",
        "us-core",
        "ips",
        "mii",
        "kr-core",
        "intake",
        "strange",
    }


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_read_right(book: RuleBook, name: str) -> None:
    chart: Chart = CHARTS[name]
    assert chart.differences(chart.read(book)) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_reader_is_noticed(book: RuleBook, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    change: Any = WRONG[name]
    wrong = change(monkeypatch) if "patch" in change.__code__.co_varnames else None
    if wrong is None and "patch" not in change.__code__.co_varnames:
        wrong = change(deepcopy(book.codes))
    changed = replace(book, codes=wrong) if wrong is not None else book
    assert any(_differs(chart, changed) for chart in CHARTS.values())


def _differs(chart: Chart, book: RuleBook) -> bool:
    try:
        return bool(chart.differences(chart.read(book)))
    except Exception:
        return True
