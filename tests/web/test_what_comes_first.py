"""Where a reader begins, and what shows though it can do nothing: in Chromium."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, expect


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_screen_reader_begins_with_the_emergency_and_not_below_it(context: BrowserContext, language: str) -> None:
    """The focus went to the next question, or to the outcome: whoever listens went past the emergency above it."""
    page = context.new_page()
    page.goto(f"/intake?lang={language}")
    page.check("input[value=burn]")
    page.click("[data-main]")
    card = page.locator(".nhsuk-card--care--emergency")
    expect(card).to_be_focused()
    name = card.get_attribute("aria-label") or ""
    for said in (*card.locator("h2").all_inner_texts(), *card.locator("p").all_inner_texts()):
        for part in said.split(":"):
            assert part.strip() in name
    asked = page.locator("h1").inner_text()
    page.keyboard.press("1")
    assert page.locator("main input:checked").count() == 0
    assert page.locator("h1").inner_text() == asked


def test_a_report_made_anew_begins_with_the_care_that_comes_first(context: BrowserContext) -> None:
    page = context.new_page()
    answers = [["primary_concern", "sagging"], ["systemic_immunosuppression", "false"]]
    page.goto(f"/report?lang=en#answers={quote(json.dumps(answers))}")
    page.click("#confirm > summary")
    page.select_option("[name=suspicious_lesion]", "true")
    page.click("#intake button[type=submit].nhsuk-button")
    expect(page.locator(".ct-refer").first).to_be_visible()
    expect(page.locator(".ct-state")).to_be_focused()
    state, first = (page.locator(each).first.bounding_box() for each in (".ct-state", ".ct-refer"))
    assert state
    assert first
    assert state["y"] < first["y"]


def test_without_javascript_no_button_shows_that_does_nothing(browser: Browser, address: str) -> None:
    window = browser.new_context(base_url=address, java_script_enabled=False)
    page = window.new_page()
    for path in ("/result", "/report"):
        page.set_content(
            f'<form method="post" action="{address}{path}?lang=en">'
            '<input type="hidden" name="primary_concern" value="dullness"><button>go</button></form>'
        )
        page.click("button")
        expect(page.locator("[data-decision]")).to_have_count(1)
        buttons = page.locator("button[hidden]")
        assert buttons.count() > 1
        assert [one.inner_text() for one in buttons.all() if one.is_visible()] == []
        assert page.locator("button[data-print]").count() == 1
    window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_colour_alone_tells_apart_stays_so_in_high_contrast(browser: Browser, address: str, scheme: Any) -> None:
    """Forced colours took the fill of the legend and of the progress away, and left that of the picture."""
    window = browser.new_context(base_url=address, forced_colors="active", color_scheme=scheme, bypass_csp=True)
    page = window.new_page()
    page.goto("/intake")
    progress = page.locator(".ct-progress i")
    assert progress.first.screenshot() != progress.last.screenshot()
    answers = [["primary_concern", "burn"]]
    page.goto(f"/report#answers={quote(json.dumps(answers))}")
    expect(page.locator(".ct-outcome")).to_be_visible()
    page.click("#picture > summary")
    page.add_style_tag(content=".ct-key { width: 90px; height: 30px; border: 0 !important; font-size: 0 !important; }")
    assert page.locator(".ct-key.decides").screenshot() != page.locator(".ct-key.none").screenshot()
    window.close()
