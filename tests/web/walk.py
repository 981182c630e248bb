"""A person at the intake: answers page by page, and counts clicks and pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from app.core.facts import Value
from app.web.form import as_field

MOST_PAGES = 25
MOST_TABS = 80


@dataclass
class Walk:
    """What it took: clicks, headings of the pages, and the facts that were asked for."""

    clicks: int = 0
    pages: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def see(self, page: Page) -> None:
        """Look at a page when it comes."""
        self.pages.append(heading(page))

    def before_going_on(self, page: Page) -> None:
        """Do what this person does on a page that is answered."""

    def click(self, page: Page, selector: str) -> None:
        """Choose or press what `selector` finds."""
        page.locator(selector).first.click()
        self.clicks += 1

    def write(self, page: Page, selector: str, text: str) -> None:
        """Write into a field."""
        page.fill(selector, text)


class Keys(Walk):
    """Whoever uses the keyboard alone."""

    def click(self, page: Page, selector: str) -> None:
        chosen = page.locator(selector).first
        kind = chosen.get_attribute("type")
        if kind != "radio":
            self._tab(page, selector)
            page.keyboard.press("Space" if kind == "checkbox" else "Enter")
            return
        self._tab(page, f"input[name={chosen.get_attribute('name')}]")
        if self._is_on(page, selector):
            page.keyboard.press("Space")
        while not self._is_on(page, selector):
            page.keyboard.press("ArrowDown")

    def write(self, page: Page, selector: str, text: str) -> None:
        self._tab(page, selector)
        page.keyboard.type(text)

    def _tab(self, page: Page, selector: str) -> None:
        for _ in range(MOST_TABS):
            if self._is_on(page, selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not reach {selector}")

    def _is_on(self, page: Page, selector: str) -> bool:
        return bool(page.evaluate("selector => document.activeElement.matches(selector)", selector))


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
                walk.write(page, f"input[name={name}]", as_field(value))
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
    walk.see(page)
    go_on(page, walk)
    on_to_the_check(page, facts, walk)
    walk.see(page)
    return walk


def on_to_the_check(page: Page, facts: Mapping[str, Value | None], walk: Walk) -> None:
    """Go from any page of the intake to the check of answers."""
    while not page.locator("[name=page][value=check]").count():
        assert len(walk.pages) < MOST_PAGES, walk.pages
        walk.see(page)
        if page.locator("[name=page][value=practical]").count():
            before = page.locator("main").inner_html()
            walk.click(page, "button[value=next]")
            expect(page.locator("main")).not_to_have_js_property("innerHTML", before)
            continue
        walk.asked += asked_for(page)
        choose(page, facts, walk)
        walk.before_going_on(page)
        go_on(page, walk)


def to_the_result(page: Page, facts: Mapping[str, Value | None], walk: Walk | None = None) -> Walk:
    """Go from the start page to the result."""
    walk = to_the_check(page, facts, walk)
    see_the_result(page, walk)
    return walk


def see_the_result(page: Page, walk: Walk) -> None:
    """Go from the check of answers to the result."""
    walk.click(page, "[data-main]")
    page.wait_for_selector(".ct-first")
    walk.see(page)
