"""The SQL query decides as the engine does, for every row."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohort.nodes import facts_read, word_of
from app.cohort.sql import sql_of
from app.core.engine import Engine, Engines, Question
from app.core.facts import Value
from app.core.rules import Release
from tests.amounts import amount
from tests.books import random_candidate, release_of, small_book
from tools.population import drawn

TYPES = {"boolean": "BOOLEAN", "integer": "BIGINT"}
CONNECT: Mapping[str, Callable[[], Any]] = {"duckdb": duckdb.connect, "sqlite": lambda: sqlite3.connect(":memory:")}
Row = tuple[Any, ...]


def answered(release: Release, rows: Sequence[Mapping[str, object]], dialect: str, query: str) -> list[Row]:
    """Return what a database makes of candidates by a query, in their order."""
    facts = facts_read(release)
    typed = [f'"{name}" {TYPES.get(release.facts[name].kind, "VARCHAR")}' for name in facts]
    columns = ", ".join(['"reference" BIGINT', *typed])
    values = [[number, *(row.get(name) for name in facts)] for number, row in enumerate(rows)]
    with CONNECT[dialect]() as database:
        database.execute(f"CREATE TABLE candidates ({columns})")
        database.executemany(f"INSERT INTO candidates VALUES ({', '.join('?' * (len(facts) + 1))})", values)
        found = database.execute(query).fetchall()
    return [row[1:] for row in sorted(found)]


def decided(engine: Engine, facts: Mapping[str, Value], *, strict: bool) -> Row:
    """Return what the engine decides, as the query says it."""
    outcome = engine.decide(Question(facts, strict))
    decision = outcome.decision
    possible = ", ".join(map(word_of, outcome.possible))
    return decision.disposition, decision.pathway, decision.phase, possible, None


@pytest.mark.parametrize("dialect", CONNECT)
@pytest.mark.parametrize("strict", [False, True], ids=["confirm", "strict"])
def test_every_release_decides_alike(engines: Engines, dialect: str, strict: bool) -> None:
    for engine in engines.by_id.values():
        rows = [
            facts
            for known in (1.0, 0.8, 0.5, 0.0)
            for facts in drawn(engine.release, amount(60, 150) if known else 1, known)
        ]
        query = sql_of(engine.release, dialect, strict=strict)
        assert answered(engine.release, rows, dialect, query) == [decided(engine, row, strict=strict) for row in rows]


@settings(max_examples=amount(20, 200))
@given(seed=st.integers(0, 10**6), strict=st.booleans())
def test_small_rule_books_decide_alike(seed: int, strict: bool) -> None:
    release, random = release_of(small_book(seed)), Random(seed)
    rows = [random_candidate(random, release.facts, known) for known in (1.0, 0.7, 0.4) for _ in range(15)]
    found = answered(release, rows, "sqlite", sql_of(release, "sqlite", strict=strict))
    assert found == [decided(Engine(release), each, strict=strict) for each in rows]


WRONG: Mapping[str, Callable[[str], str]] = {
    "unknown is no": lambda query: re.sub(r"IS NULL THEN -1", "IS NULL THEN 0", query),
    "unknown is only the first": lambda query: re.sub(r"ELSE (\w+) \| [^)]*? END", r"ELSE \1 END", query),
    "an assumed value is open": lambda query: re.sub(r"IS NULL THEN \d+", "IS NULL THEN -1", query),
    "an edge moves by one": lambda query: query.replace("BETWEEN 22 AND", "BETWEEN 23 AND").replace(
        "AND 21)", "AND 22)"
    ),
    "a decision is left out": lambda query: query.replace("bits & 4 ) > 0", "bits & 4 ) > 9"),
    "whatever is written is read": lambda query: query.replace("ELSE -2 END", "ELSE 0 END"),
}
STRANGE: Sequence[Mapping[str, object]] = [{"primary_concern": "Dullness"}, {"age_years": 200}, {"pregnant": None}]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_query_is_noticed(engines: Engines, wrong: str) -> None:
    engine = engines.by_id[engines.current]
    edges = [{"age_years": age} for age in (17, 18, 21, 22)]
    rows: list[Any] = [*drawn(engine.release, 60, 0.6), *edges, *STRANGE]
    right = sql_of(engine.release)
    plain = " ".join(right.replace("(\n", "(").split())
    broken = WRONG[wrong](plain)
    assert broken != plain, "the query is written otherwise now"
    assert answered(engine.release, rows, "duckdb", right) != answered(engine.release, rows, "duckdb", broken)


@pytest.mark.parametrize("dialect", CONNECT)
@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"primary_concern": "Dullness"}, "primary_concern"),
        ({"age_years": -1}, "age_years"),
        ({"age_years": 121, "elasticity_loss": "some"}, "elasticity_loss"),
    ],
    ids=["capital", "below", "two"],
)
def test_what_is_no_answer_is_named_and_nothing_decided(
    engines: Engines, dialect: str, row: Mapping[str, object], named: str
) -> None:
    release = engines.by_id[engines.current].release
    ((*decision, unusable),) = answered(release, [row], dialect, sql_of(release, dialect))
    assert (decision, unusable) == ([None] * 4, named)


def test_part_of_a_year_is_no_age(engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    columns = ", ".join(f"NULL AS {name}" for name in facts_read(release) if name != "age_years")
    with duckdb.connect() as database:
        table = f"(SELECT 1 AS reference, 45.5 AS age_years, {columns})"
        query = sql_of(release).replace('"candidates"', table)
        assert database.execute(query).fetchall() == [(1, None, None, None, None, "age_years")]


def test_columns_are_handed_through_by_name(engines: Engines) -> None:
    release = engines.by_id[engines.current].release
    columns = ", ".join(f"NULL AS {name}" for name in facts_read(release))
    with duckdb.connect() as database:
        database.execute(f'CREATE TABLE "my ""people""" AS SELECT 7 AS "the clinic", {columns}')
        query = sql_of(release, table='my "people"', columns=["the clinic"])
        assert database.execute(query).fetchall()[0][:2] == (7, "needs_information")


@pytest.mark.parametrize(
    ("dialect", "said"), [("spark", False), ("postgres", True), ("duckdb", True), ("sqlite", True)]
)
def test_parts_are_materialised_where_a_dialect_has_the_word(engines: Engines, dialect: str, said: bool) -> None:
    assert ("MATERIALIZED" in sql_of(engines.by_id[engines.current].release, dialect)) is said


def test_another_dialect_is_refused(engines: Engines) -> None:
    with pytest.raises(ValueError, match="`oracle` is no dialect; the dialects are duckdb"):
        sql_of(engines.by_id[engines.current].release, "oracle")
