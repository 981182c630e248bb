"""A release's decision as one SQL query, with the exact possible set.

A column of each fact is cut into the regions that the decision tells apart. From the last level of the diagram to the
first, every node then holds the decisions that can still be reached below it, as bits: a known fact takes those of one
child, an unknown one those of all children. Nothing is read as "no" because it is not there: `NULL` is unknown, and in
the default mode takes the assumed value only where the decision itself assumes one.
"""

from collections.abc import Iterator, Sequence

from sqlglot import parse_one
from sqlglot.expressions import CTE

from app.cohort.nodes import UNUSABLE, Nodes, runs_of, word_of
from app.core.facts import Value
from app.core.rules import Release

DIALECTS = ("duckdb", "postgres", "spark", "sqlite")
SEPARATOR = ", "


def sql_of(
    release: Release,
    dialect: str = "duckdb",
    *,
    strict: bool = False,
    table: str = "candidates",
    columns: Sequence[str] = ("reference",),
) -> str:
    """Return a query that decides for every row of a table.

    The table has a column of each fact that the decision reads (`facts_read`), `NULL` where it is unknown, and those of
    `columns`, which are handed through. Every row gets `disposition`, `pathway`, `phase`, `possible` (while it is open:
    every decision that the unknown facts can still lead to, in the order of the API) and `unusable`: the first fact
    whose value is no answer to it, beside which nothing is decided. `ValueError` for another dialect.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"`{dialect}` is no dialect; the dialects are {', '.join(DIALECTS)}")
    text = _Query(Nodes(release), strict, [_name(column) for column in columns]).text(_name(table))
    query = parse_one(text, read="duckdb")
    if dialect == "spark":  # it has no such word, and does not repeat what is used often
        for each in query.find_all(CTE):
            each.set("materialized", None)
    return query.sql(dialect, pretty=True)


class _Query:
    """Writes the query of one release in the dialect of DuckDB."""

    def __init__(self, nodes: Nodes, strict: bool, columns: Sequence[str]) -> None:
        self._nodes = nodes
        self._strict = strict
        self._columns = columns
        self._bits = {end: 1 << place for place, end in enumerate(nodes.ends)}
        self._decisions = [(self._bits[end], decision) for end, decision in nodes.ends.items()]

    def text(self, table: str) -> str:
        """Return the whole query over a table."""
        regions = [f"{self._region(level)} AS r{level}" for level in self._nodes.levels]
        steps = [f"regions AS MATERIALIZED (SELECT {self._listed(*regions)} FROM {table})"]
        before, held = "regions", [f"r{level}" for level in self._nodes.levels]
        for level, nodes in self._nodes.levels.items():
            made = [f"{self._reached(level, node)} AS n{node}" for node in nodes]
            steps.append(f"level_{level} AS MATERIALIZED (SELECT {self._listed(*held, *made)} FROM {before})")
            before, held = f"level_{level}", [*held, *(f"n{node}" for node in nodes)]
        steps.append(f"reached AS (SELECT {self._listed(*self._ends())} FROM {before})")
        return f"WITH {', '.join(steps)} SELECT {self._listed(*self._answers(), 'unusable')} FROM reached"

    def _listed(self, *expressions: str) -> str:
        return ", ".join([*self._columns, *expressions])

    def _region(self, level: int) -> str:
        variable, unknown = self._nodes.variables[level], self._nodes.unknown(level, strict=self._strict)
        name = _name(variable.fact.name)
        known = " ".join(f"WHEN {_one_of(name, values)} THEN {r}" for r, values in enumerate(variable.regions))
        return f"CASE WHEN {name} IS NULL THEN {unknown} {known} ELSE {UNUSABLE} END"

    def _reached(self, level: int, node: int) -> str:
        """Return the decisions below a node, as bits."""
        children = [self._child(child) for child in self._nodes.children[node]]
        known = " ".join(f"WHEN {region} THEN {child}" for region, child in enumerate(children))
        return f"CASE r{level} {known} ELSE {' | '.join(dict.fromkeys(children))} END"

    def _child(self, node: int) -> str:
        return f"n{node}" if node >= 0 else str(self._bits[node])

    def _ends(self) -> Iterator[str]:
        """Yield the reachable decisions and the first unusable value."""
        named = [(level, self._nodes.variables[level].fact.name) for level in self._nodes.asked]
        wrong = " ".join(f"WHEN r{level} = {UNUSABLE} THEN {_text(name)}" for level, name in named)
        yield f"{self._child(self._nodes.root)} AS bits"
        yield f"CASE {wrong or 'WHEN FALSE THEN NULL'} ELSE NULL END AS unusable"

    def _answers(self) -> Iterator[str]:
        given: dict[str, list[str | int | None]] = {
            "disposition": [decision.disposition for _, decision in self._decisions],
            "pathway": [decision.pathway for _, decision in self._decisions],
            "phase": [decision.phase for _, decision in self._decisions],
        }
        for name, values in given.items():
            known = " ".join(
                f"WHEN bits = {bit} THEN {value if isinstance(value, int) else _text(value)}"
                for (bit, _), value in zip(self._decisions, values, strict=True)
                if value is not None
            )
            otherwise = _text("needs_information") if name == "disposition" else "NULL"
            yield f"CASE WHEN unusable IS NOT NULL THEN NULL {known} ELSE {otherwise} END AS {name}"
        words = " || ".join(
            f"CASE WHEN (bits & {bit}) > 0 THEN {_text(SEPARATOR + word_of(decision))} ELSE '' END"
            for bit, decision in self._decisions
        )
        settled = " OR ".join(f"bits = {bit}" for bit, _ in self._decisions)
        yield (
            f"CASE WHEN unusable IS NOT NULL THEN NULL WHEN {settled} THEN '' "
            f"ELSE SUBSTRING({words}, {len(SEPARATOR) + 1}) END AS possible"
        )


def _one_of(name: str, values: Sequence[Value]) -> str:
    """Return whether a column has one of these values of its type."""
    whole = sorted(value for value in values if type(value) is int)
    if whole:
        ranges = " OR ".join(f"{name} BETWEEN {first} AND {last}" for first, last in runs_of(whole))
        return f"({ranges}) AND CAST({name} AS BIGINT) = {name}"
    if type(values[0]) is bool:
        return " OR ".join(f"{name} = {str(value).upper()}" for value in values)
    return f"{name} IN ({', '.join(_text(str(value)) for value in values)})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"
