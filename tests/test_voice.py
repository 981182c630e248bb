"""The voice of the house: first lines, short files, and one cache, as a stranger finds them."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_WORDS = 12
MOST_LINES = 400
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
STORES = re.compile(r"\b(?:lru_cache|OrderedDict|WeakKeyDictionary)\b|functools import .*\bcache\b|functools\.cache\b")
THE_CACHE = "app/core/memo.py"


def sources(*folders: str) -> list[str]:
    return [str(p.relative_to(ROOT)) for folder in folders for p in sorted((ROOT / folder).rglob("*.py"))]


def first_lines(text: str) -> Iterator[str]:
    """Complain of first lines that are too long, or that end within a sentence."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and (docstring := ast.get_docstring(node)):
            first = docstring.splitlines()[0]
            if len(first.split()) > MOST_WORDS:
                yield f"{len(first.split())} words: {first}"
            if not first.endswith((".", "`")):
                yield f"no sentence: {first}"


def modules(text: str) -> Iterator[str]:
    """Complain of a module that does not say what it is."""
    if not ast.get_docstring(ast.parse(text)):
        yield "no docstring"


def length(text: str) -> Iterator[str]:
    """Complain of a file that is too long."""
    if text.count("\n") > MOST_LINES:
        yield f"{text.count(chr(10))} lines"


def stores(text: str) -> Iterator[str]:
    """Complain of caches beside `Memo`, and of anything that is kept by the `id` of an object."""
    yield from STORES.findall(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id":
            yield "id()"


@pytest.mark.parametrize("path", sources("app"))
@pytest.mark.parametrize("rule", [first_lines, modules])
def test_a_first_line_says_in_twelve_words_what_it_is(rule: Callable[[str], Iterator[str]], path: str) -> None:
    assert list(rule((ROOT / path).read_text("utf-8"))) == []


@pytest.mark.parametrize("path", sources("app", "tests", "tools"))
def test_no_file_has_more_than_four_hundred_lines(path: str) -> None:
    assert list(length((ROOT / path).read_text("utf-8"))) == []


@pytest.mark.parametrize("path", sorted({*sources("app")} - {THE_CACHE}))
def test_nothing_but_memo_remembers(path: str) -> None:
    assert list(stores((ROOT / path).read_text("utf-8"))) == []


LONG = "One two three four five six seven eight nine ten eleven twelve thirteen."
WRONG = {
    "a module that says too much": (first_lines, f'"""{LONG}"""\n'),
    "a class that says too much": (first_lines, f'"""A module."""\n\n\nclass A:\n    """{LONG}"""\n'),
    "a method that says too much": (
        first_lines,
        f'"""A module."""\n\n\nclass A:\n    def f(self) -> None:\n        """{LONG}"""\n',
    ),
    "a coroutine that says too much": (first_lines, f'async def f() -> None:\n    """{LONG}"""\n'),
    "a sentence cut after twelve words": (first_lines, '"""One two three\nfour five."""\n'),
    "a module that says nothing": (modules, "A = 1\n"),
    "a file of 401 lines": (length, "\n" * 401),
    "lru_cache": (stores, "from functools import lru_cache\n"),
    "cache": (stores, "from functools import cache, partial\n"),
    "functools.cache": (stores, "import functools\n\n\n@functools.cache\ndef f() -> None: ...\n"),
    "OrderedDict": (stores, "from collections import OrderedDict\n"),
    "a table by id": (stores, "table = {}\ntable[id(table)] = 1\n"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_text_that_breaks_a_rule_is_noticed(name: str) -> None:
    rule, text = WRONG[name]
    assert list(rule(text))


RIGHT: dict[Callable[[str], Iterator[str]], str] = {
    first_lines: f'"""{LONG.replace(" thirteen", "")}\n\n{LONG} {LONG}\n"""\n',
    modules: '"""A module."""\n',
    length: "\n" * 400,
    stores: "from functools import cached_property, partial\n\n\ndef identity(id: int) -> int:\n    return id\n",
}


@pytest.mark.parametrize("rule", RIGHT)
def test_a_text_at_the_edge_of_a_rule_is_let_pass(rule: Callable[[str], Iterator[str]]) -> None:
    assert list(rule(RIGHT[rule])) == []
