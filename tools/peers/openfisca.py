"""OpenFisca, which computes variables of many persons at once with numpy."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from importlib import import_module
from typing import Any as Untyped

from app.core.conditions import All, Any, Comparison, Condition, Not
from app.core.facts import Fact, Value
from app.core.precedence import Case
from tools.peers.languages import Decide, named, read_by, run_of

Columns = Mapping[str, Sequence[Value]]
Table = Callable[[Columns, int], Sequence[int]]
"""Decides so many candidates, given as a column for each fact; the answer is the place of each one's case."""
MONTH = "2026-01"


def ways(listed: Sequence[Case], facts: Mapping[str, Fact]) -> dict[str, Decide]:
    """Return OpenFisca with a simulation of its own for each candidate."""
    table, names = table_of(listed, facts), read_by(listed)
    outcomes = [named(case.then.decision) for case in listed]
    return {
        "OpenFisca, a simulation each": lambda given: outcomes[table({name: [given[name]] for name in names}, 1)[0]]
    }


def table_of(listed: Sequence[Case], facts: Mapping[str, Fact]) -> Table:
    """Return OpenFisca as what decides many candidates at once."""
    system, names = system_of(listed, facts), read_by(listed)
    builder, period = import_module("openfisca_core.simulations").SimulationBuilder, month()

    def decide(columns: Columns, count: int) -> Sequence[int]:
        simulation = builder().build_default_simulation(system, count)
        for name in names:
            simulation.set_input(name, period, columns[name])
        places: Sequence[int] = simulation.calculate("place", period)
        return places

    return decide


def month() -> Untyped:
    """Return the month that every candidate is decided for, since a formula has no value for eternity."""
    return import_module("openfisca_core.periods").period(MONTH)


def system_of(listed: Sequence[Case], facts: Mapping[str, Fact]) -> Untyped:
    """Return a system of OpenFisca: a variable for each fact, and `place`, that of the first case that holds."""
    core, numpy = import_module("openfisca_core"), import_module("numpy")
    for part in ("entities", "indexed_enums", "periods", "taxbenefitsystems", "variables"):
        import_module(f"openfisca_core.{part}")
    person = core.entities.build_entity(key="person", plural="persons", label="A candidate.", is_person=True)
    common = {"entity": person, "definition_period": core.periods.DateUnit.MONTH}
    system = core.taxbenefitsystems.TaxBenefitSystem([person])
    names = read_by(listed)
    for name in names:
        kind: dict[str, Untyped] = {"value_type": {"boolean": bool, "integer": int}.get(facts[name].kind)}
        if kind["value_type"] is None:
            values = core.indexed_enums.Enum(name, {str(value): str(value) for value in facts[name].values})
            kind = {
                "value_type": core.indexed_enums.Enum,
                "possible_values": values,
                "default_value": next(iter(values)),
            }
        system.add_variable(type(name, (core.variables.Variable,), common | kind | {"label": name}))

    def formula(persons: Untyped, period: Untyped) -> Untyped:
        columns = {name: persons(name, period).view(numpy.ndarray) for name in names}
        holding = [_holding(case.when, columns, facts, numpy) for case in listed]
        place = numpy.full(persons.count, len(listed) - 1)
        for earlier in range(len(listed) - 2, -1, -1):
            place = numpy.where(holding[earlier], earlier, place)
        return place

    system.add_variable(type("place", (core.variables.Variable,), common | {"value_type": int, "formula": formula}))
    return system


def _holding(
    condition: Condition, columns: Mapping[str, Untyped], facts: Mapping[str, Fact], numpy: Untyped
) -> Untyped:
    """Return for which candidates a condition holds; a word is compared by its place among the fact's values."""
    match condition:
        case All(parts) | Any(parts):
            joined = numpy.logical_and if isinstance(condition, All) else numpy.logical_or
            held = [_holding(part, columns, facts, numpy) for part in parts]
            return reduce(joined, held) if held else isinstance(condition, All)
        case Not(part):
            return numpy.logical_not(_holding(part, columns, facts, numpy))
        case Comparison(name, accepted):
            column, fact = columns[name], facts[name]
            bounds = run_of(accepted) if fact.kind == "integer" else None
            if bounds:
                return (column >= bounds[0]) & (column <= bounds[1])
            if fact.kind == "boolean" and accepted == {True}:
                return column
            wanted = accepted if fact.kind in ("boolean", "integer") else map(fact.values.index, accepted)
            return reduce(numpy.logical_or, [column == value for value in wanted])


def arrays(columns: Columns) -> Columns:
    """Return the columns as OpenFisca takes them fastest."""
    numpy = import_module("numpy")
    return {name: numpy.array(column) for name, column in columns.items()}
