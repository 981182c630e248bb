"""Every kind of fault in a rule book is refused, with file, line, rule and what would be right.

A file of `tests/broken` is the shipped rule book with some text replaced, and exactly the errors that this makes.
"""

import shutil
from pathlib import Path

import pytest

from app.engines import rules_folder
from app.rulebook.files import BrokenRuleBookError, RuleBookError, read
from app.rulebook.load import load

FOLDER = Path(__file__).resolve().parents[1] / "broken"
BROKEN = sorted(path.stem for path in FOLDER.glob("*.yaml"))
SPANS = "codes/spans.yaml"
FOLLOWS = "what a released version decides and says in English never changes"
"""Almost every fault changes a digest as well; it is looked at where it is the fault."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_book_is_refused(name: str, tmp_path: Path) -> None:
    case = read(FOLDER / f"{name}.yaml").data
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    for edit in case["edits"]:
        _edit(folder / edit["file"], edit["replace"], edit["with"])
    with pytest.raises(BrokenRuleBookError) as refused:
        load(folder)
    expected = case["expect"]
    found = [c for c in refused.value.errors if FOLLOWS not in c.says or FOLLOWS in str(expected)]
    found = [c for c in found if c.file != SPANS]  # a fact that comes or goes has a span too many or too few
    unmatched = [c for c in found if not any(_is(c, one, folder) for one in expected)]
    unmet = [one for one in expected if not any(_is(c, one, folder) for c in found)]
    assert (unmatched, unmet) == ([], [])


def test_the_shipped_rule_book_is_not_refused(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    assert load(folder).current == "2026.3"


def _edit(path: Path, old: str, new: str) -> None:
    if old == "*":
        if new == "(missing)":
            path.unlink()
        else:
            path.write_text(new, "utf-8")
        return
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), "utf-8")


def _is(error: RuleBookError, expected: dict[str, str], folder: Path) -> bool:
    if (error.file, error.entry) != (expected["file"], expected["entry"]):
        return False
    return expected["says"] in error.says and _at(error, expected["at"], folder)


def _at(error: RuleBookError, at: str, folder: Path) -> bool:
    path = folder / error.file
    if not at or not path.exists():
        return error.line >= 1
    lines = path.read_text("utf-8").split("\n")
    return "\n".join(lines[error.line - 1 :]).startswith(at) or at in lines[error.line - 1]
