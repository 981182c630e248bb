"""What people's stories cost, before and now: `make people` writes the tables of docs/people.md.

Each golden patient with a `story` goes from the start page to its result in Chromium; clicks, pages and words are
counted there, and the reading age. Typing and keys are no clicks. `BEFORE` is the last commit without these pages: it
is checked out beside, served, and walked by the same people in the same browser.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from app.engines import rules_folder
from app.main import build_app
from app.rulebook.load import load
from app.settings import Settings
from app.web.form import as_field
from tests.patients import Patient, stories
from tests.serving import serving
from tests.web.reading import NAMES, grade, words
from tests.web.ways import WAYS, WINDOWS
from tools.browser import CHROMIUM, HOW, OPTIONS
from tools.serving import running

FILE = Path("docs/people.md")
BEGIN, END = "<!-- made by `make people` -->", "<!-- end -->"
BEFORE = "e6bddca305e4bfb2b3c6628df9239083650e7c43"
SCREEN: ViewportSize = {"width": 1280, "height": 800}
AGE_OF_GRADE = 5
"""A reading grade is a year at school, which begins at six."""
ON_THE_FIRST_SCREEN = """() => {
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const seen = [];
  while (walk.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const box = range.getBoundingClientRect();
    const isShown = walk.currentNode.parentElement.checkVisibility();
    if (isShown && box.width && box.top < innerHeight) seen.push(walk.currentNode.textContent);
  }
  return seen.join("\\n");
}"""


class Reading(NamedTuple):
    """How much a page asks to read."""

    first: int
    """Words on the first screen."""
    words: int
    """All words that are shown."""
    screens: float
    age: float


class Cost(NamedTuple):
    """What a story took, and what its last pages ask to read."""

    clicks: int
    pages: int
    result: Reading | None
    report: Reading | None


def read(page: Page) -> Reading:
    """Return how much a page asks to read."""
    main = page.locator("main")
    first = words(f"<p>{escape(str(page.evaluate(ON_THE_FIRST_SCREEN)))}</p>")
    shown = words(f"<p>{escape(main.inner_text())}</p>")
    screens = page.evaluate("document.documentElement.scrollHeight / innerHeight")
    return Reading(first, shown, screens, grade(main.inner_html()) + AGE_OF_GRADE)


def walked(browser: Browser, address: str, patient: Patient) -> Cost:
    """Return what a story costs now."""
    assert patient.story
    way = patient.story.way
    window = browser.new_context(base_url=address, locale="en-GB", **({"viewport": SCREEN} | WINDOWS.get(way, {})))
    page = window.new_page()
    page.goto("/")
    page, walk = WAYS[way](page, patient.facts)
    result = report = None
    if patient.story.ends.isascii() and way != "plain":  # syllables are those of English, and a script measures
        result = read(page)
        page.goto(str(page.get_attribute("[data-share]", "data-share")))
        page.wait_for_selector(".ct-outcome")
        report = read(page)
    window.close()
    return Cost(walk.clicks, len(walk.pages), result, report)


def walked_before(browser: Browser, address: str, patient: Patient) -> Cost:
    """Return what the same answers cost before: one question a page, and one page for patient and clinician."""
    window = browser.new_context(base_url=address, locale="en-GB", viewport=SCREEN)
    page = window.new_page()
    page.goto("/intake?lang=en")
    clicks, pages = 0, 1
    while page.locator("form.intake fieldset").count():
        shown = page.locator("main").inner_html()
        name = str(page.locator("fieldset input, fieldset select").first.get_attribute("name"))
        value = patient.facts.get(name, False)
        if value is None:
            page.locator("button[name=unknown]").click()
        else:
            if page.locator(f"input[type=radio][name={name}]").count():
                page.locator(f"input[name={name}][value='{as_field(value)}']").check()
                clicks += 1
            elif page.locator(f"select[name={name}]").count():
                page.select_option(f"select[name={name}]", as_field(value))
            else:
                page.fill(f"input[name={name}]", as_field(value))
            page.locator("button.main").click()
        page.wait_for_function("shown => document.querySelector('main').innerHTML !== shown", arg=shown)
        clicks += 1
        pages += 1
    page.wait_for_selector("[data-decision]")
    found = read(page)
    window.close()
    return Cost(clicks, pages, found, found)


@contextmanager
def before() -> Iterator[str]:
    """Serve the pages as they were, and yield their address."""
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/before"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", folder, BEFORE], check=True)
        code = f"import sys; sys.path.insert(0, {folder!r}); from app.start import main; main()"
        try:
            with running(
                [sys.executable, "-c", code, "serve", "--workers", "1", "--port"], {}, path="/livez"
            ) as served:
                yield served.address
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", folder], check=True)


def both(then: object, now: object) -> str:
    """Return a figure before and now."""
    return f"{then} → {now}"


def rows(told: Sequence[Patient], then: Sequence[Cost], now: Sequence[Cost]) -> Iterator[str]:
    """Yield the table of the walks to the result."""
    yield "| person | answer | clicks | pages | words, first screen | words, all | reading age |"
    yield "|---|---|---|---|---|---|---|"
    for patient, old, new in zip(told, then, now, strict=True):
        assert patient.story
        assert old.result
        name = patient.name.partition(": ")[2]
        cells = [name, patient.story.ends, both(old.clicks, new.clicks), both(old.pages, new.pages)]
        if new.result:
            cells += [both(old.result.first, new.result.first), both(old.result.words, new.result.words)]
            cells.append(both(f"{old.result.age:.0f}", f"{new.result.age:.0f}"))
        else:
            cells += ["not counted"] * 3
        yield f"| {' | '.join(cells)} |"


def reports(told: Sequence[Patient], then: Sequence[Cost], now: Sequence[Cost]) -> Iterator[str]:
    """Yield the table of the reports."""
    yield "| person | words, first screen | words, all | screens |"
    yield "|---|---|---|---|"
    for patient, old, new in zip(told, then, now, strict=True):
        if patient.story and patient.story.way == "mouse" and old.report and new.report:
            cells = [patient.name.partition(": ")[2], both(old.report.first, new.report.first)]
            cells += [both(old.report.words, new.report.words)]
            cells.append(both(f"{old.report.screens:.1f}", f"{new.report.screens:.1f}"))
            yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Walk every story, before and now, and write the tables."""
    if CHROMIUM is None:
        sys.exit(f"no Chromium on this machine; {HOW}")
    told = list(stories().values())
    book = load(rules_folder())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        with serving(lambda base: build_app(Settings(public_url=base), book)) as address:
            now = [walked(browser, address, patient) for patient in told]
        with before() as address:
            then = [walked_before(browser, address, patient) for patient in told]
        browser.close()
    names = f"Names of medicines and diseases, which count two syllables: {', '.join(sorted(NAMES))}."
    tables = [BEGIN, *rows(told, then, now), "", "Reports:", "", *reports(told, then, now), "", names, END]
    around = re.split(f"{BEGIN}.*{END}", FILE.read_text("utf-8"), flags=re.S)
    FILE.write_text("\n".join(tables).join(around), "utf-8")


if __name__ == "__main__":
    main()
