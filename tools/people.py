"""What people's stories cost: `make people` writes docs/people.md.

Each story of the tests goes from the start page to its result in Chromium, in English; clicks, pages and words are
counted there, and the reading grade of the result. Typing and keys are none.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from app.main import build_app, rules_folder
from app.rulebook.load import load
from app.settings import Settings
from tests.serving import serving
from tests.web.reading import NAMES, grade, words
from tests.web.stories import STORIES
from tests.web.walk import CALM, to_the_result

FILE = Path("docs/people.md")
HEAD = """# What people see, measured

Written by `make people`: each person of `tests/web/stories.py` in Chromium, in English, from `/` to the result. Words
are those on the first screen of the result, above "More"; the grade is Flesch-Kincaid's, of the result. The tests hold
it at 8 for every page on the way, with no sentence above 20 words. Limits: conservative care in 16 clicks, combination
in 30; 250 words.

Before these pages, the report for Phase 2 had 1,600 words on 9.4 screens, and 25 questions cost 50 clicks.

| person | answer | clicks | pages | words | grade |
|---|---|---|---|---|---|
"""


def main() -> None:
    """Walk every story, and write the table."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium on this machine; install Debian's chromium")
    book = load(rules_folder())
    with serving(lambda base: build_app(Settings(public_url=base), book)) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        rows = [walked(browser.new_page(base_url=base, locale="en-GB"), name) for name in STORIES]
        browser.close()
    names = f"Names of medicines and diseases, which count two syllables: {', '.join(sorted(NAMES))}."
    FILE.write_text("\n".join([HEAD + "\n".join(rows), "", names, ""]), "utf-8")


def walked(page: Page, name: str) -> str:
    """Return the row of one person."""
    page.goto("/")
    walk = to_the_result(page, CALM | STORIES[name].answers)
    words_first = words(page.locator(".ct-first").inner_html())
    reading = grade(page.locator("main").inner_html())
    page.close()
    return f"| {name} | {STORIES[name].heading} | {walk.clicks} | {len(walk.pages)} | {words_first} | {reading:.1f} |"


if __name__ == "__main__":
    main()
