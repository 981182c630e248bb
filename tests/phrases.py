"""The English sentences in the code of the faces, found where they are said."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAYING = {
    *("of", "say", "_say", "section", "Sentence"),
    *("RecordError", "UnreadableError", "UntrustedError", "UnfetchedError"),
}
"""What is called with a sentence first."""


def modules() -> list[Path]:
    """The modules whose sentences reach people by a card or a resource."""
    folders = ("app/cds_hooks", "app/fhir", "app/record")
    return [*(p for folder in folders for p in sorted((ROOT / folder).glob("*.py"))), ROOT / "app/security/fetch.py"]


def said_in(text: str) -> set[str]:
    """Every sentence of a module that is said through phrases; `ValueError` where one is no constant."""
    tree = ast.parse(text)
    given = _given(tree)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in SAYING:
            found |= {says for says in _texts(node.args[0], given, set()) if _is_sentence(says)}
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _given(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """What each name of a module is given, in assignments and loops."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value:
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.For | ast.comprehension):
            pairs = [(node.target, node.iter)]
        for target, value in pairs:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    found.setdefault(name.id, []).append(value)
    return found


def _texts(node: ast.expr, given: dict[str, list[ast.expr]], seen: set[str]) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        raise ValueError(f"line {node.lineno}: a sentence is a constant, with places for values")
    if isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body, given, seen), *_texts(node.orelse, given, seen))
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for each in node.elts:
            yield from [] if isinstance(each, ast.JoinedStr) else _texts(each, given, seen)
    elif isinstance(node, ast.Dict):
        for each in node.values:
            yield from _texts(each, given, seen)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "items":
        yield from _texts(node.func.value, given, seen)
    elif isinstance(node, ast.Name) and node.id not in seen:
        for value in given.get(node.id, ()):
            yield from [] if isinstance(value, ast.JoinedStr) else _texts(value, given, {*seen, node.id})


def _is_sentence(text: str) -> bool:
    """Whether a text is more than a code; headings are capitalised."""
    return " " in text or text[:1].isupper()
