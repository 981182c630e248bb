"""What the documents point at is there: links, headings, files, settings and targets."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "rules" / "README.md",
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
PLACE = re.compile(r"`((?:app|deploy|docs|rules|tests|tools)/[\w./-]+)`")
MADE = {"app/_rules"}
"""In the wheel alone."""
SETTINGS = {f"TRIAGE_{name.upper()}" for name in Settings.model_fields}
OTHERS = {"TRIAGE_KEY", "TRIAGE_KEPT_BYTES"}
"""A variable of an example, and a setting that is gone."""


def headings(path: Path) -> set[str]:
    """Return the anchors of a document, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def missing(path: Path, text: str) -> Iterator[str]:
    """Yield what a document points at that is not there."""
    for link in LINK.findall(text):
        if "://" in link:
            continue
        file, _, heading = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists() or (heading and heading not in headings(target)):
            yield link
    yield from (place for place in PLACE.findall(text) if place not in MADE and not (ROOT / place).exists())
    yield from set(re.findall(r"TRIAGE_[A-Z_]*[A-Z]\b", text)) - SETTINGS - OTHERS
    targets = re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    yield from (f"make {target}" for target in targets if not re.search(rf"^{target}:", makefile, re.M))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_that_a_document_points_at_is_there(path: Path) -> None:
    assert list(missing(path, path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "[gone](gone.md)",
        "[no such heading](README.md#gone)",
        "`app/gone.py`",
        "set `TRIAGE_GONE`",
        "`make gone`",
    ],
)
def test_what_is_not_there_is_noticed(text: str) -> None:
    assert len(list(missing(ROOT / "SECURITY.md", text))) == 1


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.name)
def test_a_decision_is_headed_by_its_number(path: Path) -> None:
    assert path.read_text("utf-8").startswith(f"# {path.name[:4]}: ")
