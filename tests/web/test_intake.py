"""The intake in a real browser: people's stories, by mouse and keys, on a phone, offline, without JavaScript."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from app.core.facts import Value
from app.core.precedence import Decision
from app.web.form import as_field
from tests.patients import Patient, base, in_words, stories
from tests.web.reading import words
from tests.web.walk import Walk, asked_for, choose, go_on, heading, to_the_check, to_the_result
from tests.web.ways import PHONE, WAYS, WINDOWS, chosen

AXE = Path(__file__).resolve().parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
MOST_FIRST_SCREEN = 250


def decision(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.get_attribute("[data-decision]", "data-decision") or "{}")
    return found["decision"]  # type: ignore[no-any-return]


STORIES = [
    pytest.param(WINDOWS.get(story.way, {}), each, id=name, marks=[pytest.mark.long] if story.long else [])
    for name, each in stories().items()
    if (story := each.story)
]


@pytest.mark.parametrize(("context", "patient"), STORIES, indirect=["context"])
def test_a_story_ends_as_it_should_in_few_clicks(context: BrowserContext, patient: Patient) -> None:
    story = patient.story
    assert story
    page = context.new_page()
    page.goto("/")
    page, walk = WAYS[story.way](page, patient.facts)
    assert heading(page) == story.ends
    assert in_words(Decision(**decision(page))) == patient.expect["decision"]
    assert page.locator(".nhsuk-card--care h2 .nhsuk-u-visually-hidden").count() == len(story.cares)
    for care in story.cares:
        assert page.get_by_role("heading", name=care).count() == 1
    assert walk.clicks <= story.clicks, walk
    if story.way != "changes":
        again = [name for name in set(walk.asked) if walk.asked.count(name) > 1]
        assert {*again} <= {"autoimmune_skin_disease", "isotretinoin"}  # ticked among others, then asked alone
    assert words(page.locator(".ct-first").inner_html()) <= MOST_FIRST_SCREEN


def test_the_stories_are_those_that_were_asked_for() -> None:
    """By every way, to every outcome, and at least twenty."""
    told = [each.story for each in stories().values() if each.story]
    assert len([story for story in told if not story.long]) >= 20
    assert {story.way for story in told} == WAYS.keys()
    assert {each.expect["decision"].split()[-1] for each in stories().values()} >= {
        *("conservative_care", "exosome_microchanneling", "combination_therapy"),
        *("excluded", "referred", "clinician_review", "needs_information"),
    }


def test_without_javascript_it_is_a_plain_form(browser: Browser, address: str) -> None:
    window = browser.new_context(base_url=address, java_script_enabled=False)
    page = window.new_page()
    page.goto("/")
    walk = to_the_check(page, base("phase_2"))
    assert "#" not in page.url
    walk.click(page, "button[value='change:safety']")
    assert page.is_checked("input[name=nothing]")
    walk.click(page, "input[name=nothing]")
    walk.click(page, "[data-main]")
    assert page.locator(".nhsuk-error-summary").inner_text().startswith("There is a problem")
    page.click(".ct-language")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    assert {*asked_for(page)} >= {"suspicious_lesion", "active_skin_infection"}
    walk.click(page, "input[value=active_skin_infection][name=yes]")
    walk.click(page, "[data-main]")
    expect(page.locator("[name=page]")).to_have_value("check")
    walk.click(page, "[data-main]")
    assert decision(page)["disposition"] == "excluded"
    window.close()


def test_a_number_picks_nothing_while_something_else_has_the_focus(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/intake")
    page.wait_for_load_state("load")
    page.locator("footer a").first.focus()
    page.keyboard.press("1")
    expect(page.locator("input:checked")).to_have_count(0)
    page.locator("fieldset input").first.focus()
    page.keyboard.press("2")
    expect(page.locator("input:checked")).to_have_count(1)


def test_a_number_picks_and_enter_goes_on(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.textContent.trim()") != "Start now":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-main]")
    page.wait_for_load_state("load")  # before it, no key is listened to
    expect(page.locator("[name=asked]")).to_have_count(1)
    while not page.evaluate("document.activeElement.matches('fieldset input')"):
        page.keyboard.press("Tab")
    for key, title in (
        ("1", "Is any of this true for you?"),
        ("5", "How firm is your skin?"),
        ("1", "How much has the sun changed your skin?"),
    ):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator("h1")).to_be_focused()


def test_a_number_answers_the_question_that_has_the_focus(context: BrowserContext) -> None:
    """Not the first one of the page; and where a number is asked, it is written and picks no "rather not say"."""
    page = context.new_page()
    page.goto("/all?lang=en")
    page.wait_for_load_state("load")
    page.locator("input[name=sagging]").first.focus()
    page.keyboard.press("2")
    assert chosen(page) == ["sagging mild", "age_years ", "recovery_window_days "]
    page.goto(f"/intake?lang=en#answers={quote(json.dumps([['page', 'age']]))}")
    expect(page.locator("input[name=age_years]")).to_be_visible()
    page.locator("h1").focus()
    page.keyboard.type("41")
    assert chosen(page) == ["age_years 41"]


def to_safety(page: Page) -> None:
    page.goto("/intake?lang=en")
    page.check("input[value=dullness]")
    page.click("[data-main]")
    expect(page.locator("h1")).to_have_text("Is any of this true for you?")


def test_nothing_chosen_shows_an_error_with_the_focus_on_it(context: BrowserContext) -> None:
    page = context.new_page()
    to_safety(page)
    page.click("[data-main]")
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    page.click(".nhsuk-error-summary a")
    expect(page.locator("#safety")).to_be_focused()
    assert page.title().startswith("Error:")


def test_reload_back_and_language_lose_nothing(context: BrowserContext) -> None:
    page = context.new_page()
    to_safety(page)
    page.check("input[name=yes][value=active_skin_infection]")
    page.reload()
    expect(page.locator("h1")).to_have_text("Is any of this true for you?")
    expect(page.locator("input[name=yes][value=active_skin_infection]")).to_be_checked()
    page.click(".ct-language")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("input[name=yes][value=active_skin_infection]")).to_be_checked()
    page.click("[data-main]")
    expect(page.locator("[name=primary_concern][type=hidden]")).to_have_value("dullness")
    expect(page.locator("[name=active_skin_infection][type=hidden]")).to_have_value("true")
    page.go_back()
    expect(page.locator("input[name=yes][value=active_skin_infection]")).to_be_checked()
    page.go_forward()
    expect(page.locator("[name=active_skin_infection][type=hidden]")).to_have_value("true")


def test_the_start_page_keeps_the_answers_of_whoever_goes_back_to_it(context: BrowserContext) -> None:
    page = context.new_page()
    to_safety(page)
    page.click("button[value=back]")
    expect(page.locator("input[type=radio][value=dullness]")).to_be_checked()
    page.check("input[value=sagging]")
    page.click("a.nhsuk-back-link")
    page.wait_for_url("**/?lang=en#**")
    page.locator(".nhsuk-skip-link").press("Enter")
    page.click(".ct-language")
    page.wait_for_url("**/?lang=ko#**")
    page.click("[data-main]")
    expect(page.locator("html[lang=ko] input[value=sagging]")).to_be_checked()


def test_all_on_one_page_and_back_loses_nothing(context: BrowserContext) -> None:
    page = context.new_page()
    to_safety(page)
    page.check("input[name=yes][value=active_skin_infection]")
    page.get_by_role("button", name="All questions on one page").click()
    expect(page.locator("h1")).to_have_text("All questions on one page")
    expect(page.locator("input[name=yes][value=active_skin_infection]")).to_be_checked()
    expect(page.locator("input[name=primary_concern][value=dullness]")).to_be_checked()
    page.fill("input[name=age_years]", "33")
    page.reload()
    expect(page.locator("input[name=age_years]")).to_have_value("33")
    page.get_by_role("button", name="One page at a time").click()
    expect(page.locator("[name=age_years][type=hidden]")).to_have_value("33")


def test_none_of_these_and_a_tick_take_each_other_away(context: BrowserContext) -> None:
    page = context.new_page()
    to_safety(page)
    page.check("input[name=yes][value=active_skin_infection]")
    page.check("input[name=nothing]")
    expect(page.locator("input[name=yes][value=active_skin_infection]")).not_to_be_checked()
    page.click("details.ct-unsure summary")
    page.check("input[name=unsure][value=active_skin_infection]")
    page.check("input[name=yes][value=active_skin_infection]")
    expect(page.locator("input[name=unsure][value=active_skin_infection]")).not_to_be_checked()
    expect(page.locator("input[name=nothing]")).not_to_be_checked()


def test_being_offline_is_said_and_loses_nothing(context: BrowserContext) -> None:
    page = context.new_page()
    to_safety(page)
    page.check("input[name=nothing]")
    context.set_offline(True)
    page.click("[data-main]")
    expect(page.get_by_role("alert")).to_contain_text("You seem to be offline.")
    context.set_offline(False)
    expect(page.locator("input[name=nothing]")).to_be_checked()
    page.click("[data-main]")
    expect(page.locator("h1")).to_have_text("How firm is your skin?")


def test_no_page_of_the_browsers_own_stands_in_place_of_ours_while_offline(context: BrowserContext) -> None:
    """On to the result, to the report, to another language, and back; each is tried again and done."""
    page = context.new_page()
    page.goto(f"/intake?lang=en#answers={quote(json.dumps([['primary_concern', 'dullness'], ['finished', '1']]))}")
    expect(page.locator("h1")).to_have_text("Check your answers")

    def tried_again(press: str, arrived: str) -> None:
        here, title = page.url.split("#")[0], page.title()
        context.set_offline(True)
        page.locator(press).click()
        alert = page.get_by_role("alert")
        expect(alert).to_be_focused()
        assert (page.url.split("#")[0], page.title()) == (here, title)
        alert.get_by_role("button").click()
        expect(alert).to_be_focused()
        context.set_offline(False)
        alert.get_by_role("button").click()
        expect(page.locator(arrived)).to_be_visible()
        expect(alert).to_have_count(0)

    tried_again("[data-main]", ".ct-first")
    page.click("[data-more] summary")
    tried_again("[formaction*='/report']", ".ct-outcome")
    tried_again("header .ct-language", "html[lang=ko] .ct-outcome")
    page.click("#answers > summary")
    tried_again("[formaction*='/intake']", "h1:text('답 확인하기')")
    expect(page.locator("[name=primary_concern]")).to_have_value("dullness")


def test_answers_that_could_not_be_shown_again_are_not_written_over(context: BrowserContext) -> None:
    """A link is opened, and the service does not answer: no question stands there, and a second try finds all."""
    page = context.new_page()
    page.route("**/intake*", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.goto(f"/intake?lang=en#answers={quote(json.dumps([['primary_concern', 'dullness']]))}")
    expect(page.get_by_role("alert")).to_contain_text("You seem to be offline.")
    expect(page.locator("form.intake")).to_be_hidden()
    assert "dullness" in page.url
    page.unroute("**/intake*")
    page.click("header .ct-language")  # with the whole link, not with the question behind
    expect(page.locator("h1")).to_have_text("다음 가운데 해당하는 것이 있습니까?")
    expect(page.locator("[name=primary_concern][type=hidden]")).to_have_value("dullness")


def test_no_page_says_that_there_are_no_answers_while_they_are_on_their_way(context: BrowserContext) -> None:
    held: list[Route] = []
    page = context.new_page()
    page.route("**/result*", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    page.goto(f"/result?lang=en#answers={quote(json.dumps([['primary_concern', 'burn']]))}")
    expect(page.get_by_role("status")).to_have_text("One moment, please.")
    expect(page.locator("h1", has_text="Your result")).to_be_hidden()
    page.keyboard.press("Enter")
    while not held:
        page.wait_for_timeout(50)
    held.pop().continue_()
    expect(page.locator("h1")).to_have_text("See to this first")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    assert held == []


DAMAGED = ["#answers=%5B%5B%22pregn", "#answers=1", "#answers=%5B%5B%22luck%22%2C%221%22%5D%5D", "#code=2026.3~0x0"]


@pytest.mark.parametrize("fragment", DAMAGED)
@pytest.mark.parametrize("path", ["/intake", "/result"])
def test_a_damaged_link_says_so(context: BrowserContext, path: str, fragment: str) -> None:
    page = context.new_page()
    page.goto(path + fragment)
    expect(page.get_by_role("alert").first).to_contain_text("damaged")


def test_answers_never_stand_in_an_address_that_is_sent(browser: Browser, address: str) -> None:
    window = browser.new_context(base_url=address)
    page = window.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto("/")
    to_the_result(page, base("phase_1") | {"primary_concern": "burn"})
    page.reload()
    page.wait_for_selector(".ct-first")
    assert "burn" in page.url
    assert not [url for url in sent if re.search(r"burn|primary_concern|answers", url.split("#")[0])]
    window.close()


def test_the_code_opens_the_report_with_the_same_answers(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/")
    to_the_result(page, base("phase_3"))
    link = page.get_attribute("[data-share]", "data-share") or ""
    before = decision(page)
    assert page.locator(".ct-code svg path").count()
    page.goto(link)
    page.wait_for_selector("[data-decision]")
    assert decision(page) == before


DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
LONG = pytest.mark.long
"""Each language, scheme and width is looked at without; what is left is a part of the long run."""


@pytest.mark.parametrize(
    ("screen", "scheme", "language", "facts"),
    [
        (PHONE, "light", "ko", base("phase_3")),
        (DESK, "dark", "en", base("phase_1") | {"primary_concern": "burn"}),
        pytest.param(PHONE, "dark", "ko", base("phase_2") | {"autoimmune_skin_disease": "controlled"}, marks=LONG),
        pytest.param(DESK, "light", "en", base("phase_3"), marks=LONG),
    ],
    ids=["phone", "dark desk", "dark phone", "desk"],
)
def test_every_page_on_the_way_is_sound(
    browser: Browser, address: str, screen: dict[str, Any], scheme: Any, language: str, facts: dict[str, Value | None]
) -> None:
    """What axe finds, and what runs out of the screen, on every page up to the result."""
    window = browser.new_context(base_url=address, color_scheme=scheme, bypass_csp=True, **screen)
    page = window.new_page()
    wrong: list[Any] = []

    def look() -> None:
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")["violations"]
        wrong.extend((heading(page), v["id"], [node["html"][:150] for node in v["nodes"]][:2]) for v in found)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            wrong.append((heading(page), wide))

    page.goto(f"/?lang={language}")
    look()
    walk = Walk()
    go_on(page, walk)
    while not page.locator("[name=page][value=check]").count():
        look()
        if page.locator("[name=page][value=practical]").count():
            before = page.locator("main").inner_html()
            page.click("button[value=next]")
            expect(page.locator("main")).not_to_have_js_property("innerHTML", before)
            continue
        choose(page, facts, walk)
        go_on(page, walk)
    look()
    page.click("[data-main]")
    page.wait_for_selector(".ct-first")
    look()
    assert wrong == []
    window.close()


def test_drawings_differ_from_grade_to_grade(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/all")
    for name in ("elasticity_loss", "hyperpigmentation", "sagging", "photodamage", "fitzpatrick_type"):
        drawn = page.eval_on_selector_all(
            f"input[name={name}] ~ label .ct-drawing", "all => all.map(one => one.innerHTML)"
        )
        assert len(drawn) == len(set(drawn)) >= 5, name


def test_fields_of_a_value_are_written_as_a_form_has_them() -> None:
    assert [as_field(value) for value in (True, False, 3, "none")] == ["true", "false", "3", "none"]
