"""The pages in a real browser: by mouse, by keyboard, on a phone, in print, without JavaScript, for everybody."""

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from app.core.engine import Engines
from app.core.facts import Value
from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.books import random_candidate
from tests.pages import PAGES
from tests.serving import serving

AXE = Path(__file__).resolve().parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
SAFE: dict[str, Value] = {
    "active_skin_infection": False,
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": False,
    "primary_concern": "uneven_pigmentation",
    "elasticity_loss": "moderate",
    "hyperpigmentation": "mild",
    "sagging": "none",
    "photodamage": "none",
    "age_years": 41,
    "isotretinoin": "none",
}


def link(facts: dict[str, Value]) -> str:
    """A link to the report: the answers stand after the #."""
    pairs = [[name, str(value).lower() if isinstance(value, bool) else str(value)] for name, value in facts.items()]
    return f"/report#answers={quote(json.dumps(pairs))}"


EXCLUDED: dict[str, Value] = {
    "active_skin_infection": True,
    "primary_concern": "dullness",
    "suspicious_lesion": False,
}
"""Whoever has an infection, and nothing that sends them elsewhere as well."""


def decision(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.get_attribute("[data-decision]", "data-decision") or "{}")
    return found


def test_the_id_of_a_source_opens_its_page_and_back_keeps_the_answers(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(link(EXCLUDED))
    page.wait_for_selector("[data-decision]")
    page.click("#against > summary")
    page.locator("#against .ct-cites a").first.click()
    page.wait_for_url("**/sources/*")
    page.go_back()
    page.wait_for_selector("[data-decision]")
    assert decision(page)["decision"]["disposition"] == "excluded"


def test_the_page_decides_as_the_api_does(context: BrowserContext, client: TestClient, engines: Engines) -> None:
    """40 random candidates, each by its link."""
    facts_of = engines.by_id[engines.current].release.facts
    random = Random(8)
    page = context.new_page()
    decided = 0
    for place in range(40):
        facts = random_candidate(random, facts_of, random.random())
        if not facts or random.random() < 0.7:
            facts |= {name: SAFE[name] for name in list(SAFE)[:3]}
        api = client.post("/v1/triage", json=facts).json()
        page.goto(f"/report?lang=en&n={place}#{link(facts).partition('#')[2]}")
        page.wait_for_selector("[data-decision]")
        decided += not api["possible"]
        assert decision(page)["decision"] == api["decision"]
        assert decision(page)["id"] == api["id"]
    assert decided > 10


def test_no_link_press_or_failure_throws_answers_away(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"/intake?lang=en{link({'primary_concern': 'dullness'}).removeprefix('/report')}")
    question = page.locator("h1", has_text="Is any of this true for you?")
    expect(question).to_be_visible()
    page.locator(".nhsuk-skip-link").press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert "#answers=" in page.url

    page.locator("input[name=nothing]").check()
    page.route("**/intake*", lambda route: route.fulfill(status=429, content_type="text/html", body="<main>No</main>"))
    page.click("[data-main]")
    expect(page.get_by_role("alert")).to_contain_text("Your answers are still here.")
    expect(question).to_be_visible()
    page.unroute("**/intake*")

    page.evaluate("for (const _ of [1, 2]) document.querySelector('[data-main]').click()")
    expect(question).to_have_count(0)
    page.go_back()
    expect(question).to_be_visible()


@pytest.mark.parametrize("end", ["#answ", "#code", "#cod=2026.3~0", "#answers=%5B"])
def test_a_link_cut_anywhere_is_said_to_be_damaged(context: BrowserContext, end: str) -> None:
    page = context.new_page()
    page.goto(f"/report?lang=en{end}")
    expect(page.get_by_role("alert")).to_contain_text("Part of this link is damaged.")


def test_nothing_is_said_to_be_copied_without_a_clipboard(context: BrowserContext) -> None:
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto(link(EXCLUDED))
    for button in ("[data-copy]", "[data-share]"):
        page.click(button)
        expect(page.locator("[data-shared]")).to_have_text("Nothing is copied. The browser does not allow it here.")


CUT = """() => [...document.querySelectorAll("main, main *")].filter((one) =>
  one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1 && !one.matches("pre, textarea, select, input") &&
  ["auto", "scroll", "hidden"].includes(getComputedStyle(one).overflowX)).map((one) => one.outerHTML.slice(0, 120))"""
"""What scrolls sideways within a page, or is cut there; code may."""
LOOKS = [("ko", "dark"), ("en", "light"), ("en", "dark"), ("ko", "light")]
LARGE = ("/all", "/changes", "/safety", "/sign")
"""Pages that axe looks at for half a minute."""


def looks(paths: Sequence[str]) -> list[Any]:
    """Return pages, each in two looks that show every language and scheme, large ones in one; the long run has all."""
    return [
        pytest.param(path, *look, marks=[pytest.mark.long] if place >= (1 if path in LARGE else 2) else [])
        for path in paths
        for place, look in enumerate(LOOKS)
    ]


def in_language(path: str, language: str) -> str:
    """A path with the language; answers stay after the #."""
    before, _, after = path.partition("#")
    return f"{before}?lang={language}{'#' if after else ''}{after}"


@pytest.mark.parametrize(("path", "language", "scheme"), looks([*PAGES, link(EXCLUDED), link(SAFE)]))
def test_axe_finds_nothing(browser: Browser, address: str, path: str, language: str, scheme: Any) -> None:
    window = browser.new_context(base_url=address, color_scheme=scheme, bypass_csp=True)
    page = window.new_page()
    page.goto(in_language(path, language))
    if "#" in path:
        page.wait_for_selector("[data-decision]")
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run({rules: {'target-size': {enabled: true}}})")  # WCAG 2.2 AA, off by default
    assert [(v["id"], [node["html"][:150] for node in v["nodes"]][:3]) for v in found["violations"]] == []
    window.close()


def test_a_narrow_phone_needs_no_sideways_scrolling(browser: Browser, address: str) -> None:
    window = browser.new_context(
        base_url=address, viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True
    )
    page = window.new_page()
    for path, language in product([*PAGES, link(EXCLUDED)], ("en", "ko")):
        page.goto(in_language(path, language))
        if "#" in path:
            page.wait_for_selector("[data-decision]")
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.evaluate(CUT) == [], path
    window.close()


def test_it_prints_dark_on_light_whatever_the_screen_is(context: BrowserContext) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="dark", media="print")
    for path in (link(EXCLUDED), "/result" + link(SAFE).removeprefix("/report")):
        page.goto(path)
        page.wait_for_selector("[data-decision]")
        ink = page.locator("[data-focus]").evaluate("e => getComputedStyle(e).color")
        assert sum(map(int, re.findall(r"\d+", ink)[:3])) < 200


def test_it_prints_on_a_few_pages(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(link(EXCLUDED))
    page.wait_for_selector("[data-decision]")
    pdf = page.pdf(format="A4")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 3
    page.goto(f"/result{link(SAFE).removeprefix('/report')}")
    page.wait_for_selector(".ct-first")
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


@pytest.mark.parametrize("path", ["/", "/all", "/safety", link(SAFE)])
def test_the_first_load_is_small_and_allows_nothing_inline(context: BrowserContext, path: str) -> None:
    """The largest page of each reader among them."""
    page = context.new_page()
    sizes: list[int] = []
    said: list[str] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.on("console", lambda message: said.append(message.text))
    answer = page.goto(path, wait_until="networkidle")
    assert 30_000 < sum(sizes) < 100_000
    assert answer
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    # the design system names a font of its own host, which is not used; Chromium says that the policy would stop it
    assert [text for text in said if "https://assets.nhs.uk/fonts/" not in text] == []


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_explorers_load_from_here_alone_and_lead_back(context: BrowserContext, path: str) -> None:
    page = context.new_page()
    page.goto(path)
    expect(page.get_by_role("heading", name="Candidate Triage").first).to_be_visible()
    page.get_by_role("link", name="Candidate Triage").click()
    expect(page).to_have_url(re.compile(r"://[^/]+/(\?.*)?$"))


def test_the_explorer_is_dark_where_that_is_preferred(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/docs")
    expect(page.get_by_role("heading", name="Candidate Triage").first).to_be_visible()
    shades = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        read = "e => getComputedStyle(e).getPropertyValue({!r})"
        colours = [
            page.locator("html").evaluate(read.format("background-color")),
            page.get_by_role("heading", name="Candidate Triage").first.evaluate(read.format("color")),
            page.get_by_role("link", name="openapi.json").first.evaluate(read.format("color")),
        ]
        shades.append([sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours])
    light, dark = shades
    assert dark[0] < 200 < 400 < dark[1]
    assert dark[2] > 400
    assert light[1] < 400


@pytest.mark.parametrize(
    ("lang", "last", "refused", "again"),
    [
        ("en", "See to this first", "These questions cannot be loaded.", "Try again"),
        ("ko", "먼저 진료를 받으십시오", "질문을 불러오지 못했습니다.", "다시 시도"),
    ],
)
def test_the_intake_stands_in_a_page_of_another_origin(
    browser: Browser, book: RuleBook, lang: str, last: str, refused: str, again: str
) -> None:
    """A clinic's page with one script tag and one element gets result and answers as an event, and what fails."""

    def page_of_a_clinic(_: str) -> Starlette:
        def index(request: Request) -> HTMLResponse:
            script = f'<script type="module" src="{request.query_params["service"]}/static/embed.js"></script>'
            listen = "<script>addEventListener('triage-decision', e => { window.received = e.detail })"
            listen += ";addEventListener('triage-error', e => { window.refused = e.detail.reason })</script>"
            return HTMLResponse(f"<!doctype html>{listen}{script}<candidate-triage lang='{lang}'></candidate-triage>")

        return Starlette(routes=[Route("/", index)])

    with ExitStack() as stack:
        clinic = stack.enter_context(serving(page_of_a_clinic))
        service = stack.enter_context(serving(lambda _: build_app(Settings(cors_origins=(clinic,)), book)))
        page = stack.enter_context(closing(browser.new_context())).new_page()
        page.route("**/intake*", lambda route: route.abort())
        page.goto(f"{clinic}/?service={service}")
        intake = page.locator("candidate-triage")
        expect(intake.get_by_role("alert")).to_contain_text(refused)
        assert page.evaluate("window.refused") == "offline"
        page.unroute("**/intake*")
        page.route("**/intake*", lambda route: route.fulfill(status=429, headers={"access-control-allow-origin": "*"}))
        intake.get_by_role("button").click()
        page.wait_for_function("window.refused === 'failed'")
        page.unroute("**/intake*")
        intake.get_by_role("button", name=again).click()
        intake.locator("input[value=burn]").check()
        page.route("**/intake*", lambda route: route.abort())
        intake.locator("[data-main]").click()
        expect(intake.get_by_role("alert")).to_be_visible()
        page.unroute("**/intake*")
        intake.locator("[data-main]").click()
        expect(intake.locator("input[name=primary_concern][type=radio]")).to_have_count(0)
        intake.locator("input[name=nothing]").check()
        intake.locator("[data-main]").click()
        intake.locator("input[name=suspicious_lesion][value=unknown]").check()
        intake.locator("[data-main]").click()
        intake.locator("[data-main][formaction*=result]").click()
        expect(page.locator("candidate-triage h1").first).to_have_text(last)
        found = page.evaluate("window.received")
        assert found["decision"]["disposition"] == "referred"
        assert found["answers"].pop("primary_concern") == "burn"
        assert set(found["answers"].values()) == {False, "none"}
        assert found["unavailable"] == ["suspicious_lesion"]
        with httpx.Client(base_url=service) as client:
            asked = {"primary_concern": "burn", **found["answers"], "unavailable": found["unavailable"]}
            answer = client.post("/v1/triage?unknowns=strict", json=asked, headers={"accept-language": lang}).json()
        assert (answer["decision"], answer["id"]) == (found["decision"], found["id"])
        intake.locator("[data-more] summary").click()
        with page.context.expect_page() as opened:
            intake.locator("[formaction*='/report']").click()
        opened.value.wait_for_selector("[data-decision]")
        assert decision(opened.value)["id"]
        intake.locator("[data-restart]").click()
        expect(intake.locator("input[type=radio][value=burn]")).not_to_be_checked()
        assert page.url == f"{clinic}/?service={service}"
