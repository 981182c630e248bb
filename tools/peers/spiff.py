"""The DMN engine of SpiffWorkflow; its expressions are Python."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import SimpleNamespace
from xml.sax.saxutils import escape

from app.core.facts import Fact
from app.core.precedence import Case
from tools.peers.languages import Decide, Syntax, expression, named

SYNTAX = Syntax(" and ", " or ", "not ", "True", "False")


def ways(listed: Sequence[Case], _: Mapping[str, Fact]) -> dict[str, Decide]:
    """Return SpiffWorkflow's DMN engine alone, without a workflow around it.

    Its policy `UNIQUE` stops at the first row that holds. A cell with `?` costs it half of what one without does.
    """
    model = "https://www.omg.org/spec/DMN/20191111/MODEL/"
    document = import_module("lxml.etree").fromstring(_decision_table(listed, model))
    parser = import_module("SpiffWorkflow.dmn.parser.DMNParser").DMNParser(None, document, {"dmn": model})
    parser.parse()
    engine = import_module("SpiffWorkflow.dmn.engine.DMNEngine").DMNEngine(parser.decision.decisionTables[0])
    scripts = import_module("SpiffWorkflow.bpmn.script_engine").PythonScriptEngine()
    workflow = SimpleNamespace(script_engine=scripts)
    return {
        "SpiffWorkflow, DMN table": lambda facts: str(
            engine.result(SimpleNamespace(data=facts, workflow=workflow))["decision"]
        )
    }


def _decision_table(listed: Sequence[Case], model: str) -> str:
    cells = [(escape(expression(case.when, SYNTAX)), named(case.then.decision)) for case in listed]
    rows = "".join(
        f'<rule id="r{row}"><inputEntry id="i{row}"><text>{when} and ?</text></inputEntry>'
        f'<outputEntry id="o{row}"><text>"{then}"</text></outputEntry></rule>'
        for row, (when, then) in enumerate(cells)
    )
    return (
        f'<definitions xmlns="{model}" id="d" name="d" namespace="n"><decision id="t" name="t">'
        '<decisionTable id="dt" hitPolicy="UNIQUE"><input id="in" label="when"><inputExpression id="ie">'
        '<text>True</text></inputExpression></input><output id="out" label="decision" name="decision"/>'
        f"{rows}</decisionTable></decision></definitions>"
    )
