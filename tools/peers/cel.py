"""CEL, the Common Expression Language, by the Rust implementation in `common-expression-language`."""

from collections.abc import Mapping, Sequence
from importlib import import_module

from app.core.facts import Fact
from app.core.precedence import Case
from tools.peers.languages import Decide, Syntax, read_by, ternaries

SYNTAX = Syntax(" && ", " || ", "!", "true", "false")


def ways(listed: Sequence[Case], _: Mapping[str, Fact]) -> dict[str, Decide]:
    """Return CEL: one compiled expression. It converts every fact it is given, so it gets those that it reads."""
    program = import_module("cel").compile(ternaries(listed, SYNTAX))
    names = read_by(listed)
    return {"CEL, one expression": lambda facts: str(program.execute({name: facts[name] for name in names}))}
