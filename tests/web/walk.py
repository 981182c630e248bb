"""A person at the intake: answers page by page, and counts clicks and pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from app.core.facts import Value
from app.web.form import as_field

CALM: dict[str, Value] = {
    "autoimmune_skin_disease": "none",
    "isotretinoin": "none",
    "elasticity_loss": "none",
    "hyperpigmentation": "none",
    "sagging": "none",
    "photodamage": "none",
    "age_years": 41,
}
"""What somebody answers who has nothing; every question of yes or no is a no."""
MOST_PAGES = 25


@dataclass
class Walk:
    """What it took: clicks, headings of the pages, and the facts that were asked for."""

    clicks: int = 0
    pages: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def click(self, page: Page, selector: str) -> None:
        page.locator(selector).first.click()
        self.clicks += 1


def asked_for(page: Page) -> list[str]:
    """The facts that a page asks for."""
    names: list[str] = page.eval_on_selector_all("input[name=asked]", "all => all.map(one => one.value)")
    return names


def heading(page: Page) -> str:
    return page.locator("h1").first.inner_text()


def choose(page: Page, facts: Mapping[str, Value | None], walk: Walk) -> None:
    """Answer every question of a page; `None` in `facts` is "I am not sure"."""
    names = asked_for(page)
    boxes = [n for n in names if page.locator(f"input[name=yes][value={n}]").count()]
    ticked = [n for n in boxes if facts.get(n, False) not in (False, "none", None)]
    unsure = [n for n in boxes if n in facts and facts[n] is None]
    for name in ticked:
        walk.click(page, f"input[name=yes][value={name}]")
    if boxes and not ticked and len(unsure) < len(boxes):
        walk.click(page, "input[name=nothing]")
    if unsure:
        walk.click(page, "details.ct-unsure summary")
    for name in unsure:
        walk.click(page, f"input[name=unsure][value={name}]")
    for name in names:
        if name in boxes:
            continue
        value = facts.get(name, False)
        if page.locator(f"input[type=text][name={name}]").count():
            if value is None:
                walk.click(page, f"input[name=unsure][value={name}]")
            else:
                page.fill(f"input[name={name}]", as_field(value))
        elif page.locator(f"select[name={name}]").count():
            page.select_option(f"select[name={name}]", as_field(value) if name in facts else "unknown")
        else:
            text = "unknown" if value is None or (name == "fitzpatrick_type" and not value) else as_field(value)
            walk.click(page, f"input[type=radio][name={name}][value='{text}']")


def go_on(page: Page, walk: Walk) -> None:
    """Continue, and wait for the next page."""
    before = page.locator("main").inner_html()
    walk.click(page, "[data-main]")
    expect(page.locator("main")).not_to_have_js_property("innerHTML", before)
    page.wait_for_selector("[data-focus]")


def to_the_check(page: Page, facts: Mapping[str, Value | None], walk: Walk | None = None) -> Walk:
    """Go from the start page to the check of answers, and skip what is practical."""
    walk = walk or Walk()
    walk.pages.append(heading(page))
    go_on(page, walk)
    while not page.locator("[name=page][value=check]").count():
        assert len(walk.pages) < MOST_PAGES, walk.pages
        walk.pages.append(heading(page))
        if page.locator("[name=page][value=practical]").count():
            before = page.locator("main").inner_html()
            walk.click(page, "button[value=next]")
            expect(page.locator("main")).not_to_have_js_property("innerHTML", before)
            continue
        walk.asked += asked_for(page)
        choose(page, facts, walk)
        go_on(page, walk)
    walk.pages.append(heading(page))
    return walk


def to_the_result(page: Page, facts: Mapping[str, Value | None]) -> Walk:
    """Go from the start page to the result."""
    walk = to_the_check(page, facts)
    walk.click(page, "[data-main]")
    page.wait_for_selector(".ct-first")
    walk.pages.append(heading(page))
    return walk
