"""Every answer to a questionnaire is followed: the words stand in the file, the command is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from app.cli import cli

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = (ROOT / "docs" / "procurement.md").read_text("utf-8")
WORDS = re.compile(r'`([\w./-]+)` "([^"]+)"')
COMMAND = re.compile(r"`((?:triage|make) [^`]+)`")
HEADINGS = {
    "DTAC": [
        "clinical safety",
        "data protection",
        "technical security",
        "interoperability",
        "usability and accessibility",
    ],
    "HECVAT Lite": [
        *("company overview", "documentation", "IT accessibility", "third parties", "application security"),
        *("authentication, authorization, accounting", "systems management", "networking", "data centre", "data"),
        *("incident handling", "policies, procedures, processes"),
    ],
}


def rows(text: str) -> Iterator[list[str]]:
    """Yield the questions with their answers."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if cells and cells[0] != "question":
            yield cells


def unshown(row: list[str]) -> str:
    """Return what is wrong with how a row is shown, or nothing."""
    shown = [*WORDS.findall(row[-1]), *COMMAND.findall(row[-1])]
    if len(row) != 3 or not shown:
        return "nothing shows it"
    if not re.match(r"(?:ours|yours|no)(?:: \S|$)", row[1]):
        return "it begins with none of the words of the legend"
    for file, words in WORDS.findall(row[-1]):
        path = ROOT / file
        text = path.read_text("utf-8") if path.is_file() and path.name != "procurement.md" else ""
        if " ".join(words.split()) not in " ".join(text.replace("# ", " ").split()) and words not in text:
            return f"{file} does not say {words}"
    return next(filter(None, map(missing, COMMAND.findall(row[-1]))), "")


def missing(command: str) -> str:
    """Return what a command line names that is not there, or nothing."""
    program, name, *given = shlex.split(command)
    if program == "make":
        makefile = (ROOT / "Makefile").read_text("utf-8")
        return "" if re.search(rf"^{name}:.*## ", makefile, re.M) else f"no target {name}"
    known = typer.main.get_group(cli).commands
    if name not in known:
        return f"no command {name}"
    options = {option for parameter in known[name].params for option in parameter.opts}
    return next((f"no option {word}" for word in given if word.startswith("--") and word not in options), "")


@pytest.mark.parametrize("row", list(rows(DOCUMENT)), ids=lambda row: row[0])
def test_an_answer_is_where_it_is_said_to_be(row: list[str]) -> None:
    assert unshown(row) == ""


def test_every_heading_is_answered() -> None:
    for name, headings in HEADINGS.items():
        answered = " ".join(re.findall(rf"^## {name}: (.*)$", DOCUMENT, re.M))
        assert [heading for heading in headings if heading not in answered] == []
    assert len(list(rows(DOCUMENT))) > 50


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "nothing",
        '`docs/gone.md` "words"',
        '`README.md` "words that nobody wrote"',
        '`docs/procurement.md` "# Procurement"',
        "`triage gone`",
        "`triage safety --gone`",
        "`make gone`",
    ],
)
def test_an_answer_that_nothing_shows_is_noticed(shown: str) -> None:
    assert unshown(["A question?", "ours: yes", shown])


@pytest.mark.parametrize("answer", ["", "yes", "nobody", "ours", "ours:"])
def test_an_answer_that_says_not_whose_it_is_is_noticed(answer: str) -> None:
    assert bool(unshown(["A question?", answer, "`triage safety`"])) == (answer != "ours")
