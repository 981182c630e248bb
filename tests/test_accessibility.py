"""The accessibility report answers every criterion, and each answer names a test or says that nobody looked."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.rulebook.safety import existing_tests
from tests.pages import PAGES

ROOT = Path(__file__).resolve().parent.parent
REPORT = (ROOT / "docs" / "accessibility.md").read_text("utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
RESULTS = {"Supports", "Partially Supports", "Does Not Support", "Not Applicable", "Not Evaluated"}
"""The terms of VPAT 2.5, and no others."""
IN_PART = "in part: "
ALWAYS = "by the errata of WCAG 2.0 and 2.1 always met"
"""Of 4.1.1 alone, which WCAG 2.2 no longer has."""
CRITERIA = {
    "A": "1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1 2.4.2 2.4.3 "
    "2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7 4.1.1 4.1.2",
    "AA": "1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 2.4.11 2.5.7 2.5.8 "
    "3.1.2 3.2.3 3.2.4 3.3.3 3.3.4 3.3.8 4.1.3",
}
"""WCAG 2.2 (2023-10-05), and 4.1.1 of those before."""
CLOCKS = re.compile(
    r"<(?:audio|video|object|embed|iframe|marquee|blink)\b|http-equiv=.?refresh|animation|@keyframes", re.I
)


def rows(text: str, columns: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if re.match(r"\| [\d.]+ ", line) else []
        if len(cells) == columns:
            yield cells


def unshown(text: str) -> list[str]:
    """Return the rows that claim something which no test shows."""
    existing = existing_tests(ROOT, TEST.findall(text))
    found = []
    for columns, place in ((4, 2), (3, 1)):
        for cells in rows(text, columns):
            tests = TEST.findall(cells[-1])
            is_whole = cells[place] != "Not Evaluated"
            shown = (bool(tests) and set(tests) <= existing) or (ALWAYS in cells[-1] and cells[0].startswith("4.1.1 "))
            in_part = cells[-1].startswith(IN_PART)
            right = cells[place] in RESULTS and shown == (is_whole or in_part) and not (is_whole and in_part)
            if not right and cells[place] != "as above":
                found.append(cells[0])
    return found


def test_each_row_names_a_test_or_says_that_nobody_looked() -> None:
    assert unshown(REPORT) == []
    assert set(TEST.findall(REPORT)) <= existing_tests(ROOT, TEST.findall(REPORT))


@pytest.mark.parametrize("level", CRITERIA)
def test_every_criterion_is_answered_once(level: str) -> None:
    answered = Counter(cells[0].split()[0] for cells in rows(REPORT, 4) if cells[1] == level)
    assert answered == Counter(CRITERIA[level].split())


@pytest.mark.parametrize(
    "row",
    [
        "| 9.9.9 Made up | A | Supports | a remark |",
        "| 9.9.9 Made up | A | Supports | `tests/test_accessibility.py::test_gone` |",
        "| 9.9.9 Made up | A | Fine | `tests/test_accessibility.py::test_no_page_has_sound_video_or_a_clock` |",
        "| 9.9.9 Made up | A | Not Evaluated | `tests/test_accessibility.py::test_every_criterion_is_answered_once` |",
        "| 9.9.9 Made up | A | Not Evaluated | in part: a remark |",
        "| 9.9 Made up | Supports | in part: `tests/test_accessibility.py::test_no_page_has_sound_video_or_a_clock` |",
        "| 9.9.9 Made up | A | No fault found | `tests/test_accessibility.py::test_every_criterion_is_answered_once` |",
        "| 9.9.9 Made up | A | Supports | by the errata of WCAG 2.0 and 2.1 always met by HTML |",
        "| 99 Made up | Supports | |",
    ],
)
def test_a_row_that_claims_too_much_is_noticed(row: str) -> None:
    assert len(unshown(row)) == 1


def test_no_page_has_sound_video_or_a_clock(client: TestClient) -> None:
    for path in PAGES:
        assert not CLOCKS.search(client.get(path).text), path
    for file in sorted((ROOT / "app" / "web" / "static").iterdir()):
        assert not CLOCKS.search(file.read_text("utf-8")), file.name
    assert CLOCKS.search('<meta http-equiv="refresh" content="60">')
