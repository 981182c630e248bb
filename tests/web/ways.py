"""Ways through the intake: by mouse, by keys, on a phone, with a reload, back, a link, another language.

Each goes from the start page to the result with the answers of a golden patient that has a `story`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Page, expect

from app.core.facts import Value
from tests.web.walk import Keys, Walk, go_on, on_to_the_check, see_the_result, to_the_check, to_the_result

Facts = Mapping[str, Value | None]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}
WINDOWS: dict[str, dict[str, Any]] = {"phone": PHONE, "plain": {"java_script_enabled": False}}
"""What is special about the window of a way."""


def chosen(page: Page) -> list[str]:
    """What is chosen on a page, and written."""
    found: list[str] = page.eval_on_selector_all(
        "main input:checked, main input[type=text]", "all => all.map(one => `${one.name} ${one.value}`)"
    )
    return found


class Back(Walk):
    """Whoever goes back from every page, by its link and by the browser's button, and finds what was chosen."""

    def before_going_on(self, page: Page) -> None:
        here, title = chosen(page), page.title()
        if page.locator("button[value=back]").count():
            page.click("button[value=back]")
            expect(page).not_to_have_title(title)
            assert chosen(page)
            page.go_back()
        else:  # the first question: before it is the start page
            page.go_back()
            expect(page).not_to_have_title(title)
            page.go_forward()
        expect(page).to_have_title(title)
        page.wait_for_selector("main input:checked", state="attached")
        assert chosen(page) == here


class Reload(Walk):
    """Whoever reloads every page."""

    def before_going_on(self, page: Page) -> None:
        here = chosen(page)
        page.reload()
        page.wait_for_selector("main input:checked", state="attached")
        assert chosen(page) == here


class Language(Walk):
    """Whoever changes the language on the second question."""

    def before_going_on(self, page: Page) -> None:
        if len(self.pages) == 3:
            here = chosen(page)
            self.click(page, ".ct-language")
            expect(page.locator("html")).to_have_attribute("lang", "ko")
            page.wait_for_selector("main input:checked", state="attached")
            assert chosen(page) == here


class Narrow(Walk):
    """Whoever has a phone: no page is wider than it."""

    def see(self, page: Page) -> None:
        super().see(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"], self.pages


def by(walk: Callable[[], Walk]) -> Callable[[Page, Facts], tuple[Page, Walk]]:
    """Return the way of such a walk."""
    return lambda page, facts: (page, to_the_result(page, facts, walk()))


def korean(page: Page, facts: Facts) -> tuple[Page, Walk]:
    """In Korean from the start page on."""
    page.click(".ct-language")
    return page, to_the_result(page, facts)


def changes(page: Page, facts: Facts) -> tuple[Page, Walk]:
    """Wrong clicks, seen at the check and changed there."""
    walk = to_the_check(page, {**facts, "pregnant": True})
    walk.click(page, "button[value='change:medicines']")
    expect(page.locator("input[name=yes][value=pregnant]")).to_be_checked()
    walk.click(page, "input[name=yes][value=pregnant]")
    walk.click(page, "input[name=nothing]")
    go_on(page, walk)
    on_to_the_check(page, facts, walk)
    see_the_result(page, walk)
    return page, walk


def link(page: Page, facts: Facts) -> tuple[Page, Walk]:
    """Somebody else opens the link of the check, and goes on there."""
    walk = to_the_check(page, facts)
    opened = page.context.new_page()
    opened.goto(page.url)
    page.close()
    opened.wait_for_selector("[name=page][value=check]", state="attached")
    see_the_result(opened, walk)
    return opened, walk


WAYS: dict[str, Callable[[Page, Facts], tuple[Page, Walk]]] = {
    "mouse": by(Walk),
    "keyboard": by(Keys),
    "plain": by(Walk),
    "phone": by(Narrow),
    "back": by(Back),
    "reload": by(Reload),
    "language": by(Language),
    "korean": korean,
    "changes": changes,
    "link": link,
}
