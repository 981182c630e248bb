"""Pictures of each page, on one sheet: `make screens` writes them below `build/screens`.

In both languages, light and dark, on a desk and on a phone; what is printed as PDF. `make screens PAGES="report rules"`
takes some of them.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import ASGIApp

from app.engines import rules_folder
from app.main import build_app
from app.rulebook.load import load
from app.security.options import SmartServer
from app.settings import Settings
from app.web.form import as_field
from tests.patients import base
from tests.serving import serving
from tests.web.ehr import LAUNCH, RECORD, Ehr
from tools.browser import CHROMIUM, HOW, OPTIONS

FOLDER = Path("build/screens")
PHASE_2 = {
    "primary_concern": "uneven_pigmentation",
    "elasticity_loss": "moderate",
    "hyperpigmentation": "mild",
    "sagging": "none",
    "photodamage": "none",
    "active_skin_infection": "false",
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": "false",
}


SAFE = {
    "primary_concern": "sagging",
    "suspicious_lesion": "false",
    "active_skin_infection": "false",
    "autoimmune_skin_disease": "none",
    "systemic_immunosuppression": "false",
}
LAUNCHED = f"/launch?iss={{iss}}&launch={LAUNCH}"
ALLOW, MAIN = "#allow", "[data-main]"


def known(name: str) -> dict[str, str]:
    """Return the answers of a base of the golden patients."""
    return {fact: as_field(value) for fact, value in base(name).items()}


class Shown(NamedTuple):
    """A page to take: its name, its path, the answers after the #.

    `{iss}` in a path is the address of a small EHR, which launches the pages.
    """

    name: str
    path: str
    answers: Mapping[str, str] | None = None
    prints: bool = False
    clicks: Sequence[str] = ()
    """What is clicked on it first, one after the other."""
    opened: bool = False
    """Whether all of its folded parts are taken open."""


PAGES = (
    Shown("start", "/"),
    Shown("intake", "/intake"),
    Shown("intake-skin", "/intake", {"primary_concern": "dullness", "suspicious_lesion": "false"}),
    Shown("intake-error", "/intake", {"primary_concern": "dullness", "suspicious_lesion": "false"}, clicks=(MAIN,)),
    Shown("intake-grade", "/intake", SAFE),
    Shown("practical", "/intake", known("phase_3") | {"page": "practical"}),
    Shown("check", "/intake", PHASE_2 | {"page": "check"}),
    Shown("all", "/all"),
    Shown("result", "/result", PHASE_2, prints=True),
    Shown("result-treatment", "/result", known("phase_2"), prints=True),
    Shown("result-burn", "/result", {"primary_concern": "burn"}),
    Shown("report-phase-2", "/report", PHASE_2, prints=True),
    Shown("report-open", "/report", PHASE_2, opened=True),
    Shown("report-phase-3", "/report", PHASE_2 | {"sagging": "severe", "photodamage": "severe"}, prints=True),
    Shown("report-pregnant", "/report", PHASE_2 | {"pregnant": "true"}),
    Shown("report-burn", "/report", {"primary_concern": "burn", "active_skin_infection": "true"}),
    Shown("rules", "/rules"),
    Shown("search", "/rules?q=keloid&of=all"),
    Shown("rule", "/rules/PHASE-2"),
    Shown("fact", "/facts/pregnant"),
    Shown("sources", "/sources"),
    Shown("source", "/sources/S3-31"),
    Shown("changes", "/changes"),
    Shown("proof", "/proof"),
    Shown("safety", "/safety", prints=True),
    Shown("privacy", "/privacy"),
    Shown("sign", "/sign"),
    Shown("developers", "/developers"),
    Shown("embed", "/embed"),
    Shown("not-found", "/nowhere"),
    Shown("launch-refused", "/launch?iss=https://elsewhere.example/fhir"),
    Shown("launch-start", "/launched"),
    Shown("launch-check", LAUNCHED, clicks=(ALLOW,)),
    Shown("launch-question", LAUNCHED, clicks=(ALLOW, "[value=more]", "[value=dullness]", MAIN)),
    Shown("launch-result", LAUNCHED, clicks=(ALLOW, MAIN)),
    Shown("launch-report", LAUNCHED, clicks=(ALLOW, "main [formaction*='/report']")),
)
LANGUAGES = ("en", "ko")
SCHEMES: Sequence[Literal["light", "dark"]] = ("light", "dark")
SCREENS = {"desk": (1280, 800), "phone": (360, 740)}
MOST_HIGH = 5000
"""A longer page is cut there."""


def path_of(shown: Shown, language: str) -> str:
    """Return the address of a page in a language."""
    path = f"{shown.path}{'&' if '?' in shown.path else '?'}lang={language}"
    return path if shown.answers is None else f"{path}#answers={quote(json.dumps(list(shown.answers.items())))}"


def take(browser: Browser, service: str, shown: Shown, iss: str) -> Iterator[str]:
    """Take all pictures of a page, and yield the names of their files."""
    for screen, (width, height) in SCREENS.items():
        for scheme in SCHEMES:
            window = browser.new_context(
                base_url=service,
                viewport={"width": width, "height": height},
                has_touch=screen == "phone",
                is_mobile=screen == "phone",
                color_scheme=scheme,
            )
            page = window.new_page()
            for language in LANGUAGES:
                _open(page, shown, language, iss)
                name = f"{shown.name}-{screen}-{scheme}-{language}.png"
                high = min(int(page.evaluate("document.documentElement.scrollHeight")), MOST_HIGH)
                clip = {"x": 0, "y": 0, "width": width, "height": high}
                page.screenshot(path=FOLDER / name, full_page=True, clip=clip)  # type: ignore[arg-type]
                yield name
                if shown.prints and scheme == "light" and screen == "desk":
                    printed = f"{shown.name}-print-{language}.pdf"
                    page.pdf(path=FOLDER / printed, format="A4", prefer_css_page_size=True)
                    yield printed
            window.close()


def _open(page: Page, shown: Shown, language: str, iss: str) -> None:
    page.goto("about:blank")
    page.goto(path_of(shown, language).replace("{iss}", iss), wait_until="networkidle")
    for selector in shown.clicks:
        page.locator(selector).first.click()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)  # what a click fetches is put in place
    if shown.opened:
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def sheet(taken: dict[str, list[str]]) -> str:
    """Return the sheet as HTML."""
    rows = []
    for name, files in taken.items():
        rows.append(f"<h2>{escape(name)}</h2><div>")
        for file in files:
            shown = f'<img src="{file}" alt="" loading="lazy">' if file.endswith(".png") else "PDF"
            rows.append(f'<figure><a href="{file}">{shown}</a><figcaption>{escape(file)}</figcaption></figure>')
        rows.append("</div>")
    style = "body{font:14px system-ui}div{display:flex;flex-wrap:wrap;gap:12px;align-items:start}figure{margin:0}"
    style += "img{width:260px;border:1px solid #999}figcaption{width:260px;overflow-wrap:anywhere}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Screens</title><style>{style}</style>'
    return head + "".join(rows)


def main(names: Sequence[str]) -> int:
    """Take the pages whose names begin with one of `names`, or all."""
    if CHROMIUM is None:
        print(f"NO CHROMIUM: {HOW}", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    book = load(rules_folder())
    taken: dict[str, list[str]] = {}
    ehrs: list[Ehr] = []

    def ehr(base: str) -> ASGIApp:
        ehrs.append(Ehr(base, stored=[*RECORD]))
        return ehrs[0].application

    def service(base: str) -> ASGIApp:
        return build_app(Settings(public_url=base, smart_servers=(SmartServer(iss=ehrs[0].iss, client_id="t"),)), book)

    with serving(ehr), serving(service) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for shown in PAGES:
            if not names or shown.name.startswith(tuple(names)):
                taken[shown.name] = list(take(browser, address, shown, ehrs[0].iss))
                print(f"{shown.name}: {len(taken[shown.name])}")
        browser.close()
    (FOLDER / "index.html").write_text(sheet(taken), "utf-8")
    print(f"{FOLDER / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
