"""The report in Chromium: drawings, first screen, phone, schemes, paper, without JavaScript."""

import json
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from app.core.facts import Value
from app.web.form import as_field
from app.web.pages import load_texts
from tests.web.test_report import PHASE_2

AXE = Path(__file__).resolve().parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
PHASE_3: dict[str, Value] = PHASE_2 | {"sagging": "advanced", "photodamage": "severe", "age_years": 41}
PERSONS: dict[str, dict[str, Value]] = {
    "phase 1": {**PHASE_2, "primary_concern": "dullness", "elasticity_loss": "none", "hyperpigmentation": "none"},
    "phase 2": PHASE_2,
    "phase 3": PHASE_3,
    "pregnant, keloids": {**PHASE_2, "pregnant": True, "keloid_history": True},
    "infected burn": {"primary_concern": "burn", "active_skin_infection": True},
    "nothing known": {},
}
MOST_WORDS = 190
"""On the first screen, its two figures of harm and reasons included; the report had 1,600 in all."""
OVERLAPS = """() => {
  const wrong = [];
  const within = (a, b, by) => a.left >= b.left - by && a.right <= b.right + by;
  const inside = (a, b) => within(a, b, 0.5) && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  for (const svg of document.querySelectorAll(".ct-figure svg")) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const texts = [...svg.querySelectorAll("text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
    for (const [says, box] of texts) if (!inside(box, frame)) wrong.push("out of the drawing: " + says);
    for (const cell of svg.querySelectorAll("g.cell")) {
      const own = cell.querySelector("rect").getBoundingClientRect();
      for (const one of cell.querySelectorAll("text"))
        if (!inside(one.getBoundingClientRect(), own)) wrong.push("out of its box: " + one.textContent);
    }
    texts.forEach(([says, a], n) => texts.slice(n + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 3) wrong.push(says + " / " + other);
    }));
    for (const box of svg.querySelectorAll("rect, circle"))
      if (!inside(box.getBoundingClientRect(), frame)) wrong.push("cut at the edge: " + box.getAttribute("class"));
  }
  return [document.querySelectorAll(".ct-figure svg").length, wrong];
}"""
OUTSIDE_DAYS = """() => {
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  let said = "";
  while (walk.nextNode()) {
    const on = walk.currentNode.parentElement;
    if (!on.closest(".ct-day, .printed, pre, script") && on.checkVisibility()) said += walk.currentNode.data + " ";
  }
  return said;
}"""
FIRST_SCREEN = """() => {
  const walk = document.createTreeWalker(document.querySelector(".ct-screen"), NodeFilter.SHOW_TEXT);
  const said = [];
  while (walk.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const box = range.getBoundingClientRect();
    if (box.width && box.top < innerHeight) said.push(walk.currentNode.textContent);
  }
  return said.join(" ").split(/\\s+/).filter(Boolean).length;
}"""


def link(facts: Mapping[str, Value], language: str = "en") -> str:
    pairs = [[name, as_field(value)] for name, value in facts.items()]
    return f"/report?lang={language}&n={len(facts)}#answers={quote(json.dumps(pairs))}"


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """One window for all of these tests."""
    window = browser.new_context(base_url=address, bypass_csp=True)
    yield window.new_page()
    window.close()


def opened(page: Page, facts: Mapping[str, Value], language: str = "en", width: int = 1280) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("about:blank")
    page.goto(link(facts, language))
    page.wait_for_selector("[data-decision]")


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("person", ["phase 1", "phase 2", "phase 3"])
def test_no_text_of_a_drawing_leaves_its_box_and_no_page_scrolls_sideways(
    page: Page, person: str, language: str
) -> None:
    for width in (1280, 360):
        opened(page, PERSONS[person], language, width)
        open_all(page)
        count, wrong = page.evaluate(OVERLAPS)
        assert count >= 4
        assert wrong == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        tables: list[int] = page.eval_on_selector_all(
            "table", "all => all.map((one) => one.scrollWidth - one.clientWidth)"
        )
        assert max(tables) <= 1


def test_a_drawing_whose_text_is_too_long_is_noticed(page: Page) -> None:
    opened(page, PHASE_2)
    open_all(page)
    page.evaluate("document.querySelector('.picture.wide g.cell text').textContent += ' and much more than fits'")
    assert any("out of its box" in text for text in page.evaluate(OVERLAPS)[1])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_first_screen_is_short_and_whole(page: Page, language: str) -> None:
    for person, facts in PERSONS.items():
        opened(page, facts, language)
        words = page.evaluate(FIRST_SCREEN)
        assert 20 < words <= MOST_WORDS, person
        bottom = page.locator(".ct-screen").evaluate("(one) => one.getBoundingClientRect().bottom")
        assert bottom <= 800, person


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, scheme: Any, language: str) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, PHASE_3, language)
    open_all(page)
    page.evaluate("document.querySelectorAll('.ct-sources li:nth-child(n+9)').forEach((one) => one.remove())")
    page.add_script_tag(path=AXE)
    # what is no colour is the same in both schemes
    found = page.evaluate(
        "(rules) => axe.run(rules ? {runOnly: rules} : {})", ["color-contrast"] if scheme == "dark" else None
    )
    assert [(v["id"], [node["html"][:150] for node in v["nodes"]][:3]) for v in found["violations"]] == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_prints_on_two_pages_and_an_appendix(page: Page, language: str) -> None:
    for person in ("phase 2", "phase 3", "pregnant, keloids"):
        opened(page, PERSONS[person], language)
        page.add_style_tag(content="@media print { .ct-appendix { display: none } }")
        pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True)))
        assert pages <= 2, person


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_printed_page_holds_what_belongs_there(page: Page, client: TestClient, language: str) -> None:
    """Outcome, what to confirm and the id first; a signature ends the second page; answers and sources come after."""
    opened(page, PHASE_2, language)
    t = load_texts()[language]
    paper = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    texts = [plain(each.extract_text()) for each in paper.pages]
    count = len(texts)
    assert [f"{n}/{count}" in text for n, text in enumerate(texts, 1)] == [True] * count
    answer = client.post("/v1/triage?sources=all", json=PHASE_2, headers={"accept-language": language}).json()
    first, second, *others = texts
    for part in (answer["id"], answer["ruleset"]["digest"], t["reference"], t["why"], t["weigh"], t["confirm_clinic"]):
        assert plain(part) in first, part
    for part in (t["instead"], t["signed_here"]):
        assert plain(part) in second, part
    assert plain(t["plan"]) in first + second
    appendix = plain(t["appendix"])
    assert [appendix in text for text in texts] == [n == 2 for n in range(count)]
    rest = "".join(others)
    assert plain(t["signed_here"]) not in rest
    listed = client.get("/v1/rulesets/current/facts", headers={"accept-language": language}).json()
    asked = [fact["question"] for fact in listed if fact["name"] in PHASE_2]
    assert len(asked) == len(PHASE_2)
    assert [text for text in asked if plain(text) not in rest] == []
    assert [name for name in answer["sources"] if name not in rest] == []


def plain(text: str) -> str:
    """A text without spaces, which a printed page breaks elsewhere, and without ligatures."""
    return normalize("NFKC", "".join(text.split()))


def test_on_paper_all_is_open_and_it_can_be_found_again(page: Page) -> None:
    opened(page, PHASE_2)
    page.emulate_media(media="print")
    for selector in ("#source-S3-31", "#answers dd", ".ct-found", ".ct-sign", "#plan svg.wide"):
        assert page.locator(selector).first.is_visible(), selector
    for selector in ("header", "button", "select", "svg.narrow"):
        assert not page.locator(selector).first.is_visible(), selector
    digests = page.locator(".ct-found code").all_inner_texts()
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", text) for text in digests)
    page.emulate_media(media="screen")


def test_no_card_of_the_first_screen_stands_beside_a_hole(page: Page) -> None:
    """Where nothing is decided there is no "why", where a burn is sent on nothing is to be weighed."""
    alone = set()
    for person, facts in PERSONS.items():
        opened(page, facts)
        right = page.locator(".ct-outcome").evaluate("(one) => one.getBoundingClientRect().right")
        cards = page.eval_on_selector_all(".ct-pair > *", "all => all.map((one) => one.getBoundingClientRect().right)")
        alone |= {person} if len(cards) == 1 else set()
        assert abs(cards[-1] - right) < 1, person
    assert alone


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_day_breaks_across_lines(page: Page, language: str) -> None:
    for width in (320, 360, 390, 412):
        page.set_viewport_size({"width": width, "height": 740})
        opened(page, PHASE_3, language)
        lines = page.eval_on_selector_all(".ct-day", "all => all.map((one) => one.getClientRects().length)")
        assert len(lines) > 2
        assert set(lines) <= {0, 1}
        assert not re.search(r"\d{4}-\d\d-\d\d", page.evaluate(OUTSIDE_DAYS))


def test_a_number_to_confirm_has_a_line_to_write_on_paper(page: Page) -> None:
    opened(page, PHASE_2)
    page.emulate_media(media="print")
    box = page.locator(".ct-ask:has(#ask-age_years) .ct-blank").bounding_box()
    page.emulate_media(media="screen")
    assert box
    assert box["width"] > 20


def test_the_clinic_confirms_and_the_language_changes_without_losing_an_answer(page: Page) -> None:
    opened(page, PHASE_2)
    page.click("#confirm > summary")
    page.select_option("select[name=pregnant]", "true")
    page.click("#intake button[type=submit].nhsuk-button")
    page.wait_for_selector(".ct-outcome.stop")
    page.click("header .ct-language")
    page.wait_for_selector("html[lang=ko] .ct-outcome.stop")
    page.reload()
    page.wait_for_selector(".ct-outcome.stop")


def test_what_is_written_to_confirm_stays_on_reload_and_is_sent_to_nobody(page: Page) -> None:
    opened(page, PHASE_2)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.click("#confirm > summary")
    page.select_option("select[name=pregnant]", "true")
    page.fill("[name=age_years]", "41")
    page.fill("#reference", "Kim Min-ji")
    assert "41" in page.url
    assert "Kim" not in page.url
    page.fill("#reference", "AB-1")
    page.reload()
    expect(page.locator("select[name=pregnant]")).to_have_value("true")
    expect(page.locator("#confirm[open] [name=age_years]")).to_have_value("41")
    expect(page.locator("#reference")).to_have_value("AB-1")
    assert [body for body in sent if "pregnant" in body or "AB-1" in body] == []
    page.click("#intake button[type=submit].nhsuk-button")
    expect(page.locator(".ct-outcome.stop")).to_be_visible()
    page.go_back()
    expect(page.locator("select[name=pregnant]")).to_have_value("true")
    page.go_forward()
    expect(page.locator(".ct-outcome.stop")).to_be_visible()
    page.reload()
    expect(page.locator("#reference")).to_have_value("AB-1")


def test_a_file_that_cannot_be_made_leaves_the_report_and_can_be_tried_again(page: Page) -> None:
    opened(page, PHASE_2)
    page.context.set_offline(True)
    page.click("[formaction*='as=fhir']")
    expect(page.get_by_role("alert")).to_contain_text("You seem to be offline.")
    page.context.set_offline(False)
    with page.expect_download() as saved:
        page.get_by_role("alert").get_by_role("button").click()
    assert saved.value.suggested_filename == "answers.json"
    assert json.loads(saved.value.path().read_text("utf-8"))["resourceType"] == "QuestionnaireResponse"
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("[formaction*='as=fhir']")).to_be_focused()


def test_without_javascript_it_is_a_plain_form(browser: Browser, address: str) -> None:
    window = browser.new_context(base_url=address, java_script_enabled=False)
    page = window.new_page()
    page.goto("/report")
    fields = "&".join(f"{name}={as_field(value)}" for name, value in PHASE_2.items())
    page.set_content(
        f'<form method="post" action="{address}/report">'
        + "".join(f'<input type="hidden" name="{n}" value="{v}">' for n, v in (f.split("=") for f in fields.split("&")))
        + "<button>go</button></form>"
    )
    page.click("button")
    page.click("#confirm > summary")
    page.select_option("select[name=pregnant]", "true")
    page.click("#intake button[type=submit].nhsuk-button")
    assert page.locator(".ct-outcome.stop").count() == 1
    window.close()
