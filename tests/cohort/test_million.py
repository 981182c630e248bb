"""A million complete and a million half-known candidates: columns, rows and DuckDB say the same of each."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

from app.batch import How
from app.cohort.answers import ANSWERED
from app.cohort.answers import word_of as word
from app.cohort.nodes import facts_read
from app.cohort.nodes import word_of as word_in_sql
from app.cohort.sql import sql_of
from app.core.engine import Engine, Engines, Question
from app.screen import Screening
from app.settings import Settings
from tools.population import table_of

pytestmark = pytest.mark.long
BLOCK, BLOCKS = 50_000, 20
SQL = ("disposition", "pathway", "phase", "possible")


def by_rows(engine: Engine, candidates: list[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    """Yield what the engine says of each candidate, as columns and as the query say it."""
    for row in candidates:
        question = Question({name: value for name, value in row.items() if value is not None and name != "reference"})
        outcome = engine.decide(question)
        decision = outcome.decision
        plain = (decision.disposition, decision.pathway, decision.phase)
        values = (
            *(row["reference"], *plain, [word(each) for each in outcome.possible], list(outcome.missing)),
            *(outcome.next_fact, list(outcome.open_assumptions), engine.identity(question), engine.release.id),
        )
        possible = ", ".join(word_in_sql(each) for each in outcome.possible)
        yield dict(zip(ANSWERED.names, values, strict=True)), (*plain, possible)


@pytest.mark.parametrize("known", [1.0, 0.5], ids=["complete", "half_known"])
def test_columns_rows_and_a_query_say_the_same_of_a_million(engines: Engines, known: float) -> None:
    engine = engines.by_id[engines.current]
    screening = Screening(How(engines, engine.release.id, Settings(), strict=False, full=False))
    query = sql_of(engine.release)
    for seed in range(BLOCKS):
        candidates = table_of(engine.release, BLOCK, known, seed)
        answered, problems = screening.table(candidates)
        expected, queried = zip(*by_rows(engine, candidates.to_pylist()), strict=True)
        assert not problems
        assert answered.to_pylist() == list(expected)
        with duckdb.connect() as database:
            database.register("candidates", candidates.select(["reference", *facts_read(engine.release)]))
            found = database.execute(f"SELECT {', '.join(SQL)} FROM ({query}) ORDER BY substr(reference, 2)::INT")
            assert found.fetchall() == list(queried)
