"""ZEN, the engine of GoRules, by `zen-engine`."""

import json
from collections.abc import Mapping, Sequence
from importlib import import_module

from app.core.facts import Fact
from app.core.precedence import Case
from tools.peers.languages import Decide, Syntax, expression, named, ternaries

SYNTAX = Syntax(" and ", " or ", "not ", "true", "false")


def ways(listed: Sequence[Case], _: Mapping[str, Fact]) -> dict[str, Decide]:
    """Return ZEN: a decision of one table, the first row that holds decides; and its expression language alone.

    The decision is loaded with the engine, which then evaluates it; `create_decision` makes each call ten times slower.
    """
    module = import_module("zen")
    engine = module.ZenEngine({"loader": {"type": "static", "content": {"triage": decision_model(listed)}}})
    alone = module.compile_expression(ternaries(listed, SYNTAX))
    traced = {"trace": True}
    return {
        "ZEN, decision table": lambda facts: str(engine.evaluate("triage", facts)["result"]["decision"]),
        "ZEN, decision table, with trace": lambda facts: str(
            engine.evaluate("triage", facts, traced)["result"]["decision"]
        ),
        "ZEN, one expression without the engine": lambda facts: str(alone.evaluate(facts)),
    }


def decision_model(listed: Sequence[Case]) -> dict[str, object]:
    """Return the cases in ZEN's JSON: a column without a field takes whole conditions."""
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": "when", "name": "when", "field": ""}],
        "outputs": [{"id": "then", "name": "then", "field": "decision"}],
        "rules": [
            {"_id": str(row), "when": expression(case.when, SYNTAX), "then": json.dumps(named(case.then.decision))}
            for row, case in enumerate(listed)
        ],
    }
    kinds = {"in": "inputNode", "cases": "decisionTableNode", "out": "outputNode"}
    nodes = [{"id": name, "name": name, "type": kind, "position": {"x": 0, "y": 0}} for name, kind in kinds.items()]
    nodes[1]["content"] = table
    steps = (("in", "cases"), ("cases", "out"))
    edges = [{"id": f"{start}-{end}", "type": "edge", "sourceId": start, "targetId": end} for start, end in steps]
    return {"nodes": nodes, "edges": edges}
